"""The laws of the design written out epoch by epoch, one training set at one budget.

An independent route to the numbers of `qqt_bayes.laws.law` and `qqt_bayes.laws.mixture`: no nodes,
no draws, no shared code.  A `theta` holds a, b, d, tau and, where the law has it, kappa, each a
list over pools.
"""

import numpy as np

UNIT = 1e5


def shares(unique_samples):
    taken = np.asarray(unique_samples, dtype=float)
    return taken / taken.sum(), taken.sum()


def half_lives(theta, total, pool_size, size_exponent):
    return np.array(theta["tau"]) * (total / np.asarray(pool_size, dtype=float)) ** size_exponent


def epochs(seen, total):
    """Samples seen before and after each epoch."""
    before = np.arange(np.ceil(seen / total)) * total
    return before, np.minimum(before + total, seen)


def utility(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    before, after = epochs(seen, total)
    growth = np.append(np.log(after[0] / UNIT), np.log1p((after - before)[1:] / before[1:]))
    k = np.arange(before.size)
    exponent = 0.0
    for i, tau in enumerate(half_lives(theta, total, pool_size, size_exponent)):
        summed = np.sum(2.0 ** (-k / tau) * growth)
        exponent += w[i] * theta["b"][i] * (np.log(theta["a"][i]) + summed)
    return np.exp(-exponent) + w @ theta["d"]


def utility_overfit(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    before, after = epochs(seen, total)
    exponent = w * theta["b"] @ np.log(np.array(theta["a"]) * after[0] / UNIT)
    k = np.arange(1, before.size)
    log_ratio = np.log1p((after - before)[1:] / before[1:])
    for i, tau in enumerate(half_lives(theta, total, pool_size, size_exponent)):
        kappa = theta["kappa"][i]
        left = 2.0 ** (-k / tau) - kappa * (1 - 2.0 ** (-k / tau))
        exponent += w[i] * theta["b"][i] * np.sum(left * log_ratio)
    return np.exp(-exponent) + w @ theta["d"]


def utility_released(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    before, after = epochs(seen, total)
    first = np.exp(-(w * theta["b"]) @ np.log(np.array(theta["a"]) * after[0] / UNIT))
    k = np.arange(1, before.size)
    log_ratio = np.log1p((after - before)[1:] / before[1:])
    utilities = np.zeros(k.size)
    for i, tau in enumerate(half_lives(theta, total, pool_size, size_exponent)):
        utilities += w[i] * theta["b"][i] * 2.0 ** (-k / tau)
    return (first + w @ theta["d"]) * np.exp(-np.sum(utilities * log_ratio))


def utility_bounded(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    before, after = epochs(seen, total)
    k = np.arange(before.size)
    exponent = 0.0
    for i, tau in enumerate(half_lives(theta, total, pool_size, size_exponent)):
        a = theta["a"][i] / UNIT
        growth = np.log1p(a * (after - before) / (1 + a * before))
        exponent += w[i] * theta["b"][i] * np.sum(2.0 ** (-k / tau) * growth)
    floor = w @ theta["d"]
    return (1 - floor) * np.exp(-exponent) + floor


def effective_data(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    before, after = epochs(seen, total)
    k = np.arange(before.size)
    log_left = -k / half_lives(theta, total, pool_size, size_exponent)[:, None]
    samples = w @ 2.0**log_left * (after - before) / UNIT
    effective = np.cumsum(samples)
    relative = 2.0 ** (log_left - log_left.max(axis=0))  # the common factor cancels
    beta = (w * theta["b"]) @ relative / (w @ relative)
    first = (w * theta["b"]) @ np.log(np.array(theta["a"]) * effective[0])
    later = np.sum(beta[1:] * np.log1p(samples[1:] / effective[:-1]))
    return np.exp(-first - later) + w @ theta["d"]


def data_constrained(theta, taken, pool_size, seen, size_exponent=1.0):
    w, total = shares(taken)
    exponent = 0.0
    for i, tau in enumerate(half_lives(theta, total, pool_size, size_exponent)):
        worth = tau / np.log(2)  # R*
        repetitions = max(seen / total - 1, 0.0)
        repeated = repetitions if np.isinf(tau) else -worth * np.expm1(-repetitions / worth)
        effective = min(seen, total) + total * repeated
        exponent += w[i] * theta["b"][i] * np.log(theta["a"][i] * effective / UNIT)
    return np.exp(-exponent) + w @ theta["d"]


def power_law(theta, taken, pool_size, seen, size_exponent=1.0):
    w, _ = shares(taken)
    exponent = (w * theta["b"]) @ np.log(np.array(theta["a"]) * seen / UNIT)
    return np.exp(-exponent) + w @ theta["d"]


ERROR = {
    "utility": utility,
    "utility-overfit": utility_overfit,
    "utility-released": utility_released,
    "utility-bounded": utility_bounded,
    "effective-data": effective_data,
    "data-constrained": data_constrained,
    "power-law": power_law,
}

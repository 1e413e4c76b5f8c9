r"""The declared priors in the compiled log density: log densities and their derivatives.

Every function here is the textbook formula and its derivatives, written out.
"""

from __future__ import annotations

import math

from qqt_bayes.model.priors import HALF_LOG_2_PI, LOG_2, LOG_PI
from qqt_bayes.sampling.kernel.memory import kernel

NORMAL, STUDENT_T, LOG_NORMAL, HALF_NORMAL, HALF_STUDENT_T, HALF_CAUCHY = range(6)
EXPONENTIAL, GAMMA, INVERSE_GAMMA, BETA, UNIFORM, TRUNCATED_NORMAL = range(6, 12)
CODES = {
    "Normal": NORMAL,
    "StudentT": STUDENT_T,
    "LogNormal": LOG_NORMAL,
    "HalfNormal": HALF_NORMAL,
    "HalfStudentT": HALF_STUDENT_T,
    "HalfCauchy": HALF_CAUCHY,
    "Exponential": EXPONENTIAL,
    "Gamma": GAMMA,
    "InverseGamma": INVERSE_GAMMA,
    "Beta": BETA,
    "Uniform": UNIFORM,
    "TruncatedNormal": TRUNCATED_NORMAL,
}
"""The registry of `qqt_bayes.model.distributions`, by the codes of the compiled functions."""
FIRST_ASYMPTOTIC = 10.0
"""From here on the asymptotic series of digamma, as far as it is written out, is right to 1e-15."""


@kernel
def digamma(x):
    """The derivative of the log gamma function, for x above 0.

    Examples
    --------
    >>> round(digamma.py_func(1.0), 12)  # minus Euler's constant
    -0.577215664902
    """
    shift = 0.0
    while x < FIRST_ASYMPTOTIC:
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132)))))
    return shift + math.log(x) - 0.5 / x - series


@kernel
def normal(x, mu, sigma):
    """Log density of the normal distribution, and its derivatives by x, mu and sigma."""
    z = (x - mu) / sigma
    value = -z * z / 2 - HALF_LOG_2_PI - math.log(sigma)
    return value, -z / sigma, z / sigma, (z * z - 1) / sigma


@kernel
def student_t(x, nu, mu, sigma):
    """Log density of Student's t, and its derivatives by x, nu, mu and sigma."""
    z = (x - mu) / sigma
    log_tail = math.log1p(z * z / nu)
    value = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - (math.log(nu) + LOG_PI) / 2
    value -= math.log(sigma) + (nu + 1) / 2 * log_tail
    pull = (nu + 1) * z / (nu + z * z)
    by_nu = digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu - log_tail + pull * z / nu
    return value, -pull / sigma, by_nu / 2, pull / sigma, (pull * z - 1) / sigma


@kernel
def truncation(mu, sigma, lower, upper):
    """Log probability that a normal variable is between two bounds; derivatives by mu and sigma."""
    low, high = (lower - mu) / sigma, (upper - mu) / sigma
    if low > 0:  # the upper tail, seen from the other side, without a difference of ones
        inside = (math.erfc(low / math.sqrt(2.0)) - math.erfc(high / math.sqrt(2.0))) / 2
    else:
        inside = (math.erfc(-high / math.sqrt(2.0)) - math.erfc(-low / math.sqrt(2.0))) / 2
    at_low, at_high = (
        math.exp(-low * low / 2 - HALF_LOG_2_PI),
        math.exp(-high * high / 2 - HALF_LOG_2_PI),
    )
    by_mu = (at_low - at_high) / (sigma * inside)
    moments = (low * at_low if at_low > 0 else 0.0) - (high * at_high if at_high > 0 else 0.0)
    return math.log(inside), by_mu, moments / (sigma * inside)


@kernel
def log_prior(  # noqa: PLR0911 one return a distribution reads as the registry does
    distribution, x, first, second, third, lower, upper
):
    """Log density of a prior of the registry, and its derivatives.

    Parameters
    ----------
    distribution : int
        Code.
    x : float
        Inside the support.
    first, second, third : float
        Its arguments, in the order of the registry, without bounds.
    lower, upper : float
        The support.

    Returns
    -------
    tuple of float
        The value; the derivatives by x and by each argument.
    """
    if distribution == NORMAL:
        value, by_x, by_mu, by_sigma = normal(x, first, second)
        return value, by_x, by_mu, by_sigma, 0.0
    if distribution == LOG_NORMAL:
        value, by_log, by_mu, by_sigma = normal(math.log(x), first, second)
        return value - math.log(x), (by_log - 1) / x, by_mu, by_sigma, 0.0
    if distribution == HALF_NORMAL:
        value, by_x, _, by_sigma = normal(x, 0.0, first)
        return value + LOG_2, by_x, by_sigma, 0.0, 0.0
    if distribution == STUDENT_T:
        return student_t(x, first, second, third)
    if distribution == HALF_STUDENT_T:
        value, by_x, by_nu, _, by_sigma = student_t(x, first, 0.0, second)
        return value + LOG_2, by_x, by_nu, by_sigma, 0.0
    if distribution == HALF_CAUCHY:
        z = x / first
        value = LOG_2 - LOG_PI - math.log(first) - math.log1p(z * z)
        pull = 2 * z / (1 + z * z)
        return value, -pull / first, (pull * z - 1) / first, 0.0, 0.0
    if distribution == EXPONENTIAL:
        return math.log(first) - first * x, -first, 1 / first - x, 0.0, 0.0
    if distribution == GAMMA:
        value = first * math.log(second) - math.lgamma(first)
        value += (first - 1) * math.log(x) - second * x
        by_alpha = math.log(second) - digamma(first) + math.log(x)
        return value, (first - 1) / x - second, by_alpha, first / second - x, 0.0
    if distribution == INVERSE_GAMMA:
        value = first * math.log(second) - math.lgamma(first)
        value -= (first + 1) * math.log(x) + second / x
        by_alpha = math.log(second) - digamma(first) - math.log(x)
        return value, (second / x - first - 1) / x, by_alpha, first / second - 1 / x, 0.0
    if distribution == BETA:
        log_x, log_rest = math.log(x), math.log1p(-x)
        value = math.lgamma(first + second) - math.lgamma(first) - math.lgamma(second)
        value += (first - 1) * log_x + (second - 1) * log_rest
        both = digamma(first + second)
        by_x = (first - 1) / x - (second - 1) / (1 - x)
        return value, by_x, both - digamma(first) + log_x, both - digamma(second) + log_rest, 0.0
    if distribution == UNIFORM:
        return -math.log(upper - lower), 0.0, 0.0, 0.0, 0.0
    # TRUNCATED_NORMAL
    value, by_x, by_mu, by_sigma = normal(x, first, second)
    log_inside, inside_by_mu, inside_by_sigma = truncation(first, second, lower, upper)
    return value - log_inside, by_x, by_mu - inside_by_mu, by_sigma - inside_by_sigma, 0.0


@kernel
def add_priors(priors, value, adjoint):
    """The log density of all priors at the values; its derivatives are added to the adjoints."""
    slot, distribution, arguments = (
        priors.slot,
        priors.distribution,
        priors.arguments,
    )
    lower, upper = priors.lower, priors.upper
    total = 0.0
    for k in range(priors.rows):
        first, second, third = arguments[3 * k], arguments[3 * k + 1], arguments[3 * k + 2]
        density, by_x, by_first, by_second, by_third = log_prior(
            distribution[k],
            value[slot[k]],
            value[first],
            value[second],
            value[third],
            lower[k],
            upper[k],
        )
        total += density
        adjoint[slot[k]] += by_x
        adjoint[first] += by_first
        adjoint[second] += by_second
        adjoint[third] += by_third
    return total

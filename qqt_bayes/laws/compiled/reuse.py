r"""Errors of training sets of whole pools under the law of effective reuse.

See `qqt_bayes.laws.effective_reuse`.  Two of its exponentials are products of what depends on the
budget and of what depends on the training set, and so are not taken anew for each pair of them:

``(e / (1 + R_S))^k = (n / M)^k (M / (U (1 + R_S)))^k`` with any number M of samples, and
``E / e = m U (1 + R_S) / n``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qqt_bayes.laws.compiled.elementary import exp, exp_each, kernel, log
from qqt_bayes.laws.compiled.kernels import Reals, add


class Reuse(NamedTuple):
    """Draws of the parameters.

    Attributes
    ----------
    quality, stood : array, shape (pool, draw)
        ``q_i`` and ``q_i R_i``.
    exponent, knee, kept, kept_slope, power, above, floor : array, shape (draw,)
        ``g``, ``k``, ``rho``, ``z2``, ``alpha``, ``A`` and ``d``.
    log_size, log_reference, log_memory : array, shape (draw,)
        ``log N`` and ``log X``, of samples in units of 100,000; ``log m``.
    rise : array, shape (draw,)
        ``omega``.
    rises : bool
        Whether errors may rise again.
    log_odds, log_ratio : array, shape (draw,)
        As in the law.
    middle : float
        ``log M``.
    known : array, shape (budget, draw)
        ``(n / M)^k``, budgets sorted.
    most_kept : float
        The most of its worth that data keeps.
    """

    quality: Reals
    stood: Reals
    exponent: Reals
    knee: Reals
    kept: Reals
    kept_slope: Reals
    power: Reals
    above: Reals
    floor: Reals
    log_size: Reals
    log_reference: Reals
    log_memory: Reals
    rise: Reals
    rises: bool
    log_odds: Reals
    log_ratio: Reals
    middle: float
    known: Reals
    most_kept: float


@kernel
def reuse_errors(sets, seen, row, values, begin, stop, sets_from, out):
    """Errors of training sets.

    Parameters
    ----------
    seen, row : array, shape (budget,)
        As in `qqt_bayes.laws.compiled.kernels.Steps`.
    begin, stop : int
        The draws.
    sets_from : int
        The first of the training sets.
    out : array, shape (set, budget, draw)
    """
    width = stop - begin
    fresh, stood, spent = np.empty(width), np.empty(width), np.empty(width)
    worn, start, memory = np.empty(width), np.empty(width), np.empty(width)
    for s in range(sets_from, sets_from + len(out)):
        fresh[:], stood[:] = 0.0, 0.0
        for e in range(sets.start[s], sets.start[s + 1]):
            pool, share = sets.pool[e], sets.share[e]
            add(fresh, share, values.quality[pool, begin:stop])
            add(stood, share, values.stood[pool, begin:stop])
        log_unique = np.log(sets.unique[s])
        for d in range(width):
            i = begin + d
            grown = exp(values.exponent[i] * (log_unique - values.log_size[i]))
            log_stood = log_unique + log(1.0 + stood[d] / fresh[d] * grown)  # of U (1 + R_S)
            log_fresh = log(fresh[d])
            kept = min(values.kept[i] + values.kept_slope[i] * log_fresh, values.most_kept)
            spent[d] = (1.0 - kept) / values.knee[i]
            worn[d] = exp(values.knee[i] * (values.middle - log_stood))
            start[d] = values.log_ratio[i] + log_fresh - values.log_reference[i]
            memory[d] = exp(2.0 * (values.log_memory[i] + log_stood))
        for b in range(seen.size):
            n = seen[b]
            log_n, per_square = np.log(n), 1 / (n * n)
            known = values.known[b, begin:stop]
            to = out[s - sets_from, row[b], begin:stop]
            for d in range(width):
                to[d] = start[d] + log_n - spent[d] * log(1.0 + known[d] * worn[d])
            if values.rises:
                rise = values.rise[begin:stop]
                for d in range(width):
                    to[d] -= rise[d] / (1.0 + memory[d] * per_square)
            odds, power = values.log_odds[begin:stop], values.power[begin:stop]
            above, floor = values.above[begin:stop], values.floor[begin:stop]
            exp_each(to)
            for d in range(width):
                to[d] = log(1.0 + to[d])
            for d in range(width):
                to[d] = floor[d] + above[d] * exp(power[d] * (odds[d] - to[d]))

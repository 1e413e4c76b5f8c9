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
from qqt_bayes.laws.compiled.sums import add
from qqt_bayes.laws.compiled.tables import Reals


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
    exponent, knee = values.exponent[begin:stop], values.knee[begin:stop]
    kept, kept_slope = values.kept[begin:stop], values.kept_slope[begin:stop]
    log_size, log_memory = values.log_size[begin:stop], values.log_memory[begin:stop]
    log_ratio, log_reference = values.log_ratio[begin:stop], values.log_reference[begin:stop]
    odds, power = values.log_odds[begin:stop], values.power[begin:stop]
    above, floor = values.above[begin:stop], values.floor[begin:stop]
    rise, middle, most_kept = values.rise[begin:stop], values.middle, values.most_kept
    for s in range(sets_from, sets_from + len(out)):
        fresh[:], stood[:] = 0.0, 0.0
        for e in range(sets.start[s], sets.start[s + 1]):
            pool, share = sets.pool[e], sets.share[e]
            add(fresh, share, values.quality[pool, begin:stop])
            add(stood, share, values.stood[pool, begin:stop])
        log_unique = np.log(sets.unique[s])
        for d in range(width):  # stood becomes the log of U (1 + R_S)
            grown = exp(exponent[d] * (log_unique - log_size[d]))
            stood[d] = log_unique + log(1.0 + stood[d] / fresh[d] * grown)
        for d in range(width):
            worn[d] = exp(knee[d] * (middle - stood[d]))
        for d in range(width):
            memory[d] = exp(2.0 * (log_memory[d] + stood[d]))
        for d in range(width):
            log_fresh = log(fresh[d])
            spent[d] = (1.0 - min(kept[d] + kept_slope[d] * log_fresh, most_kept)) / knee[d]
            start[d] = log_ratio[d] + log_fresh - log_reference[d]
        for b in range(seen.size):
            n = seen[b]
            log_n, per_square = np.log(n), 1 / (n * n)
            known = values.known[b, begin:stop]
            to = out[s - sets_from, row[b], begin:stop]
            for d in range(width):
                to[d] = start[d] + log_n - spent[d] * log(1.0 + known[d] * worn[d])
            if values.rises:
                for d in range(width):
                    to[d] -= rise[d] / (1.0 + memory[d] * per_square)
            exp_each(to)
            for d in range(width):
                to[d] = log(1.0 + to[d])
            for d in range(width):
                to[d] = floor[d] + above[d] * exp(power[d] * (odds[d] - to[d]))

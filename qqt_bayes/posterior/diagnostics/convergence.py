r"""Whether chains agree, and how many independent draws they are worth: R-hat and ESS.

Both are taken of what Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021, Bayesian Analysis
16:667, doi:10.1214/20-BA1221) take them of: chains in halves, so that a drift within one counts as
disagreement, and ranks as normal scores, so that heavy tails do no harm.

Chains and draws come as arrays of shape (chain, draw, scalar), and each scalar has its number.
They are those of `arviz.rhat` and `arviz.ess`, which the tests hold them against; ArviZ itself
takes a second to import, which is longer than many a fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

LEAST_DRAWS = 4
"""Draws of a chain below which nothing is said: its halves need a variance each."""
TAIL_ENDS = (1 - 0.89, 0.89)
"""Probabilities of the quantiles whose effective draws `ess_tail` counts: the ends that ArviZ
takes by default, a little further in than the 0.05 and 0.95 of Vehtari et al. The lower one is
written so that it is ArviZ's to the last digit: a draw that is the quantile is on one side of it or
on the other."""


def by_scalar(draws: xr.DataArray) -> Array:
    """Draws of a variable with all its scalars along one axis, shape (chain, draw, scalar)."""
    values = draws.transpose("chain", "draw", ...).to_numpy()
    return values.reshape(*values.shape[:2], -1)


def rhat(draws: Array) -> Array:
    r"""Potential scale reduction of split chains, of ranks and of folded ranks, whichever is worse.

    ``sqrt((B / W + n - 1) / n)`` of half-chains of n draws, with W the mean of their variances and
    B n times the variance of their means: once of the normal scores of the draws, once of those of
    the distances from the median, where chains differ that have one place and several scales.

    Parameters
    ----------
    draws : array, shape (chain, draw, scalar)

    Returns
    -------
    array, shape (scalar,)
        NaN for one chain, for fewer than `LEAST_DRAWS` draws, for draws that are NaN, and for draws
        that are all the same; infinite where each half-chain stays at a value of its own.

    Examples
    --------
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000, 1))
    >>> rhat(draws).round(3), rhat(draws + np.arange(4)[:, None, None]).round(1)
    (array([1.]), array([1.6]))
    """
    return _of_each(_rhat, draws, least_chains=2)


def ess_bulk(draws: Array) -> Array:
    """Effective draws for the centre of a distribution: those of the normal scores.

    Parameters
    ----------
    draws : array, shape (chain, draw, scalar)

    Returns
    -------
    array, shape (scalar,)
        NaN for fewer than `LEAST_DRAWS` draws and for draws that are NaN; all draws where they are
        the same.

    Examples
    --------
    Independent draws, and chains of which every draw stands twice:

    >>> draws = np.random.default_rng(0).standard_normal((4, 1000, 1))
    >>> ess_bulk(draws).round(), ess_bulk(np.repeat(draws, 2, axis=1)).round()
    (array([3926.]), array([4011.]))
    """
    return _of_each(lambda x: _ess(_normal_scores(_halves(x))), draws)


def ess_tail(draws: Array, ends: tuple[float, float] = TAIL_ENDS) -> Array:
    """Effective draws for the ends of an interval: for the quantile that has fewer of them.

    Parameters
    ----------
    draws : array, shape (chain, draw, scalar)
    ends : tuple of float
        Probabilities of the two quantiles.

    Returns
    -------
    array, shape (scalar,)
        As for `ess_bulk`.

    Examples
    --------
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000, 1))
    >>> ess_tail(draws).round()
    array([4015.])
    """

    def measure(x: Array) -> Array:
        quantiles = np.quantile(x, ends, axis=(1, 2))[..., None, None]
        lower, upper = (_ess(_halves((x <= quantile).astype(float))) for quantile in quantiles)
        return np.minimum(lower, upper)

    return _of_each(measure, draws)


def _of_each(measure: Callable[[Array], Array], draws: Array, least_chains: int = 1) -> Array:
    """What is measured of arrays of shape (scalar, chain, draw); NaN where there is too little."""
    chains, length, scalars = draws.shape
    found = np.full(scalars, np.nan)
    complete = ~np.isnan(draws).any(axis=(0, 1))
    if chains >= least_chains and length >= LEAST_DRAWS and complete.any():
        found[complete] = measure(np.moveaxis(draws[..., complete], -1, 0))
    return found


def _rhat(x: Array) -> Array:
    halves = _halves(x)
    folded = abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
    # of two values only, all are equally far from the median: that tells nothing, and is NaN
    return np.fmax(
        _scale_reduction(_normal_scores(halves)), _scale_reduction(_normal_scores(folded))
    )


def _halves(x: Array) -> Array:
    """Both halves of each chain as chains of their own; an odd draw in the middle is left out."""
    half = x.shape[-1] // 2
    return np.concatenate([x[..., :half], x[..., -half:]], axis=1)


def _scale_reduction(x: Array) -> Array:
    """R-hat of chains as they are, shape (scalar, chain, draw) to (scalar,)."""
    length = x.shape[-1]
    within = x.var(axis=2, ddof=1).mean(axis=1)
    between = length * x.mean(axis=2).var(axis=1, ddof=1)
    # chains that do not move have W = 0: R-hat is infinite, or NaN if they are at one place
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction: Array = np.sqrt((between / within + length - 1) / length)
    return reduction


def _normal_scores(x: Array) -> Array:
    """Normal scores of the ranks among all draws of a scalar, ``Phi^-1((r - 3/8) / (n + 1/4))``.

    Draws that are the same share the mean of their ranks (Blom 1958).
    """
    flat = x.reshape(len(x), -1)
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    count = flat.shape[1]
    # positions, from 0, of the first and of the last draw that has the same value
    position, steps = np.arange(count), ordered[:, 1:] != ordered[:, :-1]
    first, last = np.zeros(flat.shape, np.intp), np.full(flat.shape, count - 1)
    np.copyto(first[:, 1:], position[1:], where=steps)
    np.copyto(last[:, :-1], position[:-1], where=steps)
    first = np.maximum.accumulate(first, axis=1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    # ranks are whole or half numbers, so that all scores are in one small table
    table = special.ndtri((np.arange(2 * count - 1) / 2 + 1 - 3 / 8) / (count + 1 / 4))
    scores = np.empty(flat.shape)
    np.put_along_axis(scores, order, table[first + last], axis=1)
    return scores.reshape(x.shape)


def _ess(x: Array) -> Array:
    r"""Effective draws of chains as they are, shape (scalar, chain, draw) to (scalar,).

    ``S / tau`` of S draws, with the integrated autocorrelation time
    ``tau = -1 + 2 sum_k P_k + rho_2m``, where ``P_k = rho_2k + rho_2k+1``.  Of a reversible chain
    these pairs are positive and fall: so the sum ends before the first pair, m, that is not
    positive, and no pair counts for more than the one before (Geyer 1992, Statistical Science
    7:473).  ``rho_2m`` counts once where it is positive, or where the lags ended before the pairs
    did.  Antithetic chains have a small tau: ``1 / log10(S)`` is the least that is believed.
    """
    _, chains, length = x.shape
    rho = _autocorrelation(x)
    pairs = rho[:, : length - length % 2].reshape(len(x), -1, 2).sum(axis=2)
    # the pair m itself must exist, and the last lags have hardly any draws: so many pairs at most
    before = pairs[:, : max(0, (length - 3) // 2)]
    counted = np.logical_and.accumulate(before > 0, axis=1)
    falling = np.minimum.accumulate(before, axis=1)
    m = counted.sum(axis=1)
    each = np.arange(len(x))
    final, pair = rho[each, 2 * m], pairs[each, m]
    tau = -1 + 2 * np.sum(falling * counted, axis=1) + final * ((final > 0) | (pair >= 0))
    count = chains * length
    effective: Array = count / np.maximum(tau, 1 / np.log10(count))
    effective[np.ptp(x, axis=(1, 2)) == 0] = count
    return effective


def _autocorrelation(x: Array) -> Array:
    """Autocorrelation of all chains of a scalar together, shape (scalar, lag).

    ``rho_t = 1 - (W - c_t) / V``, c the mean over chains of their autocovariances, W that of their
    variances, and V the variance of all draws, what lies between the chains included.
    """
    length = x.shape[2]
    mean = x.mean(axis=2, keepdims=True)
    # twice the length, so that the end of a chain does not meet its beginning; the transform is
    # linear, so that the mean over chains may be taken before it is undone
    spectrum = np.fft.rfft(x - mean, 2 * length)
    power = (spectrum * spectrum.conj()).real.mean(axis=1)
    covariance = np.fft.irfft(power, 2 * length)[:, :length] / length
    variance = covariance[:, :1] * length / (length - 1)
    total = covariance[:, :1] + mean[..., 0].var(axis=1, ddof=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # draws that are all the same: their total is 0
        rho: Array = 1 - (variance - covariance) / total
    rho[:, 0] = 1
    return rho

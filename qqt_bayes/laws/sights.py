r"""How often a sample has been seen, where a training set is drawn from with replacement.

After ``x = n / U`` epochs' worth of draws a sample has been seen ``K ~ Poisson(x)`` times: a share
``exp(-1)``, 37 %, not once after "one epoch".  So a sum over epochs becomes one over sights.  With
``h(k)`` the use that is left of a sample seen k times, and G the quantity that grows,

``integral dG(U x) sum_k pmf(k; x) h(k) = sum_k c_k h(k)``,

whose ``c_k`` depend on the design alone.  With ``e = n / U`` and ``P(k, e)`` the probability that a
sample is seen k times at least:

- samples, ``G = n``: ``c_k = U P(k + 1, e)``;
- their logarithm: ``c_k = P(k, e) / k``, and ``c_0 = log n - Ein(e)``, since the others add up to
  the entire exponential integral ``Ein(e) = E_1(e) + log(e) + gamma``;
- a G with parameters: ``sum_k pmf(k; x) delta^k = exp(-x (1 - delta))`` leaves an integral over x.

A law of effective epochs f(e) takes their mean over the samples, ``E f(K)``.  Weighted by what is
seen, K is one more than a Poisson number: ``E f(K) = e E g(1 + K)`` with ``f(k) = k g(k)``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.interpolation import FIRST_INTEGRATED, POINTS, basis, positions

LEAST_SHARE_SEEN = 1e-13
"""Share of the samples that are seen so often or more, below which no further sight is counted."""
NODES = 12
"""Nodes of the mean over sights: effective samples are right to 1e-5 at a knee of 3, 1e-4 at 6."""
FIRST_DRAWS = 2.0**-14
"""Epochs within which no sample is seen again, in an integral over the draws."""
OCTAVE_NODES = 6
"""Nodes of that integral between x and 2 x: with `FIRST_DRAWS`, errors of the sum that a utility
multiplies stay below 1e-4."""

Array = NDArray[np.float64]


def seen_at_least(times: Array, epochs: float) -> Array:
    """Share of the samples that are seen so many times (above 0) or more."""
    from scipy.special import gammainc  # SciPy is slow to import, and most runs need none of it

    share: Array = gammainc(times, epochs)
    return share


def most_sights(epochs: float) -> int:
    """How often the few samples are seen that are seen most.

    Examples
    --------
    >>> most_sights(1.0), most_sights(100.0)
    (15, 182)
    """
    times = np.arange(1.0, int(epochs + 10 * np.sqrt(epochs)) + 32)
    return int(times[seen_at_least(times, epochs) > LEAST_SHARE_SEEN].max(initial=0))


def log_fresh_growth(samples_seen: Array, unique_samples: Array) -> Array:
    """``c_0`` of the logarithm, ``log n - Ein(n / U)``: how it grows by samples not seen before.

    Parameters
    ----------
    samples_seen, unique_samples : array
        In the unit in which the logarithm is taken.

    Examples
    --------
    Drawn a thousand times over, 100 samples have been worth 56 that were never repeated:

    >>> round(float(np.exp(log_fresh_growth(np.array(1e5), np.array(100.0)))), 1)
    56.1
    """
    from scipy.special import exp1

    grown: Array = np.log(unique_samples) - np.euler_gamma - exp1(samples_seen / unique_samples)
    return grown


@lru_cache(maxsize=2**12)
def expected_sums(epochs: float, exact: int, points: int) -> tuple[Array, Array]:
    """The sums ``c_k`` of a run, collapsed onto nodes as `qqt_bayes.laws.epochs` says.

    Parameters
    ----------
    epochs : float
        ``e``.
    exact, points : int
        As for `qqt_bayes.laws.epochs.collapse`.

    Returns
    -------
    node : array, shape (node,)
        Positions, how often a sample was seen before.
    sums : array, shape (2, node)
        Of ``P(k + 1, e)`` and of ``P(k, e) / k``, the latter without ``k = 0``.
    """
    most = most_sights(epochs)
    single = np.arange(float(min(exact, most + 1)))
    nodes, sums, first = [single], [_expected(single, epochs)], exact
    while first <= most:
        times, weight = _terms(first, epochs)
        nodes.append(first * (1 + positions(points)))
        sums.append((weight * _expected(times, epochs)) @ basis(points, times / first - 1))
        first *= 2
    return np.concatenate(nodes), np.concatenate(sums, axis=-1)


def _expected(times: Array, epochs: float) -> Array:
    """``P(k + 1, e)`` and ``P(k, e) / k``."""
    least = np.maximum(times, 1.0)
    logarithm = np.where(times > 0, seen_at_least(least, epochs) / least, 0.0)
    return np.stack([seen_at_least(times + 1, epochs), logarithm])


def _terms(first: int, epochs: float) -> tuple[Array, Array]:
    """Numbers of sights in the block that starts at `first`, and weights that sum over it.

    Of long blocks they are the nodes of an integral, in pieces: the share of samples that are seen
    so often falls from 1 to 0 within a few standard deviations.
    """
    if first < FIRST_INTEGRATED:
        return np.arange(first, 2.0 * first), np.ones(first)
    steps = epochs + np.sqrt(epochs) * np.linspace(-9, 9, 10)
    edges = np.unique(np.clip([0, *steps, np.inf], first - 0.5, 2 * first - 0.5))
    x, w = np.polynomial.legendre.leggauss(2 * POINTS)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (x + 1)).ravel(), (half * w).ravel()


def integral(epochs: Array) -> tuple[Array, Array]:
    """Nodes and weights of an integral over the draws, ``dx`` from 0 to ``n / U``.

    It is graded towards 0, where the logarithm of the samples grows most.  The first node, 0,
    stands for so few draws that no sample is seen again.

    Parameters
    ----------
    epochs : array, shape (...,)

    Returns
    -------
    node : array, shape (node,)
    weight : array, shape (..., node)

    Examples
    --------
    >>> node, weight = integral(np.array([2.0, 3.7]))
    >>> (weight @ node**2).round(6), np.array([2.0, 3.7]).__pow__(3) / 3
    (array([ 2.666667, 16.884333]), array([ 2.66666667, 16.88433333]))
    """
    first = FIRST_DRAWS
    nodes, weights = [np.zeros(1)], [np.minimum(epochs, first)[..., None]]
    x, w = np.polynomial.legendre.leggauss(OCTAVE_NODES)
    while first < epochs.max(initial=0.0):
        within = np.clip(epochs - first, 0, first)[..., None]
        at = basis(OCTAVE_NODES, within * (x + 1) / 2 / first)
        nodes.append(first * (1 + positions(OCTAVE_NODES)))
        weights.append((within[..., None] / 2 * w[:, None] * at).sum(axis=-2))
        first *= 2
    return np.concatenate(nodes), np.concatenate(weights, axis=-1)


def nodes_of_mean(epochs: Array) -> tuple[Array, Array]:
    """Nodes and weights of a mean over a Poisson number.

    Parameters
    ----------
    epochs : array, shape (...,)
        The means of the Poisson numbers.

    Returns
    -------
    node, weight : array, shape (..., node)
        In ascending order; `NODES` of them.

    Examples
    --------
    >>> node, weight = nodes_of_mean(np.array([5.0]))
    >>> print((weight / (1 + node)).sum().round(4), ((1 - np.exp(-5)) / 5).round(4))
    0.1987 0.1987
    """
    different, index = np.unique(epochs, return_inverse=True)
    found = np.array([_gauss(float(x)) for x in different]).reshape(-1, 2, NODES)[index]
    found = found.reshape(*np.shape(epochs), 2, NODES)
    return found[..., 0, :], found[..., 1, :]


@lru_cache(maxsize=2**14)
def _gauss(mean: float) -> Array:
    """Gauss quadrature under a Poisson number, from the recurrence of Charlier's polynomials."""
    from scipy.linalg import eigh_tridiagonal

    order = np.arange(NODES)
    node, vector = eigh_tridiagonal(mean + order, np.sqrt(mean * order[1:]))
    return np.stack([node, vector[0] ** 2])

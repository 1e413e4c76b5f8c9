r"""A quick look at a posterior: a normal density in its place, and how far that is from it.

Laplace's method puts ``N(m, H^-1)`` at the mode m, H minus the matrix of second derivatives there.
Pathfinder (Zhang, Carpenter, Gelman and Vehtari 2022, arXiv:2108.03782) follows optimisers from
afar and takes, of the normal densities along each path, the one nearest to the posterior.

Both then draw more than is asked for, weigh the draws by posterior over approximation and keep a
share of them by these weights, the largest smoothed (Vehtari et al. 2024, JMLR 25, 72).  The shape
k of the Pareto distribution of the weights says whether that can work: above 0.7 it cannot.

A posterior is here a function of a vector: log density and its gradient, -inf where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.diagnostics.importance import smooth

Array = NDArray[np.float64]
Target = Callable[[Array], tuple[float, Array]]

DRAWS_PER_KEPT = 4
"""Draws from the approximation for each that is kept."""
CENTRAL_STEP = 1e-4
"""The step of the central differences of the gradient; the coordinates are of order 1."""
MAX_NEWTON_STEPS = 20
"""Newton's method takes at most so many steps, until one no longer raises the log density."""
MEMORY, MAX_BFGS_STEPS = 20, 500
"""So many of the latest steps shape an approximation; the optimiser takes at most so many."""
MAX_GRADIENT = 1e-3
"""The optimiser stops where no component of the gradient is larger."""
MIN_CURVATURE = 1e-12
"""A step s, with the change z of the gradient, is passed over where ``z's / z'z`` is no larger."""
DRAWS_FOR_BOUND = 10
"""Draws by which the evidence bounds of the approximations along a path are compared."""
NO_DENSITY_COST = 1e100
"""Minus log density for the optimiser where there is none: finite, so that it turns back."""


@dataclass(frozen=True)
class Normal:
    """A multivariate normal density.

    Attributes
    ----------
    mean : array, shape (scalar,)
    root : array, shape (scalar, scalar)
        A lower triangular root of the covariance, which is ``root root'``.
    """

    mean: Array
    root: Array

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Draws, shape (draw, scalar)."""
        z = rng.standard_normal((count, self.mean.size))
        draws: Array = self.mean + z @ self.root.T
        return draws

    def log_density(self, x: Array) -> Array:
        """The log density at some points, shape (draw,)."""
        z = (x - self.mean) @ np.linalg.inv(self.root).T
        scale = np.log(np.diag(self.root)).sum() + self.mean.size * np.log(2 * np.pi) / 2
        density: Array = -(z**2).sum(axis=1) / 2 - scale
        return density


@dataclass(frozen=True)
class Weighed:
    """Draws of an approximation, resampled by their importance weights.

    Attributes
    ----------
    draws : array, shape (draw, scalar)
    lp : array, shape (draw,)
        Log density of the posterior.
    lq : array, shape (draw,)
        That of the approximation.
    pareto_k : float
        Shape of the tail of the weights; infinite if the draws cannot be weighed.
    """

    draws: Array
    lp: Array
    lq: Array
    pareto_k: float


def laplace(target: Target, starts: Array, count: int, seed: int) -> Weighed:
    """Draw by Laplace's method, at the best mode that is found.

    Parameters
    ----------
    target : callable
    starts : array, shape (start, scalar)
    count : int
        Draws to keep.
    seed : int

    Raises
    ------
    InputError
        If no start leads to a maximum with curvature on every side.
    """
    normal = at_the_mode(target, starts)
    if normal is None:
        raise InputError(
            "method: laplace found no maximum of the posterior with curvature on every side of it; "
            "take method pathfinder for a quick look, or nuts"
        )
    return _weigh(target, [normal], count, np.random.default_rng(seed))


def at_the_mode(target: Target, starts: Array) -> Normal | None:
    """The normal density of Laplace's method; None where no maximum curves on every side.

    Parameters
    ----------
    target : callable
    starts : array, shape (start, scalar)
    """
    ends = [_climb(target, start)[-1] for start in starts]
    mode, curvature = _newton(target, max(ends, key=lambda end: target(end)[0]))
    root = _root_of_inverse(curvature)
    return None if root is None or not np.isfinite(target(mode)[0]) else Normal(mode, root)


def pathfinder(target: Target, starts: Array, count: int, seed: int) -> Weighed:
    """Draw by Pathfinder with a path from each start, all weighed together.

    Parameters
    ----------
    target, starts, count, seed
        As for `laplace`.

    Raises
    ------
    InputError
        If no path leads anywhere.
    """
    rng = np.random.default_rng(seed)
    return _weigh(target, _ends(target, starts, rng), count, rng)


def explore(target: Target, starts: Array, count: int, rng: np.random.Generator) -> Array:
    """Draw about the end of Pathfinder's path from each start, unweighed; shape (draw, scalar)."""
    return np.concatenate([end.draw(count, rng) for end in _ends(target, starts, rng)])


def _ends(target: Target, starts: Array, rng: np.random.Generator) -> list[Normal]:
    """The best normal density of the path from each start."""
    found = [_nearest(target, _climb(target, start), rng) for start in starts]
    normals = [normal for normal in found if normal is not None]
    if not normals:
        raise InputError(
            "no search found its way up the posterior from any start; take method nuts"
        )
    return normals


def _climb(target: Target, start: Array) -> Array:
    """The path of BFGS from a start, shape (step, scalar)."""

    def descent(x: Array) -> tuple[float, Array]:
        value, gradient = target(x)
        return (-value, -gradient) if np.isfinite(value) else (NO_DENSITY_COST, np.zeros_like(x))

    path = [start]
    minimize(
        descent,
        start,
        jac=True,
        method="BFGS",
        callback=lambda x: path.append(x.copy()),
        options={"maxiter": MAX_BFGS_STEPS, "gtol": MAX_GRADIENT},
    )
    return np.array(path)


def _curvature(target: Target, x: Array) -> Array:
    """Minus the second derivatives at a point, by central differences of the gradient."""
    steps = CENTRAL_STEP * np.eye(x.size)
    slope = np.array([target(x - step)[1] - target(x + step)[1] for step in steps]) / (
        2 * CENTRAL_STEP
    )
    symmetric: Array = (slope + slope.T) / 2
    return symmetric


def _newton(target: Target, x: Array) -> tuple[Array, Array]:
    """The maximum near a point, and the curvature there."""
    curvature = _curvature(target, x)
    for _ in range(MAX_NEWTON_STEPS):
        value, gradient = target(x)
        root = _root_of_inverse(curvature)
        if root is None:
            break
        step = root @ (root.T @ gradient)
        if not target(x + step)[0] > value:
            break
        x = x + step
        curvature = _curvature(target, x)
    return x, curvature


def _root_of_inverse(precision: Array) -> Array | None:
    """Lower triangular root of the inverse of a matrix; None if it is not positive definite."""
    try:
        upper = np.linalg.cholesky(precision[::-1, ::-1])[::-1, ::-1]
        root: Array = np.linalg.inv(upper).T
    except np.linalg.LinAlgError:
        return None
    return root


def _nearest(target: Target, path: Array, rng: np.random.Generator) -> Normal | None:
    """Of the normal densities along a path the one with the largest evidence bound, if any.

    The bound, ELBO, is the mean of log posterior minus log approximation under the approximation:
    a constant less their Kullback-Leibler divergence.
    """
    best, most = None, -np.inf
    for normal in _along(path, np.array([target(x)[1] for x in path])):
        draws = normal.draw(DRAWS_FOR_BOUND, rng)
        bound = np.mean([target(x)[0] for x in draws] - normal.log_density(draws))
        if bound > most:
            best, most = normal, bound
    return best


def _along(path: Array, gradients: Array) -> list[Normal]:
    r"""The normal densities along a path: a Newton step from each point, H the covariance.

    H starts as a diagonal ``a``, which follows all steps s and changes z of minus the gradient
    (Zhang et al. 2022, algorithm 3, after Gilbert and Lemarechal 1989),

    ``1 / a <- z'az / (z's a) + z^2 / z's - z'az s^2 / (z's s'(s/a) a^2)``,

    and takes the latest of them in by ``H <- (I - s z'/z's) H (I - z s'/z's) + s s'/z's`` (BFGS).
    Steps along which the gradient hardly changes are passed over, as there.
    """
    identity, diagonal = np.eye(path.shape[1]), np.ones(path.shape[1])
    recent: list[tuple[Array, Array]] = []
    normals = []
    for x, gradient, s, z in zip(
        path[1:], gradients[1:], np.diff(path, axis=0), -np.diff(gradients, axis=0), strict=True
    ):
        along = z @ s
        if along > MIN_CURVATURE * (z @ z):
            bent, straight = z @ (diagonal * z), s @ (s / diagonal)
            stale = bent * s**2 / (along * straight * diagonal**2)
            diagonal = 1 / (bent / (along * diagonal) + z**2 / along - stale)
            recent = [*recent[1 - MEMORY :], (s, z)]
        inverse = np.diag(diagonal)
        for step, change in recent:
            keep = identity - np.outer(step, change) / (step @ change)
            inverse = keep @ inverse @ keep.T + np.outer(step, step) / (step @ change)
        try:
            root = np.linalg.cholesky(inverse)
        except np.linalg.LinAlgError:
            continue
        normals.append(Normal(x + inverse @ gradient, root))
    return normals


def _weigh(target: Target, normals: list[Normal], count: int, rng: np.random.Generator) -> Weighed:
    """Draw from a mixture in equal shares and resample by Pareto-smoothed importance weights.

    Raises
    ------
    InputError
        If the posterior has a density at fewer draws than are to be kept.
    """
    each = -(-DRAWS_PER_KEPT * count // len(normals))
    x = np.concatenate([normal.draw(each, rng) for normal in normals])
    lq = logsumexp([normal.log_density(x) for normal in normals], axis=0) - np.log(len(normals))
    lp = np.array([target(one)[0] for one in x])
    possible = np.isfinite(lp)
    if np.count_nonzero(possible) < count:
        raise InputError(
            "method: most draws of the approximation are where the posterior has no density; "
            "take method nuts"
        )
    x, lp, lq = x[possible], lp[possible], lq[possible]
    log_weights, k = smooth(lp - lq)
    total = np.cumsum(np.exp(log_weights))
    places = (np.arange(count) + rng.uniform()) / count * total[-1]
    kept = rng.permutation(np.searchsorted(total, places))  # systematic resampling, shuffled
    return Weighed(x[kept], lp[kept], lq[kept], k)

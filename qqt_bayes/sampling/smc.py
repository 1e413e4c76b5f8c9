r"""Sequential Monte Carlo: particles that follow a broad density as it turns into a posterior.

Between a reference q and the posterior p stand ``q^(1 - beta) p^beta``, beta from 0 to 1 (Del
Moral, Doucet and Jasra 2006, J. R. Stat. Soc. B 68, 411).  Stage after stage beta rises until the
weights ``(p / q)^(rise)`` have lost a share of their effective number; the particles are drawn
again by these weights and each moves by Hamiltonian dynamics that leave the new density as it is.
Modes thus get their weight while they are still joined, and the mean weights multiply to the
evidence, the integral of p.

Here that is done in the coordinates of `qqt_bayes.model.coordinates`.  In the declared parameters
the posterior is a curved ridge along which particles do not spread: PyMC's sampler of this kind,
which knows no others, ended two runs on five pools apart (R-hat 1.8, log evidence too low by 13 and
24).

The reference is a Student t about the ends of optimisers' paths
(`qqt_bayes.sampling.approximation`), wider than they are: a mode beyond its reach is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from qqt_bayes.sampling.approximation import Target, explore

Array = NDArray[np.float64]

FREEDOM, WIDER = 5.0, 2.0
"""Degrees of freedom of the reference, and its scale in units of that of the paths' ends."""
DRAWS_OF_A_PATH = 100
"""Draws about the end of each path, from which the reference has its mean and covariance."""
EFFECTIVE_SHARE = 0.5
"""Beta rises until the weights of a stage have this share of their effective number left."""
FIRST_STEP = 0.5
"""The leapfrog step that the first stage begins with, in units of the spread; it adapts from there.
"""
TRAJECTORIES, LAST_TRAJECTORIES = 3, 12
"""Trajectories of each particle in a stage, and in the last one, whose particles are the draws."""
TARGET_ACCEPT = 0.8
"""The acceptance rate that the step aims at."""
MAX_LENGTH = 1.6
"""The longest trajectory, in units of the spread: a quarter of a turn, pi / 2, for a normal."""
MAX_STEPS = 20
"""A trajectory has at most one step more than this, however short the step is."""
RIDGE = 1e-9
"""Share of its mean variance that is added to the particles' covariance, so that it has a root."""


@dataclass(frozen=True)
class Tempered:
    """The result of a run of sequential Monte Carlo.

    Attributes
    ----------
    draws : array, shape (draw, scalar)
    lp : array, shape (draw,)
        Log density of the posterior at each, not normalised.
    log_evidence : float
        Log of the integral of that density.
    stages : int
        How often beta rose.
    """

    draws: Array
    lp: Array
    log_evidence: float
    stages: int


@dataclass(frozen=True)
class Student:
    """A multivariate Student t density with `FREEDOM` degrees of freedom.

    Attributes
    ----------
    mean : array, shape (scalar,)
    root : array, shape (scalar, scalar)
        Lower triangular root of the squared scale.
    inverse : array, shape (scalar, scalar)
        Inverse of the root.
    """

    mean: Array
    root: Array
    inverse: Array

    @classmethod
    def of(cls, mean: Array, covariance: Array) -> Student:
        """The density with a given centre and squared scale."""
        root = np.linalg.cholesky(covariance)
        return cls(mean, root, np.linalg.inv(root))

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Draws, shape (draw, scalar)."""
        z = rng.standard_normal((count, self.mean.size))
        z /= np.sqrt(rng.chisquare(FREEDOM, count) / FREEDOM)[:, None]
        draws: Array = self.mean + z @ self.root.T
        return draws

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Log density, shape (draw,), and gradient, shape (draw, scalar)."""
        z = (x - self.mean) @ self.inverse.T
        size, square = self.mean.size, (z**2).sum(axis=1)
        power = (FREEDOM + size) / 2
        constant = gammaln(power) - gammaln(FREEDOM / 2) - size * np.log(FREEDOM * np.pi) / 2
        constant -= np.log(np.diag(self.root)).sum()
        slope = (-2 * power / (FREEDOM + square))[:, None] * (z @ self.inverse)
        return constant - power * np.log1p(square / FREEDOM), slope


@dataclass(frozen=True)
class _Particles:
    """Particles with the log densities of posterior and reference there, and their gradients."""

    x: Array
    posterior: Array
    posterior_slope: Array
    reference: Array
    reference_slope: Array

    def __getitem__(self, chosen: NDArray[np.intp]) -> _Particles:
        return _Particles(*(each[chosen] for each in vars(self).values()))

    def density(self, beta: float) -> Array:
        """The log density between reference and posterior at a beta."""
        return (1 - beta) * self.reference + beta * self.posterior

    def slope(self, beta: float) -> Array:
        """The gradient of `density`."""
        return (1 - beta) * self.reference_slope + beta * self.posterior_slope

    def where(self, accepted: NDArray[np.bool_], others: _Particles) -> _Particles:
        """The particles with others in place of those whose move is accepted."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return _Particles(
            *(np.where(accepted.reshape(-1, *[1] * (a.ndim - 1)), b, a) for a, b in pairs)
        )


def broad(target: Target, starts: Array, rng: np.random.Generator) -> Student:
    """A broad reference density about the ends of the paths from some starts."""
    x = explore(target, starts, DRAWS_OF_A_PATH, rng)
    covariance = np.cov(x.T).reshape(x.shape[1], -1) * WIDER**2
    return Student.of(x.mean(axis=0), covariance)


def temper(
    target: Target,
    reference: Student,
    count: int,
    rng: np.random.Generator,
    advance: Callable[[float], None] = lambda beta: None,
) -> Tempered:
    """Move particles from a reference to a posterior.

    Parameters
    ----------
    target : callable
        Log density of the posterior and its gradient at a point.
    reference : Student
    count : int
        Number of particles.
    rng : Generator
    advance : callable
        Called with beta after each stage.
    """
    now = _at(target, reference, reference.draw(count, rng))
    beta, evidence, step, stages = 0.0, 0.0, FIRST_STEP, 0
    while beta < 1:
        log_ratio = now.posterior - now.reference
        rise = _rise(log_ratio, 1 - beta)
        log_weight = rise * log_ratio
        evidence += float(logsumexp(log_weight) - np.log(count))  # log of the mean weight
        beta = min(beta + rise, 1.0)
        stages += 1
        now = now[_resample(log_weight, rng)]
        for _ in range(TRAJECTORIES if beta < 1 else LAST_TRAJECTORIES):
            now, step = _move(target, reference, now, beta, step, rng)
        advance(beta)
    order = rng.permutation(count)
    return Tempered(now.x[order], now.posterior[order], evidence, stages)


def _at(target: Target, reference: Student, x: Array) -> _Particles:
    """Particles at some points, shape (draw, scalar)."""
    values, slopes = zip(*(target(one) for one in x), strict=True)
    return _Particles(x, np.array(values), np.array(slopes), *reference(x))


def _rise(log_ratio: Array, most: float) -> float:
    """How far beta may rise until the weights have lost a share of their effective number."""
    log_ratio = log_ratio[np.isfinite(log_ratio)]  # others have no weight, however little it rises

    def excess(rise: float) -> float:
        """Log of the effective number, ``(sum w)^2 / sum w^2``, over the least that it may be."""
        log_weight = rise * log_ratio
        effective = 2 * logsumexp(log_weight) - logsumexp(2 * log_weight)
        return float(effective - np.log(EFFECTIVE_SHARE * log_ratio.size))

    # Rises are tiny while the particles are far from the posterior: hence the absolute tolerance.
    return most if excess(most) >= 0 else float(brentq(excess, 0.0, most, xtol=1e-12))


def _resample(log_weight: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose particles by their weights, systematically: each as often as expected, to one."""
    total = np.cumsum(np.exp(log_weight - logsumexp(log_weight)))
    places = (np.arange(log_weight.size) + rng.uniform()) / log_weight.size
    return np.searchsorted(total / total[-1], places)


def _move(
    target: Target,
    reference: Student,
    now: _Particles,
    beta: float,
    step: float,
    rng: np.random.Generator,
) -> tuple[_Particles, float]:
    """Move every particle along a Hamiltonian trajectory, and adapt the step.

    The covariance of the particles is the inverse metric.  Trajectories have a random number of
    leapfrog steps, the same for all.
    """
    size = now.x.shape[1]
    spread = np.cov(now.x.T).reshape(size, size)
    root = np.linalg.cholesky(spread + RIDGE * np.trace(spread) / size * np.eye(size))
    steps = rng.integers(1, 1 + min(MAX_STEPS, int(np.ceil(MAX_LENGTH / step))), endpoint=True)
    momentum = rng.standard_normal(now.x.shape)
    log_joint = now.density(beta) - (momentum**2).sum(axis=1) / 2
    proposed = now
    with np.errstate(over="ignore", invalid="ignore"):  # a trajectory may run away: not accepted
        momentum = momentum + step / 2 * proposed.slope(beta) @ root
        for i in range(steps):
            proposed = _at(target, reference, proposed.x + step * momentum @ root.T)
            kick = step if i < steps - 1 else step / 2  # two half kicks in one, but for the last
            momentum = momentum + kick * proposed.slope(beta) @ root
        change = proposed.density(beta) - (momentum**2).sum(axis=1) / 2 - log_joint
    chance = np.where(np.isfinite(change), np.exp(np.minimum(change, 0.0)), 0.0)
    accepted = rng.uniform(size=chance.size) < chance
    return now.where(accepted, proposed), step * float(np.exp(chance.mean() - TARGET_ACCEPT))

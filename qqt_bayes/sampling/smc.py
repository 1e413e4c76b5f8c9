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
"""Degrees of freedom of the reference, and its scale by that of the paths' ends."""
KEPT = 0.5
"""Share of their effective number that the weights of a stage keep."""
MOVES, LAST = 3, 12
"""Trajectories of each particle in a stage, and in the last one."""
ACCEPTED = 0.8
"""Rate that the step aims at."""
LENGTH = 1.6
"""Longest trajectory, in units of the spread: a quarter of a turn."""
MOST_STEPS = 20


@dataclass(frozen=True)
class Tempered:
    """What a run ends with.

    Attributes
    ----------
    draws : array, shape (draw, scalar)
    lp : array, shape (draw,)
    log_evidence : float
    stages : int
    """

    draws: Array
    lp: Array
    log_evidence: float
    stages: int


@dataclass(frozen=True)
class Student:
    """A multivariate Student t."""

    mean: Array
    root: Array
    inverse: Array
    """Of the root."""

    @classmethod
    def of(cls, mean: Array, covariance: Array) -> Student:
        """With a given centre and square of its scale."""
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
    """Places, shape (draw, scalar), with log densities of posterior and reference and gradients."""

    x: Array
    posterior: Array
    posterior_slope: Array
    reference: Array
    reference_slope: Array

    def __getitem__(self, chosen: NDArray[np.intp]) -> _Particles:
        return _Particles(*(each[chosen] for each in vars(self).values()))

    def density(self, beta: float) -> Array:
        """The log density between."""
        return (1 - beta) * self.reference + beta * self.posterior

    def slope(self, beta: float) -> Array:
        """Its gradient."""
        return (1 - beta) * self.reference_slope + beta * self.posterior_slope

    def where(self, moved: NDArray[np.bool_], others: _Particles) -> _Particles:
        """The others where they have moved."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return _Particles(
            *(np.where(moved.reshape(-1, *[1] * (a.ndim - 1)), b, a) for a, b in pairs)
        )


def broad(target: Target, starts: Array, rng: np.random.Generator) -> Student:
    """A reference about the ends of the paths from some starts."""
    x = explore(target, starts, 100, rng)
    covariance = np.cov(x.T).reshape(x.shape[1], -1) * WIDER**2
    return Student.of(x.mean(axis=0), covariance)


def temper(
    target: Target,
    reference: Student,
    count: int,
    rng: np.random.Generator,
    advance: Callable[[float], None] = lambda beta: None,
) -> Tempered:
    """Particles from a reference to a posterior.

    Parameters
    ----------
    target : callable
    reference : Student
    count : int
        Of particles.
    rng : Generator
    advance : callable
        Told beta after each stage.
    """
    now = _at(target, reference, reference.draw(count, rng))
    beta, evidence, step, stages = 0.0, 0.0, 0.5, 0
    while beta < 1:
        gain = now.posterior - now.reference
        rise = _rise(gain, 1 - beta)
        weight = rise * gain
        evidence += float(logsumexp(weight) - np.log(count))
        beta = min(beta + rise, 1.0)
        stages += 1
        now = now[_again(weight, rng)]
        for _ in range(MOVES if beta < 1 else LAST):
            now, step = _move(target, reference, now, beta, step, rng)
        advance(beta)
    order = rng.permutation(count)
    return Tempered(now.x[order], now.posterior[order], evidence, stages)


def _at(target: Target, reference: Student, x: Array) -> _Particles:
    values, slopes = zip(*(target(one) for one in x), strict=True)
    return _Particles(x, np.array(values), np.array(slopes), *reference(x))


def _rise(gain: Array, most: float) -> float:
    """How far beta may rise: until the weights keep a share of their effective number."""
    gain = gain[np.isfinite(gain)]  # others have no weight, however little beta rises

    def lacks(rise: float) -> float:
        weight = rise * gain
        effective = 2 * logsumexp(weight) - logsumexp(2 * weight)
        return float(effective - np.log(KEPT * gain.size))

    return most if lacks(most) >= 0 else float(brentq(lacks, 0.0, most, xtol=1e-12))


def _again(weight: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Which particles are drawn again: systematically, so that little is left to chance."""
    total = np.cumsum(np.exp(weight - logsumexp(weight)))
    places = (np.arange(weight.size) + rng.uniform()) / weight.size
    return np.searchsorted(total / total[-1], places)


def _move(
    target: Target,
    reference: Student,
    now: _Particles,
    beta: float,
    step: float,
    rng: np.random.Generator,
) -> tuple[_Particles, float]:
    """A trajectory of every particle, in units of their spread, and the next step."""
    size = now.x.shape[1]
    spread = np.cov(now.x.T).reshape(size, size)
    root = np.linalg.cholesky(spread + 1e-9 * np.trace(spread) / size * np.eye(size))
    steps = rng.integers(1, 1 + min(MOST_STEPS, int(np.ceil(LENGTH / step))), endpoint=True)
    momentum = rng.standard_normal(now.x.shape)
    energy = now.density(beta) - (momentum**2).sum(axis=1) / 2
    moved = now
    with np.errstate(over="ignore", invalid="ignore"):  # a trajectory may run away: not accepted
        momentum = momentum + step / 2 * moved.slope(beta) @ root
        for i in range(steps):
            moved = _at(target, reference, moved.x + step * momentum @ root.T)
            share = step if i < steps - 1 else step / 2
            momentum = momentum + share * moved.slope(beta) @ root
        change = moved.density(beta) - (momentum**2).sum(axis=1) / 2 - energy
    chance = np.where(np.isfinite(change), np.exp(np.minimum(change, 0.0)), 0.0)
    accepted = rng.uniform(size=chance.size) < chance
    return now.where(accepted, moved), step * float(np.exp(chance.mean() - ACCEPTED))

r"""Departures from the law given the runs, under each draw of the parameters.

All that is asked of the runs together goes through the precision ``S = (s^2 K + diag(V))^-1`` of
the mean log residuals of their cells, V being the variances of their noise. Up to `MOST_CELLS`
cells it is inverted for each draw. Where the noise of all cells is in fixed proportions,
``V = t W``, one turn serves all draws: with the eigenvalues l and eigenvectors Q of
``W^-1/2 K W^-1/2`` it is ``S = W^-1/2 Q diag(1 / (t + s^2 l)) Q' W^-1/2``. It is so where sigma is
all that is known of the noise. Of tables with more cells than `MOST_CELLS` the proportions are
taken as they are at `TYPICAL_SIGMA`, whatever sigma is: the size of the noise is inferred as ever,
and how it is shared between runs with large and with small evaluation sets is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.discrepancy import Index, Seen

Array = NDArray[np.float64]
MOST_CELLS = 200
"""Cells whose precision is inverted for each draw; a fit of 200 takes minutes."""
UNSEEN = 1e4
"""Variance of the log error of a run that nothing is learned from: 10^6 times a departure's."""
TYPICAL_SIGMA = 0.004
"""Run-to-run deviation at which the noise of more cells is shared out: the median of its priors."""


@dataclass(frozen=True)
class Rotation:
    """The turn that serves all draws.

    Attributes
    ----------
    noise : array, shape (cell,)
        ``W``.
    scale : array, shape (direction,)
        ``l``.
    turn : array, shape (direction, cell)
        ``Q' W^-1/2``.
    """

    noise: Array
    scale: Array
    turn: Array

    @classmethod
    def of(cls, covariance: Array, noise: Array) -> Rotation:
        """The turn of a covariance at amplitude 1 and noise in some proportions."""
        root = np.sqrt(noise)
        scale, turn = np.linalg.eigh(covariance / np.outer(root, root))
        return cls(noise, scale.clip(0), turn.T / root)


class Precision(Protocol):
    """``S`` under each draw."""

    def times(self, x: Array) -> Array:
        """Its product with vectors, shape (draw, cell)."""

    def diagonal(self) -> Array:
        """Its diagonal, shape (draw, cell)."""

    def log_determinant(self) -> Array:
        """The log of its determinant, shape (draw,)."""

    def squares(self, rows: Array) -> Array:
        """``k' S k`` of some vectors k, shape (row, cell); shape (draw, row)."""


@dataclass(frozen=True)
class Dense:
    """As a matrix of each draw, shape (draw, cell, cell)."""

    matrix: Array

    def times(self, x: Array) -> Array:
        """Its product with vectors, shape (draw, cell)."""
        found: Array = np.einsum("dij,dj->di", self.matrix, x)
        return found

    def diagonal(self) -> Array:
        """Its diagonal, shape (draw, cell)."""
        found: Array = np.einsum("dii->di", self.matrix)
        return found

    def log_determinant(self) -> Array:
        """The log of its determinant, shape (draw,)."""
        found: Array = np.linalg.slogdet(self.matrix)[1]
        return found

    def squares(self, rows: Array) -> Array:
        """``k' S k`` of some vectors k, shape (row, cell); shape (draw, row)."""
        found: Array = np.einsum("dmi,mi->dm", rows @ self.matrix, rows)
        return found


@dataclass(frozen=True)
class Turned:
    """By one rotation, and the inverse scale of each of its directions, shape (draw, direction)."""

    rotation: Rotation
    inverse: Array

    def times(self, x: Array) -> Array:
        """Its product with vectors, shape (draw, cell)."""
        turn = self.rotation.turn
        found: Array = ((x @ turn.T) * self.inverse) @ turn
        return found

    def diagonal(self) -> Array:
        """Its diagonal, shape (draw, cell)."""
        found: Array = self.inverse @ self.rotation.turn**2
        return found

    def log_determinant(self) -> Array:
        """The log of its determinant, shape (draw,)."""
        found: Array = np.log(self.inverse).sum(axis=1) - np.log(self.rotation.noise).sum()
        return found

    def squares(self, rows: Array) -> Array:
        """``k' S k`` of some vectors k, shape (row, cell); shape (draw, row)."""
        found: Array = self.inverse @ (self.rotation.turn @ rows.T) ** 2
        return found


@dataclass(frozen=True)
class Conditioned:
    """Departures at the trained cells under some draws of the parameters, given the runs.

    Attributes
    ----------
    residual, variance : array, shape (draw, run)
        Log error less the log of its curve, and the variance of its noise.
    of_cell, of_mean : array, shape (draw, cell)
        The mean residual of each cell, and the variance of its noise.
    precision : Precision
    """

    residual: Array
    variance: Array
    of_cell: Array
    of_mean: Array
    precision: Precision

    @property
    def departure(self) -> tuple[Array, Array]:
        """Mean and variance of the departure of each cell, shape (draw, cell)."""
        pulled = self.of_mean * self.precision.times(self.of_cell)
        return self.of_cell - pulled, self.of_mean - self.of_mean**2 * self.precision.diagonal()


def noise_of_cells(data: Seen, noise: Array) -> Array:
    """The variance of the mean residual of each cell, shape (draw, cell), by those of its runs."""
    belongs = np.eye(len(data.covariance))[data.cell]
    found: Array = 1 / ((1 / noise) @ belongs)
    return found


def proportion(of_mean: Array, rotation: Rotation) -> Array:
    """``t``: the geometric mean of ``V / W``, shape (draw,)."""
    found: Array = np.exp(np.log(of_mean / rotation.noise).mean(axis=1))
    return found


def condition(
    data: Seen, amplitude: Array, mean: Array, variance: Array, rotation: Rotation | None = None
) -> Conditioned:
    """Condition departures on the runs, under each draw.

    Parameters
    ----------
    data : Seen
    amplitude : array, shape (draw,)
    mean, variance : array, shape (draw, run)
        Location and variance of each run's error.
    rotation : Rotation, optional
        Where one serves all draws.
    """
    residual = data.log_error - np.log(mean)
    noise = variance / data.mean**2
    of_mean = noise_of_cells(data, noise)
    belongs = np.eye(len(data.covariance))[data.cell]
    of_cell = of_mean * ((residual / noise) @ belongs)
    precision: Precision
    if rotation is None:
        total = amplitude[:, None, None] ** 2 * data.covariance
        diagonal = np.arange(len(data.covariance))
        total[:, diagonal, diagonal] += of_mean
        precision = Dense(np.linalg.inv(total))
    else:
        size = proportion(of_mean, rotation)[:, None]
        of_mean = size * rotation.noise
        precision = Turned(rotation, 1 / (size + amplitude[:, None] ** 2 * rotation.scale))
    return Conditioned(residual, noise, of_cell, of_mean, precision)


def left_out(data: Seen, given: Conditioned) -> tuple[Array, Array]:
    """Mean and deviation of the log error of each run given all the others, shape (draw, run).

    In closed form (Bürkner, Gabry and Vehtari 2021, doi:10.1007/s00180-020-01045-4): with P the
    precision of all runs and r their residuals, run i has the mean ``x_i - (P r)_i / P_ii`` and the
    variance ``1 / P_ii``.
    """
    cell = data.cell
    # as the noise of its cell was shared out, if it was
    shared_out = given.of_mean / noise_of_cells(data, given.variance)
    v = given.variance * shared_out[:, cell]
    departure, remaining = given.departure
    own = 1 / v - remaining[:, cell] / v**2
    pulled = (given.residual - departure[:, cell]) / v
    return data.log_error - pulled / own, 1 / np.sqrt(own)


def expected(given: Conditioned, mean: Array, cell: Index, runs: Index) -> tuple[Array, Array]:
    """Mean and variance of the log of the departed curves of some runs, shape (draw, run)."""
    departure, remaining = (each[:, cell[runs]] for each in given.departure)
    return np.log(mean[:, runs]) + departure, remaining


def joint_log_density(data: Seen, given: Conditioned) -> Array:
    """Log density of the errors of all runs together, shape (draw,)."""
    off = given.residual - given.of_cell[:, data.cell]
    about = off**2 / given.variance + np.log(given.variance) + 2 * np.log(data.mean)
    between = np.einsum("di,di->d", given.of_cell, given.precision.times(given.of_cell))
    scale = given.precision.log_determinant()
    scale += np.log(noise_of_cells(data, given.variance)).sum(axis=1)
    found: Array = (scale - about.sum(axis=1) - between - off.shape[1] * np.log(2 * np.pi)) / 2
    return found

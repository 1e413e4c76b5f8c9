r"""What a design can be expected to tell, before any outcome is known.

Let z be the standard normals that the model is made of, ``J`` the derivative of the errors of all
runs by z in units of their noise, ``g`` that of a quantity of interest.  Where the curves are about
straight in z, the posterior covariance of z is ``(1 + J'J)^-1``, and the quantity's variance falls
by the

contraction  ``1 - g' (1 + J'J)^-1 g / (g'g)``

(which no monotone change of the quantity's scale alters).  All of it is averaged over draws of the
prior; those that give illegal errors are left out.

Directions that a design leaves open, along which parameters trade against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import Part, ingredients, repeat, run_errors
from qqt_bayes.model.curves import by_copy
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import by_run, independent_variance
from qqt_bayes.model.priors import count, values_at
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec
from qqt_bayes.phrases import placed
from qqt_bayes.tables.rows import ERROR

Array = NDArray[np.float64]
MAX_AVERAGED_DRAWS = 60
"""Draws of the prior that are averaged over, if so many are legal."""
MOST_DRAWS = 1200
"""Draws of the prior among which legal ones are looked for."""
LEAST_DRAWS = 10
"""Legal draws of which fewer say nothing."""
MOST_WORK = 1e8
"""Evaluations of an epoch of a pool of a run, and products of matrix elements, that all draws may
take together: a few seconds."""
BLOCK_WORK = 1e6
"""The same, of the points that are evaluated at once: this bounds the memory."""
FORWARD_STEP = 1e-5
"""Step of the forward differences, in standard deviations: rounding over it and the curvature times
it are both far below the two digits that are said of a result."""


@dataclass(frozen=True)
class Information:
    """What a design can be expected to tell.

    Attributes
    ----------
    scalars : tuple of (str, str)
        Parameter of the law and, where it differs, its group and pool.
    contraction : array, shape (scalar,)
        Median expected contraction.
    left : array, shape (scalar, scalar)
        Mean posterior covariance, in units of prior standard deviations.
    prior_sd, posterior_sd : array, shape (further run,)
        Median standard deviations of the mean error of further runs, before and after.
    expected : array, shape (2, run)
        Ends of the 90 % interval of the mean error of each run before any is known.
    draws : int
        Legal draws of the prior that all this rests on.
    """

    scalars: tuple[tuple[str, str], ...]
    contraction: Array
    left: Array
    prior_sd: Array
    posterior_sd: Array
    expected: Array
    draws: int


def expected_information(
    spec: Spec, runs: xr.Dataset, further: xr.Dataset, seed: int = 0
) -> Information | None:
    """What runs would tell of the parameters of a law, and of the errors of further runs.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
        As `read_runs` returns it; of `error` nothing is used.
    further : Dataset
        Like `runs`, of the same training sets, groups and pools.
    seed : int
        Of the draws of the prior.

    Returns
    -------
    Information or None
        None if the prior gives hardly any legal errors, the table is too large, or nothing in the
        law is random.
    """
    sizes = {dim: runs.sizes[dim] for dim in ("group", "pool")}
    spec = Problem(spec, runs).spec
    rows = _Rows(spec, [runs, further])
    if not rows.random:
        return None
    size = count(spec, sizes)
    draws = int(min(MAX_AVERAGED_DRAWS, MOST_WORK / ((1 + size) * (rows.work + size**2))))
    if draws < LEAST_DRAWS:
        return None
    points, errors = _legal_draws(spec, runs, rows, draws, np.random.default_rng(seed))
    if len(points) < LEAST_DRAWS:
        return None
    found = [_about(spec, runs, rows, point) for point in points[:draws]]
    known = [each for each in found if each is not None]
    if len(known) < LEAST_DRAWS:
        return None
    left, prior_sd, posterior_sd = (list(each) for each in zip(*known, strict=True))
    scalars = [(name, label) for name in rows.random for label in _labels(name, spec, runs)]
    return Information(
        tuple(scalars),
        np.median([1 - np.diag(each) for each in left], axis=0),
        np.mean(left, axis=0),
        np.median(prior_sd, axis=0),
        np.median(posterior_sd, axis=0),
        np.quantile(errors, [0.05, 0.95], axis=0),
        len(known),
    )


def _legal_draws(
    spec: Spec, runs: xr.Dataset, rows: _Rows, enough: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws of the prior that give only errors which a table may hold, `enough` of them or more.

    Returns
    -------
    tuple of array
        The draws as standard normals, shape (draw, scalar), and the errors of the runs under each,
        (draw, run). Fewer than enough if `MOST_DRAWS` do not have them.
    """
    sizes = {dim: runs.sizes[dim] for dim in ("group", "pool")}
    size = count(spec, sizes)
    points, legal_errors = np.empty((0, size)), np.empty((0, rows.size))
    for _ in range(MOST_DRAWS // MAX_AVERAGED_DRAWS):
        z = rng.standard_normal((MAX_AVERAGED_DRAWS, size))
        errors = rows.errors(values_at(spec, sizes, z))[:, : rows.size]
        legal = ERROR[runs.attrs["kind"]].holds(errors).all(axis=1)
        points = np.concatenate([points, z[legal]])
        legal_errors = np.concatenate([legal_errors, errors[legal]])
        if len(points) >= enough:
            break
    return points, legal_errors


def _about(
    spec: Spec, runs: xr.Dataset, rows: _Rows, point: Array
) -> tuple[Array, Array, Array] | None:
    """What the runs leave open if a draw of the prior is the truth, by curves straight about it.

    Returns
    -------
    tuple of array, or None
        Posterior covariance of the law's scalars in units of their prior deviations, (scalar,
        scalar); prior and posterior deviations of the errors of further runs, (further run,). None
        where a slope is beyond measure, or a scalar does not move.
    """
    sizes = {dim: runs.sizes[dim] for dim in ("group", "pool")}
    values = values_at(spec, sizes, point + FORWARD_STEP * np.eye(1 + point.size, point.size, -1))
    errors = rows.errors(values)
    error, slope = errors[0], (errors[1:] - errors[0]).T / FORWARD_STEP
    gradient = np.concatenate([_slope(values[name]) for name in rows.random])
    before = np.sqrt((gradient**2).sum(axis=1))
    with np.errstate(all="ignore"):  # a prior may have noise that is none, or beyond measure
        scaled = slope[: rows.size] / _noise(spec, runs, values, error[: rows.size])[:, None]
    finite = all(np.isfinite(x).all() for x in (slope, before, scaled))
    if not (finite and before.all()):
        return None
    after = posterior_covariance(scaled)
    unit = gradient / before[:, None]
    beyond = slope[rows.size :]
    prior_variance = (beyond**2).sum(axis=1)
    posterior_variance = ((beyond @ after) * beyond).sum(axis=1)
    return unit @ after @ unit.T, np.sqrt(prior_variance), np.sqrt(posterior_variance)


def posterior_covariance(slope: Array) -> Array:
    """``(1 + J'J)^-1``, shape (scalar, scalar).

    Examples
    --------
    Four measurements of one of two unknowns, each with the noise of its prior:

    >>> posterior_covariance(np.array([[1.0, 0.0]] * 4))
    array([[0.2, 0. ],
           [0. , 1. ]])
    """
    triangle = np.linalg.qr(slope, mode="r")  # J'J itself would lose what is known very well
    _, sizes, directions = np.linalg.svd(triangle)
    left = np.ones(slope.shape[1])
    left[: sizes.size] = 1 / np.hypot(1, sizes) ** 2
    covariance: Array = (directions.T * left) @ directions
    return covariance


class _Rows:
    """The curves of some tables, one behind the other, under many points at once."""

    def __init__(self, spec: Spec, tables: list[xr.Dataset]) -> None:
        self.spec, self.size = spec, tables[0].sizes["run"]
        problem = Problem(spec, tables[0])
        self.law, self.constants = problem.law, problem.constants
        self.parts = [ingredients(table, spec.size_reference) for table in tables]
        self.random = [n for n, value in spec.parameters.items() if isinstance(value, Prior)]
        self.work = sum(
            part.row.size * part.epochs.node.size for parts in self.parts for part in parts
        )
        self.copies: dict[int, list[list[Part]]] = {}

    def errors(self, values: Mapping[str, Array]) -> Array:
        """Mean error of each run, shape (point, run), in blocks."""
        points = len(values[self.random[0]])
        step = max(1, int(BLOCK_WORK / self.work))
        blocks = [
            self._block({name: values[name][first : first + step] for name in self.random})
            for first in range(0, points, step)
        ]
        return np.concatenate(blocks)

    def _block(self, values: Mapping[str, Array]) -> Array:
        points = len(values[self.random[0]])
        if points not in self.copies:
            self.copies[points] = [repeat(parts, points) for parts in self.parts]
        law, every = self.law, by_copy(self.spec, values) | self.constants
        with np.errstate(all="ignore"):  # far from any data a law may overflow
            tables = [
                run_errors(parts, law, every).reshape(points, -1) for parts in self.copies[points]
            ]
        return np.concatenate(tables, axis=1)


def _slope(values: Array) -> Array:
    """Derivative of a parameter by z, shape (its scalars, scalar)."""
    flat = values.reshape(len(values), -1)
    slope: Array = (flat[1:] - flat[0]).T / FORWARD_STEP
    return slope


def _noise(spec: Spec, runs: xr.Dataset, values: Mapping[str, Array], error: Array) -> Array:
    """Deviation of each run as far as it hides where its curve is, shape (run,).

    Of a Student t with nu degrees of freedom, ``sigma sqrt((nu + 3) / (nu + 1))``.
    """
    noise = by_run(spec.likelihood, runs, {name: x[0] for name, x in values.items()})
    variance = independent_variance(runs.assign(error=("run", error)), noise)
    if "nu" in noise:
        variance = variance * (noise["nu"] + 3) / (noise["nu"] + 1)
    deviation: Array = np.sqrt(variance)
    return deviation


def _labels(name: str, spec: Spec, runs: xr.Dataset) -> list[str]:
    """The group and pool of each scalar of a parameter."""
    prior = spec.parameters[name]
    over = prior.over if isinstance(prior, Prior) else ()
    return [placed(each) for each in product(*(runs[dim].values.tolist() for dim in over))]


LEAST_LENGTHENING = 1.25
"""Length of a direction, squared, against what it would be without correlation, from which on its
parameters trade."""
LEAST_OPEN = 0.5
"""Deviation along a direction, in units of the prior's, from which on it is worth a sentence."""
LEAST_LOADING = 0.3
"""Share of the largest loading that makes a parameter part of a direction."""

type Scalar = tuple[str, str]
"""A parameter, and its group and pool; the second is empty where it has none."""


@dataclass(frozen=True)
class Ridge:
    """A direction that the runs leave open, along which parameters trade against each other.

    Attributes
    ----------
    sides : tuple of tuple of (str, str)
        What trades: parameters; or, of one parameter alone, the scalars that rise and those that
        fall.
    left : float
        Posterior standard deviation along the direction, in units of the prior's.
    """

    sides: tuple[tuple[Scalar, ...], ...]
    left: float


def find_ridges(information: Information) -> list[Ridge]:
    """Directions that the runs leave open although they tell others of the same parameters.

    A direction v is one if correlation makes it longer: ``v' C v > 1.25 sum v_i^2 C_ii``, with C
    the posterior covariance in units of the prior's deviations.
    """
    found = []
    lengths, directions = np.linalg.eigh(information.left)
    for square, v in zip(lengths[::-1], directions.T[::-1], strict=True):
        alone = v**2 @ np.diag(information.left)
        sides = _sides(information.scalars, v)
        is_open = np.sqrt(square) > LEAST_OPEN
        if is_open and square > LEAST_LENGTHENING * alone and len(sides) > 1:
            found.append(Ridge(sides, float(np.sqrt(square))))
    return found


def _sides(scalars: tuple[Scalar, ...], direction: Array) -> tuple[tuple[Scalar, ...], ...]:
    """The parameters of a direction; if it is but one, its scalars on either side."""
    share = pd.Series(direction**2).groupby([name for name, _ in scalars], sort=False).sum()
    names: list[str] = share.index[share > LEAST_LOADING**2 * share.max()].tolist()
    if len(names) > 1:
        return tuple(((name, ""),) for name in names)
    large = abs(direction) > LEAST_LOADING * abs(direction).max()
    sides = [
        tuple(scalar for scalar, yes in zip(scalars, large & side, strict=True) if yes)
        for side in (direction > 0, direction < 0)
    ]
    return tuple(side for side in sides if side)

"""Whether a law is what it says: its evaluators, derivatives and a second version held together.

Shipped laws are pinned by the tests of this package; a law from user code (`register_law`) by this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.compile.maker import function
from pytensor.gradient import grad

from qqt_bayes.errors import InputError
from qqt_bayes.laws.epochs import UNIT
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.run_curves import run_errors
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.likelihood import segment_sum
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.tables.runs import read_runs

Array = NDArray[np.float64]
Oracle = Callable[..., float]
Values = dict[str, tuple[Any, tuple[str, ...]]]

CLOSE = 1e-9
"""Difference, relative where errors are above 1, at which two versions of a formula are the same:
both sum doubles in an order of their own; shipped laws are held to the same."""
CLOSE_SLOPE = 1e-5
"""The same of a derivative along a direction, as a share: central differences of `STEP` are off by
its square and by the rounding of the errors over it."""
STEP = 1e-5
"""Relative step of central differences."""
SMALL = 1e-6
"""Derivatives are compared relative to their size, but to no less than this."""
SIZES = (1e7, 2e7, 4e7)
"""Samples of the pools of the design."""
SETS = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1), "x + y": (1, 1, 0), "half": (0.5, 0.5, 1)}
"""Shares of each pool that the training sets of the design take."""
EPOCHS = (0.3, 1.0, 1.5, 4.0, 16.0, 33.3)
"""How often each of them is seen."""


def check_law(spec: Spec | str, oracle: Oracle | None = None, *, points: int = 50) -> pd.DataFrame:
    """Hold the law of a specification against itself and against a second version of it.

    At draws from the priors, on a design of single pools and mixtures of 0.3 to 33 epochs: is every
    error a number; are NumPy, which forecasts, and PyTensor, which is sampled, the same; do runs
    and levels have the same curves; are the derivatives those of central differences; and is the
    law what `oracle` says.  Shipped laws pass the same bars.

    Parameters
    ----------
    spec : Spec or str
        With the law and priors that cover where it will be used.
    oracle : callable, optional
        ``oracle(theta, taken, pool_size, seen)``: the error of one training set by another route,
        best written from the paper without a look at the formula.  ``theta`` has the values of each
        parameter over pools; ``taken`` and ``pool_size`` are the samples that it takes of each pool
        and of the pools, ``seen`` those seen (all in samples, not in units of 100,000).
    points : int
        Draws from the priors.

    Returns
    -------
    DataFrame
        A row for each check: `check`, `worst` (the largest difference), `bar` and `passed`.

    Raises
    ------
    InputError
        If the specification has a fault, or the formula or the oracle fails.

    Examples
    --------
    >>> found = check_law("power-law", points=3)
    >>> found["check"].tolist()
    ['finite', 'pytensor', 'levels', 'slopes']
    >>> bool(found["passed"].all())
    True
    """
    if points < 1:
        raise InputError(f"points should be at least 1, but got {points}.")
    spec = load_model(spec)
    problem = Problem(spec, _design())
    drawn = prior_draws(problem, seed=0, draws=points)
    own = {
        name: (x, getattr(spec.parameters[name], "over", ()))
        for name, x in drawn.items()
        if name in spec.parameters
    }
    fixed = {name: (value, ()) for name, value in problem.fixed.items()}
    compare = _Comparison(problem, oracle)
    with np.errstate(all="ignore"):  # what is no number is counted
        for i in range(points):
            values = {name: (np.asarray(x[i]), over) for name, (x, over) in own.items()}
            compare.at(values | fixed)
    bars = {"finite": 0.0, "slopes": CLOSE_SLOPE, "derivatives": CLOSE_SLOPE}
    rows = [(name, worst, bars.get(name, CLOSE)) for name, worst in compare.worst.items()]
    found = pd.DataFrame(rows, columns=["check", "worst", "bar"])
    return found.assign(passed=found["worst"] <= found["bar"])


class _Comparison:
    """The largest differences that were found, point by point.

    Parameters
    ----------
    problem : Problem
    oracle : callable or None
    """

    def __init__(self, problem: Problem, oracle: Oracle | None) -> None:
        self.problem, self.law, self.oracle = problem, problem.law, oracle
        self.worst: dict[str, float] = {}
        self.rng = np.random.default_rng(1)
        self.tensors: Callable[..., list[Array]] | None = None

    def at(self, values: Values) -> None:
        """Compare at one point.

        Parameters
        ----------
        values : mapping of str to (array, tuple of str)
            The parameters of the law and the dimensions they are over.
        """
        error = self.errors(values)
        self.note("finite", float((~np.isfinite(error)).mean()))
        if not np.isfinite(error).all():
            return
        # the derivative of a sum with any weights along any direction is right only if all are
        weight = self.rng.standard_normal(error.size)
        step = {name: x * self.rng.uniform(-1, 1, x.shape) for name, (x, _) in values.items()}
        self.tensors = self.tensors or self._compiled(values)
        tensors, *slopes = self.tensors(weight, *(x for x, _ in values.values()))
        self.note("pytensor", _apart(tensors, error))
        if not self.law.centred:
            self.note("levels", _apart(self.levels(values), error))
        along = sum(float(np.sum(s * x)) for s, x in zip(slopes, step.values(), strict=True))
        self.note("slopes", self.off(along, values, step, weight))
        if self.law.derivatives is not None:
            self.derivatives(values, error, step, weight)
        if self.oracle is not None:
            self.note("oracle", _apart(self.by_oracle(values), error))

    def note(self, check: str, worst: float) -> None:
        """Keep the largest difference; one that is no number is infinite."""
        known = self.worst.get(check, 0.0)
        self.worst[check] = max(known, np.inf if np.isnan(worst) else worst)

    def errors(self, values: Values, law: Law | None = None) -> Array:
        """The error of each run in NumPy."""
        found: Array = run_errors(self.problem.entries, law or self.law, values | self.constants)
        return found

    @property
    def sizes(self) -> Array:
        """The sizes of pools at which half-lives are quoted."""
        sizes = self.problem.runs["pool_size"].to_numpy()
        reference = self.problem.spec.size_reference
        return sizes if reference is None else np.full_like(sizes, reference)

    @property
    def constants(self) -> Values:
        """What the design says to the law."""
        return dict(self.problem.constants)

    def off(self, along: float, values: Values, step: Mapping[str, Array], weight: Array) -> float:
        """How far a derivative along a direction is from central differences, as a share."""
        ends: list[Any] = [
            weight
            @ self.errors({n: (x + sign * STEP * step[n], over) for n, (x, over) in values.items()})
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / (2 * STEP)
        return abs(along - expected) / max(abs(expected), SMALL)

    def _compiled(self, values: Values) -> Callable[..., list[Array]]:
        """The curve in PyTensor and the derivatives of a weighted sum, as a function."""
        inputs = {
            n: pt.TensorType("float64", shape=(None,) * x.ndim)(n) for n, (x, _) in values.items()
        }
        weight = pt.dvector("weight")
        with_dims = {n: (x, values[n][1]) for n, x in inputs.items()}
        try:
            curve = run_errors(
                self.problem.entries, self.law, with_dims | self.constants, xp=pt, add=segment_sum
            )
            slopes: Any = grad(
                (weight * curve).sum(), list(inputs.values()), disconnected_inputs="ignore"
            )
        except Exception as fault:  # a formula may raise anything
            raise InputError(
                f"law {self.law.name!r}: on PyTensor's tensors the formula fails with "
                f"{type(fault).__name__}: {fault}; it may use arithmetic and the functions of xp"
            ) from fault
        made: Any = function(
            [weight, *inputs.values()],
            [curve, *slopes],
            mode="FAST_COMPILE",
            on_unused_input="ignore",
        )
        compiled: Callable[..., list[Array]] = made
        return compiled

    def levels(self, values: Values) -> Array:
        """The error of each run as levels are forecast."""
        runs = self.problem.runs
        pools = {n: np.atleast_1d(x)[None] for n, x in self.of_pools(values).items()}
        if "size_exponent" in pools:
            pools["size_exponent"] = pools["size_exponent"][:, :1]
        taken = runs["unique_samples"].to_numpy()[runs["data_index"].to_numpy()]
        each = zip(taken, runs["samples_seen"].to_numpy(), strict=True)
        sizes = self.sizes
        return np.array(
            [mixture_error(self.law, pools, row, sizes, [seen])[0, 0] for row, seen in each]
        )

    def of_pools(self, values: Values) -> dict[str, Array]:
        """Each parameter over pools."""
        count = self.problem.runs.sizes["pool"]
        return {
            name: np.broadcast_to(x[0] if over[:1] == ("group",) else x, count)
            for name, (x, over) in values.items()
        }

    def derivatives(
        self, values: Values, error: Array, step: Mapping[str, Array], weight: Array
    ) -> None:
        """Compare the user's derivatives: their error, and their slopes along a direction."""
        runs, names = self.problem.runs, self.law.arguments
        seen = runs["samples_seen"].to_numpy() / UNIT
        unique = runs["unique_samples"].sum("pool").to_numpy()[runs["data_index"].to_numpy()] / UNIT
        moved = {n: (x + STEP * step[n], over) for n, (x, over) in values.items()}
        back = {n: (x - STEP * step[n], over) for n, (x, over) in values.items()}
        means, after, before = (
            np.array([self.errors(at, _mean_of(self.law, n)) for n in names])
            for at in (values, moved, back)
        )
        assert self.law.derivatives is not None
        try:
            found = np.array(
                [
                    self.law.derivatives(n, u, *each)
                    for n, u, each in zip(
                        seen.tolist(), unique.tolist(), means.T.tolist(), strict=True
                    )
                ],
                dtype=float,
            )
        except Exception as fault:  # a function of the user's may raise anything
            raise InputError(
                f"law {self.law.name!r}: its derivatives fail with {type(fault).__name__}: {fault}"
            ) from fault
        if found.shape != (error.size, 1 + len(names)):
            raise InputError(
                f"law {self.law.name!r}: its derivatives should be the error and one number for "
                f"each of {', '.join(names)}, but they are {found.shape[-1]} numbers"
            )
        self.note("derivatives", _apart(found[:, 0], error) * CLOSE_SLOPE / CLOSE)
        along = weight @ (found[:, 1:] * (after - before).T / (2 * STEP)).sum(axis=1)
        self.note("derivatives", self.off(float(along), values, step, weight))

    def by_oracle(self, values: Values) -> Array:
        """The error of each run by the user's other route."""
        assert self.oracle is not None
        runs, theta = self.problem.runs, self.of_pools(values)
        lists = {name: x.tolist() for name, x in theta.items()}
        taken = runs["unique_samples"].to_numpy()[runs["data_index"].to_numpy()]
        sizes = self.sizes
        each = zip(taken, runs["samples_seen"].to_numpy(), strict=True)
        try:
            return np.array([float(self.oracle(lists, row, sizes, seen)) for row, seen in each])
        except Exception as fault:  # a function of the user's may raise anything
            raise InputError(f"oracle: fails with {type(fault).__name__}: {fault}") from fault


def _mean_of(law: Law, name: str) -> Law:
    """A law whose error is the mean of one parameter, half-lives inside the mixture."""
    return replace(law, error=lambda _, *, mixture, xp=np, **values: mixture.mean(values[name]))


def _apart(found: Array, expected: Array) -> float:
    """The largest difference of errors, relative to those above 1."""
    return float((abs(found - expected) / np.maximum(1.0, abs(expected))).max())


def _design() -> xr.Dataset:
    """Runs on single pools and on mixtures of them; their errors do not matter."""
    sizes = np.array(SIZES)
    rows = [(name, e * float(sizes @ shares)) for name, shares in SETS.items() for e in EPOCHS]
    taken = [
        (name, pool, share * size)
        for name, shares in SETS.items()
        for pool, share, size in zip("xyz", shares, SIZES, strict=True)
        if share
    ]
    return read_runs(
        pd.DataFrame(rows, columns=["data", "samples_seen"]).assign(error=0.5),
        composition=pd.DataFrame(taken, columns=["data", "pool", "unique_samples"]),
    )

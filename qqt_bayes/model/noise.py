r"""How far runs lie from their curves.

A run of n samples has the run-to-run deviation ``sigma_n = sigma (n / n0)^budget_exponent``, n0 the
geometric mean of the budgets of its table, and the variance

``sigma_n^2 / weight + evaluation``,

`evaluation` being what the size of the evaluation set makes known.  Checkpoints of one training
share a part of the first: of two of them the covariance is ``common`` times the product of their
run-to-run deviations.  So their training has an effect z ~ N(0, 1), which moves each by
``sqrt(common)`` times its deviation, and given z they are independent.  (Under Student's t sigma is
a scale: `common` is then a share of sigma^2, and the tails are heavy in the rest alone.)  Last, an
error that was printed lies anywhere within `rounding` of what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.distributions import Likelihood, Prior

Noise = Mapping[str, Any]
"""The parameters of a likelihood by name, each of them over (..., run) or one that broadcasts."""
TRAINING = "training_effect"
"""Name of the effects of trainings with several checkpoints: how far each is off its curve."""
SCATTER = ("sigma", "budget_exponent", "common")
"""What a likelihood says of how far runs scatter; the rest is the shape of their distribution."""


def by_run(likelihood: Likelihood, runs: xr.Dataset, values: Mapping[str, Any]) -> dict[str, Any]:
    """Spread the parameters of a likelihood from groups to runs.

    Parameters
    ----------
    likelihood : Likelihood
    runs : Dataset
    values : mapping of str to array, shape (..., group) or (...)
        Of those that have a prior.

    Returns
    -------
    dict of str to array
        Each over (..., run), or of a shape that broadcasts to it.
    """
    group = runs["group_index"].to_numpy()
    found: dict[str, Any] = {}
    for name, declared in likelihood.parameters.items():
        if not isinstance(declared, Prior):
            found[name] = np.float64(declared)
        elif declared.over:
            found[name] = values[name][..., group]
        else:
            found[name] = values[name][..., None] if values[name].ndim else values[name]
    return found


def shape_of(noise: Noise) -> dict[str, Any]:
    """The parameters that shape the distribution and do not scale it: ``nu`` of Student's t."""
    return {name: value for name, value in noise.items() if name not in SCATTER}


def reference_budget(runs: xr.Dataset) -> float:
    """The budget ``n0`` at which runs scatter by sigma: the geometric mean of a table's budgets."""
    return float(np.exp(np.log(runs["samples_seen"].to_numpy()).mean()))


def growth(noise: Noise, budget: Any, reference: float) -> Any:
    """The run-to-run deviation in units of sigma: ``(n / n0)^budget_exponent``.

    Parameters
    ----------
    noise : mapping
        1 without a `budget_exponent`.
    budget : array
        ``n``, in samples seen.
    reference : float
        ``n0``.

    Examples
    --------
    >>> growth({"budget_exponent": -0.5}, np.array([1e9, 4e9]), 1e9)
    array([1. , 0.5])
    """
    if "budget_exponent" not in noise:
        return 1.0
    return (budget / reference) ** noise["budget_exponent"]


def weights(runs: xr.Dataset, noise: Noise) -> Any:
    """The weight of each run, by which sigma^2 is divided: less where its budget makes it noisier.

    Parameters
    ----------
    runs : Dataset
    noise : mapping
    """
    given = runs["weight"].to_numpy()
    if "budget_exponent" not in noise:
        return given
    return given / growth(noise, runs["samples_seen"].to_numpy(), reference_budget(runs)) ** 2


def run_variance(runs: xr.Dataset, noise: Noise, known: Any = None) -> Any:
    """The variance of each run about its curve, given the effect of its training, (..., run).

    Parameters
    ----------
    runs : Dataset
    noise : mapping
    known : array, shape (run,), optional
        The part of it that does not depend on `noise`: `evaluation_variance` unless given.
    """
    variance = noise["sigma"] ** 2 / weights(runs, noise)
    has_siblings = checkpoints(runs)[0] >= 0
    if "common" in noise and has_siblings.any():
        variance = variance * (1 - noise["common"] * has_siblings)
    return variance + (evaluation_variance(runs) if known is None else known)


def common_deviation(runs: xr.Dataset, noise: Noise) -> Any:
    """How far a unit of its training's effect moves each run; 0 where a training is one run."""
    has_siblings = checkpoints(runs)[0] >= 0
    return has_siblings * noise["common"] ** 0.5 * noise["sigma"] / weights(runs, noise) ** 0.5


def independent_variance(runs: xr.Dataset, noise: Noise, known: Any = None) -> Any:
    """The variance of independent runs that together determine a level as these runs do.

    Parameters
    ----------
    runs, noise
        As for `run_variance`.
    known : array, shape (run,), optional
        The part of it that does not depend on `noise`: `known_variance` unless given.
    """
    known = known_variance(runs) if known is None else known
    return noise["sigma"] ** 2 / independent_weights(runs, noise) + known


def independent_weights(runs: xr.Dataset, noise: Noise) -> Any:
    """The weights of independent runs that together determine a level as these runs do.

    Each of the m checkpoints of a training has its own weight over ``1 + (m - 1) common``, the
    design effect of a cluster.  That is exact for a level that all share; differences between
    checkpoints are better known than this says.
    """
    weight = weights(runs, noise)
    index, names = checkpoints(runs)
    if "common" not in noise or not names:
        return weight
    siblings = np.where(index >= 0, np.bincount(index[index >= 0])[index] - 1, 0)
    return weight / (1 + siblings * noise["common"])


def evaluation_variance(runs: xr.Dataset) -> NDArray[np.float64]:
    """The variance of each run's evaluation, shape (run,).

    It is the binomial ``y (1 - y) / n_eval`` at the observed error rate (half a count added, so
    that it is never zero), where `n_eval` is given and the table holds error rates, and otherwise
    0.  Where the table has a variable `evaluation_variance`, that is taken, whatever the errors.
    """
    if "evaluation_variance" in runs:
        held: NDArray[np.float64] = runs["evaluation_variance"].to_numpy()
        return held
    count = runs["n_eval"].to_numpy()
    if runs.attrs["kind"] != "error":
        return np.zeros(count.size)
    rate = (runs["error"].to_numpy() * count + 0.5) / (count + 1)
    binomial: NDArray[np.float64] = np.nan_to_num(rate * (1 - rate) / count)
    return binomial


def hold_evaluation(runs: xr.Dataset, variance: NDArray[np.float64]) -> xr.Dataset:
    """Fix the evaluation variance of runs, so that other errors do not change it."""
    return runs.assign(evaluation_variance=("run", variance))


def known_variance(runs: xr.Dataset) -> NDArray[np.float64]:
    """The variance of evaluation and rounding, shape (run,)."""
    return evaluation_variance(runs) + rounding_variance(runs)


def rounding_variance(runs: xr.Dataset) -> NDArray[np.float64]:
    """The variance of rounding, ``rounding^2 / 3`` (a uniform's), shape (run,)."""
    rounding: NDArray[np.float64] = runs["rounding"].to_numpy()
    return rounding**2 / 3


def is_rounded(runs: xr.Dataset) -> bool:
    """Whether any error is known to have been rounded."""
    return bool((runs["rounding"] > 0).any())


def typical(declared: Mapping[str, Any], draws: Any) -> dict[str, float]:
    """The noise parameters of a likelihood as one number each: the median where there are draws.

    Parameters
    ----------
    declared : mapping
        The likelihood's parameters, numbers or priors; others may stand beside them.
    draws : Dataset, or mapping of str to array
        Of those that have a prior, of any shape.

    Examples
    --------
    >>> typical({"sigma": None, "nu": 5.0}, {"sigma": np.array([0.1, 0.2, 0.9])})
    {'sigma': 0.2, 'nu': 5.0}
    """
    return {
        name: float(np.median(draws.get(name, value)))
        for name, value in declared.items()
        if name in (*SCATTER, "nu")
    }


def checkpoints(runs: xr.Dataset) -> tuple[NDArray[np.intp], list[str]]:
    """The training that each run is a checkpoint of, by its place among the names returned.

    A training with a single run is none: such a run has -1.

    Examples
    --------
    >>> names = ("run", ["x", "y", "x", "", ""])
    >>> checkpoints(xr.Dataset({"training": names, "error": ("run", np.full(5, 0.5))}))
    (array([ 0, -1,  0, -1, -1]), ['x'])
    """
    if "training" not in runs:
        return np.full(runs.sizes["run"], -1), []
    names = runs["training"].values.tolist()
    several = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    index = {name: i for i, name in enumerate(several)}
    return np.array([index.get(name, -1) for name in names]), several


def has_effects(likelihood: Likelihood, runs: xr.Dataset) -> bool:
    """Whether checkpoints of one training have something in common."""
    return "common" in likelihood.parameters and bool(checkpoints(runs)[1])

"""Laws compared by what each predicts of runs that it was not fitted to.

The score of a run is its log predictive density given the others, ``log p(y_i | y_-i)``; their sum
is the elpd (Vehtari, Gelman and Gabry 2017, arXiv:1507.04544).  From a saved fit it is estimated
without sampling, by Pareto smoothed importance weights; k-hat says where that fails, and a refit
without the run replaces it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from qqt_bayes.comparison.left_out import Fold, folds, refits
from qqt_bayes.comparison.scores import crps
from qqt_bayes.comparison.stacking import stacking_weights
from qqt_bayes.comparison.verdicts import BAD_K, QUANTILE_LEVELS, difference_state
from qqt_bayes.errors import Advice, InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.fit import AnyFit, Fit, of_same_runs, weakest_method
from qqt_bayes.progress import track

Array = NDArray[np.float64]

LEAST_DRAWS = 25
"""Draws of which a fifth, the tail that importance weights are smoothed by, are five."""


def compare_laws(
    fits: Mapping[str, AnyFit], *, leave_out: str = "run", refit: bool = False
) -> xr.Dataset:
    """How well each law predicts runs that it was not fitted to, and the weights that this gives.

    Parameters
    ----------
    fits : mapping of str to DataTree or Fit
        Fits of the same runs, by a name for each law. They need not have passed their gate: that a
        law does not describe the runs shows here, too.
    leave_out : str
        - "run": one at a time, from the saved draws; where a model has `common`, a checkpoint is
          predicted from the others of its training, too;
        - "training-set": all runs of one at a time, by refits;
        - "largest-budget": the runs at the largest budget of each group, by a refit.
    refit : bool
        Sample again: for "run" where k-hat is above 0.7; the others need it.

    Returns
    -------
    Dataset
        Over law and run (those that are left out):

        - `elpd`, log predictive density, and `crps`, in units of the error, of the left-out run;
        - `predicted` (quantile), a new run's error with a 90 % interval;
        - `pareto_k`, not a number for refits, and `refitted`.

        Over law: `elpd_sum`; `behind`, how far it is below the best, with its standard error
        `behind_se` (over training sets where these are left out, else over runs); `weight`, by
        stacking; `verdict`: "best", or whether its difference from the best is "small", "unclear"
        or "clear" (see `qqt_bayes.comparison.verdicts`); `bad_k`, how many runs have scores not to
        be trusted; `bad_refits`, how many have chains that do not agree, and `gate_passed`, whether
        the fit did. Of each run: `data`,
        `samples_seen`, `group`, `error` and `pools`, how many its training set takes from.

    Raises
    ------
    InputError
        If fits are of different runs or have too few draws, or what is asked for needs refits and
        they are not allowed.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fits = {"theorem": qqt.load("fit.nc"), "free exponent": qqt.load("other.nc")}
    >>> qqt.compare_laws(fits)["verdict"].values.tolist()
    ['best', 'small']
    """
    opened = of_same_runs(fits)
    runs = next(iter(opened.values())).runs
    left_out = folds(runs, leave_out)
    if leave_out != "run" and not refit:
        advice = Advice("{} allows them", {"refit": True})
        raise InputError(
            f"leaving out by {leave_out} needs {len(left_out)} refits of each law; {advice}",
            [advice],
        )
    each = [
        _judge(fit, runs, left_out, leave_out, refit)
        for fit in track(list(opened.values()), "Leaving out runs")
    ]
    scores = xr.concat(each, xr.Variable("law", list(opened)))
    scores = scores.isel(run=np.sort(np.concatenate(left_out)))
    by = "data" if leave_out == "training-set" else "run"
    return scores.assign(_totals(scores, by)).assign_attrs(
        leave_out=leave_out, method=weakest_method(opened.values())
    )


def _judge(
    fit: Fit, runs: xr.Dataset, left_out: list[Fold], leave_out: str, refit: bool
) -> xr.Dataset:
    """Scores of one law, over run; not a number for runs that are not left out."""
    seen = runs["error"].to_numpy()
    elpd, distance, k = (np.full(seen.size, np.nan) for _ in range(3))
    predicted = np.full((len(QUANTILE_LEVELS), seen.size), np.nan)
    again = left_out
    if leave_out == "run":
        density, drawn = (_flat(fit, name) for name in ("log_likelihood", "posterior_predictive"))
        log_weights, k = psis(fit)
        elpd, distance, predicted = score(density, drawn, log_weights, seen)
        again = [each for each in left_out if refit and not k[each[0]] <= BAD_K]
    failed = 0
    for fold, (density, drawn, passed) in zip(again, refits(fit, again), strict=True):
        even = np.full(density.shape, -np.log(len(density)))
        elpd[fold], distance[fold], predicted[:, fold] = score(density, drawn, even, seen[fold])
        k[fold] = np.nan
        failed += not passed
    refitted = np.isin(np.arange(seen.size), np.concatenate([*again, []]))
    taken = (runs["unique_samples"] > 0).sum("pool").isel(data=runs["data_index"])
    return xr.Dataset(
        {
            "elpd": ("run", elpd),
            "crps": ("run", distance, {"units": runs["error"].attrs.get("units", "as error")}),
            "predicted": (("quantile", "run"), predicted),
            "pareto_k": ("run", k),
            "refitted": ("run", refitted),
            "bad_refits": failed,
            "gate_passed": fit.gate.passed,
        },
        {
            "run": runs["run"],
            "quantile": list(QUANTILE_LEVELS),
            "error": runs["error"],
            "samples_seen": runs["samples_seen"],
            "data": ("run", runs["data"].to_numpy()[runs["data_index"]]),
            "group": ("run", runs["group"].to_numpy()[runs["group_index"]]),
            "pools": ("run", taken.to_numpy()),
        },
    )


def _totals(scores: xr.Dataset, by: str) -> dict[str, Any]:
    """What the scores of all runs say of each law."""
    elpd = scores["elpd"].transpose("law", "run")
    total = elpd.sum("run")
    best = int(np.argmax(total.values))
    gap = elpd.isel(law=best) - elpd
    units = gap.groupby(by).sum() if by == "data" else gap
    count = units.sizes[by]
    behind = gap.sum("run")
    error = np.sqrt(count) * units.std(by, ddof=1) if count > 1 else np.nan * total
    states = map(difference_state, behind.values, error.values)
    return {
        "elpd_sum": total,
        "behind": behind,
        "behind_se": error,
        "verdict": ("law", ["best" if i == best else state for i, state in enumerate(states)]),
        "weight": ("law", stacking_weights(elpd.values.T)),
        "bad_k": (~(scores["pareto_k"] <= BAD_K) & ~scores["refitted"]).sum("run"),
    }


def require_draws(count: int, model: str) -> None:
    """Refuse fewer draws than importance sampling needs, of which a fifth are the tail.

    Raises
    ------
    InputError

    Examples
    --------
    >>> require_draws(20, "utility")
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: laws are compared by at least 25 draws of each, got 20 of utility
    """
    if count < LEAST_DRAWS:
        raise InputError(
            f"laws are compared by at least {LEAST_DRAWS} draws of each, got {count} of {model}"
        )


def psis(fit: Fit) -> tuple[Array, Array]:
    """Log weights of the draws when a run is left out, shape (draw, run); and k-hat of each run."""
    from arviz_stats.loo import loo

    sizes = fit.posterior.sizes
    require_draws(sizes["chain"] * sizes["draw"], fit.spec.name)
    parts = ("posterior", "log_likelihood")
    tree = xr.DataTree.from_dict({name: fit.datasets[name] for name in parts})
    with warnings.catch_warnings():  # of k-hat, which is part of the result
        warnings.simplefilter("ignore", UserWarning)
        found = loo(tree, pointwise=True, var_name="error")
    weights = found.log_weights.transpose(*SAMPLE, "run").values
    return weights.reshape(-1, weights.shape[-1]), found.pareto_k.values.copy()


def score(
    density: Array, predicted: Array, log_weights: Array, seen: Array
) -> tuple[Array, Array, Array]:
    """Log score, CRPS and predicted quantiles of runs, from weighted draws.

    ``elpd = log sum_s w_s p(y | s)``; CRPS is that of `qqt_bayes.comparison.scores.crps`.

    Parameters
    ----------
    density, predicted, log_weights : array, shape (draw, run)
        Log density of what was seen, a predicted error, and the log weight of each draw.
    seen : array, shape (run,)

    Returns
    -------
    tuple of array
        Shapes (run,), (run,) and (quantile, run).

    Examples
    --------
    Half the draws predict 0, half 1, and 0 is seen: a distance of 1/2, less half the mean
    difference of two draws.

    >>> zero, x = np.zeros((2, 1)), np.array([[0.0], [1.0]])
    >>> score(zero, x, np.log([[0.5], [0.5]]), np.zeros(1))[1]
    array([0.25])
    """
    order = np.argsort(predicted, axis=0)
    x = np.take_along_axis(predicted, order, 0)
    w = np.exp(np.take_along_axis(log_weights, order, 0))
    below = np.cumsum(w, axis=0)
    places = [np.minimum((below < p).sum(axis=0), len(x) - 1) for p in QUANTILE_LEVELS]
    quantiles = np.stack([np.take_along_axis(x, each[None], 0)[0] for each in places])
    return logsumexp(density + log_weights, axis=0), crps(predicted, seen, log_weights), quantiles


def _flat(fit: Fit, group: str) -> Array:
    """Draws of a quantity of each run, shape (draw, run)."""
    if group not in fit.datasets:
        raise InputError(f"the fit has no {group}: make it again with `qqt fit`")
    values: Array = fit.datasets[group]["error"].transpose(*SAMPLE, "run").values
    return values.reshape(-1, values.shape[-1])

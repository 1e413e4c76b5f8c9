"""The compute frontier: what a budget can reach, what reaches a target, what is left to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs, misfit
from qqt_bayes.decisions.drawn import Asked, Errors, asked_of, errors_of, how_judged
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.reach import least_budgets, path_of, path_of_choice
from qqt_bayes.decisions.rules import ROUNDING, TIE
from qqt_bayes.decisions.stack import mix
from qqt_bayes.decisions.study import Study
from qqt_bayes.decisions.targets import as_probabilities, as_targets
from qqt_bayes.laws.level_curves import SAMPLE, evaluate
from qqt_bayes.posterior.fit import AnyFit, in_group
from qqt_bayes.posterior.levels import MAX_BUDGETS, MAX_ERRORS, Levels
from qqt_bayes.tables.cells import LARGEST

GRID_RATIO = 1.15
"""Ratio of two budgets, at most, between which errors are taken for lines in the log budget: over
that much a curve that falls as a power of at most 0.9 departs from its chord by less than 0.2 % of
what is above its floor."""
LEAST_POINTS = 9
"""Budgets of such a grid, at least."""
APART = 0.01
"""Relative distance of one of them to a budget that is asked about, below which it says no more."""
FAR_BUDGETS = 13
"""Budgets beyond those asked about at which the floor of a law is sought, up to the largest number
of samples that is read."""
REACHED, AT_ONCE, BEYOND, FLOOR = "reached", "at once", "beyond", "floor"
"""How a target is met: at a budget; at the least one already; at none up to the largest that is
asked about; or at none at all, because the law's own errors stay above it."""


def frontier(
    fit: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    targets: ArrayLike | str = (),
    probabilities: ArrayLike | str = (0.5, 0.9, 0.95),
    criteria: Criteria | None = None,
    *,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    discrepancy: bool = True,
    new_run: bool = False,
    force: bool = False,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """What the best choice at each budget reaches, and the least budget that reaches a target.

    The policy takes at each budget the level that the rule chooses there, and trains it for all of
    that budget: where a law's errors rise again, so may the frontier.

    Parameters
    ----------
    fit, levels, criteria, weights, target_pools, group, discrepancy, new_run, force, fields
        As for `qqt_bayes.decide`.
    budgets : number, array_like or str
        Samples seen; those of a study if not given. Targets are sought from the least to the
        largest of them, on a grid that adds to them what it needs (`GRID_RATIO`).
    targets : array_like or str
        Errors to reach; accuracies where the runs were given as accuracies.
    probabilities : array_like or str
        With which to reach them.

    Returns
    -------
    Dataset
        What `qqt_bayes.decide` returns, without crossovers and choices by exponent, and

        - `frontier` (budget, quantile) and `frontier_mean` (budget): the error of the choice;
        - `evpi` (budget): the expected value of perfect information, in error: what choosing by the
          expected error costs beside knowing the mean over trainings of every level;
        - `probability_reached` (target, level, budget) and `probability_reached_by_choice` (target,
          budget): of an error of at most the target;
        - `budget_to_target` (target, probability, level) and `budget_to_target_by_choice` (target,
          probability): the least budget at which that is at least the probability, NaN if none;
        - `reach` and `reach_by_choice`, of the same dimensions: "reached", "at once" (at the least
          budget asked about, perhaps before), "beyond" (at none that is asked about, though the law
          would come so low), or "floor" (the law's own errors do not come so low at any budget, in
          enough draws; by the choice: not those of the best level of each draw).

        `target` is in the measure of the runs, `target_error` (target) is the error. Of targets,
        decisions are made under other draws of departures than those of `qqt_bayes.decide`, alike
        in distribution: the grid has more budgets.

    Raises
    ------
    InputError
        As `qqt_bayes.decide` does; or if a target or a probability is not one.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> found = qqt.frontier(fit, "composition.csv", "64M:2B:9", targets=[0.65, 0.05])
    >>> found["reach_by_choice"].sel(probability=0.9).values.tolist()
    ['reached', 'floor']
    >>> found["choice"].values[[0, -1]].tolist()
    ['top 20%', 'top 30%']
    """
    criteria = Criteria.of(criteria, fields)
    question = asked_of(fit, levels, budgets, weights, target_pools, group, force)
    aims = as_targets(targets, question.first.kind, question.first.measure)
    shares = as_probabilities(probabilities)
    seen = question.budgets
    grid = grid_about(seen, question.errors_at_a_budget) if aims.size else seen
    # each level has the same luck at every budget, so that a draw can be followed along them
    drawn = errors_of(question, grid, discrepancy, new_run, along_budgets=True)
    at = {"budget": np.searchsorted(grid, seen)} if aims.size else {}
    whole = judge(drawn.error, criteria)
    asked_about = whole.isel(at).assign(misfit=misfit(drawn.of_law.isel(at), drawn.mean.isel(at)))
    found = add_distance_from_runs(
        asked_about, question.fits, question.weights, question.levels, group
    ).assign_attrs(how_judged(question, discrepancy, new_run))
    chosen = found["level"] == found["choice"]
    # no run tells the luck of another: what can be known are the means over trainings
    of_mean = drawn.mean.isel(at)
    known = found["regret"] if not new_run else (of_mean - of_mean.min("level")).mean(SAMPLE)
    found = found.assign(
        frontier=found["error"].where(chosen).max("level").assign_attrs(units="as error"),
        frontier_mean=found["error_mean"].where(chosen).max("level").assign_attrs(units="as error"),
        evpi=known.min("level").assign_attrs(units="as error"),
    )
    if not aims.size:
        return found
    lowest = floor_of(question, drawn)
    errors = drawn.error.isel(at)
    met = [(errors <= aim + TIE).mean(SAMPLE) for aim in aims["target_error"].values]
    by_level = xr.concat(met, aims["target"]).assign_coords(aims.coords)
    reached = {
        "probability_reached": by_level,
        "probability_reached_by_choice": by_level.where(chosen).max("level"),
    }
    found = found.assign(reached).merge(reaches(drawn.error, whole, lowest, aims, shares))
    dims = ("group", "target", "probability", "rule", "level", "other", "pool", "budget")
    return found.transpose(*dims, "quantile", missing_dims="ignore")


def grid_about(budgets: NDArray[np.float64], errors_at_a_budget: int) -> NDArray[np.float64]:
    """The budgets and others between them, ascending, as many as can be held.

    Examples
    --------
    >>> grid_about(np.array([1e8, 1e6]), 10_000_000).round()
    array([1.00000000e+06, 1.77827900e+06, 3.16227800e+06, 5.62341300e+06,
           1.00000000e+07, 1.77827940e+07, 3.16227770e+07, 5.62341330e+07,
           1.00000000e+08])
    """
    steps = np.ceil(np.log(budgets.max() / budgets.min()) / np.log(GRID_RATIO))
    held = min(MAX_ERRORS // errors_at_a_budget, MAX_BUDGETS)
    room = min(max(LEAST_POINTS, int(steps) + 1), held - budgets.size + 1)
    if budgets.size == 1 or room < 3:
        return np.sort(budgets)
    more = np.geomspace(budgets.min(), budgets.max(), room)
    near = np.abs(np.log(more[:, None] / budgets)).min(axis=1) < APART
    return np.sort(np.append(budgets, more[~near]))


def floor_of(question: Asked, drawn: Errors) -> xr.DataArray:
    """The lowest error of the law at any budget, dims (chain, draw, ..., level), under every draw.

    Sought at the budgets of the errors, ascending, and beyond them, as far as samples are counted.
    Of one new training, with its luck at the largest of them.
    """
    one = question.first.one_group(question.group)
    end = drawn.of_law["budget"].values[-1]
    far = np.geomspace(end, LARGEST, FAR_BUDGETS + 1)[1:]
    floors: list[xr.DataArray] = []
    for fit in question.fits.values():
        with np.errstate(all="ignore"):  # errors that rise without end are not the lowest
            law = evaluate(fit.law, in_group(fit.parameters, one), question.levels, far)
        lowest = law.min("budget", skipna=True)
        if one is None and "group" not in lowest.dims:
            lowest = lowest.expand_dims(group=fit.groups)
        floors.append(lowest)
    of_law = drawn.of_law.min("budget")
    beyond = mix(floors, question.weights)
    luck = (drawn.error - drawn.mean).isel(budget=-1, drop=True)
    return of_law.where(of_law <= beyond, beyond) + luck


def reaches(
    error: xr.DataArray,
    judged: xr.Dataset,
    lowest: xr.DataArray,
    aims: xr.DataArray,
    shares: NDArray[np.float64],
) -> xr.Dataset:
    """The least budgets that reach targets, for each level and for the choice, and how they do.

    Parameters
    ----------
    error : DataArray, dims (chain, draw, ..., level, budget)
        Budgets ascending.
    judged : Dataset
        `score` and `choice` at the same budgets.
    lowest : DataArray, dims (chain, draw, ..., level)
        What the law can reach at any budget.
    aims : DataArray, dims (target)
        With `target_error`.
    shares : array
        Probabilities.
    """
    if "group" in error.dims:
        of_groups = [
            reaches(
                error.sel(group=name),
                judged.sel(group=name),
                lowest.sel(group=name),
                aims,
                shares,
            )
            for name in error["group"].values
        ]
        return xr.concat(of_groups, error["group"])
    log_budget = np.log(error["budget"].values)
    names = error["level"].values
    of_levels = error.transpose("level", "budget", *SAMPLE).values
    flat = of_levels.reshape(*of_levels.shape[:2], -1)
    score = judged["score"].transpose("level", "budget").values
    index = {name: i for i, name in enumerate(names.tolist())}
    choice = np.array([index[name] for name in judged["choice"].values.tolist()])
    paths = [path_of(log_budget, own) for own in flat]
    paths.append(path_of_choice(log_budget, flat, score, choice))
    floors = lowest.transpose("level", *SAMPLE).values.reshape(names.size, -1)
    floors = np.vstack([floors, floors.min(axis=0)])
    errors = aims["target_error"].values
    budget = np.array([[least_budgets(path, aim, shares) for path in paths] for aim in errors])
    low_enough = (floors <= errors[:, None, None] + TIE).mean(axis=2)[..., None]
    how = np.where(low_enough >= shares - ROUNDING, BEYOND, FLOOR)
    least = error["budget"].values[0]
    met = np.where(budget <= least * (1 + ROUNDING), AT_ONCE, REACHED)
    how = np.where(np.isnan(budget), how, met)
    dims, coords = ("target", "level", "probability"), {"probability": shares, "level": names}
    own: dict[str, Any] = {"budget_to_target": budget[:, :-1], "reach": how[:, :-1]}
    of_choice = {"budget_to_target_by_choice": budget[:, -1], "reach_by_choice": how[:, -1]}
    found = xr.Dataset(
        {name: (dims, values) for name, values in own.items()}
        | {name: (("target", "probability"), values) for name, values in of_choice.items()},
        coords,
    ).assign_coords(aims.coords)
    for name in ("budget_to_target", "budget_to_target_by_choice"):
        found[name].attrs["units"] = "samples"
    return found.transpose("target", "probability", "level")

"""One decision over several metrics of the same trainings: weights, constraints, a Pareto set.

Each metric has a posterior of its own, and nothing says how their draws hang together.  So they are
taken as independent: a draw of one is paired with a draw of another at random.  A law that is
uncertain about all metrics alike makes their sum less certain than that, and no draw here knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.among import NONE, among
from qqt_bayes.decisions.constraints import (
    Constraint,
    admissible,
    as_constraints,
    probability_met,
)
from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs
from qqt_bayes.decisions.drawn import asked_of, errors_of, how_judged
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.metric_draws import paired
from qqt_bayes.decisions.metric_fits import (
    Measured,
    OfMetric,
    metric_weights,
    opened_metrics,
)
from qqt_bayes.decisions.metric_views import joined
from qqt_bayes.decisions.pareto import on_front, probability_on_front
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.levels import (
    Levels,
    require_affordable,
)


def decide_metrics(
    fits_by_metric: Mapping[str, OfMetric],
    levels: Levels,
    budgets: ArrayLike | str,
    criteria: Criteria | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    constraints: Iterable[Constraint | str] = (),
    law_weights: Mapping[str, ArrayLike] | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    discrepancy: bool = True,
    new_run: bool = False,
    force: bool = False,
    seed: int = 0,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """Which level to choose at each budget where several metrics of the same trainings count.

    Parameters
    ----------
    fits_by_metric : mapping of str to DataTree, Fit, several of them, or Study
        By metric; several are fits of other models to the same runs, see `decide`.
    levels, budgets, target_pools, group, discrepancy, new_run, force
        As for `decide`.
    criteria : Criteria, optional
        As for `decide`, of each metric and of the weighted error alike; or its fields by name.
    weights : mapping of str to float, optional
        What an error of each metric weighs in their sum, as they are: a hundredth is a hundredth on
        every metric. Equal ones if not given; they are made to sum to 1. Losses and error rates
        are added only with weights.
    constraints : iterable of Constraint or str
        What a choice has to keep to, such as ``"retrieval<=0.45@0.9"``: an error of retrieval of at
        most 0.45, with probability 0.9. Of accuracies ``"retrieval>=0.55@0.9"``.
    law_weights : mapping of str to array_like, optional
        Shares of the fits of a metric, where there are several: those of its study, or equal ones.
    seed : int
        Of the pairing of draws.

    Returns
    -------
    Dataset
        Over metric, as `decide` names and finds them: `error`, `error_mean`, `probability_best`,
        `probability_within_margin`, `regret`, `near_best`, `choice`, `choice_regret`, `leader`,
        `winner`, `proven`, `score`; with coordinates `weight`, `kind` and `measure`.

        The same of the weighted error under every draw, with ``joint_`` before the name. Levels are
        compared with those that keep to the constraints: one that does not has probability 0 and
        no regret. `joint_choice` is "none_admissible" where none does.

        - `probability_met` (constraint, level, budget), with the coordinates `bound_on`, `bound`
          and `required`; `admissible` (level, budget), whether all are kept;
        - `choice_unconstrained` (budget), what the weighted error alone would choose;
        - `cost_by_metric` (metric, budget), the regret of the joint choice on each metric;
        - `pareto` (level, budget), whether no level is at least as good in the expected error of
          every metric and better in one; `probability_on_front`, the share of draws of which that
          is true;
        - what `decide` says of the distance from the runs: `budgets_trained`, `extrapolation`,
          `repetitions`, `unique_samples`, `pool_multiple` and the like.

        All with a dimension group if there are several and none is chosen.

    Raises
    ------
    InputError
        If metrics are of different trainings; if a level, budget, weight, constraint or option is
        not one.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    What retrieval requires excludes every level at the smaller budget:

    >>> import qqt_bayes as qqt
    >>> fits = {"imagenet": qqt.load("fit.nc"), "retrieval": qqt.load("retrieval.nc")}
    >>> found = qqt.decide_metrics(
    ...     fits, "composition.csv", "128M, 2B", constraints=["retrieval<=0.57@0.9"]
    ... )
    >>> found["joint_choice"].values.tolist()
    ['none_admissible', 'top 30%']
    """
    criteria = Criteria.of(criteria, fields)
    metrics = opened_metrics(fits_by_metric, law_weights)
    firsts = {metric: each.first for metric, each in metrics.items()}
    measured = {metric: Measured.of(fit.runs) for metric, fit in firsts.items()}
    if criteria.rule == "target" and len(metrics) > 1:
        raise InputError(
            "rule: 'target' is of one metric; of several, say by constraints what each has to reach"
        )
    shares = metric_weights(weights, measured)
    kept = as_constraints(constraints, measured)
    questions = {
        metric: asked_of(each.fits, levels, budgets, each.shares, target_pools, group, force)
        for metric, each in metrics.items()
    }
    one = next(iter(questions.values()))
    taken, samples = one.levels, one.budgets
    if NONE in taken["level"].values:
        raise InputError(
            f"levels: a level cannot be called {NONE!r}: that is what no choice is called"
        )
    at_a_budget = sum(each.errors_at_a_budget for each in questions.values())
    sizes = taken.sizes["level"], samples.size
    require_affordable(*sizes, at_a_budget // sizes[0])
    errors = {
        metric: errors_of(each, samples, discrepancy, new_run).error
        for metric, each in questions.items()
    }
    by_metric = [
        add_distance_from_runs(
            judge(errors[metric], criteria), each.fits, each.weights, taken, group
        )
        for metric, each in questions.items()
    ]
    names = [each.said(measured[each.metric].is_accuracy) for each in kept]
    met = probability_met(kept, errors, names)
    allowed = admissible(met)
    together = paired(errors, seed)
    weighted = (together * xr.DataArray(shares, dims="metric")).sum("metric")
    whole = judge(weighted, criteria)
    joint = among(weighted, allowed, whole, criteria)
    stacked = {
        f"{metric}: {name}": (fit, weight * share)
        for (metric, each), weight in zip(metrics.items(), shares, strict=True)
        for (name, fit), share in zip(each.fits.items(), each.shares, strict=True)
    }
    of_fits = {name: fit for name, (fit, _) in stacked.items()}
    parts = np.array([part for _, part in stacked.values()])
    joint = add_distance_from_runs(joint, of_fits, parts, taken, group)
    found = joined(joint, by_metric, list(metrics))
    front, looked_at = probability_on_front(together)
    found = found.assign(
        probability_met=met,
        admissible=allowed,
        choice_unconstrained=whole["choice"],
        pareto=on_front(found["error_mean"]),
        probability_on_front=front,
        cost_by_metric=_of_choice(found["regret"], found["joint_choice"]),
    ).assign_coords(
        weight=("metric", shares),
        kind=("metric", [each.kind for each in measured.values()]),
        measure=("metric", [each.measure for each in measured.values()]),
    )
    how = [how_judged(each, discrepancy, new_run) for each in questions.values()]
    order = ("group", "metric", "constraint", "rule", "level", "other", "pool", "budget")
    return found.transpose(*order, "quantile", missing_dims="ignore").assign_attrs(
        **_of_sum(measured, shares),
        **(how[0] | {"discrepancy": max(each["discrepancy"] for each in how)}),
        seed=seed,
        front_draws=looked_at,
    )


def _of_choice(values: xr.DataArray, choice: xr.DataArray) -> xr.DataArray:
    """Values of the level that is chosen; NaN where none is."""
    return values.where(values["level"] == choice).max("level")


def _of_sum(metrics: Mapping[str, Measured], shares: NDArray[np.float64]) -> dict[str, str]:
    """The kind and the measure of the weighted sum."""
    counted = [each for each, share in zip(metrics.values(), shares, strict=True) if share]
    kind = "loss" if all(each.kind == "loss" for each in counted) else "error"
    return {"kind": kind, "measure": kind if len(metrics) == 1 else f"weighted {kind}"}

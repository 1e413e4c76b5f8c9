"""Studies of several metrics read back, and the decision across them: as they decided, each alone.

The bars of the decision are those of the studies, so that it is the one that `qqt study` printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from os import PathLike
from typing import NamedTuple

import xarray as xr

from qqt_bayes.decisions.constraints import Constraint
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.studies.metrics import differing, open_index
from qqt_bayes.studies.opened import Opened, open_whole

ALL_AGAIN = "make them again by one study of all metrics, or report each study alone"


class OpenedMetrics(NamedTuple):
    """The studies of a folder, and how they were joined when they were made.

    Attributes
    ----------
    studies : dict of str to Opened
        By metric.
    weights : dict of str to float, or None
        Of the metrics; None for equal ones.
    constraints : tuple of str
        What a choice had to keep to.
    """

    studies: dict[str, Opened]
    weights: dict[str, float] | None
    constraints: tuple[str, ...]


def open_across(path: str | PathLike[str]) -> OpenedMetrics:
    """Read the study of each metric of a folder, all of which came to a decision.

    Raises
    ------
    InputError
        If the folder lacks the study of a metric, or a file was changed by hand.
    InadequateFit
        Naming the first metric of which every law was refused.
    """
    index = open_index(path)
    studies = {}
    for metric, folder in index.folders.items():
        try:
            studies[metric] = open_whole(folder)
        except InadequateFit as error:
            raise InadequateFit(
                f"Metric {metric}: {error}",
                gates=error.gates,
                for_command=f"Metric {metric}: {error.for_command}",
            ) from error
    return OpenedMetrics(studies, index.weights, index.constraints)


def decided_across(
    studies: Mapping[str, Study],
    weights: Mapping[str, float] | None = None,
    constraints: Iterable[Constraint | str] = (),
) -> xr.Dataset:
    """The decision across the metrics of several studies, about what each was asked.

    Parameters
    ----------
    studies : mapping of str to Study
        By metric.
    weights, constraints
        As for `qqt_bayes.decide_metrics`.

    Raises
    ------
    InputError
        If the studies were asked about other levels or budgets, or decided by other bars.
    """
    require_alike(studies)
    first = next(iter(studies.values()))
    decision = first.decision
    one_group = "group" in decision.coords and "group" not in decision.dims
    return decide_metrics(
        studies,
        first.levels,  # as large as they were decided about
        decision["budget"].values,
        criteria_of(decision),
        weights=weights,
        constraints=constraints,
        group=str(decision["group"].item()) if one_group else None,
        force=True,  # what was used by force has decided already, and the decision says so
    )


def criteria_of(decision: xr.Dataset) -> Criteria:
    """The bars that a decision was made by."""
    names = [each.name for each in fields(Criteria)]
    return Criteria(**{name: decision.attrs[name] for name in names if name in decision.attrs})


def require_alike(studies: Mapping[str, Study]) -> None:
    """Refuse studies between which nothing was decided in common.

    Raises
    ------
    InputError
        Naming two metrics and what differs.
    """
    levels = {metric: study.levels for metric, study in studies.items()}
    budgets = {metric: study.decision["budget"].values for metric, study in studies.items()}
    if found := differing(levels, budgets):
        what, one, other = found
        raise InputError(
            f"the studies of {one!r} and {other!r} are about other {what}; {ALL_AGAIN}"
        )
    bars = {metric: criteria_of(study.decision).to_dict() for metric, study in studies.items()}
    (one, mine), *others = bars.items()
    for other, theirs in others:
        if theirs != mine:
            name = next(key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key))
            raise InputError(
                f"the studies of {one!r} and {other!r} decided by another {name}, {mine.get(name)} "
                f"and {theirs.get(name)}; {ALL_AGAIN}"
            )

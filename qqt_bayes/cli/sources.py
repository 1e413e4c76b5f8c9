"""Fits or a study as what is asked about: what `qqt decide` and `qqt frontier` both read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qqt_bayes.cli.inputs import (
    budgets_for,
    go_on,
    levels_of,
    named_by_model,
    nested,
    read_study,
    target_pools_of,
    weights_of,
)
from qqt_bayes.cli.output import warn
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit
from qqt_bayes.posterior.levels import as_levels
from qqt_bayes.report import gate_text

if TYPE_CHECKING:
    from qqt_bayes.studies.folder import Saved


def files_of(sources: Sequence[str], *others: str | None) -> list[str | None]:
    """The files that a command reads, of a study all of its folder: none may be overwritten."""
    return [*sources, *others, *map(str, Path(sources[0]).glob("*"))]


def read_sources(
    sources: Sequence[str], *, whole: bool = False
) -> tuple[dict[str, Fit], Saved | None]:
    """The fits by the names of their models; and the study, if they are of one.

    Parameters
    ----------
    sources : sequence of str
        Files of fits, or one folder of a study.
    whole : bool
        Read all of a fit: weights need the log likelihood, figures the prior.
    """

    def opened(path: Path) -> Fit:
        return Fit.of(load(path)) if whole else open_fit(path)

    if Path(sources[0]).is_dir():
        return read_study(sources[0], opened)
    return named_by_model(sources, [opened(Path(path)) for path in sources]), None


def question_of(
    fits: dict[str, Fit],
    study: Saved | None,
    *,
    weights: str | None,
    levels: str | None,
    is_nested: bool,
    scale: float | None,
    target_pools: str | None,
    budgets: str | None,
    only_group: str | None,
    yes: bool,
    of_levels: bool = True,
) -> dict[str, Any]:
    """What is asked of fits about levels, as arguments of `qqt_bayes.decide`.

    What is not given is taken from the study, or else from the runs. There are no levels in it if
    they are to be sought, not `of_levels`.

    Raises
    ------
    InputError
        If what is given cannot be read, or may mean something else and `yes` is not given.
    """
    first = next(iter(fits.values()))
    shares = None if study is None else study.weights
    shares = shares if weights is None else weights_of(fits, weights)
    larger = target_pools_of(scale, target_pools)
    samples = None if study is None else study.budgets
    if samples is None or budgets is not None:
        samples = budgets_for(first, budgets)
    options = {"weights": shares, "target_pools": larger, "group": only_group}
    if not of_levels:
        go_on(questions_of_targets(first.runs, samples), yes)
        return {"budgets": samples, **options}
    if is_nested:
        taken = nested(fits, shares, only_group)
    elif study is None or levels is not None:
        taken = levels_of(first, levels)
    else:
        taken = study.levels
    taken = as_levels(taken, first.pools)
    # of levels that are asked for as larger, or as unions, there is nothing to ask
    asked = taken if levels is not None and larger is None else None
    go_on(questions_of_targets(first.runs, samples, asked), yes)
    return {"levels": taken, "budgets": samples, **options}


def warn_of_refused(fits: dict[str, Fit]) -> None:
    """Say which fits did not pass their gates and are used all the same."""
    if failed := [each.gate for each in fits.values() if not each.gate.passed]:
        warn("\n".join(map(gate_text.verdict, failed)))

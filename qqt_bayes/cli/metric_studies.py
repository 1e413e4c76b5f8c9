"""A study for each metric of a table, and one decision over them: `qqt study --by metric`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from qqt_bayes.cli.check import in_short, note_learnable
from qqt_bayes.cli.fit import note_compilation
from qqt_bayes.cli.inputs import files_read, go_on
from qqt_bayes.cli.kinds import readings, runs_of_metric
from qqt_bayes.cli.metrics import bounds_in, emit, weights_by_metric
from qqt_bayes.cli.output import note
from qqt_bayes.comparison.splits import select_runs
from qqt_bayes.decisions.constraints import as_constraints
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.metric_fits import Measured, metric_weights
from qqt_bayes.decisions.metric_trainings import require_same_trainings, trainings
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.files import writable
from qqt_bayes.phrases import format_samples, quoted
from qqt_bayes.planning.questions import questions
from qqt_bayes.progress import shown
from qqt_bayes.report import moved_text
from qqt_bayes.report.identifiability_text import identifiability
from qqt_bayes.report.verdict_text import left_out
from qqt_bayes.studies.metrics import prepare
from qqt_bayes.studies.place import replaced
from qqt_bayes.studies.study import study
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.composition import read_composition

CRITERIA = ("probability", "margin", "interval", "rule", "cvar_level", "target")
"""The options that are the fields of `Criteria`."""


def report(
    runs: str,
    out: str,
    form: str,
    *,
    reading: dict[str, Any],
    levels: str | None,
    budgets: str | None,
    models: list[str] | None,
    weights: list[float] | None,
    sizes: str | None,
    explain: bool,
    yes: bool,
    overwrite: bool,
    metric_weights: str | None,
    requirements: Sequence[str],
    **options: Any,
) -> None:
    """Read RUNS, carry a study out for each metric, and print the decision over all of them.

    Parameters
    ----------
    runs, out, form, reading, levels, budgets, models, weights, sizes, explain, yes, overwrite
        As for `qqt_bayes.cli.study.report`.
    metric_weights, requirements
        As for `qqt_bayes.cli.metrics.report`; checked before long work.
    **options
        As for `qqt_bayes.study`.

    Raises
    ------
    InputError
        If RUNS or an option has a fault, or the folder holds what is not to be replaced.
    InadequateFit
        After all metrics, if every law was refused for one of them.
    """
    each = readings(runs, reading)
    names = list(each)
    tables = {name: runs_of_metric(runs, each, name, reading["kind"]) for name in names}
    if reading["drop_missing"]:
        tables = in_every_metric(tables)
    bounds = bounds_in(requirements)
    weighing = require_joinable(tables, metric_weights, bounds)
    compared = None if levels is None else read_composition(levels)
    samples = None if budgets is None else parse_budgets(budgets)
    criteria = Criteria(**{name: options.pop(name) for name in CRITERIA})
    # of levels that are asked for as larger there is nothing to ask
    asked = compared if options["target_pools"] is None else None
    open_questions = {
        name: questions(table, budgets=samples, levels=asked) for name, table in tables.items()
    }
    go_on(open_questions, yes)
    folders = prepare(Path(out), names, weighing, bounds, overwrite=overwrite)
    for folder in folders.values():
        for path in replaced(folder):
            writable(path, [*files_read(runs, reading), levels, sizes])
    first = tables[names[0]]
    note_learnable(identifiability(first, *(models or [])[:1]), f"{first.sizes['run']} runs")
    note_compilation()
    studies: dict[str, Study] = {}
    refused: dict[str, InadequateFit] = {}
    for number, (name, table) in enumerate(tables.items(), start=1):
        note(f"Metric {name} ({number} of {len(tables)}):")
        try:
            studies[name] = study(
                table,
                compared,
                samples,
                folders[name],
                models=models,
                weights=weights,
                criteria=criteria,
                overwrite=overwrite,
                say=note,
                progress=True,
                **options,
            )
        except InadequateFit as error:
            note(f"Metric {quoted(name)}: every law was refused; the other metrics go on.")
            refused[name] = error
        else:
            if (moved := studies[name].moved) is not None:
                note(f"{quoted(name)}: {moved_text.moved(moved, studies[name].decision)}")
    if refused:
        words = [f"Metric {quoted(name)}: {each.for_command}" for name, each in refused.items()]
        gates = {
            f"{name}/{model}": gate
            for name, error in refused.items()
            for model, gate in error.gates.items()
        }
        raise InadequateFit("\n\n".join([*words, _go_on(out, list(studies))]), gates=gates)
    one = next(iter(studies.values()))
    with shown("Judging levels"):
        found = decide_metrics(
            studies,
            one.levels,  # as large as they are decided about
            one.decision["budget"].values,
            criteria,
            weights=weighing,
            constraints=bounds,
            group=options["group"],
            force=options["force"],
        )
    beware = [
        f"{quoted(name)}: {line}"
        for name, each in studies.items()
        for line in left_out(each.refused_laws, list(each.weights))
    ]
    emit(found, form, beware)
    note(
        f"The studies are in {out}, one for each metric; `qqt decide {out}` decides over all of "
        "them again, with other weights and bounds."
    )


def require_joinable(
    tables: dict[str, xr.Dataset], weights: str | None, requirements: Sequence[str]
) -> dict[str, float] | None:
    """Refuse metrics, weights and bounds that no decision could be made with, before long work.

    Returns
    -------
    dict of str to float, or None
        The weights of the metrics, if any are given.
    """
    try:
        require_same_trainings(tables)
    except InputError as error:
        if any(_left_out(tables).values()):
            words = "--drop-missing leaves trainings that a metric lacks out of every metric"
            raise InputError(f"{error}; {words}", error.advice) from None
        raise
    if weights is None:
        _require_alike(tables)
    measured = {name: Measured.of(table) for name, table in tables.items()}
    given = weights_by_metric(weights)
    metric_weights(given, measured)
    as_constraints(requirements, measured)
    return given


def in_every_metric(tables: dict[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """The runs of trainings that every metric has; the others are named on stderr.

    Without a training in common the tables stay as they are, to be refused.
    """
    left_out = _left_out(tables)
    if not any(left_out.values()):
        return tables
    for name, lacking in left_out.items():
        several = len({group for each in tables.values() for group in each["group"].values}) > 1
        cells = [
            f"{data!r} at {format_samples(budget)}" + (f" in group {group!r}" if several else "")
            for group, data, budget in lacking
        ]
        if cells:
            note(f"Left out of every metric, because {name} lacks them: {in_short(cells)}.")
    lacking_in_any = {cell for lacking in left_out.values() for cell in lacking}
    return {
        name: select_runs(
            table, np.array([cell not in lacking_in_any for cell in trainings(table)])
        )
        for name, table in tables.items()
    }


def _left_out(tables: dict[str, xr.Dataset]) -> dict[str, list[tuple[str, str, float]]]:
    """The trainings that each metric lacks; none of any where they have none in common."""
    cells = {name: set(trainings(table)) for name, table in tables.items()}
    if not set.intersection(*cells.values()):
        return {name: [] for name in tables}
    every = dict.fromkeys(cell for table in tables.values() for cell in trainings(table))
    return {name: [cell for cell in every if cell not in own] for name, own in cells.items()}


def _require_alike(tables: dict[str, xr.Dataset]) -> None:
    """Refuse to add with equal weights what one kind was given for, but looks like two kinds."""
    errors = {
        name: table["error"].values
        for name, table in tables.items()
        if table.attrs["kind"] == "loss"
    }
    rates = [name for name, values in errors.items() if values.max() <= 1]
    losses = [name for name, values in errors.items() if values.min() > 1]
    if rates and losses:
        spans = [
            f"{name} ({errors[name].min():.4g} to {errors[name].max():.4g})"
            for name in (rates[0], losses[0])
        ]
        pairs = ",".join(f"{name}=NUMBER" for name in tables)
        raise InputError(
            f"{spans[0]} looks like an error rate, {spans[1]} like a loss, but both are read as "
            "losses and would be added with equal weights. If both are losses, or to say what "
            f"each is worth: --metric-weights {pairs}. To read each as its kind: --kind "
            f"{rates[0]}=error,{losses[0]}=loss, with --metric-weights, too"
        )


def _go_on(out: str, others: Sequence[str]) -> str:
    """What can be done where a metric has no fit that may be used."""
    words = f"`qqt decide {out} --force` decides over all metrics all the same."
    if not others:
        return words
    return f"Nothing was decided over all metrics. {words} The other studies are whole."

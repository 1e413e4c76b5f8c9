"""A table of runs as a fit would see it, and what it can teach: what `qqt check` says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.cli.long_tables import first_rows
from qqt_bayes.cli.output import emit, note, warn
from qqt_bayes.errors import MAX_SHOWN, suggest
from qqt_bayes.model.spec import Spec
from qqt_bayes.phrases import quoted
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.questions import questions
from qqt_bayes.progress import shown
from qqt_bayes.report import questions_text
from qqt_bayes.report.identifiability_text import Identifiability, identifiability
from qqt_bayes.report.measures import ACCURACY, is_accuracy, unit
from qqt_bayes.report.reading_text import LEFT_OUT, UNUSED
from qqt_bayes.report.records import training_sets
from qqt_bayes.tables.rows import OPTIONAL


def report(runs: xr.Dataset, spec: Spec, form: str) -> None:
    """Print the training sets on stdout, questions and what they can teach on stderr.

    The questions come first. JSON holds all of it.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec
    form : {"table", "json", "csv"}
    """
    with shown("Looking at what the runs can teach"):
        table, learnable = training_sets(runs), identifiability(runs, spec)
        doubts = questions(runs)
    if doubts:
        warn(questions_text.listed(doubts))
    left_out = {name: json.loads(runs.attrs[name]) for name in UNUSED}
    rows = first_rows(table, form, "training sets and budgets")
    if form == "table":
        counted = unit(runs.attrs)
        rows = rows.rename(
            columns={"unique_samples": f"unique {counted}", "samples_seen": f"{counted} seen"}
        )
        if is_accuracy(runs.attrs):
            rows = rows.assign(error=1 - rows["error"]).rename(columns={"error": ACCURACY})
    emit(rows, form, lambda: _content(runs, table, left_out, learnable, doubts))
    count, data, pools = (runs.sizes[dim] for dim in ("run", "data", "pool"))
    note(f"{count} runs of {data} training sets from {pools} pools.")
    unread = left_out["unused_columns"]
    meant = sorted(OPTIONAL - {*unread, *json.loads(runs.attrs["used_columns"])})
    near = {name: suggest(name, meant).removeprefix("; ") for name in unread}
    # a name that is nearly one that is read goes first, so that it is among those that are shown
    columns = [f"{name} ({near[name]})" if near[name] else name for name in unread]
    columns.sort(key=lambda name: not name.endswith("?)"))
    for key, words in UNUSED.items():
        if names := columns if key == "unused_columns" else left_out[key]:
            note(f"{words}: {in_short(names)}.")
    note_learnable(learnable, "them")


def in_short(names: list[str]) -> str:
    """Names, and the number of those that are not shown."""
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(map(quoted, names[:MAX_SHOWN])) + more


def note_learnable(learnable: Identifiability, runs: str) -> None:
    """Say what some runs, called as a sentence calls them, can teach."""
    note(f"What a fit of model {learnable.model} can learn from {runs}:")
    for sentence in learnable.findings.values():
        note(f"- {sentence}")


def _content(
    runs: xr.Dataset,
    table: pd.DataFrame,
    left_out: dict[str, list[str]],
    learnable: Identifiability,
    doubts: Sequence[Question],
) -> dict[str, Any]:
    """What JSON says of a table of runs."""
    return {
        "runs": runs.sizes["run"],
        "kind": runs.attrs["kind"],
        "metric": runs.attrs["metric"],
        "measure": runs.attrs["measure"],
        "unit": runs.attrs["unit"],
        "replacement": "replacement" in runs,
        "columns": json.loads(runs.attrs["columns"]),
        **{name: json.loads(runs.attrs[name]) for name in LEFT_OUT},
        "groups": runs["group"].values.tolist(),
        "pools": runs["pool"].values.tolist(),
        "training_sets": table.to_dict("records"),
        **left_out,
        "questions": questions_text.to_dicts(doubts),
        "identifiability": learnable.to_dict(),
    }

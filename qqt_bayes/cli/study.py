"""Laws fitted, compared and decided on together, all in one folder: what `qqt study` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qqt_bayes.cli.check import note_learnable
from qqt_bayes.cli.fit import note_compilation
from qqt_bayes.cli.inputs import files_read, go_on, runs_of
from qqt_bayes.cli.output import emit_decision, note
from qqt_bayes.decisions.study import Study
from qqt_bayes.files import writable
from qqt_bayes.planning.questions import questions
from qqt_bayes.report import moved_text, study_text
from qqt_bayes.report.identifiability_text import identifiability
from qqt_bayes.report.verdict_text import left_out
from qqt_bayes.studies.place import replaced
from qqt_bayes.studies.study import study
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.composition import read_composition


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
    **options: Any,
) -> None:
    """Read RUNS, say what they can teach, carry the study out and print its decision.

    Parameters
    ----------
    runs, out : str
        RUNS, and the folder to write to.
    form : {"table", "json", "csv"}
    reading : dict
        How to read RUNS: the other options of `qqt_bayes.cli.options.runs`.
    levels, budgets, models, weights, explain, yes
        The options of the command.
    sizes : str or None
        The file that the sizes of the pools come from which are decided about.
    **options
        As for `qqt_bayes.study`.
    """
    table = runs_of(runs, reading)
    compared = None if levels is None else read_composition(levels)
    samples = None if budgets is None else parse_budgets(budgets)
    # of levels that are asked for as larger there is nothing to ask
    asked = compared if options["target_pools"] is None else None
    go_on(questions(table, budgets=samples, levels=asked), yes)
    for path in replaced(Path(out)):
        writable(path, [*files_read(runs, reading), levels, sizes])
    note_learnable(identifiability(table, *(models or [])[:1]), f"{table.sizes['run']} runs")
    note_compilation()
    found = study(
        table,
        compared,
        samples,
        out,
        models=models,
        weights=weights,
        say=note,
        progress=True,
        **options,
    )
    show(found, form, out, explain=explain)


def show(found: Study, form: str, out: str, *, explain: bool) -> None:
    """Print the decision of a study, and its text in place of the decision's own."""
    emit_decision(
        found.decision,
        form,
        explain=explain,
        alone=found.deciding,
        study=study_text.summary(found),
        more=study_text.moved_of(found),
        beware=left_out(found.refused_laws, list(found.weights)),
    )
    if found.moved is not None:
        note(moved_text.moved(found.moved, found.decision))
    note(f"All of it is in {out}: the fits, the decision as CSV and JSON, the text, the figures.")

"""A decision from one fit or several, printed, written and drawn: what `qqt decide` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qqt_bayes.cli import output
from qqt_bayes.cli.inputs import (
    budgets_for,
    go_on,
    levels_and_budgets,
    named_by_model,
    read_study,
    weights_of,
)
from qqt_bayes.cli.output import note, warn
from qqt_bayes.decisions.decide import decide
from qqt_bayes.files import new_folder, writable
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit
from qqt_bayes.posterior.levels import as_levels
from qqt_bayes.report import gate_text
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.composition import read_composition


def report(
    sources: tuple[str, ...],
    form: str,
    *,
    weights: str | None,
    levels: str | None,
    subsets: bool,
    budgets: str | None,
    only_group: str | None,
    figures: str | None,
    outputs: tuple[str, ...],
    yes: bool,
    **criteria: Any,
) -> None:
    """Decide, print the decision, write it and draw it.

    Parameters
    ----------
    sources : tuple of str
        Files of fits, several of which are judged together by their weights; or one folder of a
        study, which knows its fits, weights, levels and budgets.
    form : {"table", "json", "csv"}
    weights, levels, subsets, budgets, only_group, figures, outputs, yes
        The options of the command. What is to be written is checked before long work.
    **criteria
        As for `qqt_bayes.decide`.
    """
    paths = [writable(Path(name), [*sources, levels], output.WRITERS) for name in outputs]
    folder = None if figures is None else new_folder(Path(figures))
    # weights need the log likelihood, figures the prior; a decision reads neither
    whole = weights is not None or folder is not None

    def read(path: Path) -> Fit:
        return Fit.of(load(path)) if whole else open_fit(path)

    study = None
    if Path(sources[0]).is_dir():
        fits, study = read_study(sources[0], read)
    else:
        fits = named_by_model(sources, [read(Path(path)) for path in sources])
    first = next(iter(fits.values()))
    if subsets:
        from qqt_bayes.decisions.subsets import best_subsets

        samples = budgets_for(first, budgets)
        go_on(questions_of_targets(first.runs, samples), yes)
        decision = best_subsets(first, samples, group=only_group, **criteria)
    else:
        shares = None
        if study is None:
            taken, samples = levels_and_budgets(first, levels, budgets)
        else:
            taken = study.levels if levels is None else read_composition(levels)
            samples = study.budgets if budgets is None else parse_budgets(budgets)
            shares = study.weights
        taken = as_levels(taken, first.pools)
        go_on(questions_of_targets(first.runs, samples, taken), yes)
        shares = shares if weights is None else weights_of(fits, weights)
        decision = decide(fits, taken, samples, weights=shares, group=only_group, **criteria)
    if failed := [each.gate for each in fits.values() if not each.gate.passed]:
        warn("\n".join(map(gate_text.verdict, failed)))
    output.emit_decision(decision, form)
    for path in paths:
        output.write_decision(decision, path)
    if folder:
        from qqt_bayes.report.figures.files import write_figures

        drawn = write_figures(fits, decision, taken, folder)
        note(f"{len(drawn)} figures are in {figures}.")

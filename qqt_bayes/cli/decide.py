"""A decision from one fit or several, printed, written and drawn: what `qqt decide` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qqt_bayes.cli import output
from qqt_bayes.cli.inputs import budgets_for, levels_and_budgets, named_by_model, weights_of
from qqt_bayes.cli.output import note, warn
from qqt_bayes.decisions.decide import decide
from qqt_bayes.files import new_folder, writable
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit
from qqt_bayes.report import gate_text


def report(
    fits: tuple[str, ...],
    form: str,
    *,
    weights: str | None,
    levels: str | None,
    subsets: bool,
    budgets: str | None,
    only_group: str | None,
    figures: str | None,
    outputs: tuple[str, ...],
    **criteria: Any,
) -> None:
    """Decide, print the decision, write it and draw it.

    Parameters
    ----------
    fits : tuple of str
        Files; several are judged together, by their weights.
    form : {"table", "json", "csv"}
    weights, levels, subsets, budgets, only_group, figures, outputs
        The options of the command. What is to be written is checked before long work.
    **criteria
        As for `qqt_bayes.decide`.
    """
    paths = [writable(Path(name), [*fits, levels], output.WRITERS) for name in outputs]
    folder = None if figures is None else new_folder(Path(figures))
    # weights need the log likelihood, figures the prior; one decision reads neither
    whole = len(fits) > 1 or folder is not None
    opened = [Fit.of(load(path)) if whole else open_fit(path) for path in fits]
    first, *others = opened
    if others:
        from qqt_bayes.decisions.stack import decide_stack

        compared, samples = levels_and_budgets(first, levels, budgets)
        stack = named_by_model(fits, opened)
        shares = weights_of(stack, weights)
        decision = decide_stack(stack, shares, compared, samples, group=only_group, **criteria)
    elif subsets:
        from qqt_bayes.decisions.subsets import best_subsets

        samples = budgets_for(first, budgets)
        decision = best_subsets(first, samples, group=only_group, **criteria)
    else:
        compared, samples = levels_and_budgets(first, levels, budgets)
        decision = decide(first, compared, samples, group=only_group, **criteria)
    if failed := [each.gate for each in opened if not each.gate.passed]:
        warn("\n".join(map(gate_text.verdict, failed)))
    output.emit_decision(decision, form)
    for path in paths:
        output.write_decision(decision, path)
    if folder:
        from qqt_bayes.report.figures.files import write_figures

        drawn = write_figures(first, decision, compared, folder)
        note(f"{len(drawn)} figures are in {figures}.")

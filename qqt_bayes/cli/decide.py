"""A decision from one fit or several, printed, written and drawn: what `qqt decide` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.cli import output
from qqt_bayes.cli.inputs import budgets_for, levels_and_budgets, named_by_model, weights_of
from qqt_bayes.cli.output import note, warn
from qqt_bayes.decisions.decide import decide
from qqt_bayes.files import new_folder, writable
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit
from qqt_bayes.report import gate_text
from qqt_bayes.studies.folder import open_study, require_same
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
    **criteria: Any,
) -> None:
    """Decide, print the decision, write it and draw it.

    Parameters
    ----------
    sources : tuple of str
        Files of fits, several of which are judged together by their weights; or one folder of a
        study, which knows its fits, weights, levels and budgets.
    form : {"table", "json", "csv"}
    weights, levels, subsets, budgets, only_group, figures, outputs
        The options of the command. What is to be written is checked before long work.
    **criteria
        As for `qqt_bayes.decide`.
    """
    paths = [writable(Path(name), [*sources, levels], output.WRITERS) for name in outputs]
    folder = None if figures is None else new_folder(Path(figures))
    # weights need the log likelihood, figures the prior; a decision reads neither
    whole = weights is not None or folder is not None
    fits, shares, taken, samples = _read(sources, whole, levels, budgets)
    first = next(iter(fits.values()))
    if subsets:
        from qqt_bayes.decisions.subsets import best_subsets

        samples = budgets_for(first, budgets) if samples is None else samples
        decision = best_subsets(first, samples, group=only_group, **criteria)
    else:
        if taken is None or samples is None:
            taken, samples = levels_and_budgets(first, levels, budgets)
        given = weights_of(fits, weights)
        shares = shares if given is None else given
        decision = decide(fits, taken, samples, weights=shares, group=only_group, **criteria)
    if failed := [each.gate for each in fits.values() if not each.gate.passed]:
        warn("\n".join(map(gate_text.verdict, failed)))
    output.emit_decision(decision, form)
    for path in paths:
        output.write_decision(decision, path)
    if folder and taken is not None:
        from qqt_bayes.report.figures.files import write_figures

        drawn = write_figures(fits, decision, taken, folder)
        note(f"{len(drawn)} figures are in {figures}.")


type Read = tuple[dict[str, Fit], list[float] | None, xr.DataArray | None, NDArray[Any] | None]


def _read(sources: tuple[str, ...], whole: bool, levels: str | None, budgets: str | None) -> Read:
    """Fits by name, and a study's weights, levels and budgets; None where there is no study."""
    shares = taken = samples = study = None
    files: tuple[str, ...] = sources
    if Path(sources[0]).is_dir():
        study = open_study(sources[0])
        files, shares = tuple(map(str, study.fits.values())), study.weights
        taken = study.levels if levels is None else read_composition(levels)
        samples = study.budgets if budgets is None else parse_budgets(budgets)
    opened = [Fit.of(load(path)) if whole else open_fit(path) for path in files]
    if study is not None:
        require_same(study, opened)
    return named_by_model(files, opened), shares, taken, samples

"""A decision from one fit or several, printed, written and drawn: what `qqt decide` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from qqt_bayes.cli import output
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
from qqt_bayes.cli.money import Asked
from qqt_bayes.cli.output import note, warn
from qqt_bayes.cli.replaced import require_decisions, require_figures
from qqt_bayes.decisions.decide import decide
from qqt_bayes.files import new_folder, writable
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit
from qqt_bayes.posterior.levels import as_levels
from qqt_bayes.progress import shown
from qqt_bayes.report import gate_text
from qqt_bayes.report.figures.names import figures_in
from qqt_bayes.report.verdict_text import left_out

if TYPE_CHECKING:
    from qqt_bayes.studies.folder import Saved


def report(
    sources: tuple[str, ...],
    form: str,
    *,
    weights: str | None,
    levels: str | None,
    is_nested: bool,
    scale: float | None,
    target_pools: str | None,
    subsets: bool,
    budgets: str | None,
    only_group: str | None,
    in_money: Mapping[str, Any],
    figures: str | None,
    outputs: tuple[str, ...],
    explain: bool,
    yes: bool,
    overwrite: bool,
    **criteria: Any,
) -> None:
    """Decide, print the decision, write it and draw it.

    Parameters
    ----------
    sources : tuple of str
        Files of fits, several of which are judged together by their weights; or one folder of a
        study, which knows its fits, weights, levels and budgets.
    form : {"table", "json", "csv"}
    weights, levels, is_nested, scale, target_pools, subsets, budgets
    only_group, figures, outputs, explain, yes, overwrite
        The options of the command. What is to be written is checked before long work.
    in_money : mapping
        Those about costs, see `qqt_bayes.cli.money.Asked`.
    **criteria
        As for `qqt_bayes.decide`.
    """
    read = [*sources, levels, target_pools, in_money["costs"]]
    read += [str(path) for path in Path(sources[0]).glob("*")]  # of a study, all of its folder
    paths = [writable(Path(name), read, output.WRITERS) for name in outputs]
    require_decisions(paths, overwrite=overwrite)
    folder = None if figures is None else figures_folder(Path(figures), overwrite=overwrite)
    prices = Asked.of(**in_money)
    # weights need the log likelihood, figures the prior; a decision reads neither
    whole = weights is not None or folder is not None

    def opened(path: Path) -> Fit:
        return Fit.of(load(path)) if whole else open_fit(path)

    study = money = None
    if Path(sources[0]).is_dir():
        fits, study = read_study(sources[0], opened)
    else:
        fits = named_by_model(sources, [opened(Path(path)) for path in sources])
    first = next(iter(fits.values()))
    if subsets:
        from qqt_bayes.decisions.subsets import best_subsets

        samples = budgets_for(first, budgets)
        go_on(questions_of_targets(first.runs, samples), yes)
        with shown("Judging subsets"):
            decision = best_subsets(first, samples, group=only_group, **criteria)
    else:
        shares = None if study is None else study.weights
        shares = shares if weights is None else weights_of(fits, weights)
        larger = target_pools_of(scale, target_pools)
        if study is None or budgets is not None:
            samples = budgets_for(first, budgets)
        else:
            samples = study.budgets
        taken = taken_of(fits, study, shares, levels, is_nested, only_group)
        # of levels that are asked for as larger, or as unions, there is nothing to ask
        asked = taken if levels is not None and larger is None else None
        go_on(questions_of_targets(first.runs, samples, asked), yes)
        options: dict[str, Any] = {"weights": shares, "target_pools": larger, "group": only_group}
        with shown("Judging levels"):
            decision = decide(fits, taken, samples, **options, **criteria)
        decision, money = prices.about(fits, decision, taken, options, criteria)
    if failed := [each.gate for each in fits.values() if not each.gate.passed]:
        warn("\n".join(map(gate_text.verdict, failed)))
    beware = [] if study is None else left_out(study.refused, list(fits))
    for path in paths:  # first: who closes the pipe behind stdout gets the files all the same
        output.write_decision(decision, path)
    output.emit_decision(decision, form, explain=explain, beware=beware, money=money)
    if folder:
        from qqt_bayes.report.figures.files import write_figures

        with shown("Drawing figures"):
            drawn = write_figures(fits, decision, decision["unique_samples"], folder)
        note(f"{len(drawn)} figures are in {figures}.")


def taken_of(
    fits: Mapping[str, Fit],
    study: Saved | None,
    shares: list[float] | None,
    levels: str | None,
    is_nested: bool,
    only_group: str | None,
) -> xr.DataArray:
    """What to decide between: unions of pools, levels as given, or those of a study or its runs."""
    first = next(iter(fits.values()))
    if is_nested:
        taken = nested(fits, shares, only_group)
    elif study is None or levels is not None:
        taken = levels_of(first, levels)
    else:
        taken = study.levels
    return as_levels(taken, first.pools)


def figures_folder(folder: Path, *, overwrite: bool) -> Path:
    """The folder for figures, made if it is not there; what is in it stays, but for figures.

    Raises
    ------
    InputError
        If it cannot be made or written to, or files in it would be replaced that are no figures.
    """
    writable(new_folder(folder) / "scaling_curves.png")
    require_figures(figures_in(folder), overwrite=overwrite)
    return folder

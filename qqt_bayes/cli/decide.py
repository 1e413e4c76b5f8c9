"""A decision from one fit or several, printed, written and drawn: what `qqt decide` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qqt_bayes.cli import output
from qqt_bayes.cli.figures import Figures
from qqt_bayes.cli.inputs import budgets_for, count_of, go_on
from qqt_bayes.cli.money import Asked
from qqt_bayes.cli.replaced import require_decisions
from qqt_bayes.cli.sources import files_of, question_of, read_sources, warn_of_refused
from qqt_bayes.decisions.decide import decide
from qqt_bayes.files import writable
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.progress import shown
from qqt_bayes.report.verdict_text import left_out

if TYPE_CHECKING:
    import xarray as xr

    from qqt_bayes.posterior.fit import Fit


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
    limits: Mapping[str, Any] | None,
    budgets: str | None,
    new_run: bool,
    only_group: str | None,
    in_money: Mapping[str, Any],
    figures: Figures | None,
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
    limits : mapping, optional
        Those of shares, if shares are to be decided about.
    new_run, only_group, figures, outputs, explain, yes, overwrite
        The options of the command. What is to be written is checked before long work.
    in_money : mapping
        Those about costs, see `qqt_bayes.cli.money.Asked`.
    **criteria
        As for `qqt_bayes.decide`.
    """
    read = files_of(sources, levels, target_pools, in_money["costs"])
    paths = [writable(Path(name), read, output.WRITERS) for name in outputs]
    require_decisions(paths, overwrite=overwrite)
    if figures:
        figures.prepare(overwrite=overwrite)
    fits, study = read_sources(sources, whole=weights is not None or figures is not None)
    first, money = next(iter(fits.values())), None
    if subsets:
        from qqt_bayes.decisions.subsets import best_subsets

        samples = budgets_for(first, budgets)
        go_on(questions_of_targets(first.runs, samples), yes)
        with shown("Judging subsets"):
            decision = best_subsets(first, samples, group=only_group, **criteria)
    else:
        question = question_of(
            fits,
            study,
            weights=weights,
            levels=levels,
            is_nested=is_nested,
            scale=scale,
            target_pools=target_pools,
            budgets=budgets,
            only_group=only_group,
            yes=yes,
            of_levels=limits is None,
        )
        if limits is not None:
            decision = _shares_of(fits, limits, **question, **criteria)
        else:
            prices = Asked.of(**in_money, runs=first.runs, levels=question["levels"])
            with shown("Judging levels"):
                decision = decide(fits, **question, new_run=new_run, **criteria)
            of_plans = {name: question[name] for name in ("weights", "target_pools", "group")}
            decision, money = prices.about(fits, decision, question["levels"], of_plans, criteria)
    warn_of_refused(fits)
    beware = [] if study is None else left_out(study.refused, list(fits))
    for path in paths:  # first: who closes the pipe behind stdout gets the files all the same
        output.write_decision(decision, path, money)
    output.emit_decision(decision, form, explain=explain, beware=beware, money=money)
    if figures:
        from qqt_bayes.report.figures.files import write_figures

        figures.draw(write_figures, fits, decision)


def _shares_of(fits: Mapping[str, Fit], limits: Mapping[str, Any], **options: Any) -> xr.Dataset:
    """The decision about shares of the pools."""
    from qqt_bayes.decisions.inclusion import best_shares

    most = count_of("--most-samples", limits["most_samples"])
    with shown("Seeking shares"):
        return best_shares(fits, **{**limits, "most_samples": most}, **options)

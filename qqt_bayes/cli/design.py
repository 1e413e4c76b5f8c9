"""Runs that are worth making next, printed and written: what `qqt design` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from qqt_bayes.cli.figures import Figures
from qqt_bayes.cli.inputs import is_fit, target_pools_of
from qqt_bayes.cli.output import emit, note, stdout
from qqt_bayes.cli.replaced import require_decisions
from qqt_bayes.cli.sources import files_of, read_sources, warn_of_refused
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.files import writable, write
from qqt_bayes.planning.plan import Plan
from qqt_bayes.planning.proposal import SHARES, design, propose
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import as_number
from qqt_bayes.progress import shown
from qqt_bayes.report import plan_text, printed
from qqt_bayes.report.figures.names import OF_PLAN
from qqt_bayes.report.plan_rows import runs_to_fill
from qqt_bayes.report.records import to_csv
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.composition import read_composition

WRITERS = {".csv": to_csv}
"""How proposed runs are written, by the ending of the file's name."""


def report(
    sources: tuple[str, ...],
    form: str,
    *,
    output: str | None,
    figures: Figures | None,
    overwrite: bool,
    model: str | None,
    kind: str | None,
    costs: str | None,
    **options: Any,
) -> None:
    """Propose runs, print them and write them as rows to fill in.

    Parameters
    ----------
    sources : tuple of str
        The folder of a study, files of fits, or a composition table of which nothing was run yet.
    form : {"table", "json", "csv"}
    output, figures, overwrite, model, kind, costs
        The options of the command. What is to be written is checked before long work.
    **options
        As for `of_fits` and `before_runs`.
    """
    path = None
    if output is not None:
        others = ("levels", "candidates", "target_pools")
        read = files_of(sources, costs, *(options[name] for name in others))
        path = writable(Path(output), read, WRITERS)
        require_decisions([path], overwrite=overwrite)
    if figures:
        figures.prepare(OF_PLAN, overwrite=overwrite)
    options["costs"] = costs
    known = Path(sources[0]).is_dir() or any(map(is_fit, sources))
    for name, given in (("--model", model), ("--kind", kind)):
        if known and given is not None:
            raise click.UsageError(f"{name} is for a composition of which nothing was run yet.")
    if known:
        plan = of_fits(sources, **options)
    elif len(sources) > 1:
        raise click.UsageError("Give a STUDY, FITs, or one composition table.")
    else:
        plan = before_runs(sources[0], model or "effective-reuse", kind or "error", **options)
    if path is not None and plan.runs.empty:
        note(f"No run is proposed, so {path} was not written.")
    elif path is not None:
        write(path, to_csv(runs_to_fill(plan)))
        note(plan_text.how_to_add(plan, str(path)))
    show(plan, form)
    if figures:
        from qqt_bayes.report.figures.files import write_plan

        figures.draw(write_plan, plan)


def of_fits(
    sources: tuple[str, ...],
    *,
    allowance: str,
    budget: str | None,
    levels: str | None,
    candidates: str | None,
    at: str | None,
    costs: str | None,
    scale: float | None,
    target_pools: str | None,
    only_group: str | None,
    seed: int,
    force: bool,
) -> Plan:
    """Propose runs from fits."""
    taken: Any = levels
    weights = decided = margin = None
    fits, study = read_sources(sources)
    if study is not None:
        weights, taken = study.weights, study.levels if levels is None else levels
        decided, margin = study.budgets, margin_of(sources[0])
        budget = repr(float(decided.max())) if budget is None else budget
    if budget is None:
        raise click.UsageError("A fit has no target of its own: give --budget.")
    if force:
        warn_of_refused(fits)
    with shown("Weighing runs"):
        return design(
            fits,
            allowance,
            budget,
            taken,
            candidates=candidates,
            at=at,
            costs=costs,
            weights=weights,
            target_pools=target_pools_of(scale, target_pools),
            group=only_group,
            decided=decided,
            margin=margin,
            seed=seed,
            force=force,
        )


def margin_of(study: str) -> float | None:
    """The margin of the decision of a study's folder; None if it decided nothing."""
    from qqt_bayes.studies.opened import settings_of  # tables, which no fit needs

    margin = settings_of(study).get("margin")
    return None if margin is None else float(margin)


def before_runs(
    composition: str,
    model: str,
    kind: str,
    *,
    allowance: str,
    budget: str | None,
    levels: str | None,
    at: str | None,
    costs: str | None,
    seed: int,
    **others: Any,
) -> Plan:
    """Propose the first runs of all, by the prior of a model alone."""
    from qqt_bayes.model.spec import load_model
    from qqt_bayes.planning.before_runs import fit_before_runs

    for name, value in others.items():
        if value:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} is for a STUDY or FITs; {composition} is neither.")
    if budget is None:
        raise click.UsageError("A composition table has no target of its own: give --budget.")
    compared = read_composition(composition if levels is None else levels)
    sets = read_composition(composition).rename(level="data")
    target = as_number(budget, "budget")
    budgets = target * np.array(SHARES) if at is None else parse_budgets(at)
    every = np.unique([*budgets, target])
    with shown("Weighing runs"):
        fit = fit_before_runs(load_model(model), sets, every, kind=kind, seed=seed)
        shares = as_shares(None, 1)
        compared = compared.reindex(pool=sets["pool"], fill_value=0.0)
        spend = as_number(allowance, "allowance")
        found: dict[str, Fit] = {fit.spec.name: fit}
        return propose(
            found,
            shares,
            compared,
            target,
            spend,
            sets,
            at=budgets,
            costs=costs,
            seed=seed,
        )


def show(plan: Plan, form: str) -> None:
    """Print a plan on stdout: the verdict, the runs, and what else there is to say."""
    if form == "table":
        printed.write_plan(stdout(), plan)
        return
    emit(plan.runs, form, lambda: plan_text.to_dict(plan))
    if form == "csv":
        note("\n".join(plan_text.lines(plan)))

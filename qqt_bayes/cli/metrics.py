"""Several metrics in one decision: what `qqt decide` does with studies by metric, or with fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import xarray as xr

from qqt_bayes.cli import options, output
from qqt_bayes.cli.figures import Figures
from qqt_bayes.cli.inputs import (
    budgets_for,
    go_on,
    levels_of,
    named_by_model,
    pairs_in,
    read_study,
    target_pools_of,
)
from qqt_bayes.cli.output import note, warn
from qqt_bayes.cli.replaced import require_decisions
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.errors import InputError
from qqt_bayes.files import is_of_metrics, writable, write
from qqt_bayes.phrases import quoted
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior import netcdf
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import open_fit
from qqt_bayes.posterior.levels import as_levels
from qqt_bayes.progress import shown
from qqt_bayes.report import gate_text, printed
from qqt_bayes.report.figures.names import OF_METRICS
from qqt_bayes.report.metrics_tables import metrics_frame, metrics_json
from qqt_bayes.report.metrics_text import answers_of_metrics
from qqt_bayes.report.records import to_csv, to_json_text
from qqt_bayes.report.verdict_text import left_out
from qqt_bayes.studies.metrics import differing, open_index, open_metrics

if TYPE_CHECKING:
    from qqt_bayes.studies.folder import Saved

WRITERS = {
    ".csv": lambda found: to_csv(metrics_frame(found)),
    ".json": lambda found: to_json_text(metrics_json(found)),
}
"""How a decision over metrics is written, by the ending of the file's name."""
TAKEN = {
    *("sources", "levels", "scale", "target_pools", "budgets", "only_group", "outputs", "yes"),
    *(
        "force",
        "figures",
        "figure_formats",
        "new_run",
        "overwrite",
        "form",
        "metric_weights",
        "requirements",
        "explain",
    ),
    *("probability", "margin", "interval", "rule", "cvar_level", "target"),
}
"""The options of `qqt decide` that several metrics take."""


def are_several(sources: Sequence[str]) -> bool:
    """Whether `qqt decide` is given several metrics: studies by metric, or fits of each."""
    if len(sources) == 1:
        return is_of_metrics(Path(sources[0]))
    found = {str(netcdf.root_attributes(Path(path)).get("metric", "")) for path in sources}
    return len(found) > 1 and "" not in found


def require_options() -> None:
    """Refuse options of `qqt decide` that several metrics do not take."""
    context = click.get_current_context()
    for each in context.command.params:
        if each.name in context.params and each.name not in TAKEN and options.given(each.name):
            raise click.UsageError(
                f"{each.opts[-1]} is for one metric; name its study, or its fits, alone."
            )


def weights_by_metric(text: str | None) -> dict[str, float] | None:
    """Weights of metrics from words such as imagenet=2,retrieval=1; None where none are given.

    Raises
    ------
    InputError
        If they are not so.

    Examples
    --------
    >>> weights_by_metric('imagenet=2,"mean, of 38=1"')
    {'imagenet': 2.0, 'mean, of 38': 1.0}
    """
    if text is None:
        return None
    found: dict[str, float] = {}
    for pair, name, number in pairs_in(text):
        try:
            weight = float(number or "")
        except ValueError:
            raise InputError(
                f"weights of metrics: expected METRIC=NUMBER, such as imagenet=2,retrieval=1, "
                f"got {pair!r}"
            ) from None
        if name in found:
            raise InputError(f"weights of metrics: {name!r} stands there twice")
        found[name] = weight
    return found


def bounds_in(requirements: Sequence[str]) -> list[str]:
    """What is required; empty words, which require nothing in place of what a folder does, are not.

    Examples
    --------
    >>> bounds_in(["retrieval<=0.45@0.9"]), bounds_in([""])
    (['retrieval<=0.45@0.9'], [])
    """
    return [each for each in requirements if each.strip()]


def joining(
    folder: Path, metric_weights: str | None, requirements: Sequence[str]
) -> tuple[dict[str, float] | None, list[str]]:
    """Weights of metrics and what is required: as given, or else as a folder of studies has them.

    Raises
    ------
    InputError
        If weights are none, or the folder is damaged.
    """
    weights, bounds = weights_by_metric(metric_weights), bounds_in(requirements)
    if not is_of_metrics(folder):
        return weights, bounds
    index = open_index(folder)
    taken = {
        "--metric-weights": weights is None and index.weights is not None,
        "--require": not requirements and bool(index.constraints),
    }
    if any(taken.values()):
        names = " and ".join(name for name, is_taken in taken.items() if is_taken)
        note(f"Metrics are joined as `qqt study` was asked to; {names} joins them otherwise.")
    return (
        index.weights if taken["--metric-weights"] else weights,
        list(index.constraints) if taken["--require"] else bounds,
    )


def report(
    sources: Sequence[str],
    form: str,
    *,
    levels: str | None,
    scale: float | None,
    target_pools: str | None,
    budgets: str | None,
    new_run: bool,
    only_group: str | None,
    figures: Figures | None,
    outputs: Sequence[str],
    explain: bool,
    yes: bool,
    overwrite: bool,
    metric_weights: str | None,
    requirements: Sequence[str],
    **criteria: Any,
) -> None:
    """Decide over several metrics, print the decision and write it.

    Parameters
    ----------
    sources : sequence of str
        One folder of studies by metric, or files of fits of several metrics.
    form : {"table", "json", "csv"}
    levels, scale, target_pools, budgets, new_run, only_group, figures, outputs, explain
    yes, overwrite, metric_weights, requirements
        The options of the command. What is to be written is checked before long work.
    **criteria
        As for `qqt_bayes.decide_metrics`.
    """
    read = [*sources, levels, target_pools]
    if Path(sources[0]).is_dir():
        read += [str(path) for path in Path(sources[0]).rglob("*")]
    paths = [writable(Path(name), read, WRITERS) for name in outputs]
    require_decisions(paths, overwrite=overwrite)
    if figures:
        figures.prepare(OF_METRICS, overwrite=overwrite)
    weights, bounds = joining(Path(sources[0]), metric_weights, requirements)
    fits, studies = _read(sources)
    first = next(iter(next(iter(fits.values())).values()))
    larger = target_pools_of(scale, target_pools)
    if studies and (levels is None or budgets is None):
        require_alike(studies, levels=levels is None, budgets=budgets is None)
    one = next(iter(studies.values()), None)
    samples = budgets_for(first, budgets) if one is None or budgets is not None else one.budgets
    taken = levels_of(first, levels) if one is None or levels is not None else one.levels
    taken = as_levels(taken, first.pools)
    # of levels that are asked for as larger there is nothing to ask
    asked = taken if levels is not None and larger is None else None
    go_on(questions_of_targets(first.runs, samples, asked), yes)
    with shown("Judging levels"):
        found = decide_metrics(
            fits,
            taken,
            samples,
            weights=weights,
            constraints=bounds,
            law_weights={metric: saved.weights for metric, saved in studies.items()},
            target_pools=larger,
            group=only_group,
            new_run=new_run,
            **criteria,
        )
    warn_of_refused(fits)
    for path in paths:  # first: who closes the pipe behind stdout gets the files all the same
        write(path, WRITERS[path.suffix.lower()](found))
    beware = [
        f"{quoted(metric)}: {line}"
        for metric, saved in studies.items()
        for line in left_out(saved.refused, list(fits[metric]))
    ]
    emit(found, form, beware)
    if figures:
        from qqt_bayes.report.figures.files import write_of_metrics

        figures.draw(write_of_metrics, found)
    if explain:
        note("All that is known of one metric: `qqt decide` with its study, or its fits, alone.")


def _read(sources: Sequence[str]) -> tuple[dict[str, dict[str, Fit]], dict[str, Saved]]:
    """The fits of each metric by the names of their models, and its study if there is one."""
    if Path(sources[0]).is_dir():
        each = {
            metric: read_study(str(folder), open_fit)
            for metric, folder in open_metrics(sources[0]).items()
        }
        return (
            {metric: fits for metric, (fits, _) in each.items()},
            {metric: saved for metric, (_, saved) in each.items()},
        )
    of_metric: dict[str, list[tuple[str, Fit]]] = {}
    for path in sources:
        fit = open_fit(Path(path))
        of_metric.setdefault(str(fit.attrs["metric"]), []).append((path, fit))
    note(f"Metrics: {', '.join(map(quoted, of_metric))}, of which each fit says its own.")
    return (
        {
            metric: named_by_model([path for path, _ in each], [fit for _, fit in each])
            for metric, each in of_metric.items()
        },
        {},
    )


def require_alike(studies: dict[str, Saved], *, levels: bool, budgets: bool) -> None:
    """Refuse studies that were asked about other levels or budgets, where they are to say these.

    Raises
    ------
    InputError
        Naming two metrics.
    """
    found = differing(
        {metric: saved.levels for metric, saved in studies.items()} if levels else {},
        {metric: saved.budgets for metric, saved in studies.items()} if budgets else {},
    )
    if found:
        what, name, metric = found
        raise InputError(
            f"the studies of {name!r} and {metric!r} are about other {what}; --{what} says which "
            "to decide about"
        )


def warn_of_refused(fits: dict[str, dict[str, Fit]]) -> None:
    """Say which fits did not pass their gates and are used all the same."""
    for metric, each in fits.items():
        for fit in each.values():
            if not fit.gate.passed:
                warn(f"{quoted(metric)}: {gate_text.verdict(fit.gate)}")


def emit(found: xr.Dataset, form: str, beware: Sequence[str] = ()) -> None:
    """Print a decision over metrics: the verdict, winners by metric, candidates, and why.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    form : {"table", "json", "csv"}
    beware : sequence of str
        What has to be known before anything else.
    """
    if form == "json":
        output.emit(metrics_frame(found), form, lambda: metrics_json(found))
        return
    if form == "csv":
        output.emit(metrics_frame(found), form, dict)
        lines = [line for each in answers_of_metrics(found) for line in each.lines]
        note("\n".join([*beware, *lines]))
        return
    printed.write_metrics(output.stdout(), found, beware)

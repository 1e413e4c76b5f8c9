"""Figures as files: all those of a decision, or one, each written whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qqt_bayes.files import slug, write
from qqt_bayes.laws.effective_samples import EFFECTIVE
from qqt_bayes.planning.plan import Plan
from qqt_bayes.posterior.fit import AnyFit, Fit, opened
from qqt_bayes.report.figures import of_fits, plots
from qqt_bayes.report.figures.metrics import choices_by_metric
from qqt_bayes.report.figures.names import MAKER, STANDARD
from qqt_bayes.report.figures.plan import plot_plan
from qqt_bayes.report.figures.prior import plot_prior
from qqt_bayes.report.figures.style import drawing, figure_of, lay_out

ENDINGS: dict[str, dict[str, Any]] = {
    ".png": {"dpi": 200, "metadata": {"Software": MAKER}},
    ".svg": {"metadata": {"Date": None, "Creator": MAKER}},
    ".pdf": {"metadata": {"CreationDate": None, "Creator": MAKER}},
}
"""Options of `savefig` by the ending of a file's name; without the date the same figure gives the
same bytes."""


def save(
    figure: Figure, stem: str | PathLike[str], formats: Sequence[str] = STANDARD
) -> tuple[Path, ...]:
    """Write a figure as files of several types; a PNG has 200 dots per inch.

    Parameters
    ----------
    figure : Figure
    stem : path
        Without the ending; its folder must exist.
    formats : sequence of str
        Some of `qqt_bayes.report.figures.names.FORMATS`.

    Returns
    -------
    tuple of Path
        A file of each type.
    """
    paths = tuple(Path(f"{stem}.{each}") for each in formats)
    with drawing():
        lay_out(figure)
    figure.set_layout_engine("none")  # or each file would lay it out anew
    for path in paths:
        write_figure(figure, path)
    return paths


def write_figures(
    fits: AnyFit | Mapping[str, Fit],
    decision: xr.Dataset,
    folder: Path,
    formats: Sequence[str] = STANDARD,
) -> list[Path]:
    """Write the figures of a decision; with several groups or laws, some for each.

    Parameters
    ----------
    fits : DataTree, Fit, or mapping of str to Fit
        Of the same runs; several by the names of their models.
    decision : Dataset
        As `qqt_bayes.decide` made it of them.
    folder : Path
        Where; it must exist.
    formats : sequence of str
        As what, see `qqt_bayes.report.figures.names.FORMATS`.

    Returns
    -------
    list of Path
    """
    by_model = opened(fits)
    first = next(iter(by_model.values()))
    models, groups = decision.attrs["models"], first.groups
    deciding = {name: by_model.get(name, first) for name in models}
    decided = decision["group"].values.ravel().tolist() if "group" in decision.coords else groups
    of_group, of_model = _endings(groups), _endings(list(by_model))
    paths: list[Path] = []

    def keep(axes: Axes, stem: str) -> None:
        paths.extend(save(figure_of(axes), folder / stem, formats))

    with drawing(decision, first.runs):
        for name in decided:
            curves = plots.plot_scaling_curves(decision, fits=deciding, group=name)
            keep(curves, f"scaling_curves{of_group[name]}")
            keep(
                plots.plot_probability_best(decision, group=name),
                f"probability_best{of_group[name]}",
            )
        for model, fit in by_model.items():
            of_utility = "b" in fit.parameters and fit.spec.law not in EFFECTIVE
            for name in decided if of_utility else ():
                stem = f"utility_curves{of_model[model]}{of_group[name]}"
                keep(of_fits.plot_utility(fit, group=name)[0], stem)
            keep(of_fits.plot_parameters(fit)[0], f"parameter_posteriors{of_model[model]}")
    return paths


def write_frontier(
    found: xr.Dataset, folder: Path, formats: Sequence[str] = STANDARD
) -> list[Path]:
    """Write the figure of a frontier; with several groups one for each.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.frontier` returns it.
    folder : Path
        Where; it must exist.
    formats : sequence of str
        As what, see `qqt_bayes.report.figures.names.FORMATS`.
    """

    def draw(of_group: xr.Dataset) -> Figure:
        with drawing(of_group):
            return figure_of(plots.plot_frontier(of_group))

    return _of_each_group(found, draw, folder / "frontier", formats)


def write_of_metrics(
    found: xr.Dataset, folder: Path, formats: Sequence[str] = STANDARD
) -> list[Path]:
    """Write the figure of a decision over several metrics; with several groups one for each.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    folder : Path
        Where; it must exist.
    formats : sequence of str
        As what, see `qqt_bayes.report.figures.names.FORMATS`.
    """
    return _of_each_group(found, choices_by_metric, folder / "choices_by_metric", formats)


def write_plan(plan: Plan, folder: Path, formats: Sequence[str] = STANDARD) -> list[Path]:
    """Write the figure of proposed runs.

    Parameters
    ----------
    plan : Plan
        As `qqt_bayes.design` returns it.
    folder : Path
        Where; it must exist.
    formats : sequence of str
        As what, see `qqt_bayes.report.figures.names.FORMATS`.
    """
    with drawing(plan.levels, plan.sets):
        figure = figure_of(plot_plan(plan)[0])
    return [*save(figure, folder / "plan", formats)]


def write_prior(prior: xr.DataTree, path: Path) -> None:
    """Write the figure of a prior as PNG, SVG or PDF, whichever the ending of the file's name is.

    Parameters
    ----------
    prior : DataTree
        As `qqt_bayes.prior_predictive` returns it.
    path : Path
        Its folder must exist.
    """
    with drawing(*(each.to_dataset() for each in prior.children.values())):
        figure = figure_of(plot_prior(prior)[0])
    write_figure(figure, path)


def _of_each_group(
    found: xr.Dataset, draw: Callable[[xr.Dataset], Figure], stem: Path, formats: Sequence[str]
) -> list[Path]:
    """Write a figure; with several groups one for each."""
    if "group" not in found.dims:
        return [*save(draw(found), stem, formats)]
    ending = _endings(found["group"].values.tolist())
    return [
        path
        for name, end in ending.items()
        for path in save(draw(found.sel(group=name)), stem.with_name(f"{stem.name}{end}"), formats)
    ]


def _endings(names: list[str]) -> dict[str, str]:
    """What follows the title in the name of a file: nothing where there is one name only."""
    if len(names) == 1:
        return {names[0]: ""}
    return {name: f"-{word}" for name, word in _in_file_names(names).items()}


def _in_file_names(groups: list[str]) -> dict[str, str]:
    """A word for each group that any file system takes; no two differ in upper case only.

    Examples
    --------
    >>> _in_file_names(["ViT-B/32", "ViT-L/14"])
    {'ViT-B/32': 'ViT-B-32', 'ViT-L/14': 'ViT-L-14'}
    >>> _in_file_names(["ViT-B/32", "ViT-B 32"])
    {'ViT-B/32': '1-ViT-B-32', 'ViT-B 32': '2-ViT-B-32'}
    """
    words = [slug(name).strip("-.") for name in groups]
    if len({word.lower() for word in words}) < len(words):
        words = [f"{i}-{word}" for i, word in enumerate(words, start=1)]
    return dict(zip(groups, words, strict=True))


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, SVG or PDF, whichever the ending of the file's name is."""
    with drawing():
        ending = path.suffix.lower()
        figure.savefig(drawn := BytesIO(), format=ending[1:], **ENDINGS[ending])
    write(path, drawn.getvalue())

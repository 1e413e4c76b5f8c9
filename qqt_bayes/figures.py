"""All figures of a decision, from a fit to files."""

import re
from pathlib import Path

import xarray as xr

from qqt_bayes import plots, posterior
from qqt_bayes.methods import method_of


def write_figures(
    fit: xr.DataTree, decision: xr.Dataset, levels: xr.DataArray, folder: Path
) -> list[Path]:
    """Write the figures of a decision as PNG and SVG; with several groups, some for each.

    Parameters
    ----------
    fit : DataTree
    decision : Dataset
        As `qqt_bayes.decide` made it of the fit.
    levels : DataArray, dims (level, pool)
        What was decided between.
    folder : Path
        Where; it must exist.

    Returns
    -------
    list of Path
    """
    runs, parameters = posterior.runs(fit), posterior.parameters(fit)
    groups = runs["group"].values.tolist()
    known = decision["group"].values.ravel().tolist() if "group" in decision.coords else groups
    paths: list[Path] = []
    for name in known:
        ending = f"-{_in_file_names(groups)[name]}" if len(groups) > 1 else ""
        mine = decision.sel(group=name) if "group" in decision.dims else decision
        its_runs = runs.isel(run=(runs["group_index"] == groups.index(name)).values)
        figures = {
            "scaling_curves": plots.scaling_curves(mine, its_runs, levels),
            "probability_best": plots.probability_best(mine),
            "utility_curves": plots.utility_curves(parameters.sel(group=name)),
        }
        for title, figure in figures.items():
            paths += plots.save(figure, folder / f"{title}{ending}")
    inferred, prior = (xr.Dataset(dict(fit[part].items())) for part in ("posterior", "prior"))
    inferred.attrs["method"] = method_of(fit.attrs)
    paths += plots.save(
        plots.parameter_posteriors(inferred, prior), folder / "parameter_posteriors"
    )
    return paths


def _in_file_names(groups: list[str]) -> dict[str, str]:
    """A word for each group that any file system takes, no two alike.

    Examples
    --------
    >>> _in_file_names(["ViT-B/32", "ViT-L/14"])
    {'ViT-B/32': 'ViT-B-32', 'ViT-L/14': 'ViT-L-14'}
    >>> _in_file_names(["ViT-B/32", "ViT-B 32"])
    {'ViT-B/32': '1-ViT-B-32', 'ViT-B 32': '2-ViT-B-32'}
    """
    words = [re.sub(r"[^\w.]+", "-", name).strip("-.") for name in groups]
    if len({word.lower() for word in words}) < len(words):
        words = [f"{i}-{word}" for i, word in enumerate(words, start=1)]
    return dict(zip(groups, words, strict=True))

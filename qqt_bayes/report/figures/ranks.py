"""Figure of a calibration: the ECDF of ranks less that of uniform ones, and its bands.

`arviz_plots.plot_ecdf_pit` draws one line in a panel, where a model has dozens of scalars, and one
band, where the band of one scalar and that of all of them say different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qqt_bayes.calibration.uniformity import (
    ENDS,
    RANKED_DRAWS,
    ecdf_band,
    ecdf_differences,
    jointly,
    p_values,
)
from qqt_bayes.report.figures.style import GREY, INK, WIDTH, drawing, palette, short

MAX_COLUMNS = 3
"""Panels side by side, at the most."""
MAX_NAMED = 4
"""Scalars outside the joint band that the legend of a panel names, at the most."""


def rank_ecdfs(ranks: Mapping[str, xr.DataArray], probability: float = 0.95) -> Figure:
    """Draw a panel for each calibration, with a line for each of its scalars.

    Parameters
    ----------
    ranks : mapping of str to DataArray, dims (replication, scalar)
        Among 99 draws, by the title of the panel.
    probability : float
        Of the bands: the dark one is for one scalar, the light one for all of a panel jointly.

    Returns
    -------
    Figure
        Lines in colour leave the joint band, dashed ones the other only.
    """
    with drawing(dict(ranks)):
        columns = min(MAX_COLUMNS, len(ranks))
        rows = ceil(len(ranks) / columns)
        figure = Figure(figsize=(WIDTH, 0.6 + (3.4 if columns == 1 else 2.0) * rows))
        panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
        for axes, (title, each) in zip(panels, ranks.items(), strict=False):
            _panel(axes, title, each, probability)
        for i, axes in enumerate(panels):
            if i < len(ranks):
                axes.tick_params(labelbottom=i + columns >= len(ranks))
            else:
                axes.set_axis_off()
        figure.supxlabel("share of draws below the truth", fontsize=9)
        figure.supylabel("ECDF less that of uniform ranks", fontsize=9)
    return figure


def _panel(axes: Axes, title: str, ranks: xr.DataArray, probability: float) -> None:
    """Draw the bands and the lines of one calibration."""
    count, scalars = ranks.sizes["replication"], ranks.sizes["scalar"]
    joint = jointly(probability, scalars)
    at = np.concatenate([[0], ENDS / (RANKED_DRAWS + 1), [1]])  # an ECDF begins at 0, ends at 1
    for held, shade in ((joint, "0.93"), (probability, "0.85")):
        lower, upper = (np.pad(each, 1) for each in ecdf_band(count, held))
        axes.fill_between(at, lower, upper, color=shade, linewidth=0)
    departures = ecdf_differences(ranks)
    names, p = ranks["scalar"].to_numpy(), p_values(ranks).to_numpy()
    outside_joint, outside_own = (names[p <= 1 - held].tolist() for held in (joint, probability))
    colours = dict(zip(outside_joint, palette(len(outside_joint)), strict=True))
    for name in names:
        line = np.pad(departures.sel(scalar=name).to_numpy(), 1)
        if name in colours:
            label = short(str(name)) if outside_joint.index(name) < MAX_NAMED else None
            axes.plot(at, line, color=colours[name], linewidth=1.2, zorder=3, label=label)
        else:
            style = "--" if name in outside_own else "-"
            axes.plot(at, line, color=GREY, linewidth=0.7, linestyle=style, alpha=0.8)
    axes.set(xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1], xticklabels=["0", "", "0.5", "", "1"])
    axes.set_title(f"{title}\n{scalars} scalars, {count} tables", color=INK, fontsize=8)
    if outside_joint:
        box = {"frameon": True, "framealpha": 0.8, "edgecolor": "none", "facecolor": "white"}
        axes.legend(fontsize=7, loc="best", **box)

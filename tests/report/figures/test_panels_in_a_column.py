"""Figures of several panels in a column of a paper: what cannot be read is left out and counted."""

import itertools
import re

import made
import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

import qqt_bayes as qqt

POINTS = 72
"""Points in an inch."""
LEAST = 0.35
"""Inches of a panel in which a curve can be seen."""


@pytest.fixture(name="drawn", scope="module")
def figures_of_many_panels():
    """Each figure as a function of the axes, and how many panels it has where there is room."""
    fit = made.fit(pools=10, draws=20, spread=0.03)
    rows = pd.DataFrame({"pool": [f"p{i}" for i in range(15)], "unique_samples": 1e7})
    runs = qqt.read_runs(rows.assign(samples_seen=2e7, error=0.5))
    prior = qqt.prior_predictive(runs, "utility", "64M:5B:9", draws=20)
    return {
        "prior": (lambda ax: qqt.plot_prior(prior, ax=ax), 12),
        "parameters": (lambda ax: qqt.plot_parameters(fit, ax=ax), 4),
        "utility": (lambda ax: qqt.plot_utility(fit, ax=ax), 10),
    }


def in_column(draw, layout: str | None, height: float = 2.6):
    """The figure and the panels of what is drawn on axes of a column's width."""
    with matplotlib.rc_context({"font.size": 8}):
        figure, ax = pyplot.subplots(figsize=(3.3, height), layout=layout)
        panels = draw(ax)
    figure.draw_without_rendering()
    return figure, panels


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("name", ["prior", "parameters", "utility"])
def test_every_panel_can_be_read(drawn, name, layout) -> None:
    """None is a few pixels high, and nothing is cut off at the figure's edge."""
    figure, panels = in_column(drawn[name][0], layout)
    assert min(axes.bbox.height for axes in panels) / figure.dpi >= LEAST
    whole = figure.get_tightbbox()
    assert -0.02 <= whole.x0 <= whole.x1 <= 3.32
    assert -0.02 <= whole.y0 <= whole.y1 <= 2.62


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("name", ["prior", "parameters", "utility"])
def test_panels_without_room_are_counted(drawn, name, layout) -> None:
    draw, all_of_them = drawn[name]
    _, panels = in_column(draw, layout)
    assert 1 <= len(panels) < all_of_them
    said = panels[-1].get_xlabel().replace("\n", " ")
    total = 15 if name == "prior" else all_of_them
    assert f"{total - len(panels)} more" in said
    assert "not shown" in said


@pytest.mark.parametrize("name", ["parameters", "utility"])
def test_there_are_more_where_there_is_room(drawn, name) -> None:
    draw, all_of_them = drawn[name]
    _, panels = in_column(draw, "constrained", height=9.0)
    assert len(panels) == all_of_them
    assert not re.search("not shown", " ".join(axes.get_xlabel() for axes in panels))
    assert len(np.ravel(draw(None))) == all_of_them


@pytest.mark.parametrize("layout", ["constrained", None])
def test_names_of_rows_do_not_meet(drawn, layout) -> None:
    figure, panels = in_column(drawn["parameters"][0], layout)
    boxes = [
        tick.label1.get_window_extent()
        for tick in panels[0].yaxis.get_major_ticks()
        if tick.label1.get_text()
    ]
    assert len(boxes) == 10
    for one, other in itertools.pairwise(sorted(boxes, key=lambda box: box.y0)):
        assert one.y1 <= other.y0 + 2
    assert figure.axes


@pytest.mark.parametrize("style", ["default", "ggplot"])
def test_numbers_of_panels_side_by_side_do_not_meet(style) -> None:
    fit = made.fit(pools=10, draws=20, spread=0.03)
    with matplotlib.style.context(style):
        panels = qqt.plot_parameters(fit)
    figure = panels[0].figure
    figure.draw_without_rendering()
    for one, other in itertools.combinations(panels, 2):
        gap = max(one.bbox.x0, other.bbox.x0) - min(one.bbox.x1, other.bbox.x1)
        if abs(one.bbox.y0 - other.bbox.y0) < 1:
            assert gap >= 8 * figure.dpi / POINTS
    numbers = [
        tick.label1.get_window_extent()
        for axes in panels
        for tick in axes.xaxis.get_major_ticks()
        if tick.label1.get_text()
    ]
    for one, other in itertools.combinations(numbers, 2):
        assert not one.overlaps(other)

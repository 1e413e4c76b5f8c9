"""Figures as wide as a column of a paper: what is named, and that no words cover others."""

import itertools

import made
import matplotlib
import numpy as np
import pytest
import xarray as xr
from drawn import words
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

import qqt_bayes as qqt
from qqt_bayes.report.figures.bands import EXTRAPOLATION
from qqt_bayes.report.figures.labels import AREA

COLUMN = (3.3, 2.6)
"""Inches of a figure in a column of a paper."""
SIZES = [(8, "constrained"), (8, None), (10, "constrained")]
"""Points of letters, and the layout; 10 is what matplotlib takes by itself."""


def in_column(draw, letters: float = 8, layout: str | None = "constrained") -> Figure:
    """What is drawn on axes of a column's size, placed as a drawing places it."""
    with matplotlib.rc_context({"font.size": letters}):
        figure, ax = pyplot.subplots(figsize=COLUMN, layout=layout)
        draw(ax)
    figure.draw_without_rendering()
    return figure


def box_of(text: Text):
    """The box of a text's own letters."""
    box = text.get_window_extent()
    return Text.get_window_extent(text) if isinstance(text, Annotation) else box


@pytest.fixture(name="fading", scope="module")
def a_level_that_leads_at_small_budgets_only(decision: xr.Dataset) -> xr.Dataset:
    """More probable than all others at the least budget, gone at the largest; four never matter."""
    share = np.full((8, 9), 0.005)
    share[1] = [0.53, 0.36, 0.07, 0.03, 0.015, 0.01, 0.01, 0.01, 0.01]
    share[6] = np.linspace(0.0, 0.18, 9)
    share[5] = np.linspace(0.0, 0.32, 9)
    share[2] += 1 - share.sum(axis=0)
    best = decision["probability_best"].transpose("level", "budget").copy(data=share)
    winner = ["undecided"] * 9
    leader = [*["undecided"] * 2, *["top 3"] * 2, *["undecided"] * 5]
    return decision.assign(
        probability_best=best,
        winner=("budget", winner),
        leader=("budget", leader),
        proven=("budget", [False] * 9),
    )


@pytest.mark.parametrize(("letters", "layout"), SIZES)
def test_a_level_that_leads_anywhere_is_named(fading, letters, layout) -> None:
    figure = in_column(lambda ax: qqt.plot_probability_best(fading, ax=ax), letters, layout)
    said = " ".join(words(figure)).replace("\n", " ")
    for name in ("top 2", "top 3", "top 6", "top 7"):
        assert name in said, name
    assert "never above 1%" in said
    assert "4 other levels" in said or all(f"top {i}" in said for i in (1, 4, 5, 8))


@pytest.mark.parametrize(("letters", "layout"), SIZES)
def test_levels_in_the_footnote_are_named_nowhere_else(fading, letters, layout) -> None:
    """Their bound holds for each of them."""
    figure = in_column(lambda ax: qqt.plot_probability_best(fading, ax=ax), letters, layout)
    named = {text.get_text() for text in figure.findobj(Text) if text.get_gid()}
    others = [name for name in fading["level"].values if name not in named]
    (note,) = (x.replace("\n", " ") for x in words(figure) if "Not named" in x)
    most = fading["probability_best"].max("budget").sel(level=others)
    small = most[most < 0.1]
    assert f"{small.size} other levels" in note or all(x in note for x in small["level"].values)
    assert all(f"{x['level'].item()} ({x.item():.0%} at" in note for x in most[most >= 0.1])


def test_why_no_winner_is_named_has_a_mark_of_its_own_that_is_explained(fading) -> None:
    figure = in_column(lambda ax: qqt.plot_probability_best(fading, ax=ax))
    said = words(figure)
    assert {"?", "!"} <= set(said)
    (title,) = (text for text in said if text.startswith("P(best)"))
    assert title.endswith("90%, ? undecided, ! not proven")
    (shown,) = (text for text in figure.findobj(Text) if text.get_text() == title)
    assert shown.get_window_extent().x1 <= figure.bbox.x1 + 1
    with matplotlib.rc_context({"figure.figsize": (14, 4)}):
        wide = set(words(qqt.plot_probability_best(fading).figure))
    assert not {"?", "!"} & wide
    assert {"undecided", "not proven", "best with a probability of at least 90%"} <= wide


@pytest.fixture(name="drawn", scope="module")
def figures_that_extrapolate(fading, decision: xr.Dataset, fit: xr.DataTree):
    """Figures whose budgets lie beyond the runs on both sides, each a function of the axes."""
    targets = qqt.frontier(fit, made.levels(8), "32M:5.12B:9", [0.75, 0.62])
    return {
        "best": lambda ax: qqt.plot_probability_best(fading, ax=ax),
        "curves": lambda ax: qqt.plot_scaling_curves(decision, fits=fit, ax=ax),
        "regret": lambda ax: qqt.plot_regret(decision, ax=ax),
        "frontier": lambda ax: qqt.plot_frontier(targets, ax=ax),
    }


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("name", ["best", "curves", "regret", "frontier"])
def test_no_words_cover_others(drawn, name, layout) -> None:
    figure = in_column(drawn[name], layout=layout)
    (axes,) = figure.axes
    shown = [text for text in axes.texts if text.get_text()]
    assert sum(text.get_text() == EXTRAPOLATION for text in shown) == 2
    if name == "best":
        assert any(text.get_gid() == AREA for text in shown)
    for one, other in itertools.combinations(shown, 2):
        apart = not box_of(one).padded(-0.5).overlaps(box_of(other).padded(-0.5))
        assert apart, (one.get_text(), other.get_text())
    ticks = [box_of(tick.label1) for tick in axes.xaxis.get_major_ticks() if tick.label1.get_text()]
    inside = [box for box in ticks if axes.bbox.x0 <= (box.x0 + box.x1) / 2 <= axes.bbox.x1]
    for one, other in itertools.combinations(inside, 2):
        assert not one.padded(1).overlaps(other)


def test_the_key_of_curves_covers_none_of_them(drawn) -> None:
    (axes,) = in_column(drawn["curves"]).axes
    assert axes.get_legend().get_window_extent().y0 >= axes.bbox.y1 - 1
    assert "choice (no clear winner)" in words(axes.figure)

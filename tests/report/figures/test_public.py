"""The public figures on axes that are given, under styles, with any names, in any file."""

import warnings

import made
import matplotlib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from drawn import BUDGETS
from made_reuse import fit_of_reuse
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

import qqt_bayes as qqt
from qqt_bayes.report.figures.style import figure_of

HOSTILE = [r"$x_1$ \frac{a}", "$ 5 off $", r"C:\new\table", "_hidden & <b>", "a" * 60]
STYLES = ["default", "ggplot", "dark_background"]


def renamed(fit: xr.DataTree, names: list[str]) -> xr.DataTree:
    """A fit whose pools, training sets and metric have other names."""
    groups = {}
    for name, each in fit.children.items():
        group = each.to_dataset(inherit=False)
        for dim in {"pool", "data"} & set(group.coords):
            group = group.assign_coords({dim: [f"{dim} {each}" for each in names]})
        groups[name] = group
    found = xr.DataTree.from_dict({"/": xr.Dataset(attrs=fit.attrs), **groups})
    found.attrs |= {"metric": names[0]}
    return found


def levels(pools: list[str]) -> xr.DataArray:
    return made.levels(len(pools)).assign_coords(level=HOSTILE, pool=pools)


@pytest.fixture(name="drawn", scope="module")
def everything():
    """Each public figure as a function of the axes, of results with hostile names."""
    fit = renamed(made.fit(pools=5, draws=20, spread=0.03), HOSTILE)
    taken = levels(qqt.Fit.of(fit).pools)
    reuse = fit_of_reuse(5, HOSTILE)
    decision = qqt.decide(fit, taken, BUDGETS)
    frontier = qqt.frontier(fit, taken, "64M:5B:5", [0.6])
    plan = qqt.design(fit, "500M", "2B", taken, at="64M, 128M")
    rows = {"pool": HOSTILE, "unique_samples": 1e7, "samples_seen": 2e7, "error": 0.5}
    prior = qqt.prior_predictive(qqt.read_runs(pd.DataFrame(rows)), "utility", BUDGETS, draws=20)
    return {
        "curves of a fit": lambda ax: qqt.plot_scaling_curves(fit, levels=taken, ax=ax),
        "curves": lambda ax: qqt.plot_scaling_curves(decision, fits=fit, ax=ax),
        "best": lambda ax: qqt.plot_probability_best(decision, ax=ax),
        "regret": lambda ax: qqt.plot_regret(decision, ax=ax),
        "frontier": lambda ax: qqt.plot_frontier(frontier, ax=ax),
        "utility": lambda ax: qqt.plot_utility(fit, ax=ax),
        "effective": lambda ax: qqt.plot_effective_samples(reuse, ax=ax),
        "parameters": lambda ax: qqt.plot_parameters(fit, ax=ax),
        "plan": lambda ax: qqt.plot_plan(plan, ax=ax),
        "prior": lambda ax: qqt.plot_prior(prior, ax=ax),
    }


PANELS = ("utility", "parameters", "plan", "prior")
"""Those that have several panels."""
NAMES = ("curves of a fit", "curves", "best", "regret", "frontier", "effective", *PANELS)


def texts(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_drawn_as_they_are_written_in_any_file(drawn, name, tmp_path):
    """No dollar begins a formula, whatever the user's settings are."""
    with matplotlib.rc_context({"text.parse_math": True}):
        figure, ax = pyplot.subplots(figsize=(3.3, 8), layout="constrained")
        drawn[name](ax)
        for ending in ("png", "svg", "pdf"):
            figure.savefig(tmp_path / f"figure.{ending}")
            assert (tmp_path / f"figure.{ending}").stat().st_size > 1000
        shown = [text for text in texts(figure) if {"$", "\\"} & set(text.get_text())]
        assert shown
        assert not any(text.get_parse_math() or text.get_usetex() for text in shown)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_shows_a_dollar_or_a_backslash_that_is_no_name_s(drawn, name):
    figure = figure_of(np.ravel(drawn[name](None))[0])
    for text in texts(figure):
        own = text.get_text().replace("\n", " ")
        for each in HOSTILE:
            for cut in range(len(each), 3, -1):  # long names are cut
                own = own.replace(each[:cut], "")
        assert not {"$", "\\"} & set(own), own


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_leaves_axes_that_are_given_at_a_column_s_width(drawn, name, style):
    """Also without a layout: 3.3 inches are the column of a paper."""
    for layout in (None, "constrained") if style == "default" else (None,):
        with matplotlib.style.context(style), matplotlib.rc_context({"font.size": 8}):
            figure, ax = pyplot.subplots(figsize=(3.3, 3.0), layout=layout)
            returned = np.ravel(drawn[name](ax))
            assert all(each.figure is figure for each in returned)
            assert name in PANELS or returned[0] is ax
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # ten panels of three inches are too many
                figure.draw_without_rendering()
            if name in PANELS:
                continue
            box = figure.get_tightbbox()
            assert -0.02 <= box.x0 <= box.x1 <= 3.32, (layout, box)
            assert -0.02 <= box.y0 <= box.y1 <= 3.02, (layout, box)
            assert ax.get_position().width > 0.3


@pytest.mark.parametrize("name", NAMES)
def test_a_style_that_is_active_is_not_overwritten(drawn, name):
    with matplotlib.style.context("dark_background"):
        before = dict(matplotlib.rcParams)
        figure = figure_of(np.ravel(drawn[name](None))[0])
        assert figure.get_facecolor() == (0, 0, 0, 1)
        for axes in figure.axes:
            assert axes.get_facecolor() == (0, 0, 0, 1)
        words = [each for each in texts(figure) if each.get_gid() == "end label"]
        assert all(matplotlib.colors.to_rgb(each.get_color()) == (1, 1, 1) for each in words)
        assert dict(matplotlib.rcParams) == before


def test_a_size_and_a_font_of_the_user_are_taken(drawn):
    with matplotlib.rc_context({"figure.figsize": (3.3, 2.5), "font.size": 7, "axes.grid": False}):
        figure = figure_of(drawn["regret"](None))
    assert tuple(figure.get_size_inches()) == (3.3, 2.5)
    sizes = {text.get_fontsize() for text in texts(figure) if text.get_gid() == "end label"}
    assert sizes == {7}


def test_axes_that_are_given_keep_their_grid_and_title(drawn):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(7, 3))
    left.set_title("mine: $x$")
    drawn["best"](left)
    assert left.get_title() == "mine: $x$"
    assert left.title.get_parse_math()
    before = right.get_position().bounds
    drawn["regret"](right)
    assert right.get_position().x0 >= left.get_position().x1
    assert right.get_position().bounds != before  # it gives way to its labels
    figure.draw_without_rendering()


def test_panels_take_an_array_of_axes_or_divide_one(drawn):
    figure, grid = pyplot.subplots(2, 3)
    panels = drawn["utility"](grid)
    assert list(panels) == list(grid.ravel()[:5])
    assert not grid.ravel()[5].axison
    with pytest.raises(qqt.InputError, match="5 panels are drawn, and 2 axes were given"):
        drawn["utility"](grid[0, :2])
    with pytest.raises(qqt.InputError, match="ax: expected axes of matplotlib, got str"):
        drawn["best"]("axes")
    free = pyplot.figure().add_axes((0.1, 0.1, 0.5, 0.5))
    inside = drawn["parameters"](free)
    assert all(each.get_position().x1 <= 0.62 for each in inside)
    figure.draw_without_rendering()


def test_a_marked_figure_says_so_on_axes_that_are_given():
    fit = made.fit(method="laplace", passed=False)
    figure, (ax, _) = pyplot.subplots(1, 2)
    qqt.plot_scaling_curves(fit, ax=ax)
    said = "Approximate posterior (laplace). A fit did not pass its gate"
    assert said in [text.get_text() for text in texts(figure)]
    alone = figure_of(qqt.plot_scaling_curves(fit))
    assert alone.get_suptitle() == said


def test_what_is_no_result_is_refused():
    fit = made.fit()
    decision = qqt.decide(fit, made.levels(), "64M,1.28B")
    for refused, words in (
        (lambda: qqt.plot_probability_best(fit), "expected a decision, .* got DataTree"),
        (lambda: qqt.plot_regret(5), "expected a decision, .* got int"),
        (lambda: qqt.plot_frontier(decision), "a Dataset without frontier, frontier_mean"),
        (lambda: qqt.plot_scaling_curves(decision, levels=made.levels()), "its own levels"),
        (lambda: qqt.plot_scaling_curves(fit, fits=fit), "fits stand beside a decision"),
        (lambda: qqt.plot_effective_samples(fit), "law 'utility' has no effective samples"),
        (lambda: qqt.plot_utility(fit_of_reuse()), "law 'effective-reuse' has no utility"),
        (lambda: qqt.plot_utility(fit, group="b"), "unknown group 'b'"),
    ):
        with pytest.raises(qqt.InputError, match=words):
            refused()
    other = {"other": made.fit(model="power-law")}
    with pytest.raises(qqt.InputError, match=r"those that the decision rests on \(utility\)"):
        qqt.plot_scaling_curves(qqt.decide(fit, made.levels(), "640M,1.28B"), fits=other)


@pytest.mark.parametrize(("levels", "budgets"), [(1, "1B"), (40, "1M:8T:20"), (2, "100M,110M")])
def test_few_and_many_levels_and_budgets_in_a_small_place(levels, budgets):
    fit, taken = made.fit(pools=levels, draws=10), made.levels(levels)
    decision = qqt.decide(fit, taken, budgets)
    frontier = qqt.frontier(fit, taken, budgets)
    for draw in (
        lambda ax: qqt.plot_scaling_curves(decision, fits=fit, ax=ax),
        lambda ax: qqt.plot_probability_best(decision, ax=ax),
        lambda ax: qqt.plot_regret(decision, ax=ax),
        lambda ax: qqt.plot_frontier(frontier, ax=ax),
    ):
        with matplotlib.rc_context({"font.size": 8}):
            figure, ax = pyplot.subplots(figsize=(3.3, 2.4), layout="constrained")
            draw(ax)
        said = [text.get_text() for text in texts(figure)]
        named = [word for word in said if word.startswith("top ")]
        assert named
        assert len(named) < 40

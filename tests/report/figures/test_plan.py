"""The figure of proposed runs: its steps, its cells, its words, and odd plans of every kind."""

from dataclasses import replace
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from drawn import words
from made_plan import plan as plan_of_runs
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

from qqt_bayes.errors import InputError
from qqt_bayes.report.figures.files import save, write_plan
from qqt_bayes.report.figures.plan import plot_plan
from qqt_bayes.report.figures.single_runs import MOST_NUMBERED, cut
from qqt_bayes.report.figures.style import figure_of
from qqt_bayes.report.plan_text import verdict

BUDGETS = [1e8, 2e8, 4e8]


def made(runs=(("a", 2e8), ("c", 1e8)), *, sets=("a", "b", "c"), step=0.6, **changes):
    """A plan of some runs, each of which leaves a share of what the one before left."""
    table = pd.DataFrame(runs, columns=["data", "samples_seen"])
    table = table.assign(unique_samples=1e7, epochs=table["samples_seen"] / 1e7)
    table["training"] = table.groupby(["data", "samples_seen"]).cumcount() + 1
    table["cost"] = table["samples_seen"]
    table["total_cost"] = table["cost"].cumsum()
    table["expected_regret"] = 0.005 * step ** np.arange(1, len(table) + 1)
    names = list(sets)
    each = pd.MultiIndex.from_product([names, BUDGETS], names=["data", "samples_seen"])
    candidates = pd.DataFrame({"cost": 1.0, "value": np.linspace(0, 0.003, len(each))}, each)
    taken = np.full((len(names), 1), 1e7)
    levels = xr.DataArray(taken, {"level": names, "pool": ["x"]}, ("level", "pool"))
    plan = replace(
        plan_of_runs(()),
        runs=table,
        candidates=candidates.reset_index(),
        levels=levels,
        sets=levels.rename(level="data"),
        target=1e9,
        choice=names[0],
        value=0.005 - table["expected_regret"].min() if len(table) else 0.0,
        chosen_after=pd.Series(1 / len(names), names),
        allowance=1e9,
        unit="samples",
        worth=0.0,
    )
    return replace(plan, **changes)


def figure_of_plan(plan, width=7.0) -> Figure:
    """The new figure of a plan, of a width that the user has set."""
    with matplotlib.rc_context({"figure.figsize": (width, 1.0)}):
        return figure_of(plot_plan(plan)[0])


def steps(figure):
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == "left"]
    return line.get_xdata(), line.get_ydata()


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_each_run_is_a_step_down_with_its_number(width):
    plan = made()
    figure = figure_of_plan(plan, width)
    spent, left = steps(figure)
    np.testing.assert_allclose(spent[:-1], [0, 2e8, 3e8])
    np.testing.assert_allclose(left, [0.005, 0.003, 0.0018, 0.0018])
    assert spent[-1] > 3e8
    said = words(figure)
    assert " ".join(figure.get_suptitle().split()) == verdict(plan)
    assert figure.axes[0].get_title("left").endswith(":\n0.005 today, 0.0018 after them")
    assert {"1  a, 200M", "2  c, 100M"} <= {*said}
    assert said.count("1") == said.count("2") == 2  # on the steps, and in their cells
    assert figure.axes[0].get_ylabel() == "expected regret (error)"
    assert figure.get_figwidth() == width


def test_a_cell_is_what_a_run_alone_would_save():
    plan = made()
    cells = next(axes for axes in figure_of_plan(plan).axes if axes.images)
    expected = plan.candidates["value"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(cells.images[0].get_array(), expected)
    assert cells.images[0].get_clim() == (0, 0.003)
    places = {text.get_text(): text.get_position() for text in cells.texts}
    assert places == {"1": (1, 0), "2": (0, 2)}
    assert [tick.get_text() for tick in cells.get_xticklabels()] == ["100M", "200M", "400M"]
    assert [tick.get_text() for tick in cells.get_yticklabels()] == ["a", "b", "c"]


def test_what_is_worth_next_to_nothing_stays_pale():
    plan = made()
    plan.candidates["value"] *= 1e-3
    cells = next(axes for axes in figure_of_plan(plan).axes if axes.images)
    assert cells.images[0].get_clim() == (0, 0.25 * plan.expected_regret)


def test_what_cannot_be_afforded_is_crossed_out():
    plan = made()
    some = plan.candidates[
        (plan.candidates["samples_seen"] < 4e8) | (plan.candidates["data"] != "b")
    ]
    said = words(figure_of_plan(replace(plan, candidates=some)))
    assert said.count("\N{MULTIPLICATION SIGN}") == 1
    assert "\N{MULTIPLICATION SIGN} costs more than there is" in "".join(said)
    assert "\N{MULTIPLICATION SIGN}" not in "".join(words(figure_of_plan(plan)))


def test_one_run_is_one():
    (first, *_) = figure_of_plan(made([("a", 1e8)])).axes
    assert first.get_title("left").endswith("0.005 today, 0.003 after it")


def test_without_runs_the_regret_stays():
    spent, left = steps(figure := figure_of_plan(made([])))
    assert spent.tolist() == [0, 1e9]
    assert left.tolist() == [0.005, 0.005]
    assert "Stop here:" in figure.get_suptitle()
    assert not any("Train" in said or "after" in said for said in words(figure))


def test_where_nothing_can_be_made_there_are_no_cells():
    figure = figure_of_plan(made([], candidates=made().candidates.iloc[:0], allowance=1e3))
    assert len(figure.axes) == 1
    assert "the cheapest costs" in figure.get_suptitle()


def test_money_is_counted_on_both_axes():
    plan = made(unit="EUR", worth=1e6)
    figure = figure_of_plan(plan)
    figure.draw_without_rendering()
    assert figure.axes[0].get_xlabel() == "spent (EUR)"
    (worth,) = figure.axes[0].child_axes
    assert worth.get_ylabel() == "worth (EUR)"
    assert worth.get_ylim() == pytest.approx([0, 1e6 * figure.axes[0].get_ylim()[1]])


@pytest.mark.parametrize("measure", ["loss", "accuracy"])
def test_it_counts_in_what_was_measured(measure):
    figure = figure_of_plan(made(measure=measure, unit="tokens", counted="tokens"))
    said = [each.replace("\n", " ") for each in words(figure)]
    assert f"expected regret ({measure})" in said
    assert f"0.005 in {measure}" in " ".join(figure.get_suptitle().split())
    assert {"spent (tokens seen)", "Train, in this order (tokens seen):"} <= {*said}


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_nothing_leaves_the_figure(width, tmp_path):
    """Names that are long, alike, or formulas elsewhere, and more of everything than has room."""
    sets = [rf"everything that was ever crawled $\frac_{i}$ and kept, {i:02}%" for i in range(40)]
    runs = [(sets[i % 20], BUDGETS[i % 3]) for i in range(0, 30)]
    figure = figure_of_plan(made(runs, sets=sets, step=0.95), width)
    save(figure, tmp_path / "plan")
    said = words(figure)
    assert f"and {len(runs) - MOST_NUMBERED} more" in said
    assert "24 more sets: at most 0.003" in "".join(said)
    assert len({each for each in said if each.startswith("every") and each.endswith("%")}) == 16
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible() and text.axes in (None, figure.axes[1]):
            box = text.get_window_extent().transformed(figure.transFigure.inverted())
            assert box.x0 >= -0.01, text
            assert box.x1 <= 1.01, text


def test_numbers_do_not_cover_each_other():
    runs = [("a", 1e3)] * 6 + [("b", 4e8)]
    figure = figure_of_plan(made(runs, step=0.97), 3.3)
    figure.draw_without_rendering()
    numbers = [text for text in figure.axes[0].texts if text.get_text().isdigit()]
    boxes = [text.get_bbox_patch().get_window_extent() for text in numbers]
    assert len(boxes) == 7
    assert boxes[0].count_overlaps(boxes[1:]) == 0


def test_nothing_to_learn_is_no_fault(tmp_path):
    one = made([], sets=["a"], expected_regret=0.0)
    one.candidates["value"] = 0.0
    figure = figure_of_plan(one, 3.3)
    save(figure, tmp_path / "plan")
    assert figure.axes[0].get_title("left").endswith("less than 0.0001 today")


@pytest.mark.parametrize("layout", [None, "constrained"])
@pytest.mark.parametrize("width", [3.3, 7.0])
def test_the_place_of_axes_is_divided(width, layout):
    """No heading then: the figure may be of many plots."""
    with matplotlib.rc_context({"font.size": 8}):
        figure, ax = pyplot.subplots(figsize=(width, 6), layout=layout)
        steps_of, listed, cells = plot_plan(made(), ax=ax)
        assert not ax.axison
        assert not figure.get_suptitle()
        said = words(figure)
        assert {"1  a, 200M", "2  c, 100M"} <= {*said}
        box = figure.get_tightbbox()
    assert -0.02 <= box.x0 <= box.x1 <= width + 0.02
    assert -0.02 <= box.y0 <= box.y1 <= 6.02
    beside = steps_of.get_position().x1 < cells.get_position().x0
    assert beside == (width == 7)
    assert listed.get_position().y1 < steps_of.get_position().y0


def test_an_array_of_axes_is_drawn_on():
    _, grid = pyplot.subplots(1, 3)
    assert list(plot_plan(made(), ax=grid)) == list(grid)
    assert list(plot_plan(made([]), ax=grid)) == list(grid[:2])
    with pytest.raises(InputError, match="3 panels are drawn, and 2 axes were given"):
        plot_plan(made(), ax=grid[:2])


def test_runs_that_have_no_room_are_counted():
    _, ax = pyplot.subplots(figsize=(7, 2), layout="constrained")
    _, listed, _ = plot_plan(made([("a", 1e8)] * 9, step=0.9), ax=ax)
    said = [text.get_text() for text in listed.texts]
    assert said[0].startswith("Train, in this order")
    assert said[-1] in {"9 runs", *(f"and {n} more" for n in range(1, 9))}


@pytest.mark.parametrize("layout", ["constrained", None])
def test_in_a_column_there_are_steps_and_the_list_and_it_says_so(layout):
    """Three panels in 2.6 inches would be a few pixels high."""
    with matplotlib.rc_context({"font.size": 8}):
        figure, ax = pyplot.subplots(figsize=(3.3, 2.6), layout=layout)
        steps_of, listed = plot_plan(made([("a", 1e8), ("b", 2e8), ("c", 1e8)]), ax=ax)
    figure.draw_without_rendering()
    said = [text.get_text() for text in listed.texts]
    assert said[0].startswith("Train, in this order")
    assert said[1] == "1  a, 100M"
    assert "worth of single runs not shown" in steps_of.get_xlabel().replace("\n", " ")
    assert steps_of.get_ylabel().replace("\n", " ") == "expected regret (error)"
    assert steps_of.bbox.height / figure.dpi > 0.5
    whole = figure.get_tightbbox()
    assert -0.02 <= whole.x0 <= whole.x1 <= 3.32
    assert -0.02 <= whole.y0 <= whole.y1 <= 2.62


def test_in_a_higher_column_there_are_cells_in_rows_that_can_be_read():
    with matplotlib.rc_context({"font.size": 8}):
        figure, ax = pyplot.subplots(figsize=(3.3, 6), layout="constrained")
        sets = [f"set {i}" for i in range(14)]
        panels = plot_plan(made([("set 1", 1e8)], sets=sets), ax=ax)
    figure.draw_without_rendering()
    assert len(panels) == 3
    assert "not shown" not in panels[0].get_xlabel()
    names = [tick.label1.get_window_extent() for tick in panels[-1].yaxis.get_major_ticks()]
    assert len(names) >= 3
    for below, above in pairwise(sorted(names, key=lambda box: box.y0)):
        assert below.y1 <= above.y0 + 2
    if len(names) < 14:
        assert f"{14 - len(names)} more sets" in panels[-1].get_xlabel()


def test_the_colours_of_the_user_are_taken():
    with matplotlib.rc_context({"image.cmap": "magma"}):
        cells = plot_plan(made())[-1]
    assert cells.images[0].get_cmap().name == "magma"
    with matplotlib.style.context("dark_background"):
        cells = plot_plan(made())[-1]
    assert cells.images[0].get_cmap()(0.0)[:3] == (0, 0, 0)


def test_names_that_differ_in_the_middle_alone_are_cut_to_size():
    assert cut("a\nb", 8) == "a b"
    assert len(cut("x" * 99, 16)) == 16


def test_it_is_written_as_png_and_svg(tmp_path):
    assert [path.name for path in write_plan(made(), tmp_path)] == ["plan.png", "plan.svg"]


def test_what_is_no_plan_is_said():
    with pytest.raises(InputError, match=r"expected what qqt_bayes\.design returns, got dict"):
        plot_plan({})

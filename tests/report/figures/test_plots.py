"""What the figures of a decision show, and that it is all there to be read."""

from itertools import pairwise

import made
import made_decision
import matplotlib
import numpy as np
import pytest
import xarray as xr
from drawn import BUDGETS, words
from matplotlib.figure import Figure
from matplotlib.text import Text

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.methods import APPROXIMATE, METHODS
from qqt_bayes.report.figures.curves import OTHER_RUN, RUN, TAKEN, WINNER, level_of_runs
from qqt_bayes.report.figures.of_fits import plot_parameters, plot_utility
from qqt_bayes.report.figures.plots import plot_probability_best, plot_scaling_curves
from qqt_bayes.report.figures.style import figure_of
from qqt_bayes.report.winner_text import NO_WINNER


def scaling_curves(shown, fits=None, **asked) -> Figure:
    return figure_of(plot_scaling_curves(shown, fits=fits, **asked))


def probability_best(decision) -> Figure:
    return figure_of(plot_probability_best(decision))


@pytest.fixture(scope="module")
def curves(fit: xr.DataTree, decision: xr.Dataset) -> Figure:
    return scaling_curves(decision, fit)


def labelled(figure: Figure, label: str) -> list:
    return [artist for axes in figure.axes for artist in axes.lines if artist.get_label() == label]


def end_labels(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    return [text for text in figure.findobj(Text) if text.get_gid() == "end label"]


def test_curves_have_a_line_for_each_level_through_its_expected_errors(
    curves: Figure, decision: xr.Dataset
) -> None:
    for name in decision["level"].values:
        (line,) = labelled(curves, name)
        np.testing.assert_array_equal(line.get_xdata(), decision["budget"])
        np.testing.assert_array_equal(line.get_ydata(), decision["error_mean"].sel(level=name))


def test_lines_are_in_the_order_of_the_table_where_errors_are_skewed() -> None:
    """By the median the other level would look better than the one that is chosen."""
    at = {"level": ["steady", "skewed"], "budget": [1e8, 1e9]}
    error = np.zeros((1, 100, 2, 2))
    error[0, :, 0] = 0.30
    error[0, :, 1] = np.where(np.arange(100) < 80, 0.28, 0.48)[:, np.newaxis]
    drawn = xr.DataArray(error, at, ("chain", "draw", "level", "budget"))
    decided = judge(drawn, Criteria()).sortby("budget")
    attrs = {"kind": "error", "gate_passed": 1, "interval": 0.9, "method": "nuts"}
    shown = decided.assign(
        extrapolation=("budget", [1.0, 1.0]), winner=("budget", ["undecided"] * 2)
    ).assign_attrs(attrs)
    assert set(shown["choice"].values) == {"steady"}
    figure = scaling_curves(shown)
    heights = {name: labelled(figure, name)[0].get_ydata() for name in at["level"]}
    np.testing.assert_allclose(heights["steady"], 0.30)
    np.testing.assert_allclose(heights["skewed"], 0.32)
    assert "expected error, 90 % band" in words(figure)
    in_accuracies = scaling_curves(shown.assign_attrs(measure="accuracy"))
    assert "expected accuracy, 90 % band" in words(in_accuracies)


def test_lines_of_a_fit_are_means_of_what_it_predicts(fit: xr.DataTree) -> None:
    figure = scaling_curves(fit, levels=made.levels(8)[:2], budgets="64M,640M")
    decided = decide(fit, made.levels(8)[:2], "64M,640M")
    for name in ("top 1", "top 2"):
        expected = decided["error_mean"].sel(level=name)
        np.testing.assert_allclose(labelled(figure, name)[0].get_ydata(), expected)


def test_a_result_without_expected_errors_is_refused(decision: xr.Dataset) -> None:
    with pytest.raises(InputError, match="got a Dataset without error_mean"):
        plot_scaling_curves(decision.drop_vars("error_mean"))


def test_curves_show_every_run_at_its_level(curves: Figure, fit: xr.DataTree) -> None:
    runs = Fit.of(fit).runs
    shown = np.concatenate([line.get_xydata() for line in labelled(curves, "runs")])
    assert shown.shape == (runs.sizes["run"], 2)
    assert set(shown[:, 1]) == set(runs["error"].values)
    assert not labelled(curves, "other runs")
    colours = {line.get_label(): line.get_color() for line in curves.axes[0].lines}
    for i, line in enumerate(labelled(curves, "runs")):
        assert tuple(line.get_markerfacecolor()) == tuple(colours[f"top {i + 1}"])


def test_runs_are_known_by_what_they_were_trained_on_or_by_name(fit: xr.DataTree) -> None:
    runs = Fit.of(fit).runs
    renamed = made.levels(8).assign_coords(level=[f"best {i}" for i in range(8)])[:3]
    names = renamed["level"].values.tolist()
    figure = scaling_curves(decide(fit, renamed, BUDGETS), fit)
    assert len(labelled(figure, "runs")) == 3
    assert labelled(figure, "other runs")[0].get_xdata().size == 5 * len(made.BUDGETS)
    assert {RUN, OTHER_RUN} <= set(words(figure))
    assert (level_of_runs(runs, None, names) == -1).all()
    by_name = level_of_runs(runs, None, ["top 3", "top 1"])
    assert set(runs["data"].values[runs["data_index"].values[by_name == 0]]) == {"top 3"}


def test_curves_go_through_runs_that_no_budget_reaches(fit: xr.DataTree) -> None:
    late = decide(fit, made.levels(8), "640M,1.28B")
    figure = scaling_curves(late, fit)
    (line,) = labelled(figure, "top 2")
    assert line.get_xdata()[0] == min(made.BUDGETS)
    at = np.isin(line.get_xdata(), late["budget"])
    expected = late["error_mean"].sel(level="top 2")
    np.testing.assert_array_equal(line.get_ydata()[at], expected)
    alone = labelled(scaling_curves(late), "top 2")[0]
    np.testing.assert_array_equal(alone.get_xdata(), late["budget"])


def test_of_a_fit_there_are_curves_and_runs_and_nothing_is_chosen(fit: xr.DataTree) -> None:
    figure = scaling_curves(fit)
    names = Fit.of(fit).runs["data"].values.tolist()
    assert all(len(labelled(figure, name)) == 1 for name in names)
    assert RUN in words(figure)
    assert not {WINNER, TAKEN, "winner at each budget"} & set(words(figure))
    asked = scaling_curves(fit, levels=made.levels(8)[:2], budgets="64M,128M")
    np.testing.assert_array_equal(labelled(asked, "top 2")[0].get_xdata(), [64e6, 128e6])
    with pytest.raises(InputError, match="a time: give group, one of 'arch 1', 'arch 2'"):
        plot_scaling_curves(made.fit(groups=2, model="cherti"))


def rings(figure: Figure, label: str) -> np.ndarray:
    found = [x for x in figure.axes[0].collections if x.get_label() == label]
    return np.concatenate([x.get_offsets() for x in found]) if found else np.empty((0, 2))


def test_what_is_taken_is_ringed_and_a_winner_otherwise(
    curves: Figure, decision: xr.Dataset
) -> None:
    best = decision["error_mean"].sel(level=decision["choice"])
    expected = np.column_stack([decision["budget"], best])
    won = (decision["winner"] != "undecided").values
    assert won.any()
    assert not won.all()
    np.testing.assert_allclose(rings(curves, WINNER), expected[won])
    np.testing.assert_allclose(rings(curves, TAKEN), expected[~won])


def test_a_strip_stands_only_where_something_was_decided(decision: xr.Dataset) -> None:
    assert "winner at each budget" in words(scaling_curves(decision))
    none = decision["winner"].copy(data=["undecided"] * 9)
    figure = scaling_curves(decision.assign(winner=none, leader=none))
    assert "winner at each budget" not in words(figure)
    assert not rings(figure, WINNER).size
    refused = scaling_curves(decision.assign_attrs(gate_passed=0))
    assert "winner at each budget" not in words(refused)
    assert refused.get_suptitle() == "A fit did not pass its gate"


def test_end_labels_name_all_levels_and_do_not_overlap(
    curves: Figure, decision: xr.Dataset
) -> None:
    labels = end_labels(curves)
    assert [label.get_text() for label in labels] == decision["level"].values.tolist()
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
    assert all(box.x1 <= curves.bbox.x1 for box in boxes)


def test_nothing_is_written_outside_the_figure(fit: xr.DataTree, decision: xr.Dataset) -> None:
    for figure in (
        scaling_curves(decision, fit),
        probability_best(decision),
        figure_of(plot_utility(fit)[0]),
        figure_of(plot_parameters(fit)[0]),
    ):
        figure.draw_without_rendering()
        assert figure.get_figwidth() == 7
        drawn = figure.get_tightbbox()
        assert -0.01 <= drawn.x0 <= drawn.x1 <= figure.get_figwidth() + 0.01
        assert -0.01 <= drawn.y0 <= drawn.y1 <= figure.get_figheight() + 0.01
        assert all(text.get_fontsize() >= 7 for text in figure.findobj(Text))


def test_axes_say_what_they_measure(curves: Figure, fit: xr.DataTree) -> None:
    axes = curves.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "samples seen"
    assert axes.get_ylabel() == "error rate"
    assert {"100M", "1B"} <= set(words(curves))
    measured = fit.copy()
    measured.attrs |= {"metric": "imagenet"}
    loss = decide(fit, made.levels(8), BUDGETS).assign_attrs(kind="loss")
    assert scaling_curves(loss, measured).axes[0].get_ylabel() == "loss (imagenet)"
    tokens = scaling_curves(loss.assign_attrs(kind="error", measure="accuracy", unit="tokens"))
    tokens.draw_without_rendering()
    assert tokens.axes[0].get_xlabel() == "tokens seen"
    assert tokens.axes[0].get_ylabel() == "accuracy"
    assert tokens.axes[0].yaxis.get_major_formatter()(0.3, 0) == "0.7"


def test_what_is_beyond_the_data_is_shaded_and_said(
    curves: Figure, decision: xr.Dataset, fit: xr.DataTree
) -> None:
    best = probability_best(decision)
    for figure in (curves, best):
        assert words(figure).count("extrapolation") == 2
        starts = [
            line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 2
        ]
        assert 64e6 in starts
        assert 1.28e9 in starts
    inside = decide(fit, made.levels(8), "64M,1.28B")
    assert "extrapolation" not in words(probability_best(inside))
    outside = decide(fit, made.levels(8), "1M,2M")
    assert words(probability_best(outside)).count("extrapolation") == 1


def test_probability_is_stacked_to_one(decision: xr.Dataset) -> None:
    figure = probability_best(decision)
    names = decision["level"].values.tolist()
    areas = [area for area in figure.axes[0].collections if area.get_label() in names]
    assert [area.get_label() for area in areas] == names
    for name, area in zip(names, areas, strict=True):
        heights = area.get_paths()[0].vertices[:, 1]
        assert np.ptp(heights) >= decision["probability_best"].sel(level=name).max() - 1e-9
    assert areas[-1].get_paths()[0].vertices[:, 1].max() == pytest.approx(1)
    assert figure.axes[0].get_ylim() == (0, 1)


def test_every_level_is_named_somewhere_and_so_is_the_winner(decision: xr.Dataset) -> None:
    written = words(probability_best(decision))
    assert all(any(name in text for text in written) for name in decision["level"].values)
    assert "best with a probability of at least 90%" in written
    none = decision["winner"].copy(data=["undecided"] * 9)
    undecided = decision.assign(winner=none, leader=none)
    assert "undecided" in words(probability_best(undecided))


def test_why_no_winner_is_named_is_in_the_figure() -> None:
    refused = made_decision.decision(*made_decision.SURE, passed=False)
    assert NO_WINNER in words(probability_best(refused))
    proven = made_decision.decision(*made_decision.SURE)
    assert NO_WINNER not in words(probability_best(proven))


def test_the_order_of_budgets_does_not_matter(decision: xr.Dataset) -> None:
    shuffled = decision.isel(budget=[3, 0, 8, 1, 2, 4, 5, 7, 6])
    for draw in (scaling_curves, probability_best):
        assert words(draw(shuffled)) == words(draw(decision))
    line = labelled(scaling_curves(shuffled), "top 2")[0]
    assert (np.diff(line.get_xdata()) > 0).all()


def test_long_names_leave_room_for_the_figure(fit: xr.DataTree) -> None:
    levels = made.levels(8).assign_coords(level=[f"{i} {'long ' * 20}" for i in range(8)])
    figure = scaling_curves(decide(fit, levels, BUDGETS))
    figure.draw_without_rendering()
    assert figure.axes[0].get_position().width > 0.5


def test_utility_falls_to_half_in_a_half_life() -> None:
    fit = made.fit(spread=0)
    figure = figure_of(plot_utility(fit)[0])
    truth = made.truth().isel(group=0)
    assert [axes.get_title() for axes in figure.axes] == truth["pool"].values.tolist()
    for axes, pool in zip(figure.axes, truth["pool"].values, strict=True):
        (line,) = [line for line in axes.lines if line.get_label() == pool]
        b, tau = (truth[name].sel(pool=pool).item() for name in ("b", "tau"))
        k, utility = line.get_data()
        assert np.interp([0, tau], k, utility) == pytest.approx([b, b / 2], rel=1e-3)


def test_utility_that_is_spent_falls_below_zero() -> None:
    fit = made.fit(model="utility-overfit", spread=0)
    parameters = Fit.of(fit).parameters
    figure = figure_of(plot_utility(fit)[0])
    tau = parameters["tau"][0, 0]
    spent = tau * np.log2(1.05 / 0.05)
    for axes, k0, b in zip(figure.axes, spent.values, parameters["b"][0, 0].values, strict=True):
        k, utility = axes.lines[-1].get_data()
        assert utility[0] == pytest.approx(b)
        if k0 < k[-1]:
            assert np.interp(k0, k, utility) == pytest.approx(0, abs=1e-3 * b)
    assert spent.min() < k[-1]
    assert figure.axes[0].get_ylim()[0] < 0
    assert "\N{GREEK SMALL LETTER KAPPA}" in "".join(words(figure))


def test_utility_without_repetition() -> None:
    for axes in plot_utility(made.fit(model="power-law")):
        assert np.ptp(axes.lines[-1].get_ydata()) == 0


def test_no_global_state_is_touched(fit: xr.DataTree, decision: xr.Dataset) -> None:
    before = dict(matplotlib.rcParams)
    scaling_curves(decision, fit)
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.get_backend().lower() == "agg"


def decided(method):
    return decide(made.fit(method=method, draws=20), made.levels(), "64M,640M")


@pytest.mark.parametrize("method", METHODS)
def test_figures_are_marked(method):
    decision, fit = decided(method), made.fit(method=method, draws=20)
    drawn = [
        scaling_curves(decision),
        probability_best(decision),
        figure_of(plot_utility(fit)[0]),
    ]
    for figure in drawn:
        marked = figure.get_suptitle() == f"Approximate posterior ({method})"
        assert marked is (method in APPROXIMATE)

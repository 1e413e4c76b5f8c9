"""The figure of a frontier: its line, its band, its targets, and odd numbers of everything."""

import made
import numpy as np
import pytest

from qqt_bayes.decisions.frontier import frontier
from qqt_bayes.report.figures.files import write_frontier
from qqt_bayes.report.figures.plots import plot_frontier
from qqt_bayes.report.figures.style import figure_of


def draw(found):
    return figure_of(plot_frontier(found))


def labelled(figure, label):
    return [line for axes in figure.axes for line in axes.lines if line.get_label() == label]


@pytest.fixture(name="found", scope="module")
def frontiers():
    return frontier(made.fit(draws=50, spread=0.03), made.levels(), "64M:5B:5", [0.65, 0.3])


def test_it_shows_the_frontier_and_the_targets(found):
    figure = draw(found)
    (line,) = labelled(figure, "choice")
    np.testing.assert_array_equal(line.get_xdata(), found["budget"])
    np.testing.assert_array_equal(line.get_ydata(), found["frontier_mean"])
    assert [line.get_ydata()[0] for line in labelled(figure, "target")] == [0.65, 0.3]
    dots = labelled(figure, "reached")
    budgets = found["budget_to_target_by_choice"].sel(target=0.65).values
    np.testing.assert_array_equal([dot.get_xdata()[0] for dot in dots], budgets)
    assert len(labelled(figure, "level")) == 3
    low, high = figure.axes[0].get_ylim()
    assert low < 0.3 < found["frontier"].max() < high


def test_accuracies_are_on_the_axis(found):
    figure = draw(found.assign_attrs(measure="accuracy"))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.get_ylabel() == "expected accuracy"
    assert axes.yaxis.get_major_formatter()(0.65, 0) == "0.35"


@pytest.mark.parametrize(
    ("levels", "budgets", "targets"), [(1, "64M", ""), (12, "1M:8T:20", "0.5"), (2, "1B", "0.5")]
)
def test_few_and_many(levels, budgets, targets, tmp_path):
    fit = made.fit(pools=levels, draws=10)
    asked = targets or ()
    found = frontier(fit, made.levels(levels), budgets, asked)
    paths = write_frontier(found, tmp_path)
    assert [path.name for path in paths] == ["frontier.png", "frontier.svg"]

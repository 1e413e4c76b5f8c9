"""The figure of a prior shows its bands, the runs, and how many training sets it leaves out."""

import made
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.prior_predictive import prior_predictive
from qqt_bayes.report.figures.prior import MAX_PANELS, plot_prior
from qqt_bayes.report.figures.style import figure_of
from qqt_bayes.tables.runs import read_runs


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kind", ["error", "loss"])
def test_each_set_has_a_panel_with_its_runs(groups, kind):
    runs = read_runs(*made.tables(groups=groups), kind=kind)
    panels = plot_prior(prior_predictive(runs, "utility", "64M:5B:9", draws=100))
    assert len(panels) == 3 * groups
    for axes in panels:
        dots = next(line for line in axes.lines if line.get_label() == "runs")
        assert len(dots.get_xdata()) == 4
        assert all(axes.get_ylim()[0] < y < axes.get_ylim()[1] for y in dots.get_ydata())


def test_the_median_is_that_of_the_draws():
    runs = read_runs(*made.tables())
    prior = prior_predictive(runs, "utility", "64M:5B:9", draws=100)
    panels = plot_prior(prior)
    line = next(x for x in panels[0].lines if x.get_label() == "prior, median")
    cells = prior["prior_at_budgets"]
    expected = np.quantile(cells["error"].values[0, :, 0], 0.5, axis=0, method="inverted_cdf")
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert panels[0].get_title() == cells["data"].values[0]


def test_axes_that_are_given_are_drawn_on():
    prior = prior_predictive(read_runs(*made.tables()), "utility", "64M:5B:9", draws=20)
    figure, grid = pyplot.subplots(1, 3, layout="constrained")
    assert list(plot_prior(prior, ax=grid)) == list(grid)
    assert not figure.legends
    assert not figure.get_supxlabel()
    assert [axes.get_xlabel() for axes in grid] == ["samples seen"] * 3
    assert grid[0].get_ylabel() == "error of one training"
    assert grid[0].get_xscale() == "log"


@pytest.mark.parametrize("other", [{}, made.fit(draws=5)])
def test_what_is_no_prior_is_said(other):
    with pytest.raises(InputError, match=r"expected what qqt_bayes\.prior_predictive returns, got"):
        plot_prior(other)


def test_more_sets_than_panels_are_said():
    rows = pd.DataFrame({"pool": [f"p{i}" for i in range(15)], "unique_samples": 1e7})
    rows = rows.assign(samples_seen=2e7, error=0.5)
    panels = plot_prior(prior_predictive(read_runs(rows), "utility", "1G", draws=20))
    assert len(panels) == MAX_PANELS
    assert "3 more training sets are not shown" in figure_of(panels[0]).get_supxlabel()

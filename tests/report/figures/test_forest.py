"""Posteriors of parameters beside their priors, a row for each value."""

import arviz_stats  # noqa: F401 it gives arrays the accessor below
import made
import numpy as np
import pytest
import xarray as xr
from drawn import words

from qqt_bayes.errors import InputError
from qqt_bayes.report.figures.forest import interval
from qqt_bayes.report.figures.of_fits import plot_parameters
from qqt_bayes.report.figures.style import figure_of


def test_forest_has_a_row_for_each_inferred_value_and_its_prior(fit: xr.DataTree) -> None:
    posterior_draws, prior = (fit[part].to_dataset() for part in ("posterior", "prior"))
    panels = {axes.get_xlabel(): axes for axes in plot_parameters(fit)}
    assert set(panels) == {
        "utility b",
        "half-life \N{GREEK SMALL LETTER TAU} (epochs)",
        "scale a (per 100,000 samples)",
        "irreducible error d",
    }
    medians = [line for line in panels["utility b"].lines if line.get_label() == "median"]
    expected = posterior_draws["b"].median(("chain", "draw"))
    np.testing.assert_allclose(medians[0].get_xdata(), expected)
    bars = panels["utility b"].patches
    assert len(bars) == 8
    assert bars[0].get_x() == pytest.approx(float(prior["b"].quantile(0.05)))
    assert bars[0].get_width() == pytest.approx(np.ptp(prior["b"].quantile([0.05, 0.95]).values))


def test_forest_has_the_intervals_of_arviz(fit: xr.DataTree) -> None:
    tau = fit["posterior"].to_dataset()["tau"]
    for probability in (0.5, 0.9):
        ends = tau.azstats.eti(prob=probability).transpose("ci_bound", ...)
        lower, _, upper = interval(tau, probability).transpose("q", ...)
        np.testing.assert_allclose([lower, upper], ends, rtol=1e-12)


def test_forest_of_groups_names_them_and_does_without_a_prior() -> None:
    fit = made.fit(groups=2, model="cherti")
    del fit["prior"]
    figure = figure_of(plot_parameters(fit)[0])
    assert "arch 2, 10-20%" in words(figure)
    assert not any(axes.patches for axes in figure.axes)


def test_some_parameters_are_asked_for_and_others_refused(fit: xr.DataTree) -> None:
    assert len(plot_parameters(fit, parameters=["tau", "b"])) == 2
    with pytest.raises(InputError, match=r"expected some of 'b', 'tau', 'a', 'd', .* got 'c'"):
        plot_parameters(fit, parameters=["c"])

"""The drawn figures of a page: their lines and counts are those of the tables and texts."""

import re

import numpy as np
import pytest
import xarray as xr

from qqt_bayes.comparison.verdicts import QUANTILE_LEVELS, inside_interval
from qqt_bayes.report.page.fit_figures import END, residuals, standardised
from qqt_bayes.report.page.frontier import frontier
from qqt_bayes.studies.opened import open_whole


@pytest.fixture(name="study")
def opened(page):
    """A study of two laws, as its page shows it."""
    return open_whole(page("two laws")[0]).study


def drawn(study, decision):
    """The figure of a decision of a study."""
    runs = next(iter(study.fits.values())).runs
    return frontier(decision.sortby("budget"), runs, "f0")


def last_points(drawing):
    """Heights of the lines of levels in colour at the last budget, by their number."""
    lines = re.findall(r'<path d="M([^"z]+)" class="expected s(\d)"/>', drawing)
    return {int(number): float(points.rpartition(",")[2]) for points, number in lines}


def test_lines_are_expected_errors_in_the_order_of_the_table(study):
    decision = study.decision.sortby("budget")
    found = drawn(study, decision)
    heights = last_points(found.drawing)
    expected = decision["error_mean"].isel(budget=-1)
    errors = [expected.sel(level=name).item() for _, name in found.key]
    assert len(errors) > 1
    np.testing.assert_array_equal(
        np.argsort(errors), np.argsort([-heights[number] for number, _ in found.key])
    )
    medians = decision["error"].copy()
    medians[{"quantile": 1}] = 0.5
    assert drawn(study, decision.assign(error=medians)).drawing == found.drawing
    raised = drawn(study, decision.assign(error_mean=decision["error_mean"] + 0.01))
    moved = last_points(raised.drawing)
    assert all(moved[number] < height for number, height in heights.items())


def test_captions_name_the_statistic(study):
    found = drawn(study, study.decision)
    assert found.caption.startswith("Expected error, as a mean over trainings, with 90 % bands:")
    assert found.other.startswith("Expected accuracy, as a mean over trainings, with 90 % bands:")


def skewed():
    """A comparison of one law whose interval is long above: a run below it, and one well inside."""
    ends = [[[0.28, 0.30, 0.50], [0.28, 0.30, 0.50], [0.28, 0.30, 0.50], [0.3, 0.3, 0.3]]]
    return xr.Dataset(
        {
            "predicted": (("law", "run", "quantile"), ends),
            "error": ("run", [0.27, 0.49, 0.28, 0.31]),
            "samples_seen": ("run", [1e8, 1e8, 1e9, 1e9]),
            "data": ("run", ["a", "b", "c", "d"]),
        },
        {"law": ["utility"], "quantile": list(QUANTILE_LEVELS)},
    )


def test_a_run_lies_in_the_shade_where_its_interval_holds_it():
    """Also where that is skewed: by its whole width the first run would seem to lie inside."""
    z = standardised(skewed(), "utility")
    np.testing.assert_allclose(z[:3] / END, [-1.5, 0.95, -1.0])
    assert np.isnan(z[3])
    np.testing.assert_array_equal(
        inside_interval(skewed().sel(law="utility")), [False, True, True, False]
    )
    caption = residuals(skewed(), "utility", "r0", {"kind": "error"}).caption
    assert "2 of 4 lie in the shaded 90 % interval" in caption
    assert caption.endswith("1 is not drawn, as its interval has no width on that side.")


@pytest.mark.parametrize("name", ["two laws", "groups"])
def test_text_and_figure_count_the_same_left_out_runs(page, name):
    said = page(name, ".html")[1].read_text()
    in_text = re.findall(
        r"(\S+): (?:weight \S+ by stacking; )?its 90% intervals hold (\d+) of (\d+)", said
    )
    assert in_text
    for law, held, runs in in_text:
        assert re.search(rf"Left-out runs under {law}\. [^<]*: {held} of {runs} lie in", said)

"""The drawn figures of a page: their lines and counts are those of the tables and texts."""

import re

import numpy as np
import pytest

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

"""The next run is where two laws differ by more than noise."""

import made
import numpy as np
import pytest
from scipy import stats

from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.planning.next_run import probability_right, telling_runs
from qqt_bayes.report.comparison_text import verdict


def test_the_next_run_is_where_two_laws_differ() -> None:
    law, other = made.fit(draws=500), made.fit(draws=500, seed=1)
    other["posterior"]["tau"] = 0.5 * other["posterior"]["tau"]  # differs where data are repeated
    found = telling_runs(law, other, made.levels(), [10e6, 1.28e9, 12.8e9])
    right = found["probability_right"]
    assert right.dims == ("level", "budget")
    assert (right.sel(budget=10e6) < 0.6).all()  # within one epoch
    assert (right.isel(level=0, budget=[1, 2]) > 0.95).all()
    assert found.attrs["budget"] == 1.28e9  # the cheaper of those that tell
    words = verdict(compare_laws({"a": law, "b": law}), found)
    assert f"One more run would decide between them: {found.attrs['level']} at 1.28B" in words
    same = telling_runs(law, law, made.levels(), [1.28e9])
    assert "No single run among these would decide" in verdict(
        compare_laws({"a": law, "b": law}), same
    )


@pytest.mark.parametrize("distance", [0.0, 0.5, 2.0, 6.0])
def test_the_probability_of_pointing_right_is_that_of_normal_errors(distance: float) -> None:
    z = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    exact = stats.norm.cdf(distance / 2)
    assert probability_right(z, z + distance) == pytest.approx(exact, abs=0.02)

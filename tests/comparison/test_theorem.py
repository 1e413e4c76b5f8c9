"""What the runs say of the combination theorem: Bayes factors against exact ones."""

import made
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.comparison.theorem import savage_dickey, size_exponents
from qqt_bayes.report.comparison_text import verdict


def test_savage_dickey_against_the_exact_ratio_of_normals() -> None:
    z = stats.norm.ppf((np.arange(8000) + 0.5) / 8000)
    before = stats.norm(0.5, 0.75)
    for mean, deviation in ((0.9, 0.2), (0.4, 0.3), (0.2, 0.1)):
        after = stats.norm(mean, deviation)
        exact = after.pdf(1) / before.pdf(1)
        ratio, in_tail = savage_dickey(mean + deviation * z, 0.5 + 0.75 * z, 1.0)
        assert in_tail == (mean == 0.2)
        assert ratio == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(("mean", "deviation"), [(1.0, 0.3), (0.5, 0.3), (0.95, 0.05)])
def test_savage_dickey_is_the_bayes_factor_of_arviz_among_the_draws(
    mean: float, deviation: float
) -> None:
    from arviz_stats import bayes_factor

    rng = np.random.default_rng(0)
    posterior, prior = rng.normal(mean, deviation, 4000), rng.normal(0.5, 0.5, 4000)
    groups = {
        name: xr.Dataset({"g": (("chain", "draw"), draws.reshape(4, -1))})
        for name, draws in (("posterior", posterior), ("prior", prior))
    }
    theirs = bayes_factor(xr.DataTree.from_dict(groups), "g", 1.0)["g"].sel(bf_type="BF01")
    ratio, in_tail = savage_dickey(posterior, prior, 1.0)
    assert not in_tail
    assert ratio == pytest.approx(float(theirs), rel=0.01)


def test_the_theorem_under_test() -> None:
    fit = made.fit(model="utility-free-size", draws=500)
    assert size_exponents({"fixed": made.fit()}).empty
    found = size_exponents({"fixed": made.fit(), "free": fit})
    assert found["law"].tolist() == ["free"]
    row = found.iloc[0]
    assert row["lower"] < 1 < row["upper"]
    assert row["theorem"] > 3  # the draws are made about 1
    assert row["no_size_effect"] < 1e-3
    words = verdict(compare_laws({"free": fit}), exponents=found)
    assert "8 of 12 runs are on combinations" in words
    assert "times more likely" in words
    assert "g = 0 less likely, by a factor of some 1,000 or more" in words

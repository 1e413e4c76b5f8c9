"""Numbers of a fit's part end where their Monte Carlo error begins, and priors are exact."""

import re
from dataclasses import replace

import made
import numpy as np
import pytest
from made_reuse import fit_of_reuse

from qqt_bayes.model.distributions import DISTRIBUTIONS, Prior
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.priors import marginal_quantiles
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior.checks import CHECKS, check_value
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.page import rounding
from qqt_bayes.report.page.priors import OFF, QUANTILES, beside
from qqt_bayes.tables.runs import read_runs

DRAWS = 20000
NORMAL = Prior("Normal", {"mu": 0.0, "sigma": 1.2})


@pytest.mark.parametrize("model", ["utility", "effective-reuse", "cherti", "effective-data"])
def test_quantiles_of_declared_priors_are_those_of_their_draws(model):
    problem = Problem(load_model(model), read_runs(*made.tables(groups=2)))
    draws = prior_draws(problem, seed=0, draws=DRAWS)
    declared = {**problem.spec.parameters, **problem.spec.noise}
    for name, prior in declared.items():
        if isinstance(prior, Prior):
            for value, p in zip(marginal_quantiles(prior, QUANTILES), QUANTILES, strict=True):
                share = (draws[name].reshape(DRAWS, -1)[:, 0] < value).mean()
                # four standard errors of a share of draws, and what the lattice may be off by
                assert share == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / DRAWS) + OFF), name


def test_a_pooled_prior_is_as_wide_as_both_of_its_parts():
    """A normal about a normal is a normal, whose variance is the sum of both."""
    pooled = Prior("LogNormal", {"mu": NORMAL, "sigma": 1.6})
    expected = marginal_quantiles(Prior("LogNormal", {"mu": 0.0, "sigma": 2.0}), QUANTILES)
    np.testing.assert_allclose(marginal_quantiles(pooled, QUANTILES), expected, rtol=0.005)
    assert set(pooled.parameters) == set(DISTRIBUTIONS["LogNormal"].required)


def rows_of(table):
    return [
        [row[0], *(re.findall(r"[^][, ]+", cell) for cell in row[1:3]), row[3]] for row in table
    ]


def reuse():
    """A fit of another law, whose posterior is its prior."""
    fit = fit_of_reuse(pools=4)
    density = fit.posterior["amplitude"].rename("joint_log_likelihood")
    others = {"prior": fit.posterior, "sample_stats": density.to_dataset()}
    return replace(fit, datasets={**fit.datasets, **others})


@pytest.mark.parametrize("fit", [Fit.of(made.fit(pools=4)), reuse()])
def test_pools_with_one_prior_show_one_prior(fit):
    by_name = {}
    for name, prior, _, contraction in rows_of(beside(fit).table(fit.spec.name).rows):
        by_name.setdefault(name.partition(" of ")[0], set()).add(tuple(prior))
        assert 0 <= float(contraction) <= 1
    assert {len(each) for each in by_name.values()} == {1}
    if "Q" in by_name:  # a normal about 0 with a deviation of 0.7
        assert by_name["Q"] == {("0", "-1.2", "1.2")}


def test_a_posterior_has_no_digit_that_is_noise():
    """The last digit is no smaller than the first one of its standard error."""
    found = beside(Fit.of(made.fit(draws=400, spread=0.3)))
    for (_, _, after, _), values, errors in zip(
        rows_of(found.table("utility").rows), found.after, found.errors, strict=True
    ):
        low, middle, high = values
        for shown, value, error in zip(after, (middle, low, high), errors[[1, 0, 2]], strict=True):
            digits = len(shown.partition(".")[2])
            assert abs(float(shown) - value) <= 0.5001 * 10**-digits or abs(value) >= 1000
            assert 10**-digits > error / 10


@pytest.mark.parametrize("check_id", CHECKS)
@pytest.mark.parametrize("factor", [0.0, 0.3, 0.97, 0.9999, 1.0, 1.00001, 1.2, 7.3, np.nan])
def test_a_check_is_never_rounded_over_its_bar(check_id, factor):
    check = check_value(check_id, factor * CHECKS[check_id].bar, draws=0)
    shown = rounding.of_check(check)
    again = check_value(check_id, float(shown))
    assert again.passed == check.passed
    has_own_places = check_id in rounding.COUNTS or check_id in rounding.PLACES
    if np.isfinite(check.value) and abs(factor - 1) > 0.1 and not has_own_places:
        assert float(shown) == pytest.approx(check.value, rel=0.05, abs=1e-3)
        assert len(shown.strip("0.").replace(".", "")) <= 4

"""What a fit has learned, on posteriors that are exact or made."""

import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.prior_sensitivity import LEAST_SHIFT, normal_scores
from qqt_bayes.report.fit_text import prior_sentences


@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("transform", [lambda x: x, np.exp, lambda x: np.tan(x / 3)])
def test_contraction_is_that_of_the_conjugate_posterior(scale, transform):
    """Unit prior, and a posterior of known deviation; a change of scale changes nothing."""
    rng = np.random.default_rng(0)
    before = rng.standard_normal((1, 20_000))
    after = 0.3 * np.sqrt(1 - scale**2) + scale * rng.standard_normal((4, 1000))
    found = 1 - np.var(normal_scores(transform(after), transform(before)))
    np.testing.assert_allclose(found, 1 - scale**2, atol=0.05)


def test_a_posterior_beyond_the_prior_has_contracted():
    assert np.var(normal_scores(np.full((2, 10), 9.0), np.linspace(-1, 1, 100))) == 0.0


@pytest.fixture(scope="module")
def hardly():
    """A fit whose half-lives are the prior's, draw by draw."""
    fit = made.fit(draws=400, spread=0.01)
    rng = np.random.default_rng(1)
    fit["posterior"]["tau"] = fit["posterior"]["tau"].copy(
        data=np.exp(np.log(6) + 0.3 * rng.standard_normal(fit["posterior"]["tau"].shape))
    )
    prior = fit["prior"]["tau"]
    fit["prior"]["tau"] = prior.copy(
        data=np.exp(np.log(6) + 0.3 * rng.standard_normal(prior.shape))
    )
    return fit


def test_what_is_the_priors_is_flagged(hardly):
    told = qqt_bayes.learned(hardly).set_index(["parameter", "of"])
    assert (told.loc["tau", "verdict"] == "prior").all()
    assert (told.loc["b", "contraction"] > 0.9).all()
    (sentence,) = prior_sentences(told.reset_index())[:1]
    assert "The posterior of tau of 0-10%, 10-20% and 20-30%" in sentence


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.2, "prior"), (0.9, None), (-0.9, None), (4.0, "disagree")]
)
def test_a_posterior_that_moved_is_not_the_prior(hardly, shift, verdict):
    """As wide as the prior in every case, of which 0.3 is the deviation on the scale of logs."""
    fit = hardly.copy(deep=True)
    fit["posterior"]["tau"] = fit["posterior"]["tau"] * np.exp(0.3 * shift)
    told = qqt_bayes.learned(fit).query("parameter == 'tau'")
    np.testing.assert_allclose(told["shift"], min(shift, 3.0), atol=0.25)
    expected = [verdict] if verdict else ["runs", "prior_matters"]
    assert told["verdict"].isin(expected).all()
    said = prior_sentences(told)
    hardly_anything = "The posterior of tau of 0-10%, 10-20% and 20-30%"
    assert any(each.startswith(hardly_anything) for each in said) == (abs(shift) < LEAST_SHIFT)
    disagree = "The prior and the runs disagree about tau of 0-10%, 10-20% and 20-30%:"
    assert any(each.startswith(disagree) for each in said) == (verdict == "disagree")


def test_every_scalar_has_its_row(hardly):
    told = qqt_bayes.learned(hardly)
    assert told["parameter"].value_counts().to_dict() == {
        "b": 3,
        "tau": 3,
        "a": 1,
        "d": 1,
        "sigma": 1,
        "amplitude": 1,
    }
    assert not told.isna().any(axis=None)
    assert not told.duplicated(["parameter", "of"]).any()


def test_a_prior_that_pulls_is_seen():
    """The posterior of a lies in the far tail of its prior."""
    fit = made.fit(draws=400, spread=0.3)
    fit["posterior"]["a"] = 1e6 * fit["posterior"]["a"]
    told = qqt_bayes.learned(fit).set_index("parameter")
    assert told.loc["a", "prior_sensitivity"] > 0.05
    assert told.loc["a", "prior_sensitivity"] > 2 * _of_a(made.fit(draws=400, spread=0.3))


def _of_a(fit):
    return qqt_bayes.learned(fit).set_index("parameter").loc["a", "prior_sensitivity"]


def test_groups_and_pools_are_named():
    told = qqt_bayes.learned(made.fit(groups=2, model="cherti"))
    assert "arch 2 on 10-20%" in set(told.loc[told["parameter"] == "b", "of"])


def test_a_handful_of_draws_is_no_fault():
    assert len(qqt_bayes.learned(made.fit(chains=1, draws=4))) == 10


def test_a_flat_prior_moves_nothing():
    flat = {"distribution": "Uniform", "lower": 0.0, "upper": 1.0}
    fit = made.fit(draws=100)
    table = made.spec_of(fit)
    table["parameters"] = {"a": flat, "b": 0.1, "d": 0.1, "tau": 5.0, "size_exponent": 1.0}
    table["likelihood"] = {"distribution": "Normal", "sigma": 0.01}
    del table["discrepancy"]
    made.replace_spec(fit, table)
    told = qqt_bayes.learned(fit)
    assert told["prior_sensitivity"].tolist() == [0.0]
    assert told["likelihood_sensitivity"].item() > 0


def test_no_fit():
    with pytest.raises(InputError, match="expected a fit"):
        qqt_bayes.learned(xr.Dataset())

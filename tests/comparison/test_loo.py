"""Laws by how well they predict runs that were left out: exact scores, and what is refused."""

import made
import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.special import logsumexp

from qqt_bayes.comparison import loo
from qqt_bayes.comparison.loo import compare_laws, psis, score
from qqt_bayes.comparison.verdicts import deciding_runs
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.comparison_text import verdict


def linear_gaussian(fit: xr.DataTree, columns: int) -> tuple[xr.DataTree, np.ndarray]:
    """Exact draws of a linear model of the fit's runs; and the exact log scores of left-out runs.

    y = X beta + noise of deviation 0.01, beta standard normal.
    """
    runs = Fit.of(fit).runs
    y = runs["error"].to_numpy()
    x = np.vander(np.log(runs["samples_seen"].to_numpy() / 3e8), columns, increasing=True)
    sigma, rng = 0.05, np.random.default_rng(0)

    def beta(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        covariance = np.linalg.inv(np.eye(columns) + x[rows].T @ x[rows] / sigma**2)
        return covariance @ x[rows].T @ y[rows] / sigma**2, covariance

    exact = []
    for i in range(y.size):
        mean, covariance = beta(np.arange(y.size) != i)
        spread = np.sqrt(sigma**2 + x[i] @ covariance @ x[i])
        exact.append(stats.norm(x[i] @ mean, spread).logpdf(y[i]))
    shape = fit["posterior"].sizes["chain"], fit["posterior"].sizes["draw"]
    curve = rng.multivariate_normal(*beta(np.arange(y.size)), shape) @ x.T
    predicted = curve + sigma * rng.standard_normal(curve.shape)
    return made.with_density(fit, stats.norm(curve, sigma).logpdf(y), predicted), np.array(exact)


@pytest.fixture(scope="module")
def plain() -> xr.DataTree:
    return made.fit(draws=1000)


def test_left_out_scores_of_a_linear_model_are_the_exact_ones(plain: xr.DataTree) -> None:
    exact, fits = {}, {}
    for columns in (1, 2):
        fits[str(columns)], exact[str(columns)] = linear_gaussian(plain, columns)
    found = compare_laws(fits)
    for name, elpd in exact.items():
        assert found["elpd"].sel(law=name).values == pytest.approx(elpd, abs=0.05)
    total = {name: elpd.sum() for name, elpd in exact.items()}
    assert found["behind"].sel(law="1").item() == pytest.approx(total["2"] - total["1"], abs=0.1)
    gap = exact["2"] - exact["1"]
    error = np.sqrt(gap.size) * gap.std(ddof=1)
    assert found["behind_se"].sel(law="1").item() == pytest.approx(error, rel=0.05)
    assert (found["pareto_k"] < loo.BAD_K).all()
    assert not found["refitted"].any()


def test_scores_are_those_of_arviz(plain: xr.DataTree) -> None:
    from arviz_stats import loo, loo_score

    fit, _ = linear_gaussian(plain, 2)
    found = compare_laws({"a": fit}).sel(law="a")
    assert found["elpd"].values == pytest.approx(loo(fit, pointwise=True).elpd_i.values)
    theirs = loo_score(fit, var_name="error", kind="crps", pointwise=True).pointwise
    assert found["crps"].values == pytest.approx(-theirs.values, rel=1e-9)


def test_the_interval_of_a_left_out_run_is_that_of_normal_errors() -> None:
    z = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]
    weights = stats.norm.logpdf(z, 1) - stats.norm.logpdf(z)  # importance weights to mean 1
    weights -= logsumexp(weights)
    elpd, crps, quantiles = score(0 * z, z, weights, np.array([1.0]))
    assert elpd == pytest.approx([0.0])
    assert crps == pytest.approx([(np.sqrt(2) - 1) / np.sqrt(np.pi)], abs=0.01)
    assert quantiles[:, 0] == pytest.approx(stats.norm(1).ppf([0.05, 0.5, 0.95]), abs=0.02)


def test_the_law_that_is_right_is_found_with_the_runs_that_decide() -> None:
    right, wrong = made.fit(draws=200), made.fit(draws=200)
    density = right["log_likelihood"]["error"].values.copy()
    density[..., 3] -= 6.0
    density[..., 5] += 1.0
    predicted = wrong["posterior_predictive"]["error"].values
    wrong = made.with_density(wrong, density, predicted)
    found = compare_laws({"wrong": wrong, "right": right})
    assert found["behind"].sel(law="wrong").item() == pytest.approx(5.0)
    assert found["behind"].sel(law="right").item() == 0
    best = 1 / (
        2 - 2 * np.exp(-1)
    )  # of log w + log(w / e + 1 - w), where the six counts as certain
    assert found["weight"].sel(law="right").item() == pytest.approx(best, abs=0.005)
    decisive = deciding_runs(found)
    assert decisive["gain"].head(2).tolist() == pytest.approx([6.0, -1.0])
    assert decisive.loc[0, ["data", "samples_seen"]].tolist() == ["top 1", 1.28e9]
    words = verdict(found)
    assert "wrong is 5.0 behind right" in words
    assert "The runs that speak most for right against wrong: top 1 at 1.28B (6.0)" in words
    assert "The runs that speak most for wrong against right: top 2 at 128M (1.0)" in words
    assert "One run, top 1 at 1.28B, makes up more than half" in words


def test_a_run_that_moves_the_fit_too_much_is_named_and_refitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit = made.fit(draws=200)
    density = fit["log_likelihood"]["error"].values.copy()
    density[..., 4] = -np.random.default_rng(0).pareto(0.5, density.shape[:2])
    fit = made.with_density(fit, density, fit["posterior_predictive"]["error"].values)
    found = compare_laws({"a": fit})
    assert found["bad_k"].values.tolist() == [1]
    assert "1 of 12 under a (k-hat above 0.7" in verdict(found)
    asked = []

    def again(of: xr.DataTree, folds: list):
        asked.extend(folds)
        for _ in folds:
            yield np.log([[0.2], [0.4]]), np.zeros((2, 1)), False

    monkeypatch.setattr(loo, "refits", again)
    found = compare_laws({"a": fit}, refit=True)
    assert [each.tolist() for each in asked] == [[4]]
    assert found["elpd"].values[0, 4] == pytest.approx(np.log(0.3))
    assert found["refitted"].values[0].nonzero()[0].tolist() == [4]
    assert found["bad_k"].item() == 0
    assert "the chains of some refits do not agree: 1 of a" in verdict(found)


@pytest.mark.parametrize(
    ("fits", "asked", "sentence"),
    [
        ({}, {}, "with one fit at least"),
        ({"a": made.fit()}, {"leave_out": "runs"}, "unknown leave_out 'runs'; did you mean 'run'"),
        (
            {"a": made.fit()},
            {"leave_out": "training-set"},
            "needs 3 refits of each law; refit=True allows them",
        ),
        (
            {"a": made.fit(), "b": made.fit(seed=1)},
            {},
            "a and b are fits of different runs .*12 runs.*fit both to one table",
        ),
        ({"a": "fit.nc"}, {}, "expected a fit, as qqt_bayes.fit or qqt_bayes.load returns it"),
    ],
)
def test_what_cannot_be_compared(fits: dict, asked: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        compare_laws(fits, **asked)


def test_kinds_are_not_compared() -> None:
    one, other = made.fit(), made.fit()
    other.attrs["kind"] = "loss"
    with pytest.raises(InputError, match="a is of runs with kind error, b of runs with kind loss"):
        compare_laws({"a": one, "b": other})


def test_a_fit_without_densities() -> None:
    fit = made.fit()
    del fit["log_likelihood"]
    with pytest.raises(InputError, match="the fit has no log_likelihood: make it again"):
        compare_laws({"a": fit})


def test_psis_weights_sum_to_one(plain: xr.DataTree) -> None:
    log_weights, k = psis(Fit.of(plain))
    assert logsumexp(log_weights, axis=0) == pytest.approx(np.zeros(12))
    assert k.shape == (12,)

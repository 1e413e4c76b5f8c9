"""A file without its seal is judged by its own runs and draws; one with it is not judged again."""

import json

import h5py
import made
import numpy as np
import pytest
import xarray as xr
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.files import unseal
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior import recheck
from qqt_bayes.posterior.fit_file import load, open_fit, save
from qqt_bayes.posterior.netcdf import to_bytes
from qqt_bayes.sampling.inference import fit
from qqt_bayes.tables.runs import read_runs

FEW = {"draws": 100, "tune": 100, "chains": 2}
UNSEALED = "does not end with the digest that `qqt fit` writes"


def runs(groups=1):
    """Whose pools and training sets are not in the order of their names."""
    table, taken = made.tables(groups=groups)
    return read_runs(table.iloc[::-1], taken.iloc[::-1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The file of a fit."""
    path = tmp_path_factory.mktemp("whole") / "fit.nc"
    save(fit(runs(), "utility", **FEW), path)
    return path


@pytest.fixture
def unsealed(whole, tmp_path):
    """The same without its seal."""
    path = tmp_path / "fit.nc"
    path.write_bytes(unseal(whole.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("model", "groups", "method"),
    [
        ("utility", 1, "nuts"),
        ("utility", 1, "laplace"),
        ("utility", 1, "smc"),
        (made.law_alone(), 1, "nuts"),
        (made.heavy_tailed(), 2, "laplace"),
        ("cherti", 2, "laplace"),
    ],
)
def test_what_was_not_changed_is_read_with_a_word(tmp_path, model, groups, method):
    few = FEW if method == "nuts" else FEW | {"tune": 1000}
    tree = fit(runs(groups), model, method=method, **few)
    (path := tmp_path / "fit.nc").write_bytes(to_bytes(tree))
    for read in (load, open_fit):
        with pytest.warns(UserWarning, match=UNSEALED):
            found = read(path)
    assert found.attrs == tree.attrs


@pytest.mark.filterwarnings("default")
def test_the_command_says_so_once(unsealed):
    said = qqt("decide", unsealed, "--budgets", "1B", "--force").stderr
    assert said.count(UNSEALED) == 1


def test_a_sealed_file_is_not_judged_again(whole, monkeypatch):
    monkeypatch.setattr(recheck, "require_true", None)
    load(whole)


def test_a_seal_is_put_back(unsealed, tmp_path):
    with pytest.warns(UserWarning, match=UNSEALED):
        save(load(unsealed), tmp_path / "again.nc")
    load(tmp_path / "again.nc")


def draws_times(factor):
    def change(file):
        file["posterior/b"][...] *= factor

    return change


def one_draw(file):
    file["posterior/b"][0, 3] = 1.01 * file["posterior/b"][0, 3]


def exchanged(file):
    """All draws are there, and each scalar has the same quantiles, mean and spread."""
    file["posterior/b"][...] = file["posterior/b"][()][::-1]


def diverging(file):
    file["sample_stats/diverging"][0, :50] = 1


def density(file):
    file["log_likelihood/error"][0, 0, 0] += 0.1


def density_of_prior(file):
    file["log_prior/d"][0, 0] += 0.1


def without(group):
    def change(file):
        del file[group]

    return change


def gate(edit):
    """The checks by id, edited and put back."""

    def change(file):
        content = json.loads(file.attrs["gate"])
        checks = {check["id"]: check for check in content["checks"]}
        edit(checks)
        for check in checks.values():
            lower = check["limit"] == "at most"
            value, bar = check["value"], check["bar"]
            check["passed"] = value <= bar if lower else value >= bar
        content["checks"] = list(checks.values())
        content["passed"] = all(check["passed"] for check in checks.values())
        file.attrs["gate"] = json.dumps(content)

    return change


def value(check_id, forged):
    return gate(lambda checks: checks[check_id].update(value=forged))


def deleted(check_id):
    return gate(lambda checks: checks.pop(check_id))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (draws_times(0.9), "do not have the log densities"),
        (one_draw, "do not have the log densities"),
        (exchanged, "do not have the log densities"),
        (density, "do not have the log densities"),
        (density_of_prior, "do not have the log densities of the priors"),
        (diverging, "divergent draws is 50 by its runs and draws .0., and 0 as it is"),
        (value("rhat", 1.0), "R-hat of .* is 1.* by its runs and draws .at most 1.01., and 1 as"),
        (value("ess_bulk", 4000.0), "bulk ESS of .* 4000 as it is written there"),
        (value("ess_tail", 4000.0), "tail ESS of .* 4000 as it is written there"),
        (value("bfmi", 2.5), "E-BFMI"),
        (value("amplitude", 0.0), "amplitude of the discrepancy"),
        (value("misfit_run", 0.0), "leave-one-out z-score of the runs"),
        (gate(lambda checks: checks["ess_bulk"].update(bar=1.0)), "bulk ESS .*at least 1.,? ?"),
        (gate(lambda checks: checks.clear()), "the check R-hat of .* is missing"),
        *((deleted(name), "is missing") for name in ("rhat", "divergences", "bfmi", "amplitude")),
        (deleted("scatter_prior"), "unexplained scatter.* is missing"),
        (deleted("residuals_budget"), "residuals by budget.* is missing"),
        (without("sample_stats"), ""),
        (without("log_likelihood"), ""),
        (without("sample_stats/diverging"), ""),
    ],
)
def test_what_was_changed_is_damaged(unsealed, change, why):
    with h5py.File(unsealed, "r+") as file:
        change(file)
    for read in (load, open_fit):
        with pytest.raises(InputError, match=f"a part of the fit is damaged.*{why}") as caught:
            read(unsealed)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith("; make it again with `qqt fit`.")


def test_a_tail_probability_may_be_of_other_random_numbers(unsealed):
    """By chance, but not by more."""
    with h5py.File(unsealed) as file:
        checks = json.loads(file.attrs["gate"])["checks"]
    found = next(check["value"] for check in checks if check["id"] == "residuals_budget")
    with h5py.File(unsealed, "r+") as file:
        value("residuals_budget", abs(found - 0.03))(file)
    with pytest.warns(UserWarning, match=UNSEALED):
        load(unsealed)
    with h5py.File(unsealed, "r+") as file:
        value("residuals_budget", 0.0 if found > 0.5 else 1.0)(file)
    with pytest.raises(InputError, match="residuals by budget"):
        load(unsealed)


def test_a_prior_that_was_changed_lets_no_scatter_pass(tmp_path):
    """The noise is far beyond its prior; a wider prior, as draws, says otherwise."""
    table, taken = made.tables()
    table["error"] += 0.03 * np.random.default_rng(1).standard_normal(len(table))
    tree = fit(read_runs(table, taken), load_model("utility").law_alone(), **FEW)
    checks = {check["id"]: check for check in json.loads(tree.attrs["gate"])["checks"]}
    tail = checks["scatter_prior"]
    assert tail["value"] < 0.2
    tree["prior"]["sigma"] = xr.ones_like(tree["prior"]["sigma"])
    (path := tmp_path / "fit.nc").write_bytes(to_bytes(tree))
    with h5py.File(path, "r+") as file:
        value("scatter_prior", 1.0)(file)
    with pytest.raises(InputError, match="unexplained scatter"):
        load(path)


def test_h5py_leaves_no_seal_that_fits(whole, tmp_path):
    """What edits a file in place leaves the old digest behind new content, or none."""
    (path := tmp_path / "fit.nc").write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        draws_times(0.9)(file)
    with pytest.raises(InputError, match="damaged"):
        load(path)

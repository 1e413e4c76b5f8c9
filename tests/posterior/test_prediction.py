"""Predictions: of a fit, draw by draw the law itself; of known parameters, the published ones."""

import re
from functools import partial

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from places import DATA
from written_out import ERROR

from qqt_bayes.errors import InputError
from qqt_bayes.laws import level_curves
from qqt_bayes.model.noise import reference_budget
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict, predict_known
from qqt_bayes.tables.composition import nested_levels
from qqt_bayes.tables.parameters import read_parameters

law_curves = partial(predict, law_only=True)
BUDGETS = [10e6, 64e6, 333e6, 2e9]
MODELS = [
    "utility",
    "utility-free-size",
    "utility-overfit",
    "utility-released",
    "utility-bounded",
    "effective-data",
]


def of_draw(fit, chain, draw, group=None):
    """The parameters of one draw as the written-out laws want them, and the size exponent."""
    spec, posterior = Spec.from_dict(made.spec_of(fit)), fit["posterior"].to_dataset()
    posterior = posterior.isel(chain=chain, draw=draw)
    if group is not None and "group" in posterior.dims:
        posterior = posterior.sel(group=group)
    values = {
        name: posterior[name].values if name in posterior else value
        for name, value in {"tau": np.inf, "size_exponent": 0.0, **spec.parameters}.items()
    }
    exponent = float(values.pop("size_exponent"))
    return {name: [*np.broadcast_to(x, 3)] for name, x in values.items()}, exponent


@pytest.mark.parametrize("model", [*MODELS, "data-constrained", "power-law"])
def test_every_draw_is_the_law_written_out(model):
    fit = made.fit(model=model, draws=3)
    law = load_model(model).law
    found = law_curves(fit, made.levels(), BUDGETS)
    assert found.dims == ("chain", "draw", "level", "budget")
    theta, exponent = of_draw(fit, chain=1, draw=2)
    sizes = [made.SIZE] * 3
    for i, taken in enumerate(made.levels().values):
        used = {name: values[: i + 1] for name, values in theta.items()}
        expected = [
            ERROR[law](used, taken[: i + 1], sizes[: i + 1], seen, exponent) for seen in BUDGETS
        ]
        np.testing.assert_allclose(found[1, 2, i], expected, rtol=0, atol=1e-9)


def test_prediction_says_what_it_is():
    found = predict(made.fit(draws=3), made.levels(), BUDGETS)
    assert found.name == "error"
    assert found["level"].values.tolist() == ["top 1", "top 2", "top 3"]
    assert found["budget"].values.tolist() == BUDGETS
    assert found["budget"].attrs == {"units": "samples"}
    expected = {"units": "error rate", "kind": "error", "law": "utility", "of": "mean over runs"}
    assert found.attrs == expected | {"method": "nuts"}


@pytest.mark.parametrize("model", ["cherti", "utility"])
def test_groups_are_predicted_together_or_one_by_one(model):
    fit = made.fit(groups=3, model=model, draws=5)
    together = law_curves(fit, made.levels(), BUDGETS)
    assert together.dims == ("chain", "draw", "group", "level", "budget")
    for group in ("arch 1", "arch 3"):
        alone = law_curves(fit, made.levels(), BUDGETS, group=group)
        assert alone.dims == ("chain", "draw", "level", "budget")
        xr.testing.assert_allclose(alone, together.sel(group=group), rtol=1e-14)


def test_levels_are_predicted_alone_or_together_alike():
    fit, order = made.fit(draws=5), [2, 0]
    together = law_curves(fit, made.levels(), BUDGETS)
    xr.testing.assert_allclose(
        law_curves(fit, made.levels()[order], BUDGETS), together[:, :, order]
    )
    xr.testing.assert_allclose(law_curves(fit, made.levels(), BUDGETS[1]), together[..., [1]])


def test_size_reference_replaces_the_sizes_of_pools():
    spec = load_model("cherti")
    fit = made.fit(groups=2, model="cherti", draws=5)
    table = spec.to_dict() | {"size_reference": 2 * spec.size_reference}
    doubled = fit.copy()
    doubled["posterior"] = fit["posterior"].to_dataset().assign(tau=2 * fit["posterior"]["tau"])
    made.replace_spec(doubled, table)
    expected = law_curves(fit, made.levels(), BUDGETS)
    xr.testing.assert_allclose(law_curves(doubled, made.levels(), BUDGETS), expected, rtol=1e-12)


def test_blocks_of_draws_do_not_show(monkeypatch):
    fit = made.fit(draws=25)
    expected = law_curves(fit, made.levels(), BUDGETS)
    monkeypatch.setattr(level_curves, "MAX_BLOCK_NUMBERS", 1000)
    xr.testing.assert_allclose(law_curves(fit, made.levels(), BUDGETS), expected, rtol=1e-14)


@pytest.mark.parametrize("likelihood", ["Normal", "StudentT"])
def test_new_run_adds_the_noise_of_the_likelihood(likelihood):
    table = made.law_alone().to_dict()
    table["likelihood"] = {"distribution": likelihood, "sigma": table["likelihood"]["sigma"]}
    table["likelihood"] |= {"nu": 5.0} if likelihood == "StudentT" else {}
    fit = made.fit(model=Spec.from_dict(table), draws=2000)
    new = predict(fit, made.levels(), BUDGETS, new_run=True, law_only=True)
    assert (new.name, new.attrs["of"]) == ("error", "one new run")
    z = (new - law_curves(fit, made.levels(), BUDGETS)) / fit["posterior"]["sigma"]
    variance = 5 / 3 if likelihood == "StudentT" else 1.0
    assert z.mean().item() == pytest.approx(0, abs=0.02)
    assert z.var().item() == pytest.approx(variance, rel=0.06)
    assert abs(np.corrcoef(z[..., 0, 0].values.ravel(), z[..., 1, 0].values.ravel())[0, 1]) < 0.06


def test_new_run_is_repeatable():
    fit = made.fit(draws=10)
    again = [predict(fit, made.levels(), 1e9, new_run=True, seed=seed) for seed in (1, 1, 2)]
    xr.testing.assert_identical(again[0], again[1])
    assert (again[0] != again[2]).all()


def test_new_run_takes_the_noise_of_its_group():
    table = load_model("utility").to_dict()
    prior = {"distribution": "HalfNormal", "sigma": 0.01, "over": ["group"]}
    table["likelihood"] = {"distribution": "Normal", "sigma": prior}
    fit = made.fit(groups=2, model=Spec.from_dict(table), draws=500)
    sigma = fit["posterior"]["sigma"] * xr.DataArray([0.0, 1.0], dims="group")
    fit["posterior"] = fit["posterior"].to_dataset().assign(sigma=sigma)
    own = {"new_run": True, "law_only": True}
    noise = predict(fit, made.levels(), 1e9, **own) - law_curves(fit, made.levels(), 1e9)
    assert (noise.sel(group="arch 1") == 0).all()
    assert noise.sel(group="arch 2").std().item() == pytest.approx(made.NOISE, rel=0.1)
    quiet = predict(fit, made.levels(), 1e9, **own, group="arch 1")
    xr.testing.assert_equal(quiet, law_curves(fit, made.levels(), 1e9, group="arch 1"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"group": "arch 3"}, "unknown group 'arch 3'; did you mean 'arch"),
        ({"levels": made.levels(4)}, "unknown pool '30-40%' (not in the fit)"),
        ({"budgets": [0]}, "budgets: expected 1 to 1e+18 samples each, got '0'"),
    ],
)
def test_faults(options, sentence):
    asked = {"levels": made.levels(), "budgets": BUDGETS, **options}
    with pytest.raises(InputError, match=re.escape(sentence)):
        predict(made.fit(groups=2, draws=2), **asked)


@pytest.mark.parametrize("law", ["utility-released", "effective-data"])
def test_known_parameters_give_the_published_predictions(law):
    parameters = DATA / "goyal_parameters.csv"
    golden = pd.read_csv(DATA / "goyal_predictions.csv").query("law == @law")
    golden = golden.pivot(index="pools", columns="samples_seen", values="error")
    levels = nested_levels(read_parameters(parameters, fit=law))
    found = predict_known(parameters, levels, golden.columns.to_numpy(), law=law, fit=law)
    assert found.dims == ("level", "budget")
    np.testing.assert_allclose(found, golden, rtol=0, atol=1e-12)


@pytest.mark.parametrize("law", ERROR)
@pytest.mark.parametrize("size_exponent", [0, 0.5, 1.0])
def test_known_parameters_give_the_law_written_out(law, size_exponent):
    parameters = read_parameters(DATA / "goyal_parameters.csv", fit="utility-released")
    budgets = [1e5, 25.6e6, 1e9, 3e10]
    theta = {name: parameters[name].values[:2] for name in ("a", "b", "tau", "d", "kappa")}
    taken, sizes = [5e6, 12.8e6], parameters["pool_size"].values[:2]
    levels = xr.DataArray(
        [taken], {"level": ["x"], "pool": parameters["pool"].values[:2]}, ("level", "pool")
    )
    found = predict_known(parameters, levels, budgets, law=law, size_exponent=size_exponent)
    expected = [ERROR[law](theta, taken, sizes, seen, size_exponent) for seen in budgets]
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-12)
    assert found.attrs["law"] == law


def test_known_parameters_that_overfit():
    """Without a kappa they are those of the utility; with one, the utility would leave it out."""
    levels = made.levels(2)
    parameters = (
        made.truth(2).isel(group=0).drop_vars("kappa").assign(pool_size=("pool", [1e6] * 2))
    )
    expected = predict_known(parameters, levels, BUDGETS)
    parameters["kappa"] = ("pool", [0.0, 0.0])
    again = predict_known(parameters, levels, BUDGETS, law="utility-overfit")
    xr.testing.assert_allclose(again, expected, rtol=1e-12)  # its sums go in another order
    parameters["kappa"] = ("pool", [0.0, 0.2])
    found = predict_known(parameters, levels, BUDGETS, law="utility-overfit")
    xr.testing.assert_allclose(found.sel(level="top 1"), expected.sel(level="top 1"), rtol=1e-12)
    assert found.sel(level="top 2")[-1] > expected.sel(level="top 2")[-1]
    sentence = "kappa is above 0, which law 'utility' does not know; take law"
    with pytest.raises(InputError, match=sentence):
        predict_known(parameters, levels, BUDGETS)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"law": "utilty"}, "unknown law 'utilty'; did you mean 'utility'?"),
        ({"fit": None}, "column fit: holds 2 fits; choose one of 'effective-data', 'utility-rel"),
        ({"fit": "cubic"}, "column fit: unknown fit 'cubic'"),
        ({"size_exponent": np.nan}, "size_exponent: expected a finite number, got nan"),
        ({"size_exponent": "1"}, "size_exponent: expected a finite number, got '1'"),
        ({"levels": made.levels()}, "unknown pool '0-10%' (not in the parameters)"),
        ({"budgets": -1}, "budgets: expected 1 to 1e+18 samples each, got '-1'"),
        ({"parameters": "none.csv"}, "none.csv: no such file"),
    ],
)
def test_faults_of_known_parameters(options, sentence):
    parameters = DATA / "goyal_parameters.csv"
    levels = nested_levels(read_parameters(parameters, fit="effective-data"))
    asked = {"parameters": parameters, "levels": levels, "budgets": 1e9, "fit": "effective-data"}
    with pytest.raises(InputError, match=re.escape(sentence)):
        predict_known(**(asked | options))


def test_known_parameters_that_overflow():
    known = pd.DataFrame({"pool": ["a"], "a": 1e-10, "b": 1e5, "d": 0.1, "unique_samples": 100})
    with pytest.raises(InputError, match="a share of 1 of the predicted errors is not finite"):
        predict_known(known, nested_levels({"a": 100}), "1K")


def test_predictions_that_are_not_finite_are_refused():
    fit = made.fit(draws=5)
    fit["posterior"]["b"].values[0, 0] = np.nan
    with pytest.raises(InputError, match=r"a share of 0\.1 of the predicted errors is not finite"):
        predict(fit, made.levels(), 1e9)


def test_new_runs_scatter_as_their_budget_says():
    """n0 is that of the fitted table, wherever one predicts."""
    fit, levels = made.with_budget_exponent(0.5), made.levels()
    n0 = reference_budget(Fit.of(fit).runs)
    assert n0 == pytest.approx(np.prod(made.BUDGETS) ** 0.25)
    budgets = n0 * np.array([1.0, 4.0, 100.0])
    of = {"new_run": True, "law_only": True}
    noise = predict(fit, levels, budgets, **of) - law_curves(fit, levels, budgets)
    deviation = noise.std(("chain", "draw", "level")).values
    np.testing.assert_allclose(deviation, made.NOISE * np.array([1, 2, 10]), rtol=0.1)


def test_published_parameters_of_a_language_model_become_a_table():
    """README's table: E + A / N^alpha + B / D'^beta with repeated data at R*, written out."""
    big_a, alpha, big_b, beta, floor, r_star = (
        521.0,
        0.3526596,
        1487.7,
        0.3526596,
        1.8691,
        15.387756,
    )
    model, unique, seen = 2.8e9, 25_428_571_429.0, 55e9
    below = floor + big_a / model**alpha
    parameters = pd.DataFrame(
        {
            "pool": ["C4"],
            "a": [1e5 * big_b ** (-1 / beta)],
            "b": [beta],
            "tau": [r_star * np.log(2)],
            "d": [below],
            "unique_samples": [unique],
        }
    )
    levels = pd.DataFrame({"data": ["all"], "pool": ["C4"], "unique_samples": [unique]})
    found = predict_known(parameters, levels, [seen], law="data-constrained", size_exponent=0.0)
    effective = unique + unique * r_star * (1 - np.exp(-(seen / unique - 1) / r_star))
    expected = below + big_b / effective**beta
    np.testing.assert_allclose(found.item(), expected, rtol=1e-9)

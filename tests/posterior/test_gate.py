"""The gate: fits made to fail one check at a time, and the words in which they fail."""

import json

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior import gate
from qqt_bayes.posterior.gate import LEAST_TAIL, NOISE_RATIO, Check, Gate, check, known_noise
from qqt_bayes.tables.runs import read_runs

SCATTER = "unexplained scatter over known noise"
PRIOR_SCATTER = "unexplained scatter: tail probability in the prior of the noise"


@pytest.fixture
def fit():
    """A fit that passes: independent draws, residuals that are noise; nothing known of the noise.

    Made anew for each test, which then damages it.
    """
    return made.fit(chains=4, draws=400)


def put_through(fit):
    """The gate of a made fit whose draws all have the true curve."""
    curve = np.tile(made.curves("utility", made.truth()).ravel(), (1000, 1))
    noise = made.NOISE * np.random.default_rng(5).standard_normal(curve.shape)
    return check(fit, curve, curve + noise)


def failed(gate):
    return [each.name for each in gate.checks if not each.passed]


def named(gate, name):
    (found,) = [each for each in gate.checks if each.name == name]
    return found


def residuals(name):
    return f"residuals by {name}: predictive tail probability"


def with_known(fit, n_eval):
    fit["constant_data"]["n_eval"].values[:] = n_eval
    return put_through(fit)


def test_good_fit_passes(fit):
    gate = put_through(fit)
    assert gate.passed
    assert failed(gate) == []
    assert str(gate) == (
        "The fit passed its gate: the chains agree, no check found fault with the law."
    )


# --- noise ---------------------------------------------------------------------------------------


def test_scatter_that_no_prior_of_the_noise_expects(fit):
    """Nothing is known of the noise but its prior, under which 0.1 is absurd."""
    fit["posterior"]["sigma"].values[:] *= 0.1 / np.median(fit["posterior"]["sigma"])
    gate = put_through(fit)
    assert failed(gate) == [PRIOR_SCATTER]
    assert "runs scatter by 0.1 about their curves" in str(gate)
    assert "give replicates, n_eval, or a model" in str(gate)


def test_known_noise_speaks_before_its_prior(fit):
    names = [each.name for each in with_known(fit, 1000).checks]
    assert SCATTER in names
    assert PRIOR_SCATTER not in names


def test_noise_that_was_declared_is_what_scatter_is_held_against(fit):
    """A number for sigma has no prior that could object."""
    spec = load_model("utility").to_dict()
    spec["likelihood"]["sigma"] = made.NOISE / 20
    fit.attrs["spec"] = json.dumps(Spec.from_dict(spec).to_dict())
    del fit["posterior"]["sigma"]
    found = named(put_through(fit), "unexplained scatter over declared noise")
    assert not found.passed
    assert found.value == pytest.approx(20, rel=0.5)


def test_the_noisiest_group_counts():
    fit = made.fit(chains=4, draws=400)
    found = fit["posterior"]["sigma"]
    names = ["quiet", "noisy"]
    fit["posterior"]["sigma"] = found * xr.DataArray([1, 100], {"group": names}, ("group",))
    fit["prior"]["sigma"] = fit["prior"]["sigma"].expand_dims(group=names, axis=-1)
    found = gate._expected(fit, "")
    assert not found.passed
    assert found.name.startswith("unexplained scatter of noisy: ")


def test_weights_are_no_misfit(fit):
    """Runs of a thousandth of the weight scatter thirty times as much, and may."""
    weight = np.ones(fit["constant_data"].sizes["run"])
    weight[::2] = 0.001
    runs = (
        fit["constant_data"]
        .to_dataset()
        .assign(error=fit["observed_data"]["error"], weight=("run", weight))
    )
    curve = made.curves("utility", made.truth()).ravel()
    residual = made.NOISE * np.random.default_rng(1).standard_normal(curve.size) / np.sqrt(weight)
    runs["n_eval"].values[:] = curve * (1 - curve) / made.NOISE**2
    spec = load_model("utility").to_dict()
    runs = runs.assign(error=("run", curve + residual)).assign_attrs(kind="error")
    assert gate._scatter(fit, spec, runs, residual, "").value < 3
    assert gate._scatter(fit, spec, runs.assign(weight=("run", weight**0)), residual, "").value > 5


# --- convergence -------------------------------------------------------------------------------


def test_chains_that_disagree(fit):
    fit["posterior"]["a"].values[0] *= 1.1
    gate = put_through(fit)
    assert not gate.passed
    assert "R-hat of a" in failed(gate)
    assert "R-hat of a: " in str(gate)
    assert (
        "(at most 1.01) FAILED: the chains disagree: sample longer (--draws 1200 --tune 1200), "
        "or take a simpler model"
    ) in str(gate)


def test_the_worst_pool_counts(fit):
    fit["posterior"]["tau"].values[0, :, 2] *= 1.1
    assert "R-hat of tau" in failed(put_through(fit))


def test_too_few_draws():
    gate = put_through(made.fit(chains=4, draws=20))
    assert any(name.startswith("bulk ESS of ") for name in failed(gate))
    assert any(name.startswith("tail ESS of ") for name in failed(gate))


def test_divergent_draws(fit):
    fit["sample_stats"]["diverging"].values[1, 7] = True
    gate = put_through(fit)
    assert failed(gate) == ["divergent draws"]
    assert named(gate, "divergent draws").value == 1
    assert (
        "divergent draws: 1 (0) FAILED: parts of the posterior were not reached: "
        "raise --target-accept, or a simpler model"
    ) in str(gate)


def test_energy_that_creeps(fit):
    """One chain whose energy is a random walk is enough."""
    energy = fit["sample_stats"]["energy"].values
    energy[2] = np.cumsum(energy[2])
    assert failed(put_through(fit)) == ["E-BFMI"]


# --- adequacy ----------------------------------------------------------------------------------


def test_scatter_is_not_judged_where_nothing_is_known(fit):
    assert SCATTER not in [each.name for each in put_through(fit).checks]


def test_scatter_like_the_known_noise_passes(fit):
    """50,000 images and an error near 0.7: the noise is 0.002, that of the runs 0.003."""
    scatter = named(with_known(fit, 50_000), SCATTER)
    assert scatter.passed
    assert scatter.value == pytest.approx(made.NOISE / np.sqrt(0.7 * 0.3 / 50_000), rel=0.3)


def test_replicates_of_different_weights_know_the_noise_of_weight_one():
    """Two seeds a cell, the second with a hundredth of the variance."""
    rng, weight = np.random.default_rng(0), np.tile([1.0, 100.0], 2000)
    runs = pd.DataFrame(
        {
            "pool": "p",
            "unique_samples": 1e6,
            "samples_seen": np.repeat(np.arange(1, 2001) * 1e6, 2),
            "seed": np.tile([0, 1], 2000),
            "error": 0.5 + 0.01 * rng.standard_normal(4000) / np.sqrt(weight),
        }
    )
    assert known_noise(read_runs(runs), weight) == pytest.approx(0.01, rel=0.05)


def test_scatter_beyond_the_known_noise_fails(fit):
    gate = with_known(fit, 50_000_000)
    assert failed(gate) == [SCATTER]
    assert named(gate, SCATTER).value > NOISE_RATIO
    assert "FAILED: the law does not describe these runs" in str(gate)


def test_residual_scatter_counts_even_if_sigma_is_small(fit):
    fit["posterior"]["sigma"].values[:] *= 1e-3
    assert SCATTER in failed(with_known(fit, 50_000_000))


def test_noise_that_is_declared_as_a_number():
    """No draws of it: the number itself is compared, here 0.03 with 0.002."""
    table = load_model("utility").to_dict()
    table["likelihood"] = {"distribution": "Normal", "sigma": 0.03}
    fit = made.fit(model=Spec.from_dict(table), chains=4, draws=400)
    scatter = named(with_known(fit, 50_000), SCATTER)
    assert scatter.value == pytest.approx(0.03 / np.sqrt(0.7 * 0.3 / 50_000), rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_noise_shows_no_pattern(seed):
    gate = put_through(made.fit(chains=4, draws=400, seed=seed))
    tails = [each for each in gate.checks if each.name.startswith("residuals by ")]
    assert [each.name for each in tails] == [
        residuals(name) for name in ("budget", "repetitions", "training set")
    ]
    assert all(each.passed and LEAST_TAIL <= each.value <= 1 for each in tails)


def test_trend_with_budget(fit):
    seen = np.log(fit["constant_data"]["samples_seen"].values)
    fit["observed_data"]["error"].values[:] += 0.02 * (seen - seen.mean())
    tail = named(gate := put_through(fit), residuals("budget"))
    assert tail.value < LEAST_TAIL
    assert residuals("budget") in failed(gate)
    assert residuals("training set") not in failed(gate)


def test_training_set_off_its_curve(fit):
    index = fit["constant_data"]["data_index"].values
    fit["observed_data"]["error"].values[:] += np.where(index == 1, 0.05, 0.0)
    gate = put_through(fit)
    assert residuals("training set") in failed(gate)
    assert residuals("budget") not in failed(gate)


# --- known noise -------------------------------------------------------------------------------


def constant(data_index, n_eval=np.nan, rounding=0.0):
    """Runs at one budget."""
    one = np.ones(len(data_index))
    columns = {
        "data_index": np.array(data_index),
        "group_index": np.zeros(len(data_index), int),
        "samples_seen": 1e8 * one,
        "n_eval": n_eval * one,
        "rounding": rounding * one,
    }
    return xr.Dataset({name: ("run", x) for name, x in columns.items()})


def noise_of(runs, observed, kind):
    return known_noise(runs.assign(error=("run", observed)).assign_attrs(kind=kind))


def test_replicates_define_the_noise():
    """Cells (1, 2, 3) and (5, 7): sum of squares 2 + 2, three degrees of freedom."""
    observed = 0.01 * np.array([1.0, 2.0, 3.0, 5.0, 7.0, 40.0])
    runs = constant([0, 0, 0, 1, 1, 2], n_eval=1e4)
    for kind in ("error", "loss"):
        assert noise_of(runs, observed, kind) == pytest.approx(0.01 * np.sqrt(4 / 3))


def test_another_budget_is_no_replicate():
    runs = constant([0, 0, 0, 0])
    runs["samples_seen"].values[:] = [1e8, 2e8, 3e8, 4e8]
    assert noise_of(runs, np.array([0.4, 0.3, 0.2, 0.1]), "error") is None


def test_too_few_replicates_leave_evaluation_and_rounding():
    observed = np.array([0.4, 0.6, 0.5, 0.5])
    runs = constant([0, 0, 1, 1], n_eval=1e4, rounding=0.003)
    expected = np.sqrt(np.mean(observed * (1 - observed)) / 1e4 + 0.003**2 / 3)
    assert noise_of(runs, observed, "error") == pytest.approx(
        expected, rel=1e-4
    )  # half a count added


def test_nothing_known():
    observed = np.array([0.5, 0.4, 0.3])
    assert noise_of(constant([0, 1, 2]), observed, "error") is None
    assert noise_of(constant([0, 1, 2], n_eval=1e4), observed, "loss") is None
    assert noise_of(constant([0, 0, 0, 0]), np.full(4, 0.5), "error") is None


def test_replicates_reach_the_gate(fit):
    """Four equal runs a cell but for 1e-5: the residuals of 0.003 are not run-to-run noise."""
    cells = fit["constant_data"]
    cells["samples_seen"].values[:] = 64e6
    observed = fit["observed_data"]["error"].values
    observed[:] = 0.7 + 1e-5 * np.random.default_rng(6).standard_normal(observed.size)
    assert SCATTER in failed(put_through(fit))


# --- in words and on disk ----------------------------------------------------------------------


def test_json_round_trip(fit):
    gate = put_through(fit)
    assert Gate.from_json(gate.to_json()) == gate
    fit["sample_stats"]["diverging"].values[0, 0] = True
    damaged = put_through(fit)
    again = Gate.from_json(damaged.to_json())
    assert again == damaged
    assert not again.passed
    assert str(again) == str(damaged)


def test_only_failed_checks_are_told():
    good = Check("E-BFMI", 0.9, "at least 0.3", True, "")
    bad = Check("bulk ESS of a", 12.3456, "at least 400", False, "sample longer")
    assert str(Gate((good, bad))) == (
        "The fit did not pass its gate.\n"
        "  bulk ESS of a: 12.35 (at least 400) FAILED: sample longer"
    )


def test_an_undefined_diagnostic_passes_no_bar():
    values = xr.Dataset({"a": ("x", [1.0, np.nan]), "b": 1.3})
    worst, name = gate._worst(values, np.max)
    assert np.isnan(worst)
    assert name == "a"


def test_a_note_is_said_whatever_the_verdict():
    for value in (1.0, 2.0):
        found = Check("R-hat of b", value, "at most 1.01", value < 1.01, "")
        noted = Gate((found,), note="The posterior has 2 modes.")
        assert noted.chains_agree == found.passed
        assert str(noted).endswith("\nThe posterior has 2 modes.")
        assert Gate.from_json(noted.to_json()) == noted
    far = Check("Pareto k of the approximation", 2.0, "at most 0.7", False, "")
    assert Gate((far,)).chains_agree


def test_the_advice_is_for_the_kind_of_table_at_hand(fit):
    """No model of error rates for losses, no word of groups where there are none."""
    fit["observed_data"]["error"].values[:3] += 0.1
    assert "utility-bounded" in str(put_through(fit))
    assert "where groups differ" not in str(put_through(fit))
    fit.attrs["kind"] = "loss"
    assert "utility-bounded" not in str(put_through(fit))
    assert "data-constrained" in str(put_through(fit))
    groups = made.fit(groups=2, chains=4, draws=400)
    groups["observed_data"]["error"].values[:3] += 0.1
    curve = np.tile(made.curves("utility", made.truth(groups=2)).ravel(), (1000, 1))
    assert "where groups differ" in str(check(groups, curve, curve))

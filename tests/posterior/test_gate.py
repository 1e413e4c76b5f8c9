"""The gate: fits made to fail one check at a time, and what is kept of it on disk."""

import json
import subprocess
import sys

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from places import TESTS

from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior import gate
from qqt_bayes.posterior.checks import LARGEST_NOISE_RATIO, LEAST_TAIL, check_value
from qqt_bayes.posterior.gate import Gate, Mode, check, known_noise
from qqt_bayes.report.gate_text import outcome, verdict
from qqt_bayes.tables.runs import read_runs


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
    return [each.id for each in gate.failed]


def named(gate, check_id):
    (found,) = [each for each in gate.checks if each.id == check_id]
    return found


def with_known(fit, n_eval):
    fit["constant_data"]["n_eval"].values[:] = n_eval
    return put_through(fit)


def test_good_fit_passes(fit):
    gate = put_through(fit)
    assert gate.passed
    assert failed(gate) == []
    assert verdict(gate) == (
        "The fit passed its gate: the chains agree, no check found fault with the law."
    )


# --- noise ---------------------------------------------------------------------------------------


def test_scatter_that_no_prior_of_the_noise_expects(fit):
    """Nothing is known of the noise but its prior, under which 0.1 is absurd."""
    fit["posterior"]["sigma"].values[:] *= 0.1 / np.median(fit["posterior"]["sigma"])
    gate = put_through(fit)
    assert failed(gate) == ["scatter_prior"]
    assert named(gate, "scatter_prior").of == ""
    assert named(gate, "scatter_prior").sigma == pytest.approx(0.1)


def test_known_noise_speaks_before_its_prior(fit):
    ids = [each.id for each in with_known(fit, 1000).checks]
    assert "scatter_known" in ids
    assert "scatter_prior" not in ids


def test_noise_that_was_declared_is_what_scatter_is_held_against(fit):
    """A number for sigma has no prior that could object."""
    spec = load_model("utility").to_dict()
    spec["likelihood"]["sigma"] = made.NOISE / 20
    fit.attrs["spec"] = json.dumps(Spec.from_dict(spec).to_dict())
    del fit["posterior"]["sigma"]
    found = named(put_through(fit), "scatter_declared")
    assert not found.passed
    assert found.value == pytest.approx(20, rel=0.5)


def test_the_noisiest_group_counts():
    fit = made.fit(chains=4, draws=400)
    found = fit["posterior"]["sigma"]
    names = ["quiet", "noisy"]
    fit["posterior"]["sigma"] = found * xr.DataArray([1, 100], {"group": names}, ("group",))
    fit["prior"]["sigma"] = fit["prior"]["sigma"].expand_dims(group=names, axis=-1)
    found = gate._expected(fit)
    assert not found.passed
    assert found.of == "noisy"
    assert found.sigma == pytest.approx(100 * made.NOISE, rel=0.01)


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
    assert gate._scatter(fit, spec, runs, residual).value < 3
    assert gate._scatter(fit, spec, runs.assign(weight=("run", weight**0)), residual).value > 5


# --- convergence -------------------------------------------------------------------------------


def test_chains_that_disagree(fit):
    fit["posterior"]["a"].values[0] *= 1.1
    gate = put_through(fit)
    assert not gate.passed
    assert named(gate, "rhat").of == "a"
    assert "rhat" in failed(gate)
    assert not gate.chains_agree


def test_the_worst_pool_counts(fit):
    fit["posterior"]["tau"].values[0, :, 2] *= 1.1
    assert "rhat" in failed(gate := put_through(fit))
    assert named(gate, "rhat").of == "tau"


def test_too_few_draws():
    gate = put_through(made.fit(chains=4, draws=20))
    assert {"ess_bulk", "ess_tail"} <= set(failed(gate))
    assert gate.draws == 20


def test_one_divergent_draw_in_a_thousand_is_let_pass(fit):
    fit["sample_stats"]["diverging"].values[1, 7] = True
    gate = put_through(fit)
    assert gate.passed
    assert (named(gate, "divergences").value, named(gate, "divergences").bar) == (1, 1)
    fit["sample_stats"]["diverging"].values[2, 30] = True
    assert failed(put_through(fit)) == ["divergences"]
    fit["sample_stats"].attrs["kept_of"] = 4  # those two are of 6,400 draws
    assert put_through(fit).passed


def test_energy_that_creeps(fit):
    """One chain whose energy is a random walk is enough."""
    energy = fit["sample_stats"]["energy"].values
    energy[2] = np.cumsum(energy[2])
    assert failed(put_through(fit)) == ["bfmi"]


# --- adequacy ----------------------------------------------------------------------------------


def test_scatter_is_not_judged_where_nothing_is_known(fit):
    assert "scatter_known" not in [each.id for each in put_through(fit).checks]


def test_scatter_like_the_known_noise_passes(fit):
    """50,000 images and an error near 0.7: the noise is 0.002, that of the runs 0.003."""
    scatter = named(with_known(fit, 50_000), "scatter_known")
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
    assert failed(gate) == ["scatter_known"]
    assert named(gate, "scatter_known").value > LARGEST_NOISE_RATIO


def test_residual_scatter_counts_even_if_sigma_is_small(fit):
    fit["posterior"]["sigma"].values[:] *= 1e-3
    assert "scatter_known" in failed(with_known(fit, 50_000_000))


def test_noise_that_is_declared_as_a_number():
    """No draws of it: the number itself is compared, here 0.03 with 0.002."""
    table = load_model("utility").to_dict()
    table["likelihood"] = {"distribution": "Normal", "sigma": 0.03}
    fit = made.fit(model=Spec.from_dict(table), chains=4, draws=400)
    scatter = named(with_known(fit, 50_000), "scatter_known")
    assert scatter.value == pytest.approx(0.03 / np.sqrt(0.7 * 0.3 / 50_000), rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_noise_shows_no_pattern(seed):
    gate = put_through(made.fit(chains=4, draws=400, seed=seed))
    tails = gate.checks[-3:]
    assert [each.id for each in tails] == [
        f"residuals_{name}" for name in ("budget", "repetitions", "training_set")
    ]
    assert all(each.passed and LEAST_TAIL <= each.value <= 1 for each in tails)


def test_trend_with_budget(fit):
    seen = np.log(fit["constant_data"]["samples_seen"].values)
    fit["observed_data"]["error"].values[:] += 0.02 * (seen - seen.mean())
    tail = named(gate := put_through(fit), "residuals_budget")
    assert tail.value < LEAST_TAIL
    assert "residuals_budget" in failed(gate)
    assert "residuals_training_set" not in failed(gate)


def test_training_set_off_its_curve(fit):
    index = fit["constant_data"]["data_index"].values
    fit["observed_data"]["error"].values[:] += np.where(index == 1, 0.05, 0.0)
    gate = put_through(fit)
    assert "residuals_training_set" in failed(gate)
    assert "residuals_budget" not in failed(gate)


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
    assert "scatter_known" in failed(put_through(fit))


# --- what it imports ----------------------------------------------------------------------------


def test_a_fit_is_judged_without_what_takes_longer_to_import_than_to_fit():
    code = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
slow = {{"arviz", "arviz_base", "arviz_stats", "scipy.stats"}}
from qqt_bayes.posterior.diagnostics import convergence, importance, power_scaling
print(*slow & {{*sys.modules}})
import made, numpy as np
from qqt_bayes.posterior import gate, prior_sensitivity
from qqt_bayes.sampling.approximation import laplace
fit, curve = made.fit(), np.ones((9, 12))
gate.check(fit, curve, curve)
prior_sensitivity.learned(fit)
laplace(lambda x: (-x @ x, -2 * x), np.ones((1, 2)), 50, seed=1)
print(*slow & {{*sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n\n"


# --- on disk -----------------------------------------------------------------------------------


def test_json_round_trip(fit):
    gate = put_through(fit)
    assert Gate.from_json(gate.to_json()) == gate
    assert json.loads(gate.to_json())["passed"] is True
    fit["sample_stats"]["diverging"].values[0, :2] = True
    damaged = put_through(fit)
    again = Gate.from_json(damaged.to_json())
    assert again == damaged
    assert not again.passed


def test_modes_and_evidence_are_kept_as_numbers():
    found = (
        Mode("size_exponent", "", 2.1, 0.9, (1.0, 0.0)),
        Mode("b", "x, y", 0.2, 0.1, (0.0, 1.0)),
    )
    gate = Gate(
        (check_value("bfmi", 0.9),), "smc", modes=found, log_marginal_likelihood=(-10.0, -10.5)
    )
    assert Gate.from_json(gate.to_json()) == gate


def test_without_any_check_nothing_has_passed():
    assert not Gate(()).passed


def test_an_undefined_diagnostic_passes_no_bar():
    values = {"a": np.array([1.0, np.nan]), "b": np.array([1.3])}
    worst, name = gate._worst(values, np.max)
    assert np.isnan(worst)
    assert name == "a"
    assert not check_value("rhat", worst).passed
    assert not check_value("ess_bulk", worst).passed


def test_chains_that_are_not_compared_do_not_disagree():
    assert Gate((check_value("pareto_k", 2.0),)).chains_agree
    assert not Gate((check_value("rhat", 2.0),)).chains_agree


def test_a_gate_knows_of_what_it_is():
    groups = made.fit(groups=2, model="cherti", chains=4, draws=100)
    groups.attrs["kind"] = "loss"
    curve = np.tile(made.curves("utility", made.truth(groups=2)).ravel(), (1000, 1))
    found = check(groups, curve, curve)
    assert (found.model, found.kind, found.groups, found.draws) == ("cherti", "loss", 2, 100)


def test_a_check_that_only_a_later_version_knows_does_no_harm():
    text = Gate((check_value("bfmi", 0.9),)).to_json().replace("bfmi", "novel")
    (found,) = Gate.from_json(text).checks
    assert outcome(found) == "novel: 0.9 (at least 0.3) ok"

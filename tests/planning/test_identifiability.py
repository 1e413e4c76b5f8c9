"""What designs can teach, where the answer is known by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from designs import each_alone, mixed

import qqt_bayes
from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.tables.runs import read_runs


def identifiability(runs, model="utility"):
    """Under the utility law if no other model is named."""
    return qqt_bayes.identifiability(runs, model)


def findings(source, model="utility", **options):
    return identifiability(read_runs(source, **options), model).findings


def test_a_rich_design_identifies_everything():
    found = identifiability(read_runs(each_alone(np.geomspace(1e6, 1e9, 12))))
    assert set(found.findings) <= {"repetition", "ridge", "forecast"}
    assert found.contraction["contraction"].min() > 0.5
    assert found.epochs == {"x": 100.0, "y": 100.0}


def test_one_budget():
    found = identifiability(read_runs(each_alone([2e7])))
    assert "errors at other budgets are not identified" in found.findings["one budget"]
    assert "narrow budgets" not in found.findings
    assert "forecast" not in found.findings
    sd = found.forecast["sd"]
    assert sd[0] < sd[1] < sd[2]
    assert (sd < found.forecast["prior_sd"]).all()


def test_runs_of_one_epoch_leave_half_lives_to_the_prior():
    found = identifiability(read_runs(each_alone([1e6, 4e6, 1e7], size=1e7)))
    assert found.findings["no repetition"].startswith("No run goes beyond one epoch")
    assert "half-life of the utility (tau) of x and y" in found.findings["prior-dominated"]
    assert list(found.findings)[-1] == "prior-dominated"  # a list of parameters opens no check
    tau = found.contraction.query("parameter == 'tau'")["contraction"]
    np.testing.assert_allclose(tau, 0, atol=1e-6)


@pytest.mark.parametrize(("model", "what"), [("utility", "tau"), ("effective-reuse", "costs")])
@pytest.mark.parametrize(("largest", "share"), [(1e7, ""), (2e6, "more than 20 %")])
def test_runs_that_see_a_part_of_their_sets_are_said_to(model, what, largest, share):
    said = findings(each_alone([1e6, largest], size=1e7), model)["no repetition"]
    assert what in said
    assert share in said
    assert ("counted in one unit?" in said) == bool(share)
    assert "no repetition" not in findings(each_alone([1e6, 2e7], size=1e7), model)


def test_a_law_without_repetition_says_nothing_of_it():
    assert "no repetition" not in findings(each_alone([1e6, 2e6], size=1e7), "power-law")


def test_a_pool_that_is_not_repeated_is_named():
    runs = pd.concat([each_alone([1e6, 1e8], ["x"]), each_alone([1e6, 1e7], ["y"])])
    assert findings(runs)["pools not repeated"].startswith("No run repeats y:")


@pytest.mark.parametrize(("largest", "is_narrow"), [(9e7, True), (1.1e8, False)])
def test_narrow_budgets(largest, is_narrow):
    found = findings(each_alone([1e7, largest]))
    assert ("narrow budgets" in found) == is_narrow


def test_inseparable_pools_are_named():
    found = identifiability(mixed([[1, 0, 0], [0, 1, 2]])).findings
    assert "never separate pool 1 and pool 2" in found["inseparable pools 1"]


@pytest.mark.parametrize(
    ("shares", "is_open"),
    [
        ([[1, 0], [0, 1]], True),
        ([[1, 0], [1, 1]], False),
        ([[1, 0], [0, 1], [1, 1]], False),
        ([[1, 1], [1, 1]], True),
    ],
)
def test_size_exponent_needs_repeated_sets_of_different_sizes(shares, is_open):
    found = identifiability(mixed(shares), "utility-free-size")
    assert ("one size" in found.findings) == is_open
    told = found.contraction.set_index("parameter")["contraction"]["size_exponent"]
    assert (told < 1e-6) if is_open and shares[0] != [1, 1] else (told > 0)


@pytest.mark.parametrize(("other", "named"), [(4_000_001, "4M"), (4.2e6, "4M to 4.2M")])
def test_budgets_that_are_nearly_one_are_one(other, named):
    """2.44 and 2.56 billion say as little of other budgets as one budget does."""
    found = findings(each_alone([4e6, other]))
    assert f"All runs are at one budget ({named})" in found["one budget"]
    assert not {"forecast", "narrow budgets"} & set(found)


@pytest.mark.parametrize("exponent", [50.0, 400.0, -400.0])
def test_noise_beyond_measure_is_no_fault(exponent):
    table_of = load_model("utility").to_dict()
    table_of["likelihood"]["budget_exponent"] = exponent
    spec = Spec.from_dict(table_of)
    found = identifiability(read_runs(each_alone([1e5, 1e6, 1e8])), spec)
    assert "nan" not in " ".join(found.findings.values())
    assert (found.contraction["contraction"].between(-1e-9, 1)).all()


def test_errors_that_rise_are_told_where_the_law_cannot():
    runs = each_alone([1e7, 1e8, 1e9], pools=["x"]).assign(error=[0.6, 0.5, 0.52])
    sentence = "The error of x rises from 0.5 at 100M to 0.52 at 1B: by chance, or by too much"
    assert sentence in findings(runs)["rise"]
    assert "rise" not in findings(runs, "utility-overfit")
    assert "rise" not in findings(runs.assign(error=[0.6, 0.5, 0.504]))
    seeds = pd.concat([runs.assign(seed=1), runs.assign(seed=2, error=[0.6, 0.5, 0.48])])
    assert "rise" not in findings(seeds)
    two = pd.concat([runs.assign(group="a"), runs.assign(group="b", error=[0.6, 0.5, 0.53])])
    assert "The error of x (b) rises" in findings(two)["rise"]


def test_groups_at_one_budget_are_named():
    runs = pd.concat(
        [each_alone([1e6, 1e8]).assign(group="small"), each_alone([1e8]).assign(group="large")]
    )
    assert "All runs of large are at one budget" in findings(runs)["groups at one budget"]


def test_errors_that_no_prior_expects_are_told():
    assert "unexpected errors" not in findings(each_alone([1e6, 1e8]))
    runs = each_alone([1e6, 1e8]).assign(error=[4.9, 4.4] * 2)
    found = identifiability(read_runs(runs, kind="loss")).findings
    assert "4 of 4 runs are outside their 90 % intervals" in found["unexpected errors"]
    assert "most, with 4." in found["unexpected errors"]


def test_one_epoch_is_no_epochs():
    assert findings(each_alone([1e7]))["repetition"] == "Each pool is seen for at most 1 epoch."
    assert findings(each_alone([2e7]))["repetition"] == "Each pool is seen for at most 2 epochs."


def test_groups_that_have_a_budget_each_are_not_told_from_their_budgets():
    runs = pd.concat(
        [each_alone([1e6]).assign(group="small"), each_alone([1e8]).assign(group="large")]
    )
    assert "budget and group cannot be told apart" in findings(runs)["groups at one budget"]
    same = pd.concat([each_alone([1e8]).assign(group=name) for name in ("small", "large")])
    assert "one budget" in findings(same)
    assert "groups at one budget" not in findings(same)


def test_outcomes_are_not_used():
    first, second = (
        identifiability(read_runs(each_alone([1e6, 1e8]).assign(error=error, n_eval=50_000)))
        for error in (0.3, 0.9)
    )
    assert first.to_dict() == second.to_dict()


def test_where_the_prior_is_never_legal_nothing_is_quantified():
    spec = load_model("power-law")
    far = replace(spec, parameters={**spec.parameters, "a": 1e-30})
    found = identifiability(read_runs(each_alone([1e6, 1e8])), far)
    assert found.findings["unknown"].startswith("How much these runs can teach is not quantified")
    assert found.draws == 0
    assert found.contraction.empty
    assert found.forecast["sd"].isna().all()


def test_a_table_that_is_very_large_is_not_quantified():
    pools = [f"pool {i}" for i in range(600)]
    found = identifiability(read_runs(each_alone([1e7], pools)))
    assert {"one budget", "no repetition", "unknown"} <= set(found.findings)


def test_a_law_without_random_parameters_has_nothing_to_learn():
    fixed = replace(load_model("power-law"), parameters={"a": 0.02, "b": 0.1, "d": 0.1})
    assert "unknown" in identifiability(read_runs(each_alone([1e6, 1e8])), fixed).findings


def test_a_bounded_law_is_not_for_losses():
    runs = read_runs(each_alone([1e6, 1e8]), kind="loss")
    with pytest.raises(InputError, match="its law is for error rates"):
        identifiability(runs, "utility-bounded")

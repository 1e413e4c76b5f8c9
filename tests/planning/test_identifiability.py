"""What designs can teach, where the answer is known by hand."""

import json
from dataclasses import replace

import made
import numpy as np
import pandas as pd
import pytest
from command import qqt
from places import CASE_STUDIES
from scipy import stats

import qqt_bayes
from qqt_bayes.errors import InputError
from qqt_bayes.model.distributions import Likelihood, Prior
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.planning.design import inseparable, most_epochs
from qqt_bayes.planning.information import Information, expected_information, find_ridges
from qqt_bayes.tables.runs import read_runs


def table(budgets, pools=("x", "y"), size=1e7):
    """Each pool alone at each budget."""
    return pd.DataFrame(
        [
            {"pool": pool, "unique_samples": size, "samples_seen": seen, "error": 0.5}
            for pool in pools
            for seen in budgets
        ]
    )


def findings(source, model="utility", **options):
    return qqt_bayes.identifiability(read_runs(source, **options), model).findings


def test_a_rich_design_identifies_everything():
    found = qqt_bayes.identifiability(read_runs(table(np.geomspace(1e6, 1e9, 12))))
    assert set(found.findings) <= {"repetition", "ridge", "forecast"}
    assert found.contraction["contraction"].min() > 0.5
    assert found.epochs == {"x": 100.0, "y": 100.0}


def test_one_budget():
    found = qqt_bayes.identifiability(read_runs(table([2e7])))
    assert "errors at other budgets are not identified" in found.findings["one budget"]
    assert "narrow budgets" not in found.findings
    assert "forecast" not in found.findings
    sd = found.forecast["sd"]
    assert sd[0] < sd[1] < sd[2]
    assert (sd < found.forecast["prior_sd"]).all()


def test_runs_of_one_epoch_leave_half_lives_to_the_prior():
    found = qqt_bayes.identifiability(read_runs(table([1e6, 4e6, 1e7], size=1e7)))
    assert found.findings["no repetition"].startswith("No run goes beyond one epoch")
    assert "tau of x and y" in found.findings["prior-dominated"]
    tau = found.contraction.query("parameter == 'tau'")["contraction"]
    np.testing.assert_allclose(tau, 0, atol=1e-6)


def test_a_pool_that_is_not_repeated_is_named():
    runs = pd.concat([table([1e6, 1e8], ["x"]), table([1e6, 1e7], ["y"])])
    assert findings(runs)["pools not repeated"].startswith("No run repeats y:")


@pytest.mark.parametrize(("largest", "is_narrow"), [(9e7, True), (1.1e8, False)])
def test_narrow_budgets(largest, is_narrow):
    found = findings(table([1e7, largest]))
    assert ("narrow budgets" in found) == is_narrow


def mixed(shares):
    """A training set for each row of shares, at two budgets, and their composition."""
    pools = [f"pool {i}" for i in range(len(shares[0]))]
    sets = pd.DataFrame(
        [
            {"data": f"set {i}", "pool": pool, "unique_samples": 1e6 * share}
            for i, row in enumerate(shares)
            for pool, share in zip(pools, row, strict=True)
            if share
        ]
    )
    runs = [
        {"data": f"set {i}", "samples_seen": seen, "error": 0.5}
        for i in range(len(shares))
        for seen in (1e6, 5e7)
    ]
    return read_runs(pd.DataFrame(runs), composition=sets)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], []),
        ([[1, 0, 0], [1, 1, 0], [1, 1, 1]], []),
        ([[1, 0, 0], [0, 1, 2]], [["pool 1", "pool 2"]]),
        ([[1, 2, 0, 0], [0, 0, 1, 1]], [["pool 0", "pool 1"], ["pool 2", "pool 3"]]),
        ([[1, 2, 1]], [["pool 0", "pool 1", "pool 2"]]),
        ([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], [["pool 0", "pool 1", "pool 2"]]),
    ],
)
def test_pools_that_are_never_separated(shares, expected):
    runs = mixed(shares)
    assert inseparable(runs) == expected
    found = qqt_bayes.identifiability(runs).findings
    assert sum(name.startswith("inseparable") for name in found) == len(expected)


def test_inseparable_pools_are_named():
    found = qqt_bayes.identifiability(mixed([[1, 0, 0], [0, 1, 2]])).findings
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
    found = qqt_bayes.identifiability(mixed(shares), "utility-free-size")
    assert ("one size" in found.findings) == is_open
    told = found.contraction.set_index("parameter")["contraction"]["size_exponent"]
    assert (told < 1e-6) if is_open and shares[0] != [1, 1] else (told > 0)


@pytest.mark.parametrize(("other", "named"), [(4_000_001, "4M"), (4.2e6, "4M to 4.2M")])
def test_budgets_that_are_nearly_one_are_one(other, named):
    """2.44 and 2.56 billion say as little of other budgets as one budget does."""
    found = findings(table([4e6, other]))
    assert f"All runs are at one budget ({named})" in found["one budget"]
    assert not {"forecast", "narrow budgets"} & set(found)


@pytest.mark.parametrize("exponent", [50.0, 400.0, -400.0])
def test_noise_beyond_measure_is_no_fault(exponent):
    table_of = load_model("utility").to_dict()
    table_of["likelihood"]["budget_exponent"] = exponent
    spec = Spec.from_dict(table_of)
    found = qqt_bayes.identifiability(read_runs(table([1e5, 1e6, 1e8])), spec)
    assert "nan" not in " ".join(found.findings.values())
    assert (found.contraction["contraction"].between(-1e-9, 1)).all()


def test_errors_that_rise_are_told_where_the_law_cannot():
    runs = table([1e7, 1e8, 1e9], pools=["x"]).assign(error=[0.6, 0.5, 0.52])
    sentence = "The error of x rises from 0.5 at 100M to 0.52 at 1B: by chance, or by too much"
    assert sentence in findings(runs)["rise"]
    assert "rise" not in findings(runs, "utility-overfit")
    assert "rise" not in findings(runs.assign(error=[0.6, 0.5, 0.504]))
    seeds = pd.concat([runs.assign(seed=1), runs.assign(seed=2, error=[0.6, 0.5, 0.48])])
    assert "rise" not in findings(seeds)
    two = pd.concat([runs.assign(group="a"), runs.assign(group="b", error=[0.6, 0.5, 0.53])])
    assert "The error of x (b) rises" in findings(two)["rise"]


def test_groups_at_one_budget_are_named():
    runs = pd.concat([table([1e6, 1e8]).assign(group="small"), table([1e8]).assign(group="large")])
    assert "All runs of large are at one budget" in findings(runs)["groups at one budget"]


def test_errors_that_no_prior_expects_are_told():
    assert "unexpected errors" not in findings(table([1e6, 1e8]))
    runs = table([1e6, 1e8]).assign(error=[4.9, 4.4] * 2)
    found = qqt_bayes.identifiability(read_runs(runs, kind="loss")).findings
    assert "4 of 4 runs are outside their 90 % intervals" in found["unexpected errors"]
    assert "run 2 most, with 4.4 instead of" in found["unexpected errors"]


def test_one_epoch_is_no_epochs():
    assert findings(table([1e7]))["repetition"] == "Each pool is seen for at most 1 epoch."
    assert findings(table([2e7]))["repetition"] == "Each pool is seen for at most 2 epochs."


def test_groups_that_have_a_budget_each_are_not_told_from_their_budgets():
    runs = pd.concat([table([1e6]).assign(group="small"), table([1e8]).assign(group="large")])
    assert "budget and group cannot be told apart" in findings(runs)["groups at one budget"]
    same = pd.concat([table([1e8]).assign(group=name) for name in ("small", "large")])
    assert "one budget" in findings(same)
    assert "groups at one budget" not in findings(same)


def test_most_epochs_of_mixed_sets():
    assert most_epochs(mixed([[1, 0], [1, 3]])).to_dict() == {"pool 0": 50.0, "pool 1": 12.5}


def test_expected_information_of_a_linear_model_is_exact():
    """Power law with a known and b known: error = curve + d, d uniform, noise known."""
    seen, sigma, width = [1e6, 1e7, 1e8], 0.05, 0.2
    spec = replace(
        load_model("power-law"),
        parameters={
            "a": 1.0,
            "b": 0.2,
            "d": Prior("Uniform", {"lower": 0.0, "upper": width}),
        },
        likelihood=Likelihood("Normal", {"sigma": sigma}),
    )
    runs = read_runs(table(seen, ["x"]))
    told = expected_information(spec, runs, runs.isel(run=[0]), seed=3)
    z = np.random.default_rng(3).standard_normal(told.draws)
    slope = width * stats.norm.pdf(z)  # of d by z; of every error, too
    after = 1 / (1 + len(seen) * slope**2 / sigma**2)
    np.testing.assert_allclose(told.contraction, [np.median(1 - after)], rtol=1e-4)
    np.testing.assert_allclose(told.prior_sd, [np.median(slope)], rtol=1e-4)
    np.testing.assert_allclose(told.posterior_sd, [np.median(slope * np.sqrt(after))], rtol=1e-4)


def test_what_trades_is_named_once_and_what_does_not_is_not():
    """Of two scalars with correlation -0.99 and one alone, the two are a ridge."""
    left = np.array([[1.0, -0.99, 0.0], [-0.99, 1.0, 0.0], [0.0, 0.0, 1.0]])
    told = Information(
        (("a", ""), ("d", ""), ("tau", "x")), np.zeros(3), left, None, None, None, 10
    )
    (only,) = find_ridges(told)
    assert only.sides == ((("a", ""),), (("d", ""),))
    np.testing.assert_allclose(only.left, np.sqrt(1.99))


def test_one_parameter_trades_between_pools_that_move_apart_only():
    def of(correlation):
        left = np.array([[1.0, correlation], [correlation, 1.0]])
        return find_ridges(
            Information((("b", "x"), ("b", "y")), np.zeros(2), left, None, None, None, 10)
        )

    assert of(0.9) == []
    assert {*of(-0.9)[0].sides} == {(("b", "x"),), (("b", "y"),)}


def test_outcomes_are_not_used():
    first, second = (
        qqt_bayes.identifiability(read_runs(table([1e6, 1e8]).assign(error=error, n_eval=50_000)))
        for error in (0.2, 0.9)
    )
    assert first.to_dict() == second.to_dict()


def test_where_the_prior_is_never_legal_nothing_is_quantified():
    spec = load_model("power-law")
    far = replace(spec, parameters={**spec.parameters, "a": 1e-30})
    found = qqt_bayes.identifiability(read_runs(table([1e6, 1e8])), far)
    assert found.findings["unknown"].startswith("How much these runs can teach is not quantified")
    assert found.draws == 0
    assert found.contraction.empty
    assert found.forecast["sd"].isna().all()


def test_a_table_that_is_very_large_is_not_quantified():
    pools = [f"pool {i}" for i in range(600)]
    found = qqt_bayes.identifiability(read_runs(table([1e7], pools)))
    assert {"one budget", "no repetition", "unknown"} <= set(found.findings)


def test_a_law_without_random_parameters_has_nothing_to_learn():
    fixed = replace(load_model("power-law"), parameters={"a": 0.02, "b": 0.1, "d": 0.1})
    assert "unknown" in qqt_bayes.identifiability(read_runs(table([1e6, 1e8])), fixed).findings


def test_a_bounded_law_is_not_for_losses():
    runs = read_runs(table([1e6, 1e8]), kind="loss")
    with pytest.raises(InputError, match="its law is for error rates"):
        qqt_bayes.identifiability(runs, "utility-bounded")


def test_the_real_runs_at_one_budget_are_called_by_their_name(tmp_path):
    folder = CASE_STUDIES / "datacomp_medium"
    runs = pd.read_csv(folder / "runs.csv")
    runs[runs["samples_seen"] == 128e6].to_csv(tmp_path / "runs.csv", index=False)
    result = qqt("check", tmp_path / "runs.csv", "--composition", folder / "composition.csv")
    assert "All runs are at one budget (128M)" in result.stderr
    assert "not identified" in result.stderr


def test_check_takes_a_model_and_says_all_in_json(tmp_path):
    runs, composition = made.tables()
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "sets.csv", index=False)
    source = ("check", tmp_path / "runs.csv", "--composition", tmp_path / "sets.csv")
    result = qqt(*source, "--model", "power-law", "--format", "json")
    told = json.loads(result.stdout)["identifiability"]
    assert told["model"] == "power-law"
    assert {row["parameter"] for row in told["contraction"]} == {"a", "b", "d"}
    assert len(told["forecast"]) == 3
    assert qqt(*source, "--model", "powerlaw", exit_code=1).stdout == ""

"""One decision over several metrics: by hand, by identities, and what it refuses."""

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.among import NONE, among
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.metric_draws import paired
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.decisions.pareto import on_front, probability_on_front
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.tables.composition import nested_levels

BUDGETS = [64e6, 1.28e9]


def metrics(**settings):
    """Two metrics of the same trainings, under one of which levels are nearer to each other."""
    return {
        "imagenet": made.fit(draws=80, **settings),
        "retrieval": made.fit(draws=80, seed=1, spread=0.05, **settings),
    }


@pytest.fixture(name="both", scope="module")
def of_both():
    return metrics()


def same(found, other):
    """Two decisions say the same, in whatever order levels and metrics stand."""
    other = other.sel(metric=found["metric"], level=found["level"])
    xr.testing.assert_allclose(found, other)


def test_one_metric_alone_is_decided_as_by_decide(both):
    found = decide_metrics({"imagenet": both["imagenet"]}, made.levels(), BUDGETS)
    alone = decide(both["imagenet"], made.levels(), BUDGETS)
    names = ("error", "probability_best", "regret", "score", "choice", "leader", "winner", "proven")
    for name in names:
        xr.testing.assert_allclose(found[f"joint_{name}"].rename(name), alone[name])
    for name in set(names) - {"score"}:
        xr.testing.assert_allclose(
            found[name]
            .isel(metric=0, drop=True)
            .drop_vars(["weight", "kind", "measure"], errors="ignore"),
            alone[name],
        )
    for name in ("budgets_trained", "extrapolation", "repetitions", "unique_samples", "tried"):
        xr.testing.assert_allclose(found[name], alone[name])
    assert found["admissible"].all()
    assert found.sizes["constraint"] == 0
    assert found.attrs["measure"] == "error"


def test_each_metric_is_decided_as_by_decide_and_the_sum_has_their_weights(both):
    weights = {"imagenet": 3, "retrieval": 1}
    found = decide_metrics(both, made.levels(), BUDGETS, weights=weights, probability=0.8)
    for metric, fit in both.items():
        alone = decide(fit, made.levels(), BUDGETS, probability=0.8)
        for name in ("error_mean", "probability_best", "regret", "winner"):
            np.testing.assert_array_equal(found[name].sel(metric=metric), alone[name])
    expected = (found["error_mean"] * [[[0.75]], [[0.25]]]).sum("metric")
    np.testing.assert_allclose(found["joint_error_mean"], expected)
    np.testing.assert_allclose(found["joint_probability_best"].sum("level"), 1)
    assert found["weight"].values.tolist() == [0.75, 0.25]
    assert found.attrs["measure"] == "weighted error"
    chosen = found["level"] == found["joint_choice"]
    cost = found["regret"].where(chosen).sum("level")
    np.testing.assert_allclose(found["cost_by_metric"], cost)


def test_the_spread_of_the_sum_is_that_of_independent_draws(both):
    """Both fits share their seed's random numbers: side by side they would hang together."""
    twin = made.fit(draws=80, seed=0, spread=0.02)
    errors = {
        name: predict(fit, made.levels(), [1.28e9]).isel(level=0, budget=0)
        for name, fit in (("a", both["imagenet"]), ("b", twin))
    }
    in_place = np.corrcoef(*(each.values.ravel() for each in errors.values()))[0, 1]
    together = np.corrcoef(*paired(errors).values[:, 0])[0, 1]
    assert in_place > 0.8
    assert abs(together) < 0.25
    assert not np.array_equal(paired(errors, seed=1), paired(errors))


def test_draws_are_taken_evenly_where_a_metric_has_more():
    many = xr.DataArray(np.arange(100.0)[None], dims=SAMPLE)
    few = xr.DataArray(np.arange(3.0)[None], dims=SAMPLE)
    found = paired({"a": many, "b": few})
    assert found.sel(metric="a").values.tolist() == [[0, 50, 99]]
    assert sorted(found.sel(metric="b").values[0]) == [0, 1, 2]


def test_order_of_metrics_and_levels_changes_nothing(both):
    asked = {"weights": {"retrieval": 2, "imagenet": 1}, "constraints": ["retrieval<=0.63@0.5"]}
    found = decide_metrics(both, made.levels(), BUDGETS, **asked)
    turned = {name: both[name] for name in reversed(both)}
    same(found, decide_metrics(turned, made.levels(), BUDGETS, **asked))
    same(found, decide_metrics(both, made.levels()[::-1], BUDGETS, **asked))


def test_several_laws_of_a_metric_are_mixed_by_their_weights(both):
    laws = [both["imagenet"], made.fit(draws=80, model="utility-free-size")]
    of_metric = {"imagenet": laws, "retrieval": both["retrieval"]}
    found = decide_metrics(of_metric, made.levels(), BUDGETS, law_weights={"imagenet": [1, 3]})
    alone = decide(laws, made.levels(), BUDGETS, weights=[1, 3])
    np.testing.assert_array_equal(found["regret"].sel(metric="imagenet"), alone["regret"])
    assert found.attrs["weights"] == pytest.approx([0.125, 0.375, 0.5])


def test_rules_side_by_side_and_one_new_training(both):
    """What more there is to say of the sum is of the levels that keep to the constraints."""
    asked = {"constraints": ["imagenet<=0.62@0.9"], "rule": "all", "new_run": True}
    found = decide_metrics(both, made.levels(), BUDGETS, **asked)
    assert found.attrs["of"] == "one new run"
    chosen = found["choice_by_rule"].sel(budget=64e6).values
    assert set(chosen) == {NONE}
    assert set(found["choice_by_rule"].sel(budget=1.28e9).values) == {"top 3"}
    assert not found["dominates_first"].sel(budget=64e6).any()
    assert found["dominates_first"].dtype == bool
    alone = decide(both["imagenet"], made.levels(), BUDGETS, new_run=True)
    of_metric = found["error"].sel(metric="imagenet", drop=True)
    np.testing.assert_array_equal(of_metric, alone["error"])


def test_groups_stay_apart():
    fits = metrics(groups=2, model="cherti")
    asked = {"constraints": ["retrieval<=0.6@0.9"]}
    found = decide_metrics(fits, made.levels(), BUDGETS, **asked)
    for group in found["group"].values:
        alone = decide_metrics(fits, made.levels(), BUDGETS, group=group, **asked)
        for name in ("joint_choice", "admissible", "pareto", "winner"):
            np.testing.assert_array_equal(found[name].sel(group=group), alone[name])


def test_a_constraint_is_kept_up_to_its_edge(both):
    """The share of draws at or below the bound, to the last draw."""
    errors = predict(both["retrieval"], made.levels(), [1.28e9]).sel(level="top 3")
    draws = np.sort(errors.values.ravel())
    bound = draws[119].item()  # of 160 draws 120 are at or below it
    for chance, holds in ((0.75, True), (0.7501, False)):
        asked = [f"retrieval<={bound!r}@{chance}"]
        found = decide_metrics(both, made.levels(), [1.28e9], constraints=asked)
        assert found["probability_met"].sel(level="top 3").item() == 0.75
        assert found["admissible"].sel(level="top 3").item() is holds


def test_where_no_level_is_admissible_none_is_chosen(both):
    found = decide_metrics(both, made.levels(), BUDGETS, constraints=["imagenet<=0.62@0.9"])
    assert found["joint_choice"].values.tolist() == [NONE, "top 3"]
    assert found["choice_unconstrained"].values.tolist() == ["top 2", "top 3"]
    first = found.sel(budget=64e6)
    assert not first["admissible"].any()
    assert first["joint_leader"].item() == first["joint_winner"].item() == "undecided"
    assert (first["joint_probability_best"] == 0).all()
    assert first[["joint_regret", "joint_choice_regret", "cost_by_metric"]].isnull().all()
    assert first[["joint_error", "joint_error_mean"]].notnull().all()


def test_levels_are_judged_among_those_admissible_by_hand():
    """At 1e6 b may not be chosen, at 1e7 neither."""
    whole = judge(made.HAND, Criteria())
    allowed = xr.DataArray(
        [[True, False], [False, False]],
        {"level": ["a", "b"], "budget": [1e6, 1e7]},
        ("level", "budget"),
    )
    found = among(made.HAND, allowed, whole, Criteria())
    assert found["choice"].values.tolist() == ["a", NONE]
    assert found["leader"].values.tolist() == ["a", "undecided"]
    np.testing.assert_array_equal(found["probability_best"].sel(level="a"), [1, 0])
    np.testing.assert_array_equal(found["regret"].sel(level="a"), [0, np.nan])
    np.testing.assert_array_equal(found["regret"].sel(level="b"), [np.nan, np.nan])
    np.testing.assert_allclose(found["error_mean"], whole["error_mean"])
    xr.testing.assert_identical(among(made.HAND, allowed | True, whole, Criteria()), whole)


def test_the_front_by_hand():
    error = xr.DataArray(
        # c is worse than b on both; d ties with b on one metric and is worse on the other
        [[0.30, 0.40, 0.50, 0.40], [0.60, 0.50, 0.55, 0.51]],
        {"metric": ["m", "n"], "level": list("abcd")},
        ("metric", "level"),
    )
    assert on_front(error).values.tolist() == [True, True, False, False]
    alike = error.isel(level=[1, 1])  # neither is better
    assert on_front(alike).all()
    # in a second draw, d is better than b on n
    other = error.copy(data=[[0.30, 0.40, 0.50, 0.40], [0.60, 0.50, 0.55, 0.49]])
    draws = xr.concat([error, other], "draw").expand_dims(chain=1, budget=[1e6])
    share, looked_at = probability_on_front(draws)
    assert share.sel(budget=1e6).values.tolist() == [1, 0.5, 0, 0.5]
    assert looked_at == 2
    assert probability_on_front(draws, most=1)[1] == 1


def test_the_best_by_any_weights_is_on_the_front():
    """Draw by draw, so that its probability bounds that of being best, of the sum and by metric."""
    fits = {
        name: made.fit(draws=100, seed=seed, spread=spread)
        for seed, (name, spread) in enumerate({"a": 0.1, "b": 0.2, "c": 0.4}.items())
    }
    for weights in ({"a": 1, "b": 1, "c": 1}, {"a": 5, "b": 1, "c": 0.1}):
        found = decide_metrics(fits, made.levels(), [64e6, 320e6, 1.28e9], weights=weights)
        front = found["probability_on_front"]
        assert (front >= found["joint_probability_best"] - 1e-9).all()
        means = found["joint_error_mean"]
        assert found["pareto"].where(means == means.min("level"), True).all()
    alone = decide_metrics({"a": fits["a"]}, made.levels(), [64e6, 320e6, 1.28e9])
    assert (front >= alone["probability_on_front"] - 1e-9).all()


def test_of_one_metric_the_front_is_the_best(both):
    found = decide_metrics({"imagenet": both["imagenet"]}, made.levels(), BUDGETS)
    np.testing.assert_allclose(found["probability_on_front"], found["joint_probability_best"])
    best = found["joint_error_mean"] == found["joint_error_mean"].min("level")
    np.testing.assert_array_equal(found["pareto"], best)


def test_a_refused_fit_needs_force(both):
    fits = both | {"retrieval": made.fit(draws=80, seed=1, passed=False)}
    with pytest.raises(InadequateFit):
        decide_metrics(fits, made.levels(), BUDGETS)
    forced = decide_metrics(fits, made.levels(), BUDGETS, force=True)
    assert forced.attrs["gate_passed"] == 0
    assert not forced["joint_proven"].any()
    assert forced["proven"].sel(metric="imagenet", budget=64e6)


@pytest.mark.parametrize(
    ("constraint", "sentence"),
    [
        ("retrival<=0.4", "there is no metric 'retrival'; did you mean 'retrieval'?"),
        ("retrieval", "expected METRIC<=BOUND@PROBABILITY, such as 'retrieval<=0.45@0.9'"),
        ("retrieval<=0,4", "a bound: expected a number, got '0,4'"),
        ("retrieval<=0.4@high", "probability: expected a number, got 'high'"),
        ("retrieval<=0.4@90", "expected a probability above 0 and at most 1, got 90"),
        ("retrieval<=0.4@0", "expected a probability above 0 and at most 1, got 0"),
        ("retrieval<=45@0.9", "expected a bound between 0 and 1, for error rates, got 45"),
        ("retrieval<=nan@0.9", "expected a bound between 0 and 1, for error rates, got nan"),
        ("retrieval>=0.6@0.9", "measured as error, of which less is better; write retrieval<=0.6"),
        (0.4, "expected a Constraint or words, got 0.4"),
    ],
)
def test_a_constraint_that_makes_no_sense(both, constraint, sentence):
    with pytest.raises(InputError, match="constraints: 1 fault") as raised:
        decide_metrics(both, made.levels(), BUDGETS, constraints=[constraint])
    assert sentence in str(raised.value)


def test_all_faults_of_constraints_come_in_one_message(both):
    asked = ["retrieval<=0.4@0.9", "retrieval<=0.4", "vtab<=0.3"]
    with pytest.raises(InputError, match="constraints: 2 faults") as raised:
        decide_metrics(both, made.levels(), BUDGETS, constraints=asked)
    assert "retrieval<=0.4@0.9 stands there twice" in str(raised.value)
    assert "expected one of 'imagenet', 'retrieval'" in str(raised.value)


def test_accuracies_are_to_be_reached_from_below(both):
    fits = {name: fit.copy() for name, fit in both.items()}
    fits["retrieval"].attrs["measure"] = "accuracy"
    found, other = (
        decide_metrics(of, made.levels(), BUDGETS, constraints=[words])
        for of, words in ((fits, "retrieval>=0.38@0.9"), (both, "retrieval<=0.62@0.9"))
    )
    np.testing.assert_array_equal(found["admissible"], other["admissible"])
    assert found["constraint"].values.tolist() == ["retrieval>=0.38@0.9"]
    assert found["bound"].values.tolist() == [0.62]
    for words, sentence in (
        ("retrieval<=0.45", "more is better; write retrieval>=0.45"),
        ("retrieval>=55", "expected an accuracy between 0 and 1, got 55"),
    ):
        with pytest.raises(InputError, match=sentence):
            decide_metrics(fits, made.levels(), BUDGETS, constraints=[words])


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"imagenet": 1}, "weights: none for 'retrieval'"),
        ({"imagenet": 1, "retrieval": 1, "vtab": 1}, "there is no metric 'vtab'"),
        ({"imagenet": 1, "retrieval": -1}, "numbers of at least 0, one of them above 0, got"),
        ({"imagenet": 0, "retrieval": 0}, "numbers of at least 0, one of them above 0, got"),
        ([1, 2], r"expected a weight for each metric by its name, got \[1, 2\]"),
    ],
)
def test_weights_that_are_none(both, weights, sentence):
    with pytest.raises(InputError, match=sentence):
        decide_metrics(both, made.levels(), BUDGETS, weights=weights)


def test_losses_and_error_rates_are_added_by_weights_alone(both):
    fits = {name: fit.copy() for name, fit in both.items()}
    fits["retrieval"].attrs["kind"] = "loss"
    with pytest.raises(InputError, match="retrieval is measured as loss, imagenet as error rate"):
        decide_metrics(fits, made.levels(), BUDGETS)
    weights = {"imagenet": 1, "retrieval": 0}
    found = decide_metrics(fits, made.levels(), BUDGETS, weights=weights)
    np.testing.assert_allclose(
        found["joint_error_mean"], found["error_mean"].sel(metric="imagenet")
    )


def changed_set(fit):
    fit["constant_data"]["unique_samples"] = fit["constant_data"]["unique_samples"] * 1.5
    return fit


def changed_budget(fit):
    fit["constant_data"]["samples_seen"] = fit["constant_data"]["samples_seen"].where(
        fit["constant_data"]["samples_seen"] != 320e6, 321e6
    )
    return fit


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (lambda: made.fit(draws=80, seed=1, pools=2), "pool '20-30%' is in the runs of 'a' alone"),
        (lambda: changed_set(made.fit(seed=1)), "'top 1' takes other samples for 'a' than for 'b'"),
        (lambda: changed_budget(made.fit(seed=1)), "'top 1' at 320M is in the runs of 'a' alone"),
        (lambda: made.fit(seed=1, groups=2, model="cherti"), "group 'all' is in the runs of 'a'"),
        (lambda: made.fit(draws=80), "'a' and 'b' are fits of the same metric and runs"),
        (lambda: [made.fit(seed=1), made.fit(seed=2)], "metric 'b': .* fits of different runs"),
        (lambda: "fit.nc", "metric 'b': expected a fit, as .* returns it, got str"),
    ],
)
def test_other_trainings_are_refused_with_what_differs(both, other, sentence):
    with pytest.raises(InputError, match=sentence):
        decide_metrics({"a": both["imagenet"], "b": other()}, made.levels(), BUDGETS)


@pytest.mark.parametrize("fits", [{}, [1], None])
def test_there_must_be_metrics(fits):
    with pytest.raises(InputError, match="expected a mapping of metrics to their fits, got"):
        decide_metrics(fits, made.levels(), BUDGETS)


def test_a_rule_of_one_target_and_a_name_that_is_taken_are_refused(both):
    with pytest.raises(InputError, match="say by constraints what each has to reach"):
        decide_metrics(both, made.levels(), BUDGETS, rule="target", target=0.6)
    named = nested_levels({"0-10%": made.SIZE}).assign_coords(level=[NONE])
    with pytest.raises(InputError, match="a level cannot be called 'none_admissible'"):
        decide_metrics(both, named, BUDGETS)

"""Runs that are proposed from fits, and from the prior alone."""

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from made_study import carry_out
from places import ROOT

import qqt_bayes as qqt
from qqt_bayes.cli.options import as_options
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.model.spec import load_model
from qqt_bayes.planning.before_runs import fit_before_runs
from qqt_bayes.planning.outcomes import joint_outcomes
from qqt_bayes.planning.plan import Compute
from qqt_bayes.planning.proposal import SHARES, budgets_to_run, propose
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict

TARGET = 7.5e8


@pytest.fixture(scope="module")
def fit():
    """A fit whose levels are near each other at the target, with departures from the law."""
    return Fit.of(made.fit(draws=500, spread=0.06))


@pytest.fixture(scope="module")
def plan(fit):
    """What is proposed for an eighth of the target."""
    return qqt.design(fit, TARGET / 8, TARGET)


def test_a_plan_is_of_what_was_asked(plan):
    assert plan.target == TARGET
    assert not plan.unsafe
    assert plan.runs["cost"].sum() <= TARGET / 8
    assert plan.runs["total_cost"].tolist() == pytest.approx(plan.runs["cost"].cumsum().tolist())
    assert 0 <= plan.value <= plan.expected_regret
    left = plan.expected_regret - plan.value
    assert plan.runs["expected_regret"].iloc[-1] == pytest.approx(left)
    assert plan.chosen_after.sum() == pytest.approx(1)
    assert (plan.candidates["value"] <= plan.expected_regret).all()
    assert (plan.candidates["cost"] <= TARGET / 8).all()
    assert plan.parameters["value"].between(0, plan.expected_regret).all()


def test_perfect_information_is_the_regret_of_the_choice(fit, plan):
    """Of the same draws as the decision: one quantity, and one choice."""
    levels = fit.runs["unique_samples"].rename(data="level")
    decision = qqt.decide(fit, levels, TARGET)
    assert plan.expected_regret == pytest.approx(decision["choice_regret"].item(), rel=1e-9)
    assert plan.choice == decision["choice"].item()
    asked = np.array([TARGET / 3, TARGET, 2 * TARGET])
    beside = qqt.design(fit, TARGET / 8, TARGET, decided=asked)
    decision = qqt.decide(fit, levels, asked).sel(budget=TARGET)
    assert beside.expected_regret == pytest.approx(decision["choice_regret"].item(), rel=1e-9)


def test_more_is_worth_more(fit, plan):
    more = qqt.design(fit, TARGET, TARGET)
    assert more.value > plan.value


def test_a_saving_that_no_digit_shows_is_none(fit):
    """Of a fit that is nearly sure, runs save less than a regret is shown to."""
    sure = Fit.of(made.fit(draws=500, spread=0.015))
    found = qqt.design(sure, TARGET / 8, TARGET)
    assert 0 < found.expected_regret < found.margin
    assert found.candidates["value"].max() > 0.02 * found.expected_regret
    assert found.runs.empty
    assert found.value == 0


def test_the_margin_is_that_of_the_study(fit):
    assert qqt.design(fit, TARGET / 8, TARGET).margin == 0.003
    study = carry_out(None, margin=0.01)
    assert qqt.design(study, "1B").margin == 0.01
    assert qqt.design(study, "1B", margin=0.02).margin == 0.02
    with pytest.raises(InputError, match="margin: expected a number of at least 0"):
        qqt.design(study, "1B", margin=-1)


def test_the_order_of_levels_changes_nothing(fit, plan):
    levels = fit.runs["unique_samples"].rename(data="level").isel(level=[2, 0, 1])
    other = qqt.design(fit, TARGET / 8, TARGET, levels)
    assert other.value == pytest.approx(plan.value, rel=1e-6)
    pd.testing.assert_frame_equal(other.runs, plan.runs)


def test_costs_are_the_users_own(fit):
    class Dear(Compute):
        """Every run costs as much again for being made."""

        def of_runs(self, sets, budgets):
            return super().of_runs(sets, budgets) + 1e9

    found = qqt.design(fit, 3e9, TARGET, costs=Dear("EUR"))
    assert (found.runs["cost"] == found.runs["samples_seen"] + 1e9).all()
    assert found.unit == "EUR"


def test_nothing_is_proposed_that_is_not_worth_its_price(fit):
    found = qqt.design(fit, TARGET / 8, TARGET, costs=Compute("EUR", worth=1.0))
    assert found.runs.empty
    assert found.value == 0


PRICES = {
    "currency": "EUR",
    "training": {"price_per_million_samples": 1.0, "price_per_run": 10.0},
    "pools": {
        "0-10%": {"price_per_million_samples": 2.0},
        "10-20%": {"price_per_million_samples": 1.0},
        "20-30%": {"owned": True},
    },
}


def test_runs_are_priced_by_a_cost_file(fit):
    """Compute, a run's overhead, and data that no run before it has bought."""
    found = qqt.design(fit, 900.0, TARGET, costs=PRICES)
    assert found.unit == "EUR"
    assert found.runs["total_cost"].iloc[-1] <= 900
    sets = found.sets.sel(data=found.runs["data"].tolist())
    price = np.array([{"0-10%": 2e-6, "10-20%": 1e-6, "20-30%": 0.0}[x] for x in sets.pool.values])
    data = np.maximum.accumulate(sets.values, axis=0) @ price
    compute = (found.runs["samples_seen"] / 1e6 + 10).cumsum()
    assert found.runs["total_cost"].tolist() == pytest.approx((compute + data).tolist())


def test_runs_are_made_only_if_a_smaller_error_is_worth_them(fit):
    """The plan of so high a worth is that of none; of so low a one, no run."""
    free = qqt.design(fit, 900.0, TARGET, costs=qqt.read_costs(PRICES))
    rich = qqt.design(fit, 900.0, TARGET, costs=qqt.read_costs(PRICES | {"worth": 1e9}))
    assert rich.worth == pytest.approx(1e11)
    # without a price, what no digit shows is not worth a run
    assert len(free.runs) > 3
    pd.testing.assert_frame_equal(rich.runs.head(len(free.runs)), free.runs)
    assert qqt.design(fit, 900.0, TARGET, costs=qqt.read_costs(PRICES | {"worth": 1})).runs.empty


@pytest.mark.parametrize("worth", [1e4, 3e4, 1e5, 1e6])
def test_no_proposed_run_is_one_too_many(fit, worth):
    """By the draws that say what runs save, leaving out the last ones never saves more."""
    found = qqt.design(fit, 900.0, TARGET, costs=PRICES | {"worth": worth})
    saved = (found.expected_regret - found.runs["expected_regret"]) * worth * 100
    net = [0.0, *(saved - found.runs["total_cost"])]
    assert net[-1] == max(net)


def test_the_least_allowance_that_is_named_is_enough(fit):
    """Where nothing is worth its price for less, and the named amount buys what is."""
    costs = PRICES | {"worth": 1e4}
    short = qqt.design(fit, 15.0, TARGET, costs=costs)
    assert short.runs.empty
    assert short.allowance < short.cheapest_run <= short.least_allowance < np.inf
    enough = qqt.design(fit, short.least_allowance, TARGET, costs=costs)
    assert not enough.runs.empty
    assert np.isnan(enough.least_allowance)
    never = qqt.design(fit, 900.0, TARGET, costs=PRICES | {"worth": 1})
    assert never.least_allowance == np.inf


def test_candidates_are_what_is_decided_between(fit, plan):
    assert set(plan.candidates["data"]) <= {*fit.runs["data"].values}
    assert {*plan.sets["data"].values} == {*fit.runs["data"].values}


def test_larger_levels_are_run_as_large_as_the_pools_are(fit):
    """What is decided about is twice as large; what can be run is not."""
    found = qqt.design(fit, TARGET / 8, TARGET, target_pools=2.0)
    taken = fit.runs["unique_samples"]
    np.testing.assert_allclose(found.sets.transpose("data", "pool"), taken)
    np.testing.assert_allclose(found.levels.transpose("level", "pool"), 2 * taken)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allowance": "200M,300M"}, "allowance: expected one number, got 2"),
        ({"allowance": -1}, "allowance: expected a number of at least 1, .* got -1"),
        ({"allowance": "EUR 5"}, "allowance: expected a number of at least 1, .* got 'EUR 5'"),
        ({"budget": None}, "budget: expected the budget that is decided for"),
        ({"group": "ViT"}, "unknown group 'ViT'"),
        (
            {"costs": type("Free", (Compute,), {"of_runs": lambda self, s, b: np.zeros(3)})()},
            "shape",
        ),
        (
            {
                "costs": type(
                    "No", (Compute,), {"of_runs": lambda s, a, b: Compute().of_runs(a, b) * np.nan}
                )()
            },
            "costs nan; expected a number above 0",
        ),
        (
            {
                "costs": type(
                    "No", (Compute,), {"of_data": lambda self, a, b: a.isel(pool=0) * np.nan}
                )()
            },
            "the data of .* cost nan; expected a number of at least 0",
        ),
        ({"costs": 5}, "costs: expected a cost file, .*; int has no unit"),
        ({"costs": "nowhere.toml"}, "the costs cannot be read: nowhere.toml: no such file"),
        (
            {"costs": type("No", (Compute,), {"of_runs": lambda self, s, b: ["dear"]})()},
            "costs: expected numbers, got",
        ),
        ({"costs": Compute("EUR", worth="much")}, "an error is worth 'much'; expected a number"),
        ({"costs": Compute("EUR", worth=-1.0)}, "an error is worth -1.0; expected a number of at"),
        (
            {"costs": qqt.read_costs(PRICES | {"pools": {"0-10 %": {"owned": True}}})},
            "pools.0-10 %: the runs have no such pool; did you mean '0-10%'",
        ),
    ],
)
def test_faults_are_named(fit, options, words):
    with pytest.raises(InputError, match=words):
        qqt.design(fit, **({"allowance": "200M", "budget": TARGET} | options))


def test_a_refused_fit_proposes_nothing_unless_forced():
    refused = made.fit(passed=False)
    with pytest.raises(InadequateFit):
        qqt.design(refused, "200M", TARGET)
    assert qqt.design(refused, "200M", TARGET, force=True).target == TARGET


def test_several_groups_need_one():
    several = made.fit(model="cherti", groups=2)
    with pytest.raises(InputError) as refused:
        qqt.design(several, "200M", TARGET)
    assert str(refused.value) == (
        "the fit has several groups, 'arch 1', 'arch 2'; runs are proposed for one of them: choose "
        "one, such as group='arch 1'"
    )
    assert refused.value.said(as_options).endswith("such as --only-group 'arch 1'")
    group = Fit.of(several).groups[1]
    assert qqt.design(several, "200M", TARGET, group=group).target == TARGET


def test_outcomes_go_with_what_they_tell_of(fit):
    """A run at the target itself is its level's error there, but for noise."""
    levels = fit.runs["unique_samples"].rename(data="level")
    sets = fit.runs["unique_samples"]
    drawn = joint_outcomes(
        {"one": fit}, np.ones(1), levels, TARGET, sets, np.array([TARGET / 4, TARGET])
    )
    np.testing.assert_allclose(drawn.mean.isel(budget=1), drawn.loss, rtol=1e-12)
    correlation = np.corrcoef(np.log(drawn.loss[:, 0]), drawn.log_errors()[:, 0, 1])[0, 1]
    assert correlation > 0.7
    assert (drawn.log_errors(0) != drawn.log_errors(1)).all()


@pytest.mark.parametrize("model", ["effective-reuse", "utility-bounded-free-size"])
def test_the_prior_alone_is_a_fit_to_nothing(model):
    """Its departures are those before any run: as large as the amplitude says, alike everywhere."""
    sets = made.levels().rename(level="data")
    budgets = np.array([1e8, 1e9, 1e10])
    fit = fit_before_runs(load_model(model), sets, budgets, draws=1000)
    error = predict(fit, sets.rename(data="level"), budgets, group=fit.groups[0])
    law = predict(fit, sets.rename(data="level"), budgets, group=fit.groups[0], law_only=True)
    assert fit.draws == 1000
    assert ((law > 0) & (law <= 1)).all()
    departure = np.log(error / law).std(("chain", "draw"))
    amplitude = float(np.sqrt((fit.posterior["amplitude"] ** 2).mean()))
    middle = departure.sel(budget=1e9)  # the centre of the budgets, where it is the level alone
    np.testing.assert_allclose(middle, amplitude, rtol=0.35)
    assert (departure.sel(budget=1e10) > middle).all()


def test_the_first_runs_are_levels_at_two_budgets():
    """Of designs that were tried on eight worlds these chose best for their compute."""
    sets = made.levels(4).rename(level="data")
    levels = made.levels(4)
    fit = fit_before_runs(load_model("effective-reuse"), sets, np.array([*SHARES, 1.0]) * TARGET)
    found = propose({"prior": fit}, np.ones(1), levels, TARGET, 1.25 * TARGET, sets)
    assert found.prior
    assert len(found.runs) >= 4
    assert found.runs["samples_seen"].nunique() >= 2
    assert found.value > 0.5 * found.expected_regret


def test_a_prior_whose_losses_explode_is_refused_and_a_narrow_one_is_not(tmp_path):
    """Under the prior of `effective-reuse` losses reach 10^4, and one run would save everything."""
    sets, budgets = made.levels(4).rename(level="data"), np.array([*SHARES, 1.0]) * TARGET
    wide = load_model("effective-reuse")
    text = (ROOT / "models" / "effective-reuse.toml").read_text(encoding="utf-8")
    for given, narrow in (
        ("lower = -0.35", "lower = 0.0"),
        ("mu = -0.9, sigma = 0.6", "mu = -1.6, sigma = 0.15"),  # the exponent
        ("mu = 0.0, sigma = 1.2", "mu = -1.0, sigma = 0.2"),  # the height above the floor
    ):
        assert given in text
        text = text.replace(given, narrow)
    (tmp_path / "narrow.toml").write_text(text, encoding="utf-8")
    for spec in (wide, load_model(str(tmp_path / "narrow.toml"))):
        fit = fit_before_runs(spec, sets, budgets, kind="loss")
        asked = {"prior": fit}, np.ones(1), made.levels(4), TARGET, 1.25 * TARGET, sets
        if spec is wide:
            with pytest.raises(InputError, match="too wide to plan by: with a loss of up to") as no:
                propose(*asked)
            assert "short runs first" in str(no.value)
            assert "`qqt models effective-reuse`" in str(no.value)
        else:
            found = propose(*asked)
            assert 0 < found.value < 0.5 * found.expected_regret
            assert not found.unsafe


def test_draws_that_say_what_a_batch_is_worth_are_not_those_that_chose_it(fit, monkeypatch):
    from qqt_bayes.planning import proposal

    seeds = []
    drawn = proposal.joint_outcomes

    def noted(*arguments, **options):
        seeds.append(options["seed"])
        return drawn(*arguments, **options)

    monkeypatch.setattr(proposal, "joint_outcomes", noted)
    qqt.design(fit, TARGET / 8, TARGET)
    assert len(set(seeds)) == 2


def test_sets_of_a_composition_are_candidates_as_given(fit):
    only = fit.runs["unique_samples"].isel(data=[0, 1]).rename(data="level")
    found = qqt.design(fit, TARGET / 8, TARGET, candidates=only, at="50M,90M")
    assert set(found.candidates["data"]) == {*only["level"].values}
    assert set(found.candidates["samples_seen"]) == {5e7, 9e7}
    assert isinstance(found.sets, xr.DataArray)


def test_runs_are_no_shorter_than_the_shortest_by_far_and_may_be_the_target_itself(fit):
    """What runs of a 64th of the target tell is little where no run was so short."""
    seen = fit.runs["samples_seen"].values
    below = budgets_to_run(2 * seen.min(), fit)
    assert below.min() >= seen.min() / 4
    assert below.max() == 2 * seen.min()
    beyond = budgets_to_run(64 * seen.max(), fit)
    assert beyond.max() == 32 * seen.max()
    assert beyond.size == 6

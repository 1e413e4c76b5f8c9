"""What is said of costs and net benefits."""

from dataclasses import replace
from io import StringIO

import made
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.planning.benefit import Priced, cheapest, net_benefit
from qqt_bayes.planning.costs import Costs, PoolPrice, TrainingPrice
from qqt_bayes.report.money_text import Money
from qqt_bayes.report.table_text import write_table

COSTS = Costs("EUR", TrainingPrice(1e-6, per_run=2.0), worth=10.0)


def money(costs=COSTS, *, baseline=None, target=None, measure="error", purchases=None):
    """What is known of the three draws of `made.HAND`, whose level b needs data for EUR 3."""
    budget, level = made.HAND["budget"], made.HAND["level"]
    plans = Priced(
        error=made.HAND,
        of_training=xr.DataArray([3.0, 12.0], {"budget": budget}, ("budget",)),
        of_data=xr.DataArray([0.0, 3.0], {"level": level}, ("level",)),
        costs=costs,
        kind="error",
        measure=measure,
        counted="tokens",
    )
    benefit = net_benefit(plans, baseline_error=baseline)
    choice = xr.DataArray(["b", "b"], {"budget": budget}, ("budget",))
    reached = None if target is None else cheapest(plans, target)
    return Money(plans, benefit, choice, target, reached, purchases)


def purchases(mean=5.0, exponents=(-1.0, 2.0, 9.0)):
    row = {
        "pool": "best",
        "multiple": 2.0,
        "level": "top 1",
        "unique_samples": 2e7,
        "extra_cost": 20.0,
        "error_mean": 0.3,
        "net_benefit_mean": mean,
        "net_benefit_lower": mean - 8,
        "net_benefit_upper": mean + 8,
        "probability_of_benefit": 0.8,
    }
    row |= dict(zip(["if_exponent_0", "if_exponent_0.5", "if_exponent_1"], exponents, strict=True))
    found = pd.DataFrame([row])
    found.attrs = {"level_today": "top 2", "currency": "EUR", "budget": 1e9, "counted": "tokens"}
    found.attrs |= {"interval": 0.9, "exponents": {"a law": [-0.43, -0.2, 0.19]}}
    return found


def test_the_greatest_net_benefit_and_what_it_rests_on():
    assert money().lines == [
        "The greatest net benefit is expected of a at 10M tokens, for EUR 12.00: EUR 61.00 (90% "
        "interval EUR 1.00 to EUR 100), and above 0 with probability 0.67, against the cheapest "
        "plan (a at 1M tokens, EUR 3.00, expected error 0.370).",
        "An error that is smaller by 0.01 is taken to be worth EUR 10.00.",
        "Errors here are means over trainings with other random numbers; a single training "
        "scatters about its mean.",
        "The largest budget that was asked about is 10M tokens: a larger one may be worth more.",
        "All data are taken to be paid for, because the cost file has no prices of pools.",
    ]


def test_a_cheaper_plan_that_is_nearly_as_good_is_named():
    """At 1e7 level b is worth EUR 400 for 12 more than the baseline, a EUR 395 for 9 more."""
    close = made.HAND * 0 + xr.DataArray(
        [[0.5, 0.105], [0.3, 0.1]],
        {"level": ["a", "b"], "budget": [1e6, 1e7]},
        ("level", "budget"),
    )
    found = money()
    plans = replace(found.plans, error=close)
    lines = Money(plans, net_benefit(plans), found.choice).lines
    assert "Nearly as much is expected of a at 10M tokens, for EUR 12.00: EUR 386." in lines


def test_losses_are_said_as_such():
    found = money()
    plans = replace(found.plans, kind="loss", measure="loss")
    lines = Money(plans, net_benefit(plans), found.choice, 0.3, cheapest(plans, 0.3)).lines
    assert any(line.startswith("A loss that is smaller by 0.01") for line in lines)
    assert any("reaches a loss of at most 0.3" in line for line in lines)


def test_accuracies_are_said_as_such():
    verdict = money(measure="accuracy", baseline=0.4).lines[0]
    assert verdict.endswith("against the accuracy of 0.600 that is there already.")


def test_nothing_is_worth_its_price():
    dear = replace(COSTS, worth=0.01)
    assert money(dear).lines[0].startswith("No plan is expected to be worth more than the cheapest")
    lost = money(dear, baseline=0.3).lines[0]
    assert lost.startswith("No plan is expected to be worth its price against the error of 0.300")
    assert "is expected to lose EUR " in lost


def test_without_worth_the_choices_of_the_decision_are_priced():
    found = money(replace(COSTS, worth=0.0))
    assert found.lines[0].startswith("The cost file does not say what a smaller error is worth")
    (table,) = found.tables
    assert table["level"].tolist() == ["b", "b"]
    assert table["cost (EUR)"].tolist() == ["6.00", "15.00"]


def test_what_a_table_of_worth_covers_is_said():
    costs = replace(COSTS, worth=0.0, worth_of_errors=((0.2, 90.0), (0.5, 0.0)))
    words = "What an error is worth is a line between those of the cost file, 0.2 to 0.5, and"
    assert any(line.startswith(words) for line in money(costs).lines)


def test_a_table_names_the_baseline():
    (table,) = money().tables
    assert table["level"].tolist() == ["b", "a"]
    assert table["for data (EUR)"].tolist() == ["3.00", "0.00"]
    of_one = money(replace(COSTS, worth=0.01)).tables[0]
    assert "the baseline" in of_one["net benefit (EUR) [90%]"].tolist()


def test_cheapest_plans_of_several_probabilities():
    lines = money(target=0.32).lines
    assert lines[-2] == (
        "The cheapest plan that reaches an error of at most 0.32 with probability 0.5 is a at 1M "
        "tokens, for EUR 3.00."
    )
    assert lines[-1] == (
        "No plan that was asked about reaches an error of at most 0.32 with probability 0.9: the "
        "likeliest, a at 10M tokens, does so with probability 0.67."
    )


def test_data_that_have_prices_are_not_said_to_be_paid():
    costs = replace(COSTS, pools={"x": PoolPrice(1.0)})
    assert not any("paid for" in line for line in money(costs).lines)


@pytest.mark.parametrize(
    ("bought", "words"),
    [
        (
            purchases(),
            "At 1B tokens it is expected to be worth most to have 2 times as much of best",
        ),
        (
            purchases(),
            "times as much of best would be worth -EUR 1.00 at 0, EUR 2.00 at 0.5 and EUR 9.00 at",
        ),
        (
            purchases(),
            "that the runs and the prior leave open, whose 90% intervals are -0.43 to 0.19 under a",
        ),
        (
            purchases(),
            "EUR 5.00 (90% interval -EUR 3.00 to EUR 13.00) after an extra cost of EUR 20",
        ),
        (purchases(mean=-5.0), "no larger pool of those considered is expected to be worth its"),
        (purchases(exponents=[float("nan")] * 3), "on pools of one size say next to nothing."),
    ],
)
def test_purchases_are_said_with_what_they_rest_on(bought, words):
    found = money(purchases=bought)
    assert any(words in line for line in found.lines)
    assert len(found.tables) == (2 if bought["if_exponent_0"].isna().any() else 3)
    assert found.content["purchases"][0]["pool"] == "best"


LARGE = {"extra_cost": 123_456.0, "net_benefit_mean": -12_345.0, "net_benefit_lower": -234_567.0}
LARGE |= {"net_benefit_upper": 1_234_567.0, "unique_samples": 1.2345e9, "level": "top 20%"}


@pytest.mark.parametrize("width", [80, 100])
def test_tables_of_larger_pools_fit_a_terminal(width):
    bought = purchases(exponents=(-123_456.0, 1_234.0, 1_234_567.0)).assign(pool="10-20%", **LARGE)
    bought = pd.concat([bought, bought.assign(multiple=1.25)])
    _, *tables = money(purchases=bought).tables
    assert [list(each) for each in tables] == [
        ["pool", "size", "best level", "extra (EUR)", "net benefit (EUR) [90%]", "P(above 0)"],
        [
            *("pool", "size", "unique tokens", "net benefit (EUR) at size exponent 0"),
            *("at 0.5", "at 1"),
        ],
    ]
    written = [StringIO(), StringIO()]
    for each, file in zip(tables, written, strict=True):
        write_table(each, file, width)
    benefits, cases = (file.getvalue() for file in written)
    for text in (benefits, cases):
        assert max(map(len, text.splitlines())) <= width
        assert all(f"10-20%   {size}" in text for size in ("2x", "1.25x"))
    if width == 100:  # each purchase on one line, with all that decides
        row = "10-20%   2x      top 20%      123,456       -12,345 [-234,567, 1,234,567]"
        assert row in benefits
        assert "1.23B   -123,456" in cases


def test_without_cases_of_the_exponent_there_is_no_table_of_them():
    assert len(money(purchases=purchases(exponents=[float("nan")] * 3)).tables) == 2
    assert len(money().tables) == 1

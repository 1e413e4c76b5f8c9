"""`qqt decide --costs`: what levels cost and are worth beside a decision; and what it refuses."""

import json

import pytest
from command import qqt

COSTS = """
currency = "EUR"
worth = 5_000

[training]
price_per_gpu_hour = 2.5
samples_per_gpu_hour = 1e6
price_per_run = 50

[pools."0-10%"]
price_per_million_samples = 30
owned = true

[pools."10-20%"]
owned = true

[pools."20-30%"]
scoring_per_million_samples = 1
share_kept = 0.1
"""


@pytest.fixture
def costs(tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text(COSTS)
    return path


def test_decide_counts_costs_and_net_benefits(files, costs):
    asked = ("decide", files.good, "--budgets", "64M,1.28B", "--costs", costs)
    said = " ".join(qqt(*asked).stdout.split())
    assert "cost (EUR) for data (EUR)" in said
    assert "The greatest net benefit is expected of " in said
    assert "against the cheapest plan (" in said
    content = json.loads(qqt(*asked, "--format", "json").stdout)
    assert content["money"]["currency"] == "EUR"
    assert content["money"]["baseline_cost"] == pytest.approx(50 + 64 * 2.5)
    levels = {each["level"]: each for each in content["decisions"][1]["levels"]}
    assert levels["top 3"]["cost"] == pytest.approx(50 + 1280 * 2.5 + 12.8 * 10)
    assert levels["top 1"]["cost"] == pytest.approx(50 + 1280 * 2.5)
    rows = qqt(*asked, "--format", "csv")
    header = rows.stdout.splitlines()[0]
    assert "cost,net_benefit_mean,probability_of_benefit,net_benefit_lower" in header
    assert "The greatest net benefit is expected of " in rows.stderr


def test_decide_finds_the_cheapest_plan_and_prices_larger_pools(files, costs, tmp_path):
    asked = ("decide", files.good, "--budgets", "64M,320M,1.28B", "--costs", costs)
    more = ("--target-error", "0.65", "--enlarge", "2,4", "--baseline-error", "0.7")
    said = " ".join(qqt(*asked, *more).stdout.split())
    assert (
        "The cheapest plan that reaches an error of at most 0.65 with probability 0.5, 0.9" in said
    )
    assert "against the error of 0.700 that is there already" in said
    assert "Sizes beyond those that were trained rest on the size exponent of the law" in said
    path = tmp_path / "decision.json"
    printed = json.loads(qqt(*asked, *more, "--format", "json", "-o", path).stdout)
    written = json.loads(path.read_text(), parse_constant=pytest.fail)
    content = written["money"]
    assert content == printed["money"]
    assert content["target_error"] == 0.65
    assert content["purchases_about"]["budget"] == 1.28e9
    assert content["baseline_budget"] is None  # of an error that is there, a NaN in Python
    assert [row["probability"] for row in content["cheapest"]] == [0.5, 0.9, 0.95]
    assert {row["pool"] for row in content["purchases"]} == {"0-10%", "20-30%"}


def test_a_decision_without_prices_is_as_it_was(files, costs, tmp_path):
    asked = ("decide", files.good, "--budgets", "64M,1.28B", "--format", "json")
    plain, priced = (json.loads(qqt(*asked, *more).stdout) for more in ((), ("--costs", costs)))
    assert "money" not in plain
    of_money = {"cost", "net_benefit_mean", "net_benefit_lower", "net_benefit_upper"}
    of_money.add("probability_of_benefit")
    for before, after in zip(plain["decisions"], priced["decisions"], strict=True):
        for level in after["levels"]:
            for name in of_money:
                del level[name]
        assert after == before


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--target-error", "0.5"), 2, "--target-error is for --costs"),
        (("--enlarge", "2"), 2, "--enlarge is for --costs"),
        (("--costs", "COSTS", "--subsets"), 2, "--costs is for levels"),
        (("--costs", "COSTS", "--enlarge", "2", "--scale", "3"), 2, "--enlarge says how large"),
        (("--costs", "COSTS", "--enlarge", "two"), 1, "enlarge: expected numbers such as 2,4,8"),
        (("--costs", "COSTS", "--enlarge", "0.5"), 1, "multiples: expected numbers above 1"),
        (("--costs", "COSTS", "--target-error", "2"), 1, "target_error: expected an error rate"),
        (("--costs", "COSTS", "-o", "COSTS"), 1, "costs.toml"),
        (("--costs", "nowhere.toml"), 1, "the costs cannot be read: nowhere.toml: no such file"),
    ],
)
def test_what_cannot_be_priced_is_said(files, costs, options, code, words):
    given = [costs if each == "COSTS" else each for each in options]
    refused = qqt("decide", files.good, "--budgets", "1B", *given, exit_code=code)
    assert words in refused.stderr

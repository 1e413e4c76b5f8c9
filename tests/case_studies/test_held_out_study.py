"""The sets of `case_studies/held_out` are whole, and its page says who wins."""

import pandas as pd
import pytest
from places import CASE_STUDIES

from qqt_bayes.comparison.scores import QUANTILES
from qqt_bayes.comparison.splits import questions, split
from qqt_bayes.model.spec import load_model

STUDY = CASE_STUDIES / "held_out"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    return __import__("study")


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    return __import__("page")


def test_every_set_holds_something_out_and_names_a_model(study):
    entries = list(study.sets())
    assert len({each["name"] for each in entries}) == len(entries) == 22
    for each in entries:
        early, late = split(study.read(each), each["share"])
        assert early.sizes["run"] >= 3
        assert late.attrs["excluded"] == 0 or each["family"] == "Cherti"
        assert bool(questions(late, each.get("levels"))) == (each["family"] != "language models")
        assert load_model(each["model"]).name == each["model"]
        assert each["reason"]


def runs(way, crps, status="answered", name="one"):
    rows = [{"run": f"r{i}", "observed": 0.5, "crps": x} for i, x in enumerate(crps)]
    ends = dict(zip(QUANTILES, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], strict=True))
    return pd.DataFrame(rows).assign(**ends, way=way, status=status, set=name, family="f")


def decisions(way, regret, status="answered", name="one", probability=0.95):
    table = pd.DataFrame({"regret": regret, "budget": range(len(regret))})
    table = table.assign(right=(table["regret"] <= 0.003).astype(float), best="a")
    table["choice"] = table["regret"].map(lambda x: "a" if x == 0 else "b")
    return table.assign(
        probability_best=probability, group="all", way=way, status=status, set=name, levels=2
    )


def test_the_page_names_each_baseline_that_wins_on_the_cases_of_both(page, tmp_path):
    nan = float("nan")
    held_out = pd.concat(
        [
            runs(page.CHOSEN, [0.1, 0.1, 0.1], "passed"),
            runs(page.DEFAULT, [0.2, 0.2, 0.2], "refused"),
            runs("least squares", [nan, nan, 0.05]),
            runs("power law", [0.01, 0.5, 0.5]),
        ]
    )
    choices = pd.concat(
        [
            decisions(page.CHOSEN, [0.0, 0.02], "passed"),
            decisions(page.DEFAULT, [0.0, 0.02], "refused", probability=0.5),
            decisions("single scale", [0.0, 0.002], probability=nan),
            decisions("power law", [0.0, 0.02], probability=nan),
        ]
    )
    fits = [{"set": "one", "way": page.CHOSEN, "model": "m", "passed": True}]
    fits = pd.DataFrame(fits).assign(runs=3, untold=0, seconds=1, failed="")
    for name, table in {"runs": held_out, "decisions": choices, "fits": fits}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    page.write_page(tmp_path, [{"name": "one", "model": "m", "reason": "Why."}], {"seed": 0})
    text = (tmp_path / "results.md").read_text()
    section = text.split("## Where a baseline wins\n\n")[1].split("\n\n## ")[0]
    assert section.split("\n\n") == [
        f"- one: {way}, than the chosen model, {other}."
        for way, other in (
            ("least squares has the lower crps, 0.0500", "0.1000 (cases: 1)"),
            ("single scale has the lower regret, 0.0010", "0.0100 (cases: 2)"),
        )
    ]
    bar = "| right at least 90% of the time when P(best) > 0.9 | chosen model | 0.5 | 2 | no |"
    assert bar in text
    assert "| 90% intervals hold 85 to 95% of runs | chosen model | 1 | 3 | no |" in text
    assert "| CRPS at most that of power law: ratio | chosen model | 0.297 | 3 | yes |" in text

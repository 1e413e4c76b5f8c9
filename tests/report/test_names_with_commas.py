"""Names that hold a comma: every text that names levels, pools, groups or metrics quotes them."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import made
import pandas as pd
import pytest
import xarray as xr
from drawn import words
from made_study import carry_out, infer

import qqt_bayes as qqt
from qqt_bayes.cli.check import in_short
from qqt_bayes.decisions.moved import COLUMNS, Moved
from qqt_bayes.decisions.study import Study
from qqt_bayes.planning.benefit import Priced, cheapest, net_benefit
from qqt_bayes.planning.costs import Costs, TrainingPrice
from qqt_bayes.planning.question import Question
from qqt_bayes.posterior.checks import check_value
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report import gate_text, questions_text
from qqt_bayes.report.comparison_text import verdict as of_comparison
from qqt_bayes.report.decision_text import summary as of_decision
from qqt_bayes.report.fit_text import prior_sentences
from qqt_bayes.report.frontier_text import remarks as of_frontier
from qqt_bayes.report.identifiability_text import identifiability
from qqt_bayes.report.limits_text import oversize
from qqt_bayes.report.metrics_text import remarks_on_metrics
from qqt_bayes.report.money_text import Money
from qqt_bayes.report.moved_text import moved
from qqt_bayes.report.page.priors import beside
from qqt_bayes.report.study_text import summary as of_study
from qqt_bayes.report.verdict_text import answers
from qqt_bayes.studies.page import report
from qqt_bayes.tables.grown import lacking
from qqt_bayes.tables.runs import read_runs

LEVEL, OTHER = "top 10%, deduplicated", "top 20%, deduplicated"
POOL, GROUP, METRIC = "news, forums", "wide, deep", "imagenet, top 1"
NAMES = [LEVEL, OTHER, POOL, GROUP, METRIC]
RENAMED = {"top 1": LEVEL, "top 2": OTHER, "0-10%": POOL, "arch 1": GROUP}
BUDGETS = "64M, 1.28B, 5B"


def runs_of(groups: int) -> xr.Dataset:
    """The made runs, under names that hold a comma."""
    return read_runs(*(table.replace(RENAMED) for table in made.tables(groups=groups)))


@cache
def study(groups: int = 1) -> Study:
    """Two laws, decided by every rule."""
    return carry_out(None, runs_of(groups), models=["cherti", "utility"], rule="all")


@cache
def fit() -> xr.DataTree:
    return infer(runs_of(1), "utility")


def levels() -> xr.DataArray:
    return study().levels


def of_groups() -> list[str]:
    found = study(2)
    told = answers(found.decision, found.deciding)
    return [of_study(found), of_decision(found.decision), *(x for y in told for x in y.lines)]


def of_moves() -> list[str]:
    rows = [(GROUP, 1e9, LEVEL, OTHER, 0.6, 0.8, 0.01), (GROUP, 2e9, OTHER, OTHER, 0.6, 0.8, 0.0)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    decision = xr.Dataset(coords={"budget": [1e9, 2e9]})
    return [moved(Moved("2026-03-14", 12, 0, ("law",), ("law",), table), decision)]


def of_metrics() -> list[str]:
    runs = runs_of(1)
    fits = {METRIC: fit(), "retrieval": infer(runs.assign(error=0.9 * runs["error"]), "utility")}
    required = [f"{METRIC}<=0.5@0.9"]
    found = qqt.decide_metrics(fits, levels(), BUDGETS, constraints=required)
    return [each["text"] for each in remarks_on_metrics(found)]


def of_frontiers() -> list[str]:
    found = qqt.frontier(fit(), levels(), BUDGETS, targets=[0.6, 0.5])
    return [each["text"] for each in of_frontier(found)]


def of_shares() -> list[str]:
    limited = {"always": POOL, "never": "20-30%", "most_samples": 1.5e7}
    found = [qqt.best_shares(fit(), "64M, 1.28B", **each) for each in ({}, limited)]
    told = [line for each in found for answer in answers(each) for line in answer.lines]
    return [*map(of_decision, found), *told, *(qqt.table(each)["take"].iloc[0] for each in found)]


def of_money() -> list[str]:
    names = {"level": [LEVEL, OTHER][: made.HAND.sizes["level"]]}
    error = made.HAND.assign_coords(names)
    plans = Priced(
        error=error,
        of_training=xr.DataArray([3.0, 12.0], {"budget": error["budget"]}, ("budget",)),
        of_data=xr.DataArray([0.0, 3.0], names, ("level",)),
        costs=Costs("EUR", TrainingPrice(1e-6, per_run=2.0), worth=10.0),
        kind="error",
        measure="error",
        counted="tokens",
    )
    choice = xr.DataArray([LEVEL, LEVEL], {"budget": error["budget"]}, ("budget",))
    return Money(plans, net_benefit(plans), choice, 0.4, cheapest(plans, 0.4)).lines


def of_gates() -> list[str]:
    failed = [check_value("misfit_run", 9.0, of=LEVEL), check_value("rhat", 1.3, of=f"b[{POOL}]")]
    gate = Gate(tuple(failed), model="utility", kind="error", draws=100)
    return [gate_text.verdict(gate), gate_text.refused("utility", gate), gate_text.mend({"": gate})]


def of_questions() -> list[str]:
    return questions_text.sentences(
        [
            Question("overlap", (POOL, OTHER)),
            Question("order", (POOL, OTHER), {"samples_seen": 1e9, "first": 0.5, "second": 0.4}),
            Question("swapped", (LEVEL,), {"epochs": 0.5}),
        ]
    )


def of_designs() -> list[str]:
    return [*identifiability(runs_of(2), "cherti").findings.values()]


def of_parameters() -> list[str]:
    found = beside(study(2).fits["cherti"])
    rows = [row[0] for row in found.table("cherti").rows]
    return [*prior_sentences(found.learned.assign(verdict="prior")), *rows]


def of_pages(folder: Path) -> list[str]:
    """What stands in a page outside of its tables, headings and what is to be copied."""
    page = report(study(2), folder / "page.md").read_text()
    prose, _, _ = page.partition("## For your paper")
    return [line for line in prose.splitlines() if not line.startswith(("|", "#"))]


def of_figures() -> list[str]:
    axes = qqt.plot_parameters(study(2).fits["cherti"])
    return [each for each in words(axes[0].figure) if ", " in each]


TEXTS: dict[str, Callable[[], list[str]]] = {
    "study of groups": of_groups,
    "study of one group": lambda: [of_study(study())],
    "moved": of_moves,
    "metrics": of_metrics,
    "frontier": of_frontiers,
    "shares": of_shares,
    "money": of_money,
    "gate": of_gates,
    "questions": of_questions,
    "identifiability": of_designs,
    "oversize": lambda: list(oversize(xr.DataArray([2.0], {"level": [LEVEL]}, ("level",)))),
    "comparison": lambda: [of_comparison(study().comparison)],
    "grown": lambda: lacking(runs_of(2).isel(run=slice(8)), runs_of(2)).missing,
    "left out": lambda: [in_short([POOL, LEVEL])],
    "parameters": of_parameters,
    "figure of parameters": of_figures,
}


@pytest.mark.parametrize("named", TEXTS)
def test_a_name_with_a_comma_is_quoted_wherever_a_text_has_it(named: str) -> None:
    """And nothing else of a name stands outside of quotation marks."""
    assert_quoted("\n".join(TEXTS[named]()))


def test_so_it_is_on_pages(tmp_path: Path) -> None:
    assert_quoted("\n".join(of_pages(tmp_path)))


def assert_quoted(text: str) -> None:
    outside = re.sub(r'"[^"\n]*"', "", text)
    assert [name for name in NAMES if name in outside] == [], text
    assert any(name in text for name in NAMES), text

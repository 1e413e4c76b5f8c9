"""The parts of a page that fold away: why, what would change it, fit, runs and what is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qqt_bayes.decisions.study import Study, in_each_group
from qqt_bayes.decisions.trained import runs_to_settle
from qqt_bayes.phrases import format_epochs, format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report import gate_text, plan_text
from qqt_bayes.report.comparison_text import scores
from qqt_bayes.report.decision_text import remarks, to_settle
from qqt_bayes.report.fit_text import prior_sentences
from qqt_bayes.report.limits_text import LIMITS
from qqt_bayes.report.measures import measure, measured, unit
from qqt_bayes.report.moved_text import moved
from qqt_bayes.report.page import fit_figures, rounding
from qqt_bayes.report.page.content import Block, Section, Table
from qqt_bayes.report.page.priors import Beside
from qqt_bayes.report.page.svg import Figure
from qqt_bayes.report.records import training_sets
from qqt_bayes.report.study_text import laws_alone, of_theorem, refusals

WHY, CHANGE = "Why: ", "What would change it: "
"""How sentences begin of which the heading says as much."""
GROUNDS = ("basis", "reliability", *LIMITS)
"""Ids of the remarks that say what a decision rests on."""
MOST_ROWS = 40
"""Parameters that are drawn beside their priors, at the most; a table has all."""


def why(sections: Sequence[Section]) -> Block:
    """The errors behind each verdict, and what it rests on."""
    said = []
    for section in sections:
        begin = f"{section.group}: " if section.group else ""
        said += [
            f"{begin}{_opened(each)}" for each in section.answer.bullets if each.startswith(WHY)
        ]
        said += [
            f"{begin}{each['text']}" for each in remarks(section.decision) if each["id"] in GROUNDS
        ]
    return Block("why", "Why", list(dict.fromkeys(said)))


def _opened(words: str) -> str:
    """The sentence that says why, without what its heading says already."""
    rest = words.removeprefix(WHY)
    return rest[:1].upper() + rest[1:]


def change(study: Study, sections: Sequence[Section], learned: Mapping[str, Beside]) -> Block:
    """Other laws, other size exponents and other priors."""
    said = []
    for section in sections:
        begin = f"{section.group}: " if section.group else ""
        settle = to_settle(section.decision)
        said += [
            f"{begin}{each.removeprefix(CHANGE)}"
            for each in section.answer.bullets
            if not each.startswith(WHY) and each != settle
        ]
    said += [*laws_alone(study), *of_theorem(study)]
    if study.moved is not None:
        said.append(moved(study.moved, study.decision))
    for name, found in learned.items():
        said += [f"{name}: {each}" for each in prior_sentences(found.learned)]
    return Block("change", "What would change it", said, [_laws(study)])


def _laws(study: Study) -> Table:
    """What each law alone chooses at the largest budget."""
    draws = {
        name: rounding.effective_draws([study.fits[name]], study.fits[name].draws)
        for name in study.alone
    }
    rows = []
    for name, own in study.alone.items():
        for group, (alone, joint) in in_each_group([own, study.decision]):
            last = alone.isel(budget=int(np.argmax(alone["budget"].values)))
            choice = str(last["choice"].item())
            together = joint.sel(budget=last["budget"])
            best = last["probability_best"].sel(level=choice).item()
            regret = together["regret"].sel(level=choice).item()
            by_joint = together["probability_best"].sel(level=choice).item()
            share = study.weights.get(name, 0.0)
            role = f"{share:.2f}" if share else "none"
            cells = (
                *([group] if group else []),
                *(role, format_samples(last["budget"].item()), choice),
                rounding.chance(best, draws[name]),
                rounding.regret(regret, by_joint, draws[name]),
            )
            rows.append((name, *cells))
    grouped = "group" in study.decision.dims
    headings = (
        "law",
        *(["group"] if grouped else []),
        *("share", "budget", "choice", "P(best)", "regret by the joint decision"),
    )
    last_two = frozenset({len(headings) - 2, len(headings) - 1})
    return Table("Each law alone, at the largest budget.", headings, rows, last_two)


def fit(study: Study, learned: Mapping[str, Beside]) -> Block:
    """The gate of each fit, left-out runs, and priors beside posteriors."""
    said: list[str] = []
    tables: list[Table] = []
    drawn: list[Figure] = []
    for name in study.weights:
        own = study.fits[name]
        said.append(f"{name}: {gate_text.verdict(own.gate)}")
    said += [scores(study.comparison), *refusals(study)]
    for name in study.weights:
        own = study.fits[name]
        tables.append(_checks(name, own))
        drawn.append(
            fit_figures.residuals(
                study.comparison, name, f"residuals-{len(drawn)}", study.decision.attrs
            )
        )
        found = learned[name]
        tables.append(found.table(name))
        if found.scores and len(found.scores) <= MOST_ROWS:
            drawn.append(fit_figures.beside_priors(found.scores, f"priors-{len(drawn)}", name))
    return Block("fit", "Fit", said, tables, figures=drawn)


def _checks(name: str, own: Fit) -> Table:
    rows = [
        (check.name, gate_text.value(check), check.bound, "passed" if check.passed else "failed")
        for check in own.gate.checks
    ]
    headings = ("check", "value", "bar", "result")
    return Table(f"Gate of {name}.", headings, rows, frozenset({1}))


def data(study: Study) -> Block:
    """The runs: a row for each training set and budget."""
    runs = next(iter(study.fits.values())).runs
    frame = training_sets(runs)
    attributes = study.decision.attrs
    grouped = "group" in frame
    rows = [
        (
            str(row["data"]),
            *([str(row["group"])] if grouped else []),
            format_samples(row["unique_samples"]),
            str(row["pools"]),
            format_samples(row["samples_seen"]),
            format_epochs(row["epochs"]),
            str(row["runs"]),
            f"{measured(row['error'], attributes):.4g}",
        )
        for row in frame.to_dict("records")
    ]
    counted = unit(attributes)
    headings = (
        *("training set", *(["group"] if grouped else []), f"unique {counted}", "pools"),
        *(f"{counted} seen", "epochs", "runs", f"mean {measure(attributes)}"),
    )
    first = 2 if grouped else 1
    metric = f", metric {runs.attrs['metric']}" if runs.attrs.get("metric") else ""
    sizes = runs.sizes
    sets = f"{sizes['data']} training sets of {sizes['pool']} pools"
    caption = f"{sizes['run']} runs on {sets}{metric}."
    return Block(
        "data", "Data", [], [Table(caption, headings, rows, frozenset(range(first, len(headings))))]
    )


def following(sections: Sequence[Section], plan: Plan | None) -> Block:
    """The runs to make next: those of a plan, or those after which a winner may be named."""
    if plan is not None:
        frame = plan_text.table(plan)
        rows = [tuple(_cell(x) for x in row) for row in frame.itertuples(index=False)]
        numbers = frozenset(range(2, frame.shape[1]))
        tables = [Table("Runs worth their price.", tuple(frame.columns), rows, numbers)]
        return Block(
            "next",
            "Next runs worth their price",
            list(plan_text.lines(plan)),
            tables if rows else [],
        )
    said, rows = [], []
    for section in sections:
        begin = f"{section.group}: " if section.group else ""
        sentence = to_settle(section.decision) if section.decision.sizes["level"] > 1 else ""
        if not sentence:
            continue
        said.append(f"{begin}{sentence}")
        target, wanted = runs_to_settle(section.decision)
        rows += [
            (
                level,
                *([section.group] if section.group else []),
                format_samples(at),
                f"{at / target:.2g}",
            )
            for level, budgets in wanted.items()
            for at in budgets
        ]
    counted = unit(sections[0].decision.attrs)
    headings = (
        "train on",
        *(["group"] if sections[0].group else []),
        f"{counted} seen",
        "compute, of a run at the target",
    )
    tables = [
        Table(
            "Cheap runs that would help most.",
            headings,
            rows,
            frozenset({len(headings) - 2, len(headings) - 1}),
        )
    ]
    if not said:
        said = ["No level that may be the best lacks a run: `qqt design` says what more are worth."]
    return Block("next", "Next runs worth their price", said, tables if rows else [])


def _cell(value: object) -> str:
    return format_samples(value) if isinstance(value, float) else str(value)

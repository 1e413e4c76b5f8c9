"""The parts of a page that fold away: why, what would change it, fit, runs and what is next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qqt_bayes.decisions.study import Study, in_each_group
from qqt_bayes.decisions.trained import runs_to_settle
from qqt_bayes.phrases import format_epochs, format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report import gate_text, plan_text
from qqt_bayes.report.comparison_text import scores
from qqt_bayes.report.decision_text import remarks
from qqt_bayes.report.fit_text import prior_sentences
from qqt_bayes.report.limits_text import LIMITS
from qqt_bayes.report.measures import measure, measured, unit
from qqt_bayes.report.moved_text import moved
from qqt_bayes.report.page import fit_figures, rounding
from qqt_bayes.report.page.content import Block, Section, Table
from qqt_bayes.report.page.priors import Beside
from qqt_bayes.report.page.sections import effective_draws
from qqt_bayes.report.page.svg import Figure
from qqt_bayes.report.proof_text import to_settle
from qqt_bayes.report.reading_text import sentences
from qqt_bayes.report.records import training_sets
from qqt_bayes.report.sampling_text import computation, sampler
from qqt_bayes.report.study_text import laws_alone, of_theorem, refusals
from qqt_bayes.report.verdict_text import takes

WHY, CHANGE = "Why: ", "What would change it: "
"""How sentences begin of which the heading says as much."""
GROUNDS = ("basis", "reliability", *LIMITS)
"""Ids of the remarks that say what a decision rests on."""
JOINT = "regret by the joint decision"
"""Heading of what the choice of one law costs."""
MOST_ROWS = 40
"""Parameters that are drawn beside their priors, at the most; a table has all."""
MOST_POOLS = 12
"""Pools of a level that are listed; of more only the number is said."""


def why(sections: Sequence[Section]) -> Block:
    """The errors behind each verdict, and what it rests on."""
    said = []
    for section in sections:
        said += [
            f"{section.prefix}{_opened(each)}"
            for each in section.answer.bullets
            if each.startswith(WHY)
        ]
        said += [
            f"{section.prefix}{each['text']}"
            for each in remarks(section.decision)
            if each["id"] in GROUNDS
        ]
    return Block("why", "Why", list(dict.fromkeys(said)))


def _opened(words: str) -> str:
    """A sentence without what its heading says already.

    Examples
    --------
    >>> print(_opened("Why: the mean error of a is 0.5."))
    The mean error of a is 0.5.
    >>> print(_opened("What would change it: utility alone would take b, which costs 0.1."))
    utility alone would take b, which costs 0.1.
    """
    rest = words.removeprefix(WHY).removeprefix(CHANGE)
    # the name of a law, which may stand first, keeps its letters
    return rest[:1].upper() + rest[1:] if rest.startswith(("the ", "of ")) else rest


def change(study: Study, sections: Sequence[Section], learned: Mapping[str, Beside]) -> Block:
    """Other laws, other size exponents and other priors."""
    said = []
    for section in sections:
        settle = to_settle(section.decision)
        said += [
            f"{section.prefix}{_opened(each)}"
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
    """What each law alone chooses at the largest budget, and what that costs by the joint draws."""
    draws, rows = effective_draws(study), []
    for name, own in study.alone.items():
        share = study.weights.get(name, 0.0)
        of_law = rounding.effective_draws([study.fits[name]], study.fits[name].draws)
        for group, (alone, joint) in in_each_group([own, study.decision]):
            budget = alone["budget"].values.max()
            choice = str(alone["choice"].sel(budget=budget).item())
            here = {"budget": budget, "level": choice}
            best, by_joint = (each["probability_best"].sel(here).item() for each in (alone, joint))
            regret = joint["regret"].sel(here).item()
            cells = (f"{share:.2f}" if share else "none", format_samples(budget), choice)
            numbers = rounding.chance(best, of_law), rounding.regret(regret, by_joint, draws)
            rows.append((name, *([group] if group else []), *cells, *numbers))
    grouped = ["group"] if "group" in study.decision.dims else []
    headings = ("law", *grouped, *("share", "budget", "choice", "P(best)"), JOINT)
    caption = "Each law alone, at the largest budget."
    return Table(caption, headings, rows, _last_two(headings), name="laws")


def fit(study: Study, learned: Mapping[str, Beside], ids: str = "") -> Block:
    """The gate of each fit, left-out runs, and priors beside posteriors; ids begin with `ids`."""
    said: list[str] = []
    tables: list[Table] = []
    drawn: list[Figure] = []
    for name in study.weights:
        own = study.fits[name]
        said.append(f"{name}: {gate_text.verdict(own.gate)}")
    fits = {name: study.fits[name] for name in study.weights}
    said.append(f"Draws are by {sampler(fits)}. {computation(fits)}".strip())
    said += [scores(study.comparison), *refusals(study)]
    named = {name: learned[name].meanings() for name in study.weights}
    said += [f"Parameters of {name}. {means}." for name, means in named.items() if means]
    for name in study.weights:
        own = study.fits[name]
        tables.append(_checks(name, own))
        drawn.append(
            fit_figures.residuals(
                study.comparison, name, f"{ids}residuals-{len(drawn)}", study.decision.attrs
            )
        )
        found = learned[name]
        tables.append(found.table(name))
        if found.scores and len(found.scores) <= MOST_ROWS:
            figure = f"{ids}priors-{len(drawn)}"
            drawn.append(fit_figures.beside_priors(found.scores, figure, name))
    return Block("fit", "Fit", said, tables, figures=drawn)


def _checks(name: str, own: Fit) -> Table:
    rows = [
        (check.name, rounding.of_check(check), check.bound, "passed" if check.passed else "failed")
        for check in own.gate.checks
    ]
    headings = ("check", "value", "must be", "result")
    caption = f"What the fit of {name} had to pass."
    return Table(caption, headings, rows, frozenset({1}), name=f"checks-{name}")


def data(study: Study) -> Block:
    """How the table was read, what each level holds, and a row for each training set and budget."""
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
    numbers = frozenset(range(first, len(headings)))
    trained = Table(caption, headings, rows, numbers, name="runs")
    changed = sentences(json.loads(runs.attrs.get("reading", "{}")))  # older fits lack it
    return Block("data", "Data", changed, [_contents(study), trained])


def _contents(study: Study) -> Table:
    """What each level holds, which a narrow screen has no room for beside its verdict."""
    levels = study.decision["unique_samples"]
    rows = [
        (str(name), format_samples(own.sum().item()), takes(own, MOST_POOLS))
        for name, own in zip(levels["level"].values, levels.transpose("level", ...), strict=True)
    ]
    counted = unit(study.decision.attrs)
    headings = ("level", f"unique {counted}", f"{counted} of each pool")
    return Table("What each level holds.", headings, rows, frozenset({1}), name="contents")


def following(sections: Sequence[Section], plan: Plan | None) -> Block:
    """The runs to make next: those of a plan, or those after which a winner may be named."""
    said, table = _cheap(sections) if plan is None else _planned(plan)
    title = "Next runs" if plan is None else "Next runs worth their price"
    return Block("next", title, said, [table] if table.rows else [])


def _planned(plan: Plan) -> tuple[list[str], Table]:
    """What a plan says, and its runs."""
    frame = plan_text.table(plan)
    rows = [tuple(_cell(x) for x in row) for row in frame.itertuples(index=False)]
    numbers = frozenset(range(2, frame.shape[1]))
    table = Table("Runs worth their price.", tuple(frame.columns), rows, numbers, name="next")
    return list(plan_text.lines(plan)), table


def _cheap(sections: Sequence[Section]) -> tuple[list[str], Table]:
    """The runs that a decision itself asks for before it names a winner."""
    said, rows = [], []
    for section in sections:
        group = [section.group] if section.group else []
        sentence = to_settle(section.decision) if section.decision.sizes["level"] > 1 else ""
        if not sentence:
            continue
        said.append(f"{section.prefix}{sentence}")
        target, wanted = runs_to_settle(section.decision)
        rows += [
            (level, *group, format_samples(budget), f"{budget / target:.2g}")
            for level, budgets in wanted.items()
            for budget in budgets
        ]
    if not said:
        said = ["Every level that may be the best was trained at enough budgets to be judged."]
    group = ["group"] if sections[0].group else []
    seen = f"{unit(sections[0].decision.attrs)} seen"
    headings = ("train on", *group, seen, "compute, as a share of one run at the target")
    caption = "Runs that are needed before a winner can be named."
    return said, Table(caption, headings, rows, _last_two(headings), name="next")


def _last_two(headings: Sequence[str]) -> frozenset[int]:
    """Places of the last two columns."""
    return frozenset({len(headings) - 2, len(headings) - 1})


def _cell(value: object) -> str:
    return format_samples(value) if isinstance(value, float) else str(value)

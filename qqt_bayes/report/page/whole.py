"""A whole page: the answer for each group, what folds away, and where it all comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qqt_bayes.decisions.study import Study
from qqt_bayes.phrases import joined
from qqt_bayes.planning.costs import Costs
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.measures import unit
from qqt_bayes.report.page import blocks
from qqt_bayes.report.page.content import Block, Lead, Section
from qqt_bayes.report.page.frontier import Frontier, frontier
from qqt_bayes.report.page.paper import paper
from qqt_bayes.report.page.priors import beside
from qqt_bayes.report.page.readers import block_for_readers, section_for_readers
from qqt_bayes.report.page.sections import of_runs, sections
from qqt_bayes.report.verdict_text import Answer, answers, left_out

HASH = 12
"""Characters of a hash that are shown."""


@dataclass(frozen=True)
class Page:
    """All that is said of a study, or of studies of several metrics.

    Attributes
    ----------
    title, unit : str
        A heading, and what budgets count.
    sections : list of Section
        One for each group of each metric.
    frontiers : list of Frontier
        A figure for each section.
    blocks : list of Block
    footer : list of str
        Where it comes from.
    lead : Lead or None
        What is said across metrics, if there are several.
    """

    title: str
    unit: str
    sections: list[Section]
    frontiers: list[Frontier]
    blocks: list[Block]
    footer: list[str]
    lead: Lead | None = None


def page_of(
    study: Study,
    *,
    said: Sequence[Answer] | None = None,
    date: str = "",
    costs: Costs | None = None,
    plan: Plan | None = None,
    metric: str = "",
    ids: str = "",
) -> Page:
    """What a page says of a study.

    Parameters
    ----------
    study : Study
    said : sequence of Answer, optional
        What it answered when it was made; found again if not given.
    date : str
        When that was; empty if it is not known.
    costs : Costs, optional
        Prices, for what each level costs.
    plan : Plan, optional
        Proposed runs, as `qqt_bayes.design` returns them.
    metric : str
        What its sections are called, where they stand on a page with those of other metrics.
    ids : str
        What the ids of its figures begin with, so that each is on such a page once.
    """
    found = answers(study.decision, study.deciding) if said is None else said
    beware = left_out(study.refused_laws, list(study.weights))
    first = [answer._replace(first=[*beware, *answer.first]) for answer in found]
    own = sections(study, first, costs)
    runs = next(iter(study.fits.values())).runs
    drawn = [
        frontier(each.decision, runs, f"{ids}frontier-{i}", of_runs(each.decision), metric)
        for i, each in enumerate(own)
    ]
    learned = {name: beside(study.fits[name]) for name in study.weights}
    attributes = study.decision.attrs
    called = [replace(each, group=_called(metric, each.group)) for each in own]
    parts = [
        blocks.why(own),
        blocks.change(study, own, learned),
        blocks.fit(study, learned, ids),
        blocks.data(study),
        blocks.following(own, plan),
        paper(study, called),
    ]
    return Page(
        title=titled(metric or str(runs.attrs.get("metric") or "")),
        unit=unit(attributes),
        sections=[section_for_readers(each) for each in called],
        frontiers=drawn,
        blocks=[block_for_readers(each) for each in parts],
        footer=_footer(study, date),
    )


def titled(about: str) -> str:
    """The heading of a page about a metric, or about nothing that has a name.

    Examples
    --------
    >>> titled("imagenet"), titled("")
    ('Which data to train on: imagenet', 'Which data to train on')
    """
    return f"Which data to train on: {about}" if about else "Which data to train on"


def _called(metric: str, group: str) -> str:
    """What the section of a group is called, of one metric or of several."""
    return ", ".join(name for name in (metric, group) if name)


def _footer(study: Study, date: str) -> list[str]:
    """The hash of the runs, the models, seed and versions, and the date."""
    first = next(iter(study.fits.values()))
    source = first.attrs.get("source")
    of = f" of {source}" if source else ""
    models = [f"{name} ({fit.attrs['spec_hash'][:HASH]})" for name, fit in study.fits.items()]
    seeds = sorted({fit.seed for fit in study.fits.values()})
    versions = ", ".join(f"{name} {version}" for name, version in first.versions.items())
    when = f" Made {date}." if date else ""
    return [
        f"{first.runs.sizes['run']} runs{of}, SHA-256 {first.attrs['data_hash'][:HASH]}. "
        f"Models: {joined(models)}. "
        f"Seed {joined([str(seed) for seed in seeds])}. Versions: {versions}.{when}"
    ]

"""A page over several metrics: the verdict across them, then what is said of each.

What all metrics have alike, such as what each level holds, is said once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
import xarray as xr

from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.metric_views import joint_view
from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.phrases import format_samples, joined
from qqt_bayes.report.measures import measure, unit
from qqt_bayes.report.metrics_tables import candidates_by_metric, winners_by_metric
from qqt_bayes.report.metrics_text import before_verdict, remarks_on_metrics
from qqt_bayes.report.page import latex
from qqt_bayes.report.page.content import Block, Lead, Section, Table, Verdict
from qqt_bayes.report.page.readers import for_readers
from qqt_bayes.report.page.sections import states_at, warning_at
from qqt_bayes.report.page.whole import Page, titled
from qqt_bayes.report.table_text import is_number, texts

MOST_NAMES = 3
"""Metrics that a heading names one by one."""
NONE_ADMISSIBLE = "none admissible"
"""In place of whether there is a winner, where no level keeps to what is required."""
PAPER = "paper"
"""The part that holds what a paper takes as it is."""


def page_across(pages: Mapping[str, Page], found: xr.Dataset, beware: Sequence[str] = ()) -> Page:
    """The pages of several metrics as one, with the verdict across them on top.

    Parameters
    ----------
    pages : mapping of str to Page
        By metric, each made under that name and with ids of its own, see `page_of`.
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    beware : sequence of str
        What has to be known before anything else.
    """
    names = list(pages)
    each = list(pages.values())
    top = lead(found, beware)
    said = {words for verdict in top.verdicts for words in verdict.first}
    blocks = [
        together(dict(zip(names, parts, strict=True)))
        for parts in zip(*(page.blocks for page in each), strict=True)
    ]
    about = joined(names) if len(names) <= MOST_NAMES else f"{len(names)} metrics"
    return Page(
        title=titled(about),
        unit=each[0].unit,
        sections=[_without(section, said) for page in each for section in page.sections],
        frontiers=[drawn for page in each for drawn in page.frontiers],
        blocks=[_with_choices(block, top) if block.name == PAPER else block for block in blocks],
        footer=[f"{name}: {words}" for name, page in pages.items() for words in page.footer],
        lead=top,
    )


def lead(found: xr.Dataset, beware: Sequence[str] = ()) -> Lead:
    """What `qqt decide` says of a decision over metrics, in the order in which a page says it.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    beware : sequence of str
        What has to be known before anything else.
    """
    ordered = found.sortby("budget")
    remarks = remarks_on_metrics(ordered)
    verdicts = []
    for group, (own,) in in_each_group([ordered]):
        said = {each["id"]: each["text"] for each in remarks if each.get("group", "") == group}
        last = joint_view(own.isel(budget=[-1]))
        is_chosen = NONE not in said
        before = dict.fromkeys([*beware, *before_verdict(own)])
        verdicts.append(
            Verdict(
                group=group,
                first=list(map(for_readers, before)),
                verdict=said.pop("choice" if is_chosen else NONE),
                state=states_at(last)[0] if is_chosen else NONE_ADMISSIBLE,
                warning=warning_at(last) if is_chosen else "",
                said=list(map(for_readers, said.values())),
            )
        )
    weighed = dict.fromkeys(each["text"] for each in remarks if each["id"] == "weights")
    return Lead(verdicts, [_choices(ordered), _levels(ordered)], list(weighed))


def _choices(found: xr.Dataset) -> Table:
    """The choice at each budget, by the weighted error and by each metric."""
    caption = (
        f"The choice at each budget, by the {measure(found.attrs)} of all metrics and by each "
        "metric alone; in brackets is the probability that it is best."
    )
    return _table(caption, winners_by_metric(found), "choices-across")


def _levels(found: xr.Dataset) -> Table:
    """The levels at the largest budget, those that are chosen in bold."""
    last = found.isel(budget=-1)
    frame = candidates_by_metric(found)
    choice = {group: own["joint_choice"].item() for group, (own,) in in_each_group([last])}
    groups = frame["group"] if "group" in frame else [""] * len(frame)
    pairs = zip(groups, frame["candidate"], strict=True)
    chosen = frozenset(i for i, (group, level) in enumerate(pairs) if choice[group] == level)
    kept = "those that keep to what is required first, " if found.sizes["constraint"] else ""
    most = len(frame) // len(choice)
    of = (
        f"The {most} best of {found.sizes['level']} levels"
        if most < found.sizes["level"]
        else "Levels"
    )
    caption = (
        f"{of} at {format_samples(last['budget'].item())} {unit(found.attrs)}, {kept}the "
        f"least {measure(found.attrs)} first; the choice is in bold. P(front) is the probability "
        "that no other level is as good on every metric and better on one."
    )
    return replace(_table(caption, frame, "levels-across"), chosen=chosen)


def _table(caption: str, frame: pd.DataFrame, name: str) -> Table:
    """A table as the command prints it, without columns that say nothing."""
    cells = {title: column for title, column in texts(frame).items() if any(column)}
    numbers, wide = (
        frozenset(i for i, title in enumerate(cells) if i and holds(title))
        for holds in (lambda title: is_number(frame[title]), _is_wide)
    )
    rows = list(zip(*cells.values(), strict=True))
    return Table(caption, tuple(cells), rows, numbers, wide=wide, name=name)


def _is_wide(heading: str) -> bool:
    """Whether a column is left to wide screens, because the page says it elsewhere, too."""
    return heading in ("takes", "extrapolated") or heading.startswith("unique ")


def together(blocks: Mapping[str, Block]) -> Block:
    """A part of several pages as one: what they have alike, then what is said of each metric.

    Parameters
    ----------
    blocks : mapping of str to Block
        By metric, of one name and title.

    Examples
    --------
    >>> parts = {"a": Block("why", "Why", ["Both.", "One."]), "b": Block("why", "Why", ["Both."])}
    >>> found = together(parts)
    >>> found.paragraphs, [(part.title, part.paragraphs) for part in found.parts]
    (['Both.'], [('a', ['One.'])])
    """
    each = list(blocks.values())
    paragraphs, tables, code = (
        _alike([getattr(block, name) for block in each])
        for name in ("paragraphs", "tables", "code")
    )
    parts: list[Block] = []
    for metric, block in blocks.items():
        own = Block(
            f"{block.name}-{len(parts)}",
            metric,
            [words for words in block.paragraphs if words not in paragraphs],
            [
                replace(
                    table,
                    caption=f"{metric}: {table.caption}",
                    name=table.name and f"{table.name}-{metric}",
                )
                for table in block.tables
                if table not in tables
            ],
            block.figures,
            [pair for pair in block.code if pair not in code],
        )
        if own.paragraphs or own.tables or own.figures or own.code:
            parts.append(own)
    return Block(each[0].name, each[0].title, paragraphs, tables, [], code, parts)


def _alike[Said](lists: Sequence[Sequence[Said]]) -> list[Said]:
    """What stands in every list, in the order of the first."""
    return [one for one in lists[0] if all(one in other for other in lists[1:])]


def _without(section: Section, said: Iterable[str]) -> Section:
    """A section without what the page said on top."""
    first = [words for words in section.answer.first if words not in said]
    return replace(section, answer=section.answer._replace(first=first))


def _with_choices(block: Block, top: Lead) -> Block:
    """What a paper takes, with the choice across metrics and how they were weighed."""
    heading = "The choice at each budget across metrics (LaTeX with booktabs):"
    return replace(
        block,
        paragraphs=[*block.paragraphs, *top.weighed],
        code=[(heading, latex.narrow_tables(top.tables[0])), *block.code],
    )

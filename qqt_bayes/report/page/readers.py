"""Sentences for who reads a page and has never run a command: what they mean, not what to type."""

from __future__ import annotations

from dataclasses import replace

from qqt_bayes.report.comparison_text import UNTIL_REFITTED
from qqt_bayes.report.decision_text import CALIBRATED_ON
from qqt_bayes.report.page.content import Block, Section
from qqt_bayes.report.proof_text import WHICH_RUNS
from qqt_bayes.report.verdict_text import LARGER_CRAWL

INSTEAD = {
    LARGER_CRAWL: (
        "If they are samples of a larger crawl, these results hold for the samples, not for the "
        "full crawl: there data would be repeated less, and another filter may win. The study "
        "has then to be made again with the sizes of the crawl."
    ),
    UNTIL_REFITTED: "until they are replaced by fits without these runs",
    WHICH_RUNS: "a plan of runs says which lower the expected regret most",
    CALIBRATED_ON: "in the documentation of qqt_bayes, among its case studies (held-out runs)",
}
"""What a page says in place of advice to somebody at a terminal."""


def for_readers(words: str) -> str:
    """A sentence as a page says it."""
    for advice, meaning in INSTEAD.items():
        words = words.replace(advice, meaning)
    return words


def section_for_readers(section: Section) -> Section:
    """The same of what comes before a verdict."""
    first = [for_readers(words) for words in section.answer.first]
    return replace(section, answer=section.answer._replace(first=first))


def block_for_readers(block: Block) -> Block:
    """The same of the paragraphs of a part that folds away."""
    return replace(block, paragraphs=[for_readers(words) for words in block.paragraphs])

"""A fit in words: what it has learned beyond its prior."""

import made

import qqt_bayes
from qqt_bayes.report.fit_text import prior_sentences


def test_nothing_to_say():
    frame = qqt_bayes.learned(made.fit()).assign(verdict="runs")
    assert prior_sentences(frame) == []

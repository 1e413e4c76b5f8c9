"""A comparison in words: what it rests on, and when too little is known."""

from itertools import pairwise

import made
import pandas as pd

from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.comparison.verdicts import STATES, deciding_runs
from qqt_bayes.report.comparison_text import DIFFERENCES, ODDS, verdict


def test_words_say_what_a_comparison_rests_on() -> None:
    fits = {"a": made.fit(method="laplace"), "b": made.fit(passed=False)}
    words = verdict(compare_laws(fits))
    assert words.startswith("Approximate posterior (laplace): a quick look")
    assert "the fit of b did not pass its gate" in words
    assert "gate" not in verdict(compare_laws({"a": made.fit()}))


def test_words_say_when_too_little_is_known() -> None:
    base = made.fit(draws=200)
    words = []
    for shift in (0.1, 1.0):
        density = base["log_likelihood"]["error"].values - shift
        other = made.with_density(base, density, base["posterior_predictive"]["error"].values)
        words.append(verdict(compare_laws({"a": base, "b": other})))
    assert "too little to tell them apart" in words[0]
    assert "the scores speak for a" in words[1]
    assert all(first != second for first, second in pairwise(words))
    assert isinstance(deciding_runs(compare_laws({"a": base, "b": base})), pd.DataFrame)


def test_every_state_of_a_sentence_is_one_of_its_id():
    assert set(DIFFERENCES) == set(STATES["difference"])
    assert set(ODDS) == set(STATES["theorem"]) == set(STATES["no_size_effect"])

"""A fit in words: what it has learned beyond its prior."""

import made

import qqt_bayes
from qqt_bayes.report.fit_text import prior_sentences


def test_a_pool_with_commas_is_one_name():
    fit = made.fit()
    names = ["news, forums, misc", *fit["constant_data"]["pool"].values[1:].tolist()]
    for group in ("posterior", "prior", "constant_data"):
        fit[group] = fit[group].to_dataset().assign_coords(pool=names)
    frame = qqt_bayes.learned(fit).query("parameter == 'tau'").assign(verdict="prior")
    assert frame["of"].tolist() == names
    assert 'The posterior of tau of "news, forums, misc", ' in prior_sentences(frame)[0]


def test_nothing_to_say():
    frame = qqt_bayes.learned(made.fit()).assign(verdict="runs")
    assert prior_sentences(frame) == []

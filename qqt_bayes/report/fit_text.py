"""Sentences about any fit: whether it is approximate, and which parameters hang on their prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qqt_bayes.phrases import named
from qqt_bayes.posterior.methods import is_approximate, method_of


def remark(attributes: Mapping[Any, Any]) -> str:
    """What to say of a fit, decision or prediction that is approximate; empty of others.

    Parameters
    ----------
    attributes : mapping
        Of the fit, decision or prediction.

    Examples
    --------
    >>> remark({"method": "laplace"})
    'Approximate posterior (laplace): a quick look, not for decisions that cost; fit with nuts.'
    >>> remark({}), remark({"method": "smc"})
    ('', '')
    """
    if not is_approximate(attributes):
        return ""
    return f"{label(attributes)}: a quick look, not for decisions that cost; fit with nuts."


def label(attributes: Mapping[Any, Any]) -> str:
    """The same in short, for figures.

    Examples
    --------
    >>> label({"method": "pathfinder"}), label({})
    ('Approximate posterior (pathfinder)', '')
    """
    if not is_approximate(attributes):
        return ""
    return f"Approximate posterior ({method_of(attributes)})"


def prior_sentences(found: pd.DataFrame) -> list[str]:
    r"""What should be known of parameters that hang on their prior, a sentence each.

    Parameters
    ----------
    found : DataFrame
        As `qqt_bayes.learned` returns it.

    Examples
    --------
    >>> found = pd.DataFrame({"parameter": ["a", "d", "tau"], "of": ["", "", "0-10%"],
    ...                       "verdict": ["prior_matters", "prior_matters", "prior"],
    ...                       "prior_sensitivity": [0.1, 0.3, 0.2]})
    >>> print(*prior_sentences(found), sep="\n")
    The posterior of tau of 0-10% is essentially the prior.
    Another prior would move the estimates of d; a (the most sensitive first).
    """
    strongest_first = found.sort_values("prior_sensitivity", ascending=False, kind="stable")
    sentences = {
        "prior": (found, "The posterior of {} is essentially the prior."),
        "disagree": (
            found,
            "The prior and the runs disagree about {}: the middle of the posterior is where the "
            "prior expects hardly anything. A prior that is wrong there, or a law that does not "
            "describe the runs, would do so.",
        ),
        "prior_matters": (
            strongest_first,
            "Another prior would move the estimates of {} (the most sensitive first).",
        ),
    }
    words = []
    for verdict, (table, sentence) in sentences.items():
        flagged = table.loc[table["verdict"] == verdict, ["parameter", "of"]]
        if len(flagged):
            words.append(sentence.format(named(list(flagged.itertuples(index=False, name=None)))))
    return words

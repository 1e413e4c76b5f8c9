"""Posteriors beside their priors: intervals, and where they lie on the scale of the prior."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.meanings import PARAMETERS
from qqt_bayes.posterior.prior_sensitivity import learned, scalars
from qqt_bayes.report.page.content import Table

Array = NDArray[np.float64]

QUANTILES = (0.05, 0.5, 0.95)
"""Of the intervals of 90 % that are shown, and of the median."""
ROUND = 10.0
"""Numbers from here on are shown to three digits, those below to two."""
SAID = {
    "prior": "the prior",
    "prior_matters": "both",
    "disagree": "the runs, against the prior",
    "runs": "the runs",
}
"""What the posterior of a parameter rests on, by the verdict of `qqt_bayes.learned`."""


@dataclass(frozen=True)
class Beside:
    """What a fit learned.

    Attributes
    ----------
    learned : DataFrame
        As `qqt_bayes.learned` returns it.
    after, before : array, shape (scalar, quantile)
        Of posterior and prior.
    scores : list of tuple of (str, float, float, float)
        Each scalar, with its posterior's quantiles as normal scores of its prior.
    """

    learned: pd.DataFrame
    after: Array
    before: Array
    scores: list[tuple[str, float, float, float]]

    def meanings(self) -> str:
        """What each parameter is, of those of a known law."""
        names = dict.fromkeys(self.learned["parameter"])
        return "; ".join(f"{x}: {PARAMETERS[x][0]}" for x in names if x in PARAMETERS)

    def table(self, law: str) -> Table:
        """The same as a table."""
        rows = [
            (
                _name(row.parameter, row.of),
                _interval(before),
                _interval(after),
                f"{row.contraction:.2f}",
                SAID[row.verdict],
            )
            for row, before, after in zip(
                self.learned.itertuples(), self.before, self.after, strict=True
            )
        ]
        headings = ("parameter", "prior [90%]", "posterior [90%]", "contraction", "rests on")
        caption = (
            f"Parameters of {law}: contraction is 0 where the runs told nothing beyond the prior, "
            "1 where they leave no doubt."
        )
        return Table(caption, headings, rows, frozenset({1, 2, 3}), name=f"parameters-{law}")


def beside(fit: Fit) -> Beside:
    """Posteriors of a fit beside their priors."""
    found = learned(fit)
    names = list(dict.fromkeys(found["parameter"]))
    after, before = (scalars(fit.datasets[group], names) for group in ("posterior", "prior"))
    flat = [x.reshape(-1, x.shape[-1]) for x in (after, before)]
    ends = [np.quantile(x, QUANTILES, axis=0).T for x in flat]
    known = np.sort(flat[1], axis=0)
    labels = [_name(row.parameter, row.of) for row in found.itertuples()]
    scores = []
    for i, label in enumerate(labels):
        low, middle, high = (_score(float(x), known[:, i]) for x in ends[0][i])
        scores.append((label, low, middle, high))
    return Beside(found, ends[0], ends[1], scores)


def _score(value: float, known: Array) -> float:
    """The normal score of a number among the sorted draws of its prior."""
    share = (np.searchsorted(known, value) + 0.5) / (known.size + 1)
    return NormalDist().inv_cdf(float(share))


def _interval(ends: Array) -> str:
    """A median and its interval; more digits are noise of some hundred effective draws."""
    low, middle, high = (f"{x:.{2 if abs(x) < ROUND else 3}g}" for x in ends.tolist())
    return f"{middle} [{low}, {high}]"


def _name(parameter: str, of: str) -> str:
    return f"{parameter} of {of}" if of else parameter

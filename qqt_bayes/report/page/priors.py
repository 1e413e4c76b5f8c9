"""Posteriors beside their priors: intervals, and where they lie on the scale of the prior."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.priors import marginal_quantiles
from qqt_bayes.model.problem import Problem
from qqt_bayes.phrases import quoted
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.meanings import PARAMETERS
from qqt_bayes.posterior.prior_sensitivity import learned, scalars
from qqt_bayes.report.page import rounding
from qqt_bayes.report.page.content import Table

Array = NDArray[np.float64]

QUANTILES = (0.05, 0.5, 0.95)
"""Of the intervals of 90 % that are shown, and of the median."""
OFF = 0.001
"""Probability by which quantiles of a pooled prior may be off."""
NOTHING = 1e-9
"""Share of an interval's width below which a number is 0, but for the rounding of a computer."""
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
        Of posterior and prior: those of the posterior from draws, those of the prior as declared.
    errors, errors_before : array, shape (scalar, quantile)
        How far those of posterior and prior may be off: standard errors, and what an error of a
        thousandth in the probability makes.
    contraction_errors : array, shape (scalar,)
        Those of the contractions.
    scores : list of tuple of (str, float, float, float)
        Each scalar, with its posterior's quantiles as normal scores of its prior.
    """

    learned: pd.DataFrame
    after: Array
    before: Array
    errors: Array
    errors_before: Array
    contraction_errors: Array
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
                _interval(before, errors_before),
                _interval(after, errors),
                _contraction(row.contraction, error),
                SAID[row.verdict],
            )
            for row, before, errors_before, after, errors, error in zip(
                self.learned.itertuples(),
                self.before,
                self.errors_before,
                self.after,
                self.errors,
                self.contraction_errors,
                strict=True,
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
    flat, prior = (x.reshape(-1, x.shape[-1]) for x in (after, before))
    ends = np.quantile(flat, QUANTILES, axis=0).T
    known = np.sort(prior, axis=0)
    scores = []
    for i, row in enumerate(found.itertuples()):
        low, middle, high = (_score(float(x), known[:, i]) for x in ends[i])
        scores.append((_name(row.parameter, row.of), low, middle, high))
    of_name = _declared(fit)
    declared = np.array([of_name[name] for name in found["parameter"]])
    draws = rounding.effective_draws([fit], fit.draws)
    return Beside(
        learned=found,
        after=ends,
        before=declared[:, 1],
        errors_before=(declared[:, 2] - declared[:, 0]) / 2,
        errors=rounding.quantile_errors(flat, QUANTILES, draws),
        # of a variance of normal draws, by those of the posterior and those that z is counted in
        contraction_errors=(1 - found["contraction"].to_numpy())
        * np.sqrt(2 / draws + 2 / len(prior)),
        scores=scores,
    )


def _declared(fit: Fit) -> dict[str, Array]:
    """Quantiles of each declared prior, shape (3, quantile): a little below, at and above."""
    spec = Problem(fit.spec, fit.runs).spec
    p = np.add.outer([-OFF, 0, OFF], QUANTILES)
    return {
        name: marginal_quantiles(prior, p.ravel().tolist()).reshape(p.shape)
        for name, prior in {**spec.parameters, **spec.noise}.items()
        if isinstance(prior, Prior)
    }


def _score(value: float, known: Array) -> float:
    """The normal score of a number among the sorted draws of its prior."""
    share = (np.searchsorted(known, value) + 0.5) / (known.size + 1)
    return NormalDist().inv_cdf(float(share))


def _interval(ends: Array, errors: Array) -> str:
    """A median and its interval, each up to its standard error."""
    least = NOTHING * float(ends[-1] - ends[0])
    low, middle, high = (
        rounding.to_error(float(x), float(error), least=least)
        for x, error in zip(ends, errors, strict=True)
    )
    return f"{middle} [{low}, {high}]"


def _contraction(contraction: float, error: float) -> str:
    """A contraction, which by chance alone may come out below 0."""
    return f"{max(contraction, 0.0):.{rounding.decimals(error, rounding.CHANCE)}f}"


def _name(parameter: str, of: str) -> str:
    return f"{parameter} of {quoted(of)}" if of else parameter

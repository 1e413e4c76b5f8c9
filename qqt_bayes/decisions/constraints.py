"""What a choice must keep to on one metric: "retrieval at most 0.45 with probability 0.9".

A constraint holds at a level and a budget if the share of posterior draws in which the error of its
metric is at most its bound reaches its probability.  Each is judged by the draws of its own metric,
so that nothing is assumed of how metrics hang together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import xarray as xr

from qqt_bayes.decisions.metric_fits import Measured
from qqt_bayes.decisions.rules import ROUNDING, TIE
from qqt_bayes.errors import InputError, alternatives, fault_list
from qqt_bayes.laws.level_curves import SAMPLE

AS_TEXT = re.compile(r"(?P<metric>.+?)\s*(?P<side><=|>=)\s*(?P<bound>[^@<>=]+)(@(?P<chance>.+))?")
"""A constraint in words: METRIC<=BOUND@PROBABILITY; names may hold anything else."""


@dataclass(frozen=True)
class Constraint:
    """A bound on the error of one metric that a choice must keep to, with a probability.

    Attributes
    ----------
    metric : str
    bound : float
        The error, or loss, to stay at or below; of accuracies 1 less the accuracy to reach.
    probability : float
        With which it must be kept.

    Examples
    --------
    >>> Constraint("retrieval", 0.45, 0.95)
    Constraint(metric='retrieval', bound=0.45, probability=0.95)
    """

    metric: str
    bound: float
    probability: float = 0.9

    def said(self, accuracy: bool = False) -> str:
        """The constraint as `as_constraints` reads it, in what the user measured.

        Examples
        --------
        >>> Constraint("vtab", 0.45).said(), Constraint("vtab", 0.45).said(accuracy=True)
        ('vtab<=0.45@0.9', 'vtab>=0.55@0.9')
        """
        side, bound = (">=", 1 - self.bound) if accuracy else ("<=", self.bound)
        return f"{self.metric}{side}{bound:.10g}@{self.probability:g}"


def as_constraints(
    constraints: Iterable[Constraint | str] | Constraint | str, metrics: Mapping[str, Measured]
) -> list[Constraint]:
    """Constraints that make sense for metrics, from objects or from words.

    Parameters
    ----------
    constraints : iterable of Constraint or str
        In words METRIC<=BOUND@PROBABILITY of errors and losses, METRIC>=BOUND@PROBABILITY of
        accuracies; without @PROBABILITY it is 0.9.
    metrics : mapping of str to Measured

    Raises
    ------
    InputError
        With all faults.
    """
    several = [constraints] if isinstance(constraints, Constraint | str) else list(constraints)
    found, faults = [], []
    for each in several:
        try:
            made = _parsed(each, metrics) if isinstance(each, str) else each
            if not isinstance(made, Constraint):
                raise InputError(f"expected a Constraint or words, got {made!r:.60}")
            _check(made, metrics)
            said = made.said(metrics[made.metric].is_accuracy)
            if made in found:
                raise InputError(f"{said} stands there twice")
            found.append(made)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(fault_list("constraints", faults, total=len(faults)))
    return found


def _parsed(text: str, metrics: Mapping[str, Measured]) -> Constraint:
    """A constraint from words, with its bound as an error."""
    parts = AS_TEXT.fullmatch(text.strip())
    if parts is None:
        raise InputError(
            f"{text!r}: expected METRIC<=BOUND@PROBABILITY, such as 'retrieval<=0.45@0.9', "
            "or METRIC>=BOUND@PROBABILITY of accuracies"
        )
    metric = parts["metric"]
    _require_metric(metric, metrics, f"{text!r}: ")
    bound = _number(parts["bound"], f"{text!r}: a bound")
    chance = 0.9 if parts["chance"] is None else _number(parts["chance"], f"{text!r}: probability")
    accuracy = metrics[metric].is_accuracy
    if accuracy != (parts["side"] == ">="):
        measure, right = metrics[metric].measure, ">=" if accuracy else "<="
        better = "more is better" if accuracy else "less is better"
        raise InputError(
            f"{text!r}: {metric} is measured as {measure}, of which {better}; write "
            f"{metric}{right}{parts['bound'].strip()}"
        )
    if accuracy and not 0 < bound < 1:
        raise InputError(f"{text!r}: expected an accuracy between 0 and 1, got {bound:g}")
    # without the digits that 1 - 0.55 has and nobody wrote
    return Constraint(metric, round(1 - bound, 12) if accuracy else bound, chance)


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{what}: expected a number, got {text.strip()!r}") from None


def _check(constraint: Constraint, metrics: Mapping[str, Measured]) -> None:
    """Refuse a constraint on no metric, or one that always or never holds."""
    _require_metric(constraint.metric, metrics)
    bound, chance = constraint.bound, constraint.probability
    where = f"constraint on {constraint.metric!r}"
    if metrics[constraint.metric].kind == "error":
        if not (isinstance(bound, Real) and 0 < bound < 1):
            raise InputError(
                f"{where}: expected a bound between 0 and 1, for error rates, got {bound!r}"
            )
    elif not (isinstance(bound, Real) and 0 < bound < np.inf):
        raise InputError(f"{where}: expected a bound above 0, for losses, got {bound!r}")
    if not (isinstance(chance, Real) and 0 < chance <= 1):
        raise InputError(f"{where}: expected a probability above 0 and at most 1, got {chance!r}")


def _require_metric(metric: str, metrics: Mapping[str, Measured], where: str = "") -> None:
    if metric not in metrics:
        raise InputError(
            f"{where}there is no metric {metric!r}{alternatives(str(metric), metrics)}"
        )


def probability_met(
    constraints: Sequence[Constraint], errors: Mapping[str, xr.DataArray], labels: Sequence[str]
) -> xr.DataArray:
    """With which probability each constraint is kept.

    Parameters
    ----------
    constraints : sequence of Constraint
    errors : mapping of str to DataArray, dims (chain, draw, level, budget, ...)
        By metric.
    labels : sequence of str
        What each constraint is called.

    Returns
    -------
    DataArray, dims (constraint, level, budget, ...)
        With coordinates `bound_on` (the metric), `bound` and `required` over constraint.

    Examples
    --------
    >>> draws = xr.DataArray([[[0.3], [0.4], [0.5], [0.45]]], dims=(*SAMPLE, "level"))
    >>> probability_met([Constraint("vtab", 0.45)], {"vtab": draws}, ["vtab<=0.45@0.9"]).values
    array([[0.75]])
    """
    template = next(iter(errors.values())).isel(chain=0, draw=0, drop=True)
    met = [(errors[each.metric] <= each.bound + TIE).mean(SAMPLE) for each in constraints]
    values = np.array([x.transpose(*template.dims).values for x in met], dtype=float)
    shape = (len(met), *template.shape)
    coords = {name: x for name, x in template.coords.items() if name in template.dims}
    return xr.DataArray(
        values.reshape(shape),
        {
            "constraint": list(labels),
            "bound_on": ("constraint", [each.metric for each in constraints]),
            "bound": ("constraint", [float(each.bound) for each in constraints]),
            "required": ("constraint", [float(each.probability) for each in constraints]),
            **coords,
        },
        ("constraint", *template.dims),
    )


def admissible(met: xr.DataArray) -> xr.DataArray:
    """Where all constraints are kept with the probability that each requires."""
    return (met >= met["required"] - ROUNDING).all("constraint")

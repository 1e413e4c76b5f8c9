"""The checks of the gate, each a number with its bar, known by a stable id.

`qqt_bayes.posterior.gate` makes them from a fit; `qqt_bayes.report.gate_text` says in sentences
what to do about those that failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import nan
from typing import Any, Literal

from qqt_bayes.phrases import quoted

Limit = Literal["at most", "at least"]
Question = Literal["convergence", "approximation", "law"]

LARGEST_RHAT = 1.01
"""Split R-hat, rank-normalised and folded, above which chains disagree (Vehtari, Gelman, Simpson,
Carpenter and Bürkner 2021, doi:10.1214/20-BA1221)."""
LEAST_ESS = 400.0
"""Effective draws below which R-hat and the ends of intervals are too noisy to be used (same
source)."""
LEAST_BFMI = 0.3
"""Energy fraction of missing information below which a chain explores energies too slowly
(Betancourt 2016, arXiv:1604.00695; the bar is Stan's)."""
LARGEST_DIVERGENT_SHARE = 1e-3
"""Share of the draws that may diverge. Truths of simulated tables whose fits had so few, or five
times as many, rank uniformly among the draws (`case_studies/calibration/sbc.md`); fits of a handful
of runs keep one in 10,000, far down the tail of the floor, however small the steps."""
LARGEST_PARETO_K = 0.7
"""Pareto shape of an approximation's importance weights above which no draws of it will do
(Yao, Vehtari, Simpson and Gelman 2018, arXiv:1802.02538)."""
LARGEST_NOISE_RATIO = 5.0
"""Times the known noise above which unexplained scatter is the law's misfit, not chance."""
LARGEST_AMPLITUDE = 0.1
"""Amplitude of the discrepancy above which the law does not describe the runs: it would be off by
10 % of the error where it was tried, and by a fifth at ten times the budget. Published fits leave 1
to 5 %."""
LARGEST_COMMON = 0.05
"""Mean misfit by budget, common to all training sets, above which the law has the wrong shape along
the budget: what it says of larger budgets then rests on the discrepancy alone."""
LARGEST_DISTANCE = 4.0
"""Standard deviations above which the runs of a training set at a budget are explained by no other
runs: under a normal distribution one cell in sixteen thousand."""
LEAST_TAIL = 0.005
"""Tail probability below which a pattern in residuals, or scatter, is not chance."""


@dataclass(frozen=True)
class Kind:
    """What every check with one id has in common.

    Attributes
    ----------
    label : str
        How a table names such a check; ``{of}`` is where its subject goes.
    limit : {"at most", "at least"}
        On which side of the bar a value passes.
    bar : float
    question : {"convergence", "approximation", "law"}
        What the check is about: whether the sampler explored the posterior, whether an
        approximation is near it, or whether the law describes the runs.
    """

    label: str
    limit: Limit
    bar: float
    question: Question


_TAIL = "predictive tail probability"

CHECKS: dict[str, Kind] = {
    "rhat": Kind("R-hat{of}", "at most", LARGEST_RHAT, "convergence"),
    "ess_bulk": Kind("bulk ESS{of}", "at least", LEAST_ESS, "convergence"),
    "ess_tail": Kind("tail ESS{of}", "at least", LEAST_ESS, "convergence"),
    "divergences": Kind("divergent draws", "at most", LARGEST_DIVERGENT_SHARE, "convergence"),
    "bfmi": Kind("E-BFMI", "at least", LEAST_BFMI, "convergence"),
    "pareto_k": Kind("Pareto k of the approximation", "at most", LARGEST_PARETO_K, "approximation"),
    "scatter_known": Kind(
        "unexplained scatter over known noise", "at most", LARGEST_NOISE_RATIO, "law"
    ),
    "scatter_declared": Kind(
        "unexplained scatter over declared noise", "at most", LARGEST_NOISE_RATIO, "law"
    ),
    "scatter_prior": Kind(
        "unexplained scatter{of}: tail probability in the prior of the noise",
        "at least",
        LEAST_TAIL,
        "law",
    ),
    "amplitude": Kind("amplitude of the discrepancy", "at most", LARGEST_AMPLITUDE, "law"),
    "misfit_common": Kind(
        "misfit along the budget{of}, common to all training sets", "at most", LARGEST_COMMON, "law"
    ),
    "misfit_run": Kind(
        "leave-one-out z-score of the runs{of}",
        "at most",
        LARGEST_DISTANCE,
        "law",
    ),
    "residuals_budget": Kind(f"residuals by budget: {_TAIL}", "at least", LEAST_TAIL, "law"),
    "residuals_repetitions": Kind(
        f"residuals by repetitions: {_TAIL}", "at least", LEAST_TAIL, "law"
    ),
    "residuals_training_set": Kind(
        f"residuals by training set: {_TAIL}", "at least", LEAST_TAIL, "law"
    ),
    "residuals_group": Kind(f"residuals by group: {_TAIL}", "at least", LEAST_TAIL, "law"),
}
"""Every check by its id, which stays as it is: saved fits, JSON and CSV carry it.

- `rhat`, `ess_bulk`, `ess_tail`: of the parameter that is worst, which is the subject;
- `divergences`: how many draws of all chains diverged, of which the bar is a share; `bfmi`: of the
  worst chain;
- `pareto_k`: how far an approximation is from the posterior;
- `scatter_known`, `scatter_declared`: residuals over noise that replicates or evaluation sets tell,
  or that the model declares as a number;
- `scatter_prior`: how likely the prior of the noise is to give as much noise as was found, of the
  group (the subject, if there are several) where that is least likely;
- `amplitude`, `misfit_common`, `misfit_run`: how far the law is off where its model has a
  discrepancy (`qqt_bayes.posterior.misfit`): what that must not carry unseen;
- `residuals_budget`, `residuals_repetitions`: how likely chance is to give such a slope or bend
  along log budget, or log epochs; `residuals_training_set`, `residuals_group`: such differences
  between training sets, or groups.
"""

TAILS = frozenset(check_id for check_id, kind in CHECKS.items() if kind.bar == LEAST_TAIL)
"""Ids of the checks whose values are tail probabilities, estimated by a share of draws."""
EARLY_RUNS = "runs below "
"""How the subject of a `misfit_common` begins that early runs carry; a budget follows."""
TOO_SHORT = frozenset({"rhat", "ess_bulk", "ess_tail"})
"""Ids of the checks that longer chains pass, if nothing else is wrong."""
UNKNOWN = "unknown"
"""Id of a check that an older fit holds under a name which none of `CHECKS` has."""


@dataclass(frozen=True)
class Check:
    """One check of the gate.

    Attributes
    ----------
    id : str
        One of `CHECKS`.
    value : float
    limit : {"at most", "at least"}
    bar : float
    passed : bool
        Whether the value is on the right side of the bar; one that is not a number never is.
    of : str
        The parameter or group that the value is of; empty if it is of the whole fit.
    sigma : float or None
        `scatter_prior`: the median scale of the noise that was found.
    advice : str
        Of fits that were saved before checks had ids: what to do if it failed, in words.
    """

    id: str
    value: float
    limit: Limit
    bar: float
    passed: bool
    of: str = ""
    sigma: float | None = None
    advice: str = ""

    @property
    def name(self) -> str:
        """How a table names the check, with its subject."""
        if self.id not in CHECKS:
            return self.of or self.id
        return CHECKS[self.id].label.format(of=f" of {quoted(self.of)}" if self.of else "")

    @property
    def question(self) -> Question:
        """What the check is about; of one that is not known, the law."""
        return CHECKS[self.id].question if self.id in CHECKS else "law"

    @property
    def is_approximate(self) -> bool:
        """Whether the check is about how far an approximation is from the posterior."""
        return self.question == "approximation"

    @property
    def bound(self) -> str:
        """The bar with its side, as a table writes it."""
        # a count that must be at most 0 must be 0
        return "0" if (self.limit, self.bar) == ("at most", 0) else f"{self.limit} {self.bar:g}"


def check_value(
    check_id: str, value: float, of: str = "", sigma: float | None = None, *, draws: int = 0
) -> Check:
    """A value held against the bar of its check.

    Parameters
    ----------
    check_id : str
    value : float
    of : str
    sigma : float, optional
    draws : int
        Of all chains, where the value counts some of them and the bar is a share.

    Examples
    --------
    >>> high, none = check_value("rhat", 1.3, of="tau"), check_value("divergences", 3, draws=4000)
    >>> high.name, high.bound, high.passed
    ('R-hat of tau', 'at most 1.01', False)
    >>> none.name, none.bound, none.passed
    ('divergent draws', 'at most 4', True)
    >>> check_value("bfmi", float("nan")).passed
    False
    """
    kind, value = CHECKS[check_id], float(value)
    bar = float(int(kind.bar * draws)) if draws else kind.bar
    return Check(check_id, value, kind.limit, bar, holds(value, kind.limit, bar), of, sigma)


def holds(value: float, limit: Limit, bar: float) -> bool:
    """Whether a value is on the right side of its bar; what is no number is on neither."""
    return value <= bar if limit == "at most" else value >= bar


def check_of(stored: dict[str, Any]) -> Check:
    """A check from its JSON, in this form or that of before checks had ids.

    Raises
    ------
    TypeError or ValueError
        If it is none.
    """
    if "id" not in stored:
        return _check_without_id(**stored)
    check = Check(**stored | {"value": float(stored["value"]), "bar": float(stored["bar"])})
    if check.passed != holds(check.value, check.limit, check.bar):
        raise ValueError(f"{check.id}: passed is {check.passed}, which value and bar are not")
    return check


def _check_without_id(name: str, value: float, bar: Any, passed: bool, advice: str) -> Check:
    """A check as fits held it before checks had ids: known by a name in prose, with advice.

    Its id is the one whose label the name is, and what the label leaves open is its subject.
    """
    found = ((key, _label_pattern(kind).fullmatch(name)) for key, kind in CHECKS.items())
    key, match = next(((key, match) for key, match in found if match), (UNKNOWN, None))
    of = (match.groupdict().get("of") or "") if match else name
    words = re.fullmatch(r"(at most|at least)? ?([-+.e\d]+)", str(bar))
    limit: Limit = "at least" if words and words[1] == "at least" else "at most"
    edge = float(words[2]) if words else nan
    return Check(key, float(value), limit, edge, bool(passed), of, advice=str(advice))


def _label_pattern(kind: Kind) -> re.Pattern[str]:
    """What finds the subject in a name that was made from a label."""
    return re.compile(re.escape(kind.label).replace(r"\{of\}", "(?: of (?P<of>.+))?"))

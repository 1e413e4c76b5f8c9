"""Priors and likelihoods of a specification, and the closed registry of their distributions.

Names and parametrisations are PyMC's. A specification can name nothing else: no dotted paths, no
code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any

from qqt_bayes.laws.law import Law


@dataclass(frozen=True)
class Domain:
    """The numbers that a quantity may take.

    Parameters
    ----------
    words : str
        The domain as a message says it: "expected a <words>".
    lower, upper : float
        Its edges.
    closed : bool
        Whether the lower edge belongs to it; the upper one does not.
    random : bool
        Whether the quantity may have a prior instead of a number.

    Examples
    --------
    >>> DOMAINS["tau"].holds(0.0), DOMAINS["d"].holds(0.0), DOMAINS["mu"].holds(float("inf"))
    (False, True, False)
    """

    words: str
    lower: float = -inf
    closed: bool = False
    random: bool = True
    upper: float = inf

    def holds(self, number: float) -> bool:
        """Whether a number is finite and in the domain."""
        inside = number > self.lower or (self.closed and number == self.lower)
        return inside and number < self.upper and isfinite(number)


REAL = Domain("finite number")
POSITIVE = Domain("number above 0", lower=0.0)
NON_NEGATIVE = Domain("number of at least 0", lower=0.0, closed=True)
BOUND = Domain("finite number", random=False)  # a random bound would leave an edge in the posterior
SIZE = Domain("number above 0", lower=0.0, random=False)
SHARE = Domain("number between 0 and 1", lower=0.0, upper=1.0)

DOMAINS = {
    # of the laws
    "a": POSITIVE,
    "b": POSITIVE,
    "tau": POSITIVE,
    "d": NON_NEGATIVE,
    "size_exponent": REAL,
    "kappa": NON_NEGATIVE,
    "Q": REAL,
    "r": REAL,
    "R": POSITIVE,
    "zeta": REAL,
    "g": REAL,
    "k": POSITIVE,
    "rho": REAL,
    "z2": REAL,
    "omega": NON_NEGATIVE,
    "memory": POSITIVE,
    "transient": NON_NEGATIVE,
    "onset": POSITIVE,
    "stretch": POSITIVE,
    "height": POSITIVE,
    "floor": NON_NEGATIVE,
    # of how far runs scatter
    "budget_exponent": REAL,
    "common": SHARE,
    # of how far the law is wrong
    "amplitude": POSITIVE,
    # of the distributions
    "mu": REAL,
    "sigma": POSITIVE,
    "nu": POSITIVE,
    "alpha": POSITIVE,
    "beta": POSITIVE,
    "lam": POSITIVE,
    "lower": BOUND,
    "upper": BOUND,
}
"""The domain of every parameter of a law or a distribution, by its name."""

OF_OWN_LAWS = {"real": REAL, "positive": POSITIVE, "non-negative": NON_NEGATIVE, "share": SHARE}
"""What `qqt_bayes.laws.own.register_law` calls the domains of the parameters of a law."""


def domain_of(law: Law, name: str) -> Domain:
    """The domain of a parameter of a law: a law from user code has its own."""
    return OF_OWN_LAWS[law.domains[name]] if law.own else DOMAINS[name]


@dataclass(frozen=True)
class Distribution:
    """The parameters of a distribution and the values that it has.

    Parameters
    ----------
    required, optional : tuple of str
        Names of the parameters that must be given, and of those that may be.
    support : tuple of float
        The edges of its values, where the parameters `lower` and `upper` do not set them.
    """

    required: tuple[str, ...]
    support: tuple[float, float] = (-inf, inf)
    optional: tuple[str, ...] = ()


DISTRIBUTIONS = {
    "Normal": Distribution(("mu", "sigma")),
    "StudentT": Distribution(("nu", "mu", "sigma")),
    "LogNormal": Distribution(("mu", "sigma"), support=(0.0, inf)),
    "HalfNormal": Distribution(("sigma",), support=(0.0, inf)),
    "HalfStudentT": Distribution(("nu", "sigma"), support=(0.0, inf)),
    "HalfCauchy": Distribution(("beta",), support=(0.0, inf)),
    "Exponential": Distribution(("lam",), support=(0.0, inf)),
    "Gamma": Distribution(("alpha", "beta"), support=(0.0, inf)),
    "InverseGamma": Distribution(("alpha", "beta"), support=(0.0, inf)),
    "Beta": Distribution(("alpha", "beta"), support=(0.0, 1.0)),
    "Uniform": Distribution(("lower", "upper")),
    "TruncatedNormal": Distribution(("mu", "sigma"), optional=("lower", "upper")),
}
"""The closed registry of priors."""

LIKELIHOODS = {
    "Normal": Distribution(("sigma",), optional=("budget_exponent", "common")),
    "StudentT": Distribution(("sigma", "nu"), optional=("budget_exponent", "common")),
}
"""The closed registry of likelihoods: the law gives the location, the rest is declared.

Optional is how sigma grows with the budget, and which share of sigma^2 checkpoints of one training
have in common (`qqt_bayes.model.noise`).
"""

DISCREPANCY = Distribution(("amplitude",))
"""What is declared of departures from the law, see `qqt_bayes.model.discrepancy`."""

REFERENCE_BUDGET = "reference_budget"
"""What the prior of a scale of samples may be stated by, instead of by 100,000 samples."""

GAUSSIAN = ("Normal", "LogNormal")
"""Priors that are Gaussian on the unconstrained scale, with mean mu and deviation sigma."""


@dataclass(frozen=True)
class Prior:
    """A distribution over a parameter, or over a parameter of another prior (partial pooling).

    Parameters
    ----------
    distribution : str
        A name in `DISTRIBUTIONS`.
    parameters : mapping of str to float or Prior
        The distribution's parameters.
    over : tuple of str
        The dimensions along which values differ, sorted: some of "group", "pool"; empty for one
        shared value.
    per : str
        `REFERENCE_BUDGET` if the prior is of a scale of samples by the reference budget of the
        runs, the geometric mean of their budgets; empty if it is of the parameter itself.

    Examples
    --------
    >>> centre = Prior("Normal", {"mu": -2.0, "sigma": 0.7})
    >>> Prior("LogNormal", {"mu": centre, "sigma": 0.5}, over=("pool",)).to_dict()["mu"]
    {'distribution': 'Normal', 'mu': -2.0, 'sigma': 0.7}
    """

    distribution: str
    parameters: Mapping[str, float | Prior]
    over: tuple[str, ...] = ()
    per: str = ""

    @property
    def support(self) -> tuple[float, float]:
        """The edges of the prior's values.

        Examples
        --------
        >>> Prior("TruncatedNormal", {"mu": 0.1, "sigma": 0.1, "lower": 0.0}).support
        (0.0, inf)
        """
        lower, upper = DISTRIBUTIONS[self.distribution].support
        return self._bound("lower", lower), self._bound("upper", upper)

    @property
    def pooled(self) -> Prior | None:
        """The prior of the mean of a partially pooled parameter, if both are Gaussian."""
        mean = self.parameters.get("mu") if self.distribution in GAUSSIAN else None
        return mean if isinstance(mean, Prior) and mean.distribution == "Normal" else None

    def _bound(self, name: str, edge: float) -> float:
        """A declared edge of the support, or that of the distribution."""
        bound = self.parameters.get(name, edge)
        return edge if isinstance(bound, Prior) else bound  # the reader lets no prior through

    def to_dict(self) -> dict[str, Any]:
        """The prior as the table of a TOML file."""
        over = {"over": list(self.over)} if self.over else {}
        per = {"per": self.per} if self.per else {}
        return {"distribution": self.distribution, **over, **per, **plain(self.parameters)}

    def at(self, log_units: float) -> Prior:
        """The prior of the parameter itself, of one that may be by the reference budget.

        Parameters
        ----------
        log_units : float
            Log of the reference budget in the parameter's units, ``log(n0 / 1e5)``: of a
            log-normal prior of ``x n0 / 1e5``, that of x is the same but for its centre.

        Examples
        --------
        >>> fast = Prior("LogNormal", {"mu": 2.0, "sigma": 2.0}, per=REFERENCE_BUDGET)
        >>> fast.at(6.0).parameters["mu"], fast.at(6.0).per
        (-4.0, '')
        """
        if not self.per:
            return self
        mu = self.parameters["mu"]
        if isinstance(mu, Prior):
            inner = mu.parameters["mu"]
            assert not isinstance(inner, Prior)  # the reader lets none through
            centre = {**mu.parameters, "mu": inner - log_units}
            moved: float | Prior = replace(mu, parameters=centre)
        else:
            moved = mu - log_units
        return replace(self, parameters={**self.parameters, "mu": moved}, per="")


@dataclass(frozen=True)
class Likelihood:
    """The distribution of a run about its curve.

    Parameters
    ----------
    distribution : str
        A name in `LIKELIHOODS`.
    parameters : mapping of str to float or Prior
        Its scale and what that depends on (and degrees of freedom); a prior may be over "group"
        only, because a run can take samples from several pools.
    """

    distribution: str
    parameters: Mapping[str, float | Prior]

    def to_dict(self) -> dict[str, Any]:
        """The likelihood as the table of a TOML file."""
        return {"distribution": self.distribution, **plain(self.parameters)}


def plain(values: Mapping[str, float | Prior]) -> dict[str, Any]:
    """Turn priors into tables of a TOML file and leave numbers as they are."""
    return {k: v.to_dict() if isinstance(v, Prior) else v for k, v in values.items()}

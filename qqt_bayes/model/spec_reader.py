"""Check the table of a model specification and name every fault by its dotted key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, nan
from typing import Any

from qqt_bayes.errors import shown, suggest
from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import (
    DISCREPANCY,
    DISTRIBUTIONS,
    DOMAINS,
    LIKELIHOODS,
    REFERENCE_BUDGET,
    SIZE,
    Distribution,
    Domain,
    Likelihood,
    Prior,
    domain_of,
)
from qqt_bayes.tables.cells import CONTROLS

DIMENSIONS = ("group", "pool")
"""The dimensions that the prior of a law's parameter may be over."""
SCALE = "parameters.a"
"""The parameter that counts samples, per 100,000."""
ANYTHING = Distribution((), optional=tuple(DOMAINS))
"""Stands in for an unknown law or distribution, so that the numbers given for it are still checked.
"""


def read_fields(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Turn the table of a specification into the fields of a `Spec`.

    Parameters
    ----------
    table : mapping
        The structure of the TOML file.

    Returns
    -------
    fields : dict
        Arguments of `Spec`; of use only if there is no fault.
    faults : list of str
        A sentence for each fault, led by its dotted key.

    Examples
    --------
    >>> _, faults = read_fields({"name": "mine", "law": "utilty"})
    >>> faults[0].endswith("got 'utilty' (str); did you mean 'utility'?")
    True
    """
    reader = _Reader()
    return reader.fields(table), reader.faults


class _Reader:
    """Reads a table and notes every fault; a stand-in takes the place of a value that has one.

    A `key` is the dotted name of a value, for the messages; `over` are the dimensions that a prior
    in this place may have.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fields(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of a specification."""
        law = self.law(table.get("law"))
        fields: dict[str, Any] = {
            "name": self.text("name", table.get("name")),
            "summary": self.text("summary", table.get("summary", "")),
            "law": law,
            "references": self.texts("references", table.get("references", [])),
            "size_reference": self.size(law, table.get("size_reference")),
            "parameters": self.parameters(law, self.table("parameters", table.get("parameters"))),
        }
        likelihood = self.likelihood(self.table("likelihood", table.get("likelihood")))
        departs = self.discrepancy(table, likelihood) if "discrepancy" in table else {}
        fields |= {"likelihood": likelihood, "discrepancy": departs}
        self.no_others("", table, "a specification", list(fields))
        return fields

    def law(self, raw: object) -> str:
        """The name of a law; one of the user's own is known once it is registered."""
        if isinstance(raw, str) and raw not in LAWS and not suggest(raw, LAWS):
            register = "; a law of your own is known after qqt_bayes.register_law, in Python"
            self.expected("law", f"one of {', '.join(LAWS)}", raw, register)
            return ""
        return self.choice("law", raw, LAWS)

    def size(self, law: str, raw: object) -> float | None:
        """The reference size of half-lives, for a law that has any."""
        if raw is None:
            return None
        if law and "tau" not in LAWS[law].parameters:
            self.fault("size_reference", f"law {law!r} has no half-life to quote; leave it out")
        return self.number("size_reference", raw, SIZE)

    def parameters(self, law: str, table: Mapping[str, Any]) -> dict[str, float | Prior]:
        """A number or a prior for each parameter of a law."""
        known = Distribution(LAWS[law].parameters) if law else ANYTHING
        if law:  # what an unknown one has is unknown, too
            self.no_others("parameters.", table, f"law {law!r}", list(known.required))
        over = {n: LAWS[law].over(n) if law else DIMENSIONS for n in _given(table, known)}
        return {
            n: self.value(
                f"parameters.{n}",
                table.get(n),
                domain_of(LAWS[law], n) if law else DOMAINS[n],
                dims,
            )
            for n, dims in over.items()
        }

    def likelihood(self, table: Mapping[str, Any]) -> Likelihood:
        """The distribution of runs, whose parameters may differ by group: a run has many pools."""
        return Likelihood(*self.distribution("likelihood.", table, LIKELIHOODS, ("group",)))

    def discrepancy(
        self, table: Mapping[str, Any], likelihood: Likelihood
    ) -> dict[str, float | Prior]:
        """The amplitude of departures, which are integrated out of normal noise alone."""
        own = self.table("discrepancy", table["discrepancy"])
        self.no_others("discrepancy.", own, "a discrepancy", DISCREPANCY.required)
        if likelihood.distribution == "StudentT":
            self.fault(
                "discrepancy",
                "departures are integrated out, which takes normal noise: expected the likelihood "
                "Normal, got StudentT; change it, or leave the section out",
            )
        return self.values("discrepancy.", own, DISCREPANCY, ())

    def prior(self, key: str, table: Mapping[str, Any], over: Sequence[str]) -> Prior:
        """A prior; those inside it may be over its own dimensions only."""
        over = self.over(f"{key}.over", table.get("over", []), over)
        besides = ["over", "per"] if key == SCALE else ["over"]
        name, values = self.distribution(f"{key}.", table, DISTRIBUTIONS, over, besides)
        per = self.per(key, table["per"], name, values) if key == SCALE and "per" in table else ""
        return Prior(name, values, over, per)

    def per(self, key: str, raw: object, name: str, values: Mapping[str, float | Prior]) -> str:
        """What a scale of samples is stated by, which moves the centre of a log-normal prior."""
        mu = values.get("mu")
        inner = mu.parameters.get("mu") if isinstance(mu, Prior) else mu
        movable = not isinstance(mu, Prior) or mu.distribution == "Normal"
        if name and (name != "LogNormal" or not movable or isinstance(inner, Prior)):
            self.fault(
                f"{key}.per",
                "moves the centre of a prior: expected LogNormal, with a number or a Normal of two "
                f"numbers for mu, got {name}; change it, or leave per out",
            )
        return self.choice(f"{key}.per", raw, [REFERENCE_BUDGET])

    def distribution(
        self,
        where: str,
        table: Mapping[str, Any],
        registry: Mapping[str, Distribution],
        over: Sequence[str],
        besides: Sequence[str] = (),
    ) -> tuple[str, dict[str, float | Prior]]:
        """The name of a distribution and its parameters."""
        name = self.choice(f"{where}distribution", table.get("distribution"), registry)
        known = registry.get(name, ANYTHING)
        names = ["distribution", *besides, *known.required, *known.optional]
        self.no_others(where, table, name or "a distribution", names)
        return name, self.values(where, table, known, over)

    def values(
        self, where: str, table: Mapping[str, Any], known: Distribution, over: Sequence[str]
    ) -> dict[str, float | Prior]:
        """A number or a prior for every name that is required or there."""
        return {
            n: self.value(f"{where}{n}", table.get(n), DOMAINS[n], over)
            for n in _given(table, known)
        }

    def value(self, key: str, raw: object, domain: Domain, over: Sequence[str]) -> float | Prior:
        """A number, or a prior where the domain allows one."""
        if not (domain.random and isinstance(raw, Mapping)):
            return self.number(key, raw, domain)
        prior = self.prior(key, raw, over)
        if prior.distribution:
            self.edges(key, prior, domain)
        return prior

    def edges(self, key: str, prior: Prior, domain: Domain) -> None:
        """Note a prior that reaches beyond the domain of its parameter."""
        lower, upper = prior.support
        if lower >= upper:
            self.fault(key, f"expected lower below upper, got {lower:g} and {upper:g}")
        if lower < domain.lower or upper > domain.upper:
            goes = f"down to {lower:g}" if lower < domain.lower else f"up to {upper:g}"
            instead = "LogNormal, HalfNormal or TruncatedNormal with lower = 0"
            self.fault(
                key,
                f"expected a prior that gives a {domain.words}, but {prior.distribution} goes "
                f"{goes}; try {instead if domain.upper == inf else 'Beta'}",
            )

    def number(self, key: str, raw: object, domain: Domain) -> float:
        """A number in a domain, or nan with a fault."""
        number = nan
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            try:
                number = float(raw)
            except OverflowError:  # an integer of more than 308 digits
                number = inf
        if not domain.holds(number):
            self.expected(key, f"a {domain.words}{' or a prior' * domain.random}", raw)
        return number

    def over(self, key: str, raw: object, possible: Sequence[str]) -> tuple[str, ...]:
        """The dimensions of a prior, sorted."""
        names = [raw] if isinstance(raw, str) else raw
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            self.expected(key, '"group", "pool" or a list of them', raw)
            return ()
        for name in [name for name in names if name not in possible]:
            can = f"; can be {', '.join(possible)}" if possible else ", inside a shared prior"
            self.fault(key, f"cannot be {name!r} here{suggest(name, possible) or can}")
        if len(set(names)) < len(names):
            self.fault(key, f"a dimension comes twice in {shown(names)}")
        return tuple(sorted(set(names)))

    def choice(self, key: str, raw: object, choices: Iterable[str]) -> str:
        """One of the choices, or "" with a fault."""
        if isinstance(raw, str) and raw in choices:
            return raw
        hint = suggest(raw, choices) if isinstance(raw, str) else ""
        self.expected(key, f"one of {', '.join(choices)}", raw, hint)
        return ""

    def table(self, key: str, raw: object) -> Mapping[str, Any]:
        """A table; a missing one counts as empty, so that all its keys are named as missing."""
        if isinstance(raw, Mapping):
            return raw
        if raw is not None:
            self.expected(key, "a table", raw)
        return {}

    def texts(self, key: str, raw: object) -> tuple[str, ...]:
        """A list of texts, or nothing with a fault."""
        if not isinstance(raw, list):
            self.expected(key, "a list of texts", raw)
            return ()
        return tuple(self.text(f"{key}[{i}]", item) for i, item in enumerate(raw))

    def text(self, key: str, raw: object) -> str:
        """A text, or an empty one with a fault."""
        if not isinstance(raw, str):
            self.expected(key, "a text", raw)
            return ""
        if CONTROLS.search(raw.replace("\n", " ")):
            self.expected(key, "a text without control characters", raw)
            return ""
        return raw

    def no_others(
        self, where: str, table: Mapping[str, Any], owner: str, known: Sequence[str]
    ) -> None:
        """Note each key of a table that is not known."""
        for name in [name for name in table if name not in known]:
            hint = suggest(name, known) or f"; it has {', '.join(known)}"
            self.fault(f"{where}{name}", f"{owner} has no such key{hint}")

    def expected(self, key: str, words: str, raw: object, hint: str = "") -> None:
        """Note that something else was expected than what came."""
        got = "but it is missing" if raw is None else f"got {shown(raw)} ({type(raw).__name__})"
        self.fault(key, f"expected {words}, {got}{hint}")

    def fault(self, key: str, sentence: str) -> None:
        """Note a fault under its dotted key."""
        self.faults.append(f"{key}: {sentence}")


def _given(table: Mapping[str, Any], known: Distribution) -> list[str]:
    """The names that are required or there."""
    return [*known.required, *(name for name in known.optional if name in table)]

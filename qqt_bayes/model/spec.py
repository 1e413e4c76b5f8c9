"""Model specifications: a law, one explicit prior for each of its parameters, a likelihood.

A specification is a TOML file: one of `models/` by its name, or the user's own by its path. It is
checked once, against the closed registries of laws and distributions, and all its faults come in
one message, each with its dotted key. What passes is a frozen value that turns back into the same
table, and whose hash depends on neither formatting nor the order of keys.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

from qqt_bayes.errors import InputError, fault_list, suggest
from qqt_bayes.files import content_of, shipped
from qqt_bayes.laws.epochs import UNIT
from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import Likelihood, Prior, plain
from qqt_bayes.model.spec_reader import read_fields

LARGEST_SPEC = 1_000_000
"""Bytes of a file that may be a specification; the largest that is shipped has 3,000."""
DEFAULT_MODEL = "effective-reuse"
"""The model that is fitted where none is named: the one that forecasts held-out runs best."""


@dataclass(frozen=True)
class Spec:
    """A model specification.

    Parameters
    ----------
    name, summary : str
        What the model is called, and what it is in one sentence.
    law : str
        A name in `LAWS`.
    parameters : mapping of str to float or Prior
        A prior, or a number that fixes it, for exactly the parameters of the law.
    likelihood : Likelihood
        The distribution of a run about its curve.
    discrepancy : mapping of str to float or Prior
        The amplitude of departures from the law, see `qqt_bayes.model.discrepancy`; empty where the
        law is taken to be right.
    references : tuple of str
        Where the model comes from.
    size_reference : float or None
        Number of unique samples at which all half-lives are quoted; None: each pool's own size.
    """

    name: str
    summary: str
    law: str
    parameters: Mapping[str, float | Prior]
    likelihood: Likelihood
    discrepancy: Mapping[str, float | Prior] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    size_reference: float | None = None

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], source: str = "specification") -> Spec:
        """Check a table and make it a specification.

        Parameters
        ----------
        table : mapping
            The structure of the TOML file.
        source : str
            What a message calls the table.

        Raises
        ------
        InputError
            With every fault of the table.

        Examples
        --------
        >>> noise = {"distribution": "Normal", "sigma": -0.01}
        >>> Spec.from_dict({"name": "x", "law": "power-law", "parameters": {}, "likelihood": noise})
        Traceback (most recent call last):
        qqt_bayes.errors.InputError: specification: 4 faults
          parameters.a: expected a number above 0 or a prior, but it is missing
          parameters.b: expected a number above 0 or a prior, but it is missing
          parameters.d: expected a number of at least 0 or a prior, but it is missing
          likelihood.sigma: expected a number above 0 or a prior, got -0.01 (float)
        """
        try:
            fields, faults = read_fields(table)
        except RecursionError:  # dotted keys nest without the parser's noticing
            raise InputError(f"{source}: its values nest too deeply") from None
        if faults:
            raise InputError(fault_list(source, faults, total=len(faults)))
        return cls(**fields)

    def to_dict(self) -> dict[str, Any]:
        """The specification as the table of a TOML file; `from_dict` gives it back."""
        size = {} if self.size_reference is None else {"size_reference": self.size_reference}
        return {
            "name": self.name,
            "summary": self.summary,
            "law": self.law,
            "references": list(self.references),
            **size,
            "parameters": plain(self.parameters),
            "likelihood": self.likelihood.to_dict(),
            **({"discrepancy": plain(self.discrepancy)} if self.discrepancy else {}),
        }

    @property
    def noise(self) -> dict[str, float | Prior]:
        """What is declared of all that lies between runs and the curves of the law."""
        return {**self.likelihood.parameters, **self.discrepancy}

    def law_alone(self) -> Spec:
        """The same model without a discrepancy: as if the law were right.

        Examples
        --------
        >>> load_model("utility").law_alone().discrepancy
        {}
        """
        return replace(self, discrepancy={})

    def at(self, reference_budget: float) -> Spec:
        """The same model for runs with a reference budget: no prior is stated by it any more.

        Parameters
        ----------
        reference_budget : float
            In samples.
        """
        units = math.log(reference_budget / UNIT)
        own = {k: v.at(units) if isinstance(v, Prior) else v for k, v in self.parameters.items()}
        return replace(self, parameters=own)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of the whole specification."""
        return hash_spec(self.to_dict())


def hash_spec(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a specification as `Spec.to_dict` gives it."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def list_models() -> list[str]:
    """Names of the models that come with the package, sorted.

    Raises
    ------
    InputError
        If the package has lost its models.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> qqt.list_models()[:3]
    ['cherti', 'data-constrained', 'effective-data']
    """
    return sorted(path.stem for path in _folder().glob("*.toml"))


def load_model(model: str | Path | Spec) -> Spec:
    """A specification by name, by path, or as it is; checked in each case.

    Parameters
    ----------
    model : str, Path or Spec
        A name from `list_models`; the path of a TOML file (in a string it ends in ".toml" or
        names a folder); or a specification made in Python.

    Raises
    ------
    InputError
        If there is no such model or file, or it is no TOML, or the specification has faults.

    Examples
    --------
    >>> load_model("utility").parameters["b"].over
    ('pool',)
    """
    if not isinstance(model, Spec | str | PathLike):
        kind = type(model).__name__
        raise InputError(f"model: expected a name, a path or a Spec, got {kind}")
    if isinstance(model, Spec):
        return Spec.from_dict(model.to_dict(), source=model.name)
    path = _shipped(model) if isinstance(model, str) and _is_name(model) else Path(model)
    try:
        table = tomllib.loads(content_of(path, LARGEST_SPEC).decode("utf-8-sig"))
    except InputError as error:
        raise InputError(f"the specification cannot be read: {error}") from None
    except ValueError as error:  # not UTF-8, or not TOML: then the message says in which line
        raise InputError(f"{path}: expected a TOML file: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: expected a TOML file, but its values nest too deeply") from None
    return Spec.from_dict(table, source=str(path))


def model_text(name: str) -> str:
    """The specification of a shipped model as its file has it, with the reasons for its priors.

    Raises
    ------
    InputError
        If there is no such model.

    Examples
    --------
    >>> model_text("power-law").splitlines()[0]
    'name = "power-law"'
    """
    return content_of(_shipped(name), LARGEST_SPEC).decode("utf-8")


def require_kind(spec: Spec, kind: str) -> None:
    """Refuse a model that does not serve a kind of table.

    Raises
    ------
    InputError
        If its law is for error rates and the table holds losses.
    """
    if LAWS[spec.law].bounded and kind == "loss":
        raise InputError(
            f"model {spec.name}: its law is for error rates, which are 1 before training, but the "
            "table was read as losses; take a model such as utility or data-constrained."
        )


def _is_name(model: str) -> bool:
    """Whether a text is a name and no path: it has no folder and does not end in .toml."""
    return Path(model).name == model and not model.endswith(".toml")


def _folder() -> Path:
    """The folder of the models that come with the package."""
    advice = "install the package again, or give the path of your own TOML file"
    return shipped("models", "*.toml", "model specification (*.toml)", advice)


def _shipped(name: str) -> Path:
    """The path of a model that comes with the package."""
    names = list_models()
    if name not in names:
        hint = suggest(name, names) or f"; expected one of {', '.join(names)}, or a path"
        raise InputError(f"there is no model {name!r}{hint}")
    return _folder() / f"{name}.toml"

"""The law of a name, for parameters that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.laws.law import LAWS, Law

TERMS = {
    "kappa": "utility-overfit",
    "omega": "effective-reuse-overfit",
    "B": "effective-reuse-onset",
}
"""Parameters of terms that some laws have, which are absent at 0, and the laws that know them."""


def law_for(name: str, parameters: Mapping[Any, Any]) -> Law:
    """The law of a name, for known parameters.

    Parameters
    ----------
    name : str
    parameters : mapping of str to array

    Raises
    ------
    InputError
        If there is no such law, or it is from user code, or it would leave out a kappa, omega or B
        above 0.
    """
    if name not in LAWS:
        raise InputError(f"unknown law {name!r}{alternatives(name, LAWS)}")
    if LAWS[name].own:
        raise InputError(
            f"law {name!r} was registered by register_law, and tables of known parameters are for "
            "shipped laws; fit it to runs, and predict with the fit"
        )
    for term, knows in TERMS.items():
        if term not in LAWS[name].arguments and np.any(parameters.get(term, 0.0)):
            raise InputError(
                f"{term} is above 0, which law {name!r} does not know; "
                f"take law {knows!r}, or leave {term} out"
            )
    return LAWS[name]

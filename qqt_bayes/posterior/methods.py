"""The methods of inference by name, and the remark that marks what is approximate.

Whatever shows numbers of a posterior asks here whether they are approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHODS = ("nuts", "laplace", "pathfinder", "smc")
"""What `qqt_bayes.fit` offers; the first is the default, and that of fits that name none."""
APPROXIMATE = ("laplace", "pathfinder")
"""Those whose draws are of another density than the posterior."""


def method_of(attributes: Mapping[Any, Any]) -> str:
    """The method behind a fit, decision or prediction, from its attributes."""
    return str(attributes.get("method", METHODS[0]))


def is_approximate(attributes: Mapping[Any, Any]) -> bool:
    """Whether a fit, decision or prediction is approximate, from its attributes."""
    return method_of(attributes) in APPROXIMATE


def remark(attributes: Mapping[Any, Any]) -> str:
    """What to say of a fit, decision or prediction that is approximate; empty of others.

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


def mark(attributes: Mapping[Any, Any]) -> dict[str, str]:
    """The method, as a column for tables that hold approximate numbers; no column for others.

    Examples
    --------
    >>> mark({"method": "laplace"}), mark({"method": "nuts"})
    ({'method': 'laplace'}, {})
    """
    return {"method": method_of(attributes)} if is_approximate(attributes) else {}

"""The methods of inference by name, and which of them are approximate.

Whatever shows numbers of a posterior asks here whether they are; `qqt_bayes.report.fit_text` has
the sentence that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHODS = ("nuts", "laplace", "pathfinder", "smc")
"""What `qqt_bayes.fit` offers; the first is the default, and that of fits that name none."""
APPROXIMATE = ("laplace", "pathfinder")
"""Methods whose draws are of another density, one that is near the posterior."""


def method_of(attributes: Mapping[Any, Any]) -> str:
    """The method behind a fit, decision or prediction, from its attributes."""
    return str(attributes.get("method", METHODS[0]))


def is_approximate(attributes: Mapping[Any, Any]) -> bool:
    """Whether a fit, decision or prediction is approximate, from its attributes."""
    return method_of(attributes) in APPROXIMATE


def mark(attributes: Mapping[Any, Any]) -> dict[str, str]:
    """The method as a column, for tables that hold approximate numbers; no column for others.

    Examples
    --------
    >>> mark({"method": "laplace"}), mark({"method": "nuts"})
    ({'method': 'laplace'}, {})
    """
    return {"method": method_of(attributes)} if is_approximate(attributes) else {}

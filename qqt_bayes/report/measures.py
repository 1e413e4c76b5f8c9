"""A decision in the user's own terms: what was measured, and what is counted.

Inside, everything is an error or a loss of samples.  Who gave accuracies reads accuracies, and who
counts tokens reads tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.posterior.prediction import ONE_RUN

ACCURACY = "accuracy"
"""The measure that is 1 less the error."""


def unit(attributes: Mapping[Any, Any]) -> str:
    """What budgets and training sets count: samples, tokens, pairs."""
    return str(attributes.get("unit", "samples"))


def measure(attributes: Mapping[Any, Any]) -> str:
    """What was measured: error, accuracy or loss."""
    return str(attributes.get("measure", attributes["kind"]))


def is_accuracy(attributes: Mapping[Any, Any]) -> bool:
    """Whether accuracies were measured, of which errors were made."""
    return attributes.get("measure") == ACCURACY


def judged(attributes: Mapping[Any, Any]) -> str:
    """Of what errors are: the mean curves over trainings, or one new training each."""
    return "one new training each" if is_new_run(attributes) else "the mean curves"


def over_what(attributes: Mapping[Any, Any]) -> str:
    """Of what an expected error is, behind a comma."""
    return "of one new training" if is_new_run(attributes) else "as a mean over trainings"


def of_what(attributes: Mapping[Any, Any]) -> str:
    """What an error is of, in short: the mean over trainings, or one new training.

    Examples
    --------
    >>> of_what({"kind": "loss"}), of_what({"kind": "error", "of": "one new run"})
    ('mean loss', 'error of one new training')
    """
    if is_new_run(attributes):
        return f"{measure(attributes)} of one new training"
    return f"mean {measure(attributes)}"


def with_interval(attributes: Mapping[Any, Any]) -> str:
    """The heading of a column of errors with their interval.

    Examples
    --------
    >>> with_interval({"kind": "loss", "interval": 0.8})
    'loss [80%]'
    """
    one = " of one run" if is_new_run(attributes) else ""
    return f"{measure(attributes)}{one} [{100 * attributes['interval']:g}%]"


def is_new_run(attributes: Mapping[Any, Any]) -> bool:
    """Whether errors are of one new training with its noise, not of the mean over trainings."""
    return attributes.get("of") == ONE_RUN


def turned(attributes: Mapping[Any, Any]) -> dict[Any, Any] | None:
    """What describes the same decision with errors said as accuracies, or accuracies as errors.

    Returns
    -------
    dict or None
        Nothing for a loss, which has no such other side.

    Examples
    --------
    >>> turned({"kind": "error"}), turned({"kind": "error", "measure": "accuracy"})
    ({'kind': 'error', 'measure': 'accuracy'}, {'kind': 'error', 'measure': 'error'})
    >>> turned({"kind": "loss"})
    """
    if attributes["kind"] != "error":
        return None
    return {**attributes, "measure": "error" if is_accuracy(attributes) else ACCURACY}


def measured(error: float, attributes: Mapping[Any, Any]) -> float:
    """An error as what was measured.

    Examples
    --------
    >>> round(measured(0.3, {"kind": "error", "measure": "accuracy"}), 2)
    0.7
    """
    return 1 - error if is_accuracy(attributes) else error


def measured_interval(ends: ArrayLike, attributes: Mapping[Any, Any]) -> tuple[float, float]:
    """Ends of an interval of errors as of what was measured, in ascending order."""
    low, *_, high = sorted(measured(float(x), attributes) for x in np.asarray(ends))
    return low, high


def expected_in_interval(
    mean: xr.DataArray | float, ends: ArrayLike, attributes: Mapping[Any, Any], decimals: int = 3
) -> str:
    """The expected error, by which rules judge, in its interval, as of what was measured.

    Parameters
    ----------
    mean : scalar
    ends : array_like, shape (quantile,)
        Ends of the interval, with whatever is between them.
    attributes : mapping
        Of the decision.
    decimals : int

    Examples
    --------
    >>> expected_in_interval(0.31, [0.2, 0.3, 0.5], {"kind": "error", "measure": "accuracy"})
    '0.690 [0.500, 0.800]'
    """
    low, high = measured_interval(ends, attributes)
    own = measured(float(mean), attributes)
    return f"{own:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"

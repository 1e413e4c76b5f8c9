"""Targets and probabilities that a frontier is asked about, checked at the door."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError, listed

type Holds = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def as_targets(targets: ArrayLike | str, kind: str, measure: str) -> xr.DataArray:
    """Targets in the measure of the runs, dims (target), with the coordinate `target_error`.

    Parameters
    ----------
    targets : array_like or str
        Numbers, or text with commas between them.
    kind : {"error", "loss"}
    measure : str
        "accuracy" where the runs were given as accuracies.

    Raises
    ------
    InputError
        If one is no number, or no error rate, accuracy or loss, or occurs twice.

    Examples
    --------
    >>> as_targets("0.5, 0.7", "error", "accuracy")["target_error"].values.round(2)
    array([0.5, 0.3])
    """
    if kind == "loss":
        found = _numbers(targets, "targets", "losses above 0", lambda x: (x > 0) & (x < np.inf))
    else:
        rates = "accuracies" if measure == "accuracy" else "error rates"
        words = f"{rates} above 0 and below 1, such as 0.55"
        found = _numbers(targets, "targets", words, lambda x: (x > 0) & (x < 1))
    errors = 1 - found if measure == "accuracy" else found
    return xr.DataArray(
        found, {"target": found, "target_error": ("target", errors)}, ("target",), name="target"
    )


def as_probabilities(probabilities: ArrayLike | str) -> NDArray[np.float64]:
    """Probabilities with which to reach targets.

    Raises
    ------
    InputError
        If there is none, or one is no number between 0 and 1, or occurs twice.
    """
    words = "numbers above 0 and below 1, such as 0.9"
    found = _numbers(probabilities, "probabilities", words, lambda x: (x > 0) & (x < 1))
    if not found.size:
        raise InputError(f"probabilities: expected {words}, got none")
    return found


def _numbers(given: ArrayLike | str, what: str, words: str, holds: Holds) -> NDArray[np.float64]:
    """Numbers in the order given, each once."""
    try:
        parts = given.split(",") if isinstance(given, str) else given
        found = np.atleast_1d(np.asarray(parts, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"{what}: expected {words}, got {given!r:.60}") from None
    if found.ndim != 1:
        raise InputError(f"{what}: expected {words}, got an array of shape {found.shape}")
    if (wrong := found[~holds(found)]).size:
        raise InputError(f"{what}: expected {words}, got {listed(f'{x:g}' for x in wrong)}")
    values, counts = np.unique(found, return_counts=True)
    if (counts > 1).any():
        twice = listed(f"{x:g}" for x in values[counts > 1])
        raise InputError(f"{what}: expected each once, got {twice} more than once")
    return found

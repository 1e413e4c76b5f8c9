r"""What samples are worth that were seen before: the effective samples of laws that know them.

A law of effective samples says what a training set is worth after n samples by a number D of fresh
ones; error follows from that alone.  Without repetition D grows as n, with it more and more slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.effective_reuse import LAWS_OF_REUSE, log_effective_samples
from qqt_bayes.laws.epochs import UNIT, Epochs
from qqt_bayes.laws.law import LEAST_DECAY, Law
from qqt_bayes.laws.level_curves import evaluate
from qqt_bayes.laws.means import Mixture


def _of_reuse(
    epochs: Epochs,
    *,
    mixture: Mixture,
    xp: ModuleType = np,
    reference: Any,
    alpha: Any,
    A: Any,
    d: Any,
    chance_error: Any,
    B: Any = None,
    onset: Any = None,
    stretch: Any = None,
    **theta: Any,
) -> Any:
    """D of the law of effective reuse, in samples of the typical pool; the curve has no part."""
    log_ratio = log_effective_samples(epochs, mixture=mixture, xp=xp, reference=reference, **theta)
    return mixture.own(reference) * xp.exp(log_ratio)


def _of_data(
    epochs: Epochs, *, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    """D of the law `effective-data`, ``mean(sum_k 2^(-k/tau) n_k)``, samples."""
    decay = xp.maximum(math.log(2) / tau, LEAST_DECAY)
    unique = epochs.unique_samples
    if epochs.replacement:
        lost = -xp.expm1(-decay)
        used = -unique * xp.expm1(-lost * (epochs.samples_seen / unique)) / lost
    else:
        whole = np.floor(epochs.samples_seen / unique * (1 + 1e-12))
        rest = np.maximum(epochs.samples_seen - whole * unique, 0.0)
        before = unique * xp.expm1(-decay * whole) / xp.expm1(-decay)
        used = before + rest * xp.exp(-decay * whole)
    return UNIT * mixture.mean(used)


EFFECTIVE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(LAWS_OF_REUSE, _of_reuse),
    "effective-data": _of_data,
}
"""What gives effective samples in place of errors, by the names of the laws that have them."""


def effective_samples(
    law: Law, parameters: xr.Dataset, levels: xr.DataArray, budgets: NDArray[np.float64]
) -> xr.DataArray:
    """Effective samples of levels at budgets under each draw of the law's parameters.

    Parameters
    ----------
    law : Law
        Whose name is one of `EFFECTIVE`.
    parameters, levels, budgets
        As for `qqt_bayes.laws.level_curves.evaluate`.

    Returns
    -------
    DataArray, dims (chain, draw, group, level, budget)
        Without those of the first three that no parameter extends over.
    """
    found = evaluate(replace(law, error=EFFECTIVE[law.name]), parameters, levels, budgets)
    return found.rename("effective_samples").assign_attrs(units="samples")

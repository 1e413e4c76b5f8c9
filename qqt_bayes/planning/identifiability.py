"""What a design can teach before anything is fitted: which parameters, at which budgets, in words.

Facts are read off the budgets and compositions; how much is learned is quantified by
`qqt_bayes.planning.information`.  Of outcomes no more is used than is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.spec import Spec, load_model, require_kind
from qqt_bayes.planning.design import (
    best_covered,
    most_epochs,
)
from qqt_bayes.planning.findings import FACTORS, UNKNOWN, _facts, _quantified, _surprise
from qqt_bayes.planning.information import Information, expected_information, ridges

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Identifiability:
    """What a design can teach under a model.

    Attributes
    ----------
    model : str
        Name of the specification.
    epochs : dict of str to float
        How often each pool is passed at most, in epochs.
    findings : dict of str to str
        A sentence for each finding, by a short name; "forecast" is always there.
    contraction : DataFrame
        Columns `parameter`, `of` (group and pool), `contraction`: expected shrinkage of the
        variance, 0 (the prior's) to 1 (known). Empty where `draws` is 0.
    ridges : list of dict
        Directions that stay open: `parameters`, in words, and `left`, the standard deviation along
        them in units of the prior's.
    forecast : DataFrame
        Columns `data`, `budget`, `prior_sd`, `sd`: expected standard deviation of the mean error.
    draws : int
        Draws of the prior behind the numbers.
    """

    model: str
    epochs: dict[str, float]
    findings: dict[str, str]
    contraction: pd.DataFrame
    ridges: list[dict[str, Any]]
    forecast: pd.DataFrame
    draws: int

    def to_dict(self) -> dict[str, Any]:
        """All of it as numbers and text."""
        return {
            "model": self.model,
            "epochs": self.epochs,
            "findings": self.findings,
            "contraction": self.contraction.to_dict("records"),
            "ridges": self.ridges,
            "forecast": self.forecast.to_dict("records"),
            "draws": self.draws,
        }


def identifiability(
    runs: xr.Dataset, spec: Spec | str = "utility", *, seed: int = 0
) -> Identifiability:
    """Say what a table of runs can teach before it is fitted.

    Its errors are used for two things: whether the priors expect such errors at all, and whether
    they rise with the budget.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec or str
        A specification, or the name or path of one.
    seed : int
        Of the draws of the prior.

    Raises
    ------
    InputError
        If the specification has a fault or does not serve this kind of table.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["a", "b"], "unique_samples": 1e7, "samples_seen": 8e6,
    ...                       "error": 0.7})
    >>> found = identifiability(read_runs(table))
    >>> print(found.findings["one budget"])
    All runs are at one budget (8M): errors at other budgets are not identified; a fit takes them
    from its prior and its law.
    >>> found.findings["no repetition"]
    'No run goes beyond one epoch: half-lives (tau) will be what the prior says.'
    """
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    epochs = most_epochs(runs)
    best = best_covered(runs)
    largest = float(runs["samples_seen"].max())
    seen = largest * np.array(FACTORS)
    further = runs.isel(run=[best] * len(FACTORS)).assign(samples_seen=("run", seen))
    told = expected_information(spec, runs, further, seed)
    data = str(runs["data"].values[runs["data_index"].values[best]])
    if runs.sizes["group"] > 1:
        data += f" ({runs['group'].values[runs['group_index'].values[best]]})"
    open_ridges = [] if told is None else ridges(told)
    facts = dict(_facts(spec, runs, epochs))
    numbers = (
        UNKNOWN
        if told is None
        else dict(_surprise(told, spec, runs))
        | dict(_quantified(told, open_ridges, data, largest, "one budget" in facts))
    )
    return Identifiability(
        spec.name,
        epochs.to_dict(),
        facts | numbers,
        _contraction(told),
        open_ridges,
        _forecast(told, data, seen),
        0 if told is None else told.draws,
    )


def _contraction(told: Information | None) -> pd.DataFrame:
    rows = (
        [] if told is None else zip(*zip(*told.scalars, strict=True), told.contraction, strict=True)
    )
    return pd.DataFrame(rows, columns=["parameter", "of", "contraction"])


def _forecast(told: Information | None, data: str, seen: Array) -> pd.DataFrame:
    unknown = np.full(seen.size, np.nan)
    before, after = (unknown, unknown) if told is None else (told.prior_sd, told.posterior_sd)
    return pd.DataFrame({"data": data, "budget": seen, "prior_sd": before, "sd": after})

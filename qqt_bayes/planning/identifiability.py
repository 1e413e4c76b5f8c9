"""What a design can teach before anything is fitted: which parameters, at which budgets.

Facts are read off the budgets and compositions; how much is learned is quantified by
`qqt_bayes.planning.information`.  The measured errors are used for no more than two findings:
whether the priors expect such errors at all, and whether they rise with the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model, require_kind
from qqt_bayes.planning.design import best_covered, most_epochs
from qqt_bayes.planning.findings import FORECAST_BUDGETS, Finding, facts, quantified, surprises
from qqt_bayes.planning.information import Information, Ridge, expected_information, find_ridges

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Assessment:
    """What a design can teach under a model, as numbers and ids.

    Attributes
    ----------
    model : str
        Name of the specification.
    epochs : dict of str to float
        How often each pool is passed at most, in epochs.
    found : tuple of Finding
        By id, with subjects and numbers.
    contraction : DataFrame
        Columns `parameter`, `of` (group and pool), `contraction`: expected shrinkage of the
        variance, 0 (the prior's) to 1 (known). Empty where `draws` is 0.
    open_ridges : list of Ridge
        Directions that stay open.
    forecast : DataFrame
        Columns `data`, `budget`, `prior_sd`, `sd`: expected standard deviation of the mean error.
    draws : int
        Draws of the prior behind the numbers.
    """

    model: str
    epochs: dict[str, float]
    found: tuple[Finding, ...]
    contraction: pd.DataFrame
    open_ridges: list[Ridge]
    forecast: pd.DataFrame
    draws: int


def assess(runs: xr.Dataset, spec: Spec | str = DEFAULT_MODEL, *, seed: int = 0) -> Assessment:
    """Find what a table of runs can teach before it is fitted.

    Parameters, errors raised: as for `qqt_bayes.identifiability`, which adds the sentences.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["a", "b"], "unique_samples": 1e7, "samples_seen": 8e6,
    ...                       "error": 0.7})
    >>> found = {finding.id: finding for finding in assess(read_runs(table)).found}
    >>> found["one_budget"].values
    {'least': 8000000.0, 'most': 8000000.0}
    """
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    epochs = most_epochs(runs)
    best = best_covered(runs)
    largest = float(runs["samples_seen"].max())
    budgets = largest * np.array(FORECAST_BUDGETS)
    further = runs.isel(run=[best] * len(budgets)).assign(samples_seen=("run", budgets))
    information = expected_information(spec, runs, further, seed)
    data = str(runs["data"].values[runs["data_index"].values[best]])
    if runs.sizes["group"] > 1:
        data += f" ({runs['group'].values[runs['group_index'].values[best]]})"
    found = list(facts(spec, runs, epochs))
    ridges: list[Ridge] = []
    if information is None:
        found.append(Finding("unknown"))
    else:
        ridges = find_ridges(information)
        # what is not identified has no precision, and a curve is not known from a short piece of it
        alone = any(finding.id in ("one_budget", "narrow_budgets") for finding in found)
        found.extend(surprises(information, runs))
        found.extend(quantified(information, ridges, data, [] if alone else budgets.tolist()))
    return Assessment(
        spec.name,
        epochs.to_dict(),
        tuple(found),
        _contraction(information),
        ridges,
        _forecast(information, data, budgets),
        0 if information is None else information.draws,
    )


def _contraction(information: Information | None) -> pd.DataFrame:
    """A row for each scalar of the law; none where nothing is quantified."""
    columns = ["parameter", "of", "contraction"]
    if information is None:
        return pd.DataFrame([], columns=columns)
    both = zip(information.scalars, information.contraction, strict=True)
    return pd.DataFrame([(*scalar, x) for scalar, x in both], columns=columns)


def _forecast(information: Information | None, data: str, budgets: Array) -> pd.DataFrame:
    """A row for each budget, not a number where nothing is quantified."""
    before = after = np.full(budgets.size, np.nan)
    if information is not None:
        before, after = information.prior_sd, information.posterior_sd
    return pd.DataFrame({"data": data, "budget": budgets, "prior_sd": before, "sd": after})

"""What it would be worth to know one parameter of a law (EVPPI)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from scipy.stats import norm, rankdata

from qqt_bayes.model.distributions import Prior
from qqt_bayes.planning.value import Array, curved, value_of_information
from qqt_bayes.posterior.fit import Fit, by_draw, in_group

DEGREE = 3
"""Powers of the normal scores of a parameter that losses are regressed on."""


def parameter_values(
    fits: Mapping[str, Fit], losses: Sequence[xr.DataArray], group: str | None
) -> pd.DataFrame:
    """What it would be worth to know each parameter of each law, by the draws of that law.

    Parameters
    ----------
    fits : mapping of str to Fit
    losses : sequence of DataArray, dims (chain, draw, level)
        Mean errors of what is decided between, departures from the law included, under the draws of
        each fit.
    group : str or None

    Returns
    -------
    DataFrame
        Columns `model`, `parameter` and `value`, the largest value first. A parameter that differs
        between pools is known for all of them.
    """
    rows = []
    for (name, fit), error in zip(fits.items(), losses, strict=True):
        loss = error.stack(sample=("chain", "draw")).transpose("sample", "level").values
        random = [each for each, prior in fit.spec.parameters.items() if isinstance(prior, Prior)]
        for parameter, draws in by_draw(in_group(fit.parameters[random], group)).items():
            columns = scores(draws.reshape(len(draws), -1))
            value = value_of_information(loss, curved(columns, DEGREE).reshape(len(draws), -1))
            rows.append({"model": name, "parameter": parameter, "value": value})
    table = pd.DataFrame(rows, columns=["model", "parameter", "value"])
    return table.sort_values("value", ascending=False, ignore_index=True)


def scores(draws: Array) -> Array:
    """Normal scores of draws, column by column: the quantiles of a standard normal by their ranks.

    Examples
    --------
    >>> import numpy as np
    >>> scores(np.array([[1.0], [10.0], [100.0]])).round(2).tolist()
    [[-0.97], [0.0], [0.97]]
    """
    found: Array = norm.ppf((rankdata(draws, axis=0) - 0.5) / len(draws))
    return found

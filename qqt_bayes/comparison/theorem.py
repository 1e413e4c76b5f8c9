"""The combination theorem under test: the size exponent's posterior against its prior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from qqt_bayes.model.distributions import Prior
from qqt_bayes.posterior.fit import AnyFit, Fit

Array = NDArray[np.float64]
NAME = "size_exponent"
HYPOTHESES = {1.0: "theorem", 0.0: "no_size_effect"}
"""Values of the exponent that mean something."""
FEW = 20
"""Draws beyond a point below which a density there is the tail of a normal, not of the draws."""


def size_exponents(fits: Mapping[str, AnyFit]) -> pd.DataFrame:
    """What each fit with a free size exponent says of the theorem.

    The Bayes factor of ``g = 1`` against a free g is the Savage-Dickey ratio
    ``p(g = 1 | runs) / p(g = 1)``, where the exponent is independent of all else before the runs
    (Dickey 1971, doi:10.1214/aoms/1177693507); of one that is pooled over groups it is about so.

    Parameters
    ----------
    fits : mapping of str to DataTree or Fit

    Returns
    -------
    DataFrame
        A row for each fit whose exponent has a prior (and each group or pool, if it differs):
        columns `law`, `of`, `prior_lower`, `prior_upper`, `median`, `lower`, `upper` (90 %
        intervals); `theorem` and `no_size_effect`, the Bayes factors of 1 and 0 against a free
        exponent, and `theorem_in_tail`, `no_size_effect_in_tail`: whether too few draws are near
        for more than an order of magnitude.
    """
    rows = []
    for law, fit in ((name, Fit.of(each)) for name, each in fits.items()):
        if not isinstance(fit.spec.parameters.get(NAME), Prior):
            continue
        after, before = (_scalars(fit.datasets[part][NAME]) for part in ("posterior", "prior"))
        for of, draws in after.items():
            low, high = np.quantile(before[of], [0.05, 0.95])
            lower, median, upper = np.quantile(draws, [0.05, 0.5, 0.95])
            row = {"law": law, "of": of, "prior_lower": low, "prior_upper": high}
            row |= {"median": median, "lower": lower, "upper": upper}
            for point, name in HYPOTHESES.items():
                row[name], row[f"{name}_in_tail"] = savage_dickey(draws, before[of], point)
            rows.append(row)
    return pd.DataFrame(rows)


def savage_dickey(after: Array, before: Array, point: float) -> tuple[float, bool]:
    """Density at a point after the runs over that before, from draws of both.

    Where fewer than 20 draws of the posterior lie beyond the point a normal with their mean and
    deviation stands for them; then the ratio tells the order of magnitude at best.  A point at
    which the prior ends is not for this: the densities are of kernels that reach beyond it.

    Returns
    -------
    tuple of float and bool
        The ratio, and whether the point is so far out.

    Examples
    --------
    A prior of deviation 1 and a posterior of 1/2, both centred on the point: twice as dense.

    >>> z = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    >>> ratio, in_tail = savage_dickey(z / 2, z, 0.0)
    >>> round(ratio, 2), in_tail
    (2.0, False)
    """
    beyond = min(np.sum(after > point), np.sum(after < point))
    density = (
        stats.norm(after.mean(), after.std()).pdf if beyond < FEW else stats.gaussian_kde(after)
    )
    ratio = float(np.squeeze(density(point)) / stats.gaussian_kde(before)(point)[0])
    return ratio, bool(beyond < FEW)


def _scalars(draws: xr.DataArray) -> dict[str, Array]:
    """The draws of each scalar, by its place; the one scalar has none."""
    flat = draws.stack(sample=("chain", "draw"))
    over = [dim for dim in flat.dims if dim != "sample"]
    if not over:
        return {"": flat.values}
    placed = flat.stack(place=over).transpose("place", "sample")
    return {
        ", ".join(map(str, at)): x
        for at, x in zip(placed["place"].values, placed.values, strict=True)
    }

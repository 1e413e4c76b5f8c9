"""The combination theorem under test: the size exponent's posterior against its prior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from qqt_bayes.model.distributions import Prior
from qqt_bayes.phrases import placed
from qqt_bayes.posterior.fit import AnyFit, Fit

Array = NDArray[np.float64]
SIZE_EXPONENT = "size_exponent"
"""The parameter: g."""
HYPOTHESES = {1.0: "theorem", 0.0: "no_size_effect"}
"""Exponents that mean something: the theorem as published; a half-life that no other pool moves."""
MIN_DRAWS_BEYOND = 20
"""Draws beyond a point below which the density there is the tail of a kernel, not of the draws."""


def size_exponents(fits: Mapping[str, AnyFit]) -> pd.DataFrame:
    """Posterior of the size exponent of each fit that leaves it free, and its Bayes factors.

    The Bayes factor of ``g = 1`` against a free g is the Savage-Dickey ratio
    ``p(g = 1 | runs) / p(g = 1)``, where the exponent is independent of all else in the prior
    (Dickey 1971, doi:10.1214/aoms/1177693507); for one that is pooled over groups it is
    approximate.

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
        if not isinstance(fit.spec.parameters.get(SIZE_EXPONENT), Prior):
            continue
        posterior, prior = (
            _draws_by_place(fit.datasets[part][SIZE_EXPONENT]) for part in ("posterior", "prior")
        )
        for of, draws in posterior.items():
            low, high = np.quantile(prior[of], [0.05, 0.95])
            lower, median, upper = np.quantile(draws, [0.05, 0.5, 0.95])
            row = {"law": law, "of": of, "prior_lower": low, "prior_upper": high}
            row |= {"median": median, "lower": lower, "upper": upper}
            for point, name in HYPOTHESES.items():
                row[name], row[f"{name}_in_tail"] = savage_dickey(draws, prior[of], point)
            rows.append(row)
    return pd.DataFrame(rows)


def savage_dickey(posterior: Array, prior: Array, point: float) -> tuple[float, bool]:
    """Posterior density at a point over the prior density there, both estimated from draws.

    Where fewer than 20 draws of the posterior lie beyond the point, a normal with their mean and
    deviation replaces the kernel density, and the ratio is right to an order of magnitude at best.
    `arviz_stats.bayes_factor` agrees to 1 % elsewhere, but there it takes the density at the
    outermost draw for that at the point: it finds 0.1 ten posterior deviations out, not 1e-21.

    The prior must not end at the point: kernels reach beyond it.

    Parameters
    ----------
    posterior, prior : array, shape (draw,)
    point : float

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
    beyond = min(np.sum(posterior > point), np.sum(posterior < point))
    in_tail = bool(beyond < MIN_DRAWS_BEYOND)
    density = (
        stats.norm(posterior.mean(), posterior.std()).pdf
        if in_tail
        else stats.gaussian_kde(posterior)
    )
    return float(np.squeeze(density(point)) / stats.gaussian_kde(prior)(point)[0]), in_tail


def _draws_by_place(draws: xr.DataArray) -> dict[str, Array]:
    """Draws of each scalar by its group or pool; by the empty word if there is only one."""
    flat = draws.stack(sample=("chain", "draw"))
    over = [dim for dim in flat.dims if dim != "sample"]
    if not over:
        return {"": flat.values}
    scalars = flat.stack(place=over).transpose("place", "sample")
    return {
        placed(map(str, at)): x
        for at, x in zip(scalars["place"].values, scalars.values, strict=True)
    }

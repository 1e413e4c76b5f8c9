"""What it is worth to buy more of a pool than there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.candidates import EXPONENTS, SIZE_PARAMETERS, scaled, with_exponent
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.stack import mix
from qqt_bayes.decisions.study import Study, fits_that_decide
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.planning.benefit import costs_of
from qqt_bayes.planning.costs import CostFile, Costs
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import Levels, as_levels, as_number, require_affordable
from qqt_bayes.posterior.prediction import predict

MULTIPLES = (1.5, 2.0, 4.0, 8.0)
"""How many times as large pools are considered."""
MOST_MULTIPLES = 20
"""Of one question."""


def pool_purchases(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    costs: Costs | CostFile,
    levels: Levels | None = None,
    budget: ArrayLike | str | None = None,
    *,
    multiples: Sequence[float] = MULTIPLES,
    interval: float = 0.9,
    weights: ArrayLike | None = None,
    group: str | None = None,
    seed: int = 0,
    force: bool = False,
) -> pd.DataFrame:
    """What it is worth to enlarge one pool, of which levels then take the same share.

    Sizes beyond those trained rest on how the laws count repetition in larger training sets, the
    size exponent: the same is said under three of them.

    Parameters
    ----------
    study, costs, levels, weights, group, seed, force
        As for `qqt_bayes.planning.benefit.priced`.
    budget : number or str, optional
        The budget that is decided for; the largest of the study if not given.
    multiples : sequence of float
        How many times as large the pool is, each above 1.
    interval : float

    Returns
    -------
    DataFrame
        A row for each pool that has a price and each multiple: `pool`, `multiple`; `level`, that
        of the greatest expected net benefit once it is enlarged, among those that take from it;
        `unique_samples`, what that takes of the pool; `extra_cost`, of all that the level costs
        beside the best one today; `error_mean`; `net_benefit_mean`, `net_benefit_lower`,
        `net_benefit_upper` and `probability_of_benefit` against the best level today, under the
        size exponents of the posterior; and `if_exponent_0`, `if_exponent_0.5` and `if_exponent_1`,
        the same mean if the exponent of every law were that and all else, departures included, as
        it is, NaN if no law has a size exponent. The attributes `level_today`, `currency`,
        `budget`, `counted` and `interval` say what it is about, and `exponents` has the median of
        the size exponent between the ends of its interval for each law that has one.

    Raises
    ------
    InputError
        If an argument is not what it should be, costs have no worth, or no pool has a price.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> bought = qqt.pool_purchases(fit, "costs.toml", "composition.csv", "2B", multiples=[2.0])
    >>> bought[["pool", "multiple", "level", "extra_cost"]]
         pool  multiple    level  extra_cost
    0  20-30%       2.0  top 30%       384.0
    """
    fits, shares = fits_that_decide(study, weights, force)
    first = next(iter(fits.values()))
    if isinstance(study, Study):
        levels = study.levels if levels is None else levels
        budget = study.decision["budget"].values.max() if budget is None else budget
    if levels is None or budget is None:
        missing = "levels" if levels is None else "budget"
        raise InputError(f"{missing}: a fit has none of its own; give what is asked about")
    taken = as_levels(levels, first.pools)
    own = costs_of(first, costs, group, taken)
    if not own.knows_worth:
        raise InputError("costs: worth: needed to say what a larger pool is worth, but missing")
    seen = np.array([as_number(budget, "budget")])
    sizes = first.runs["pool_size"]
    asked = _enlarged(taken, sizes, own, _as_multiples(multiples))
    sets = xr.concat([taken, *(each for *_, each in asked)], "level", join="outer", fill_value=0.0)
    names = sets["level"].values
    unique = sets.assign_coords(level=[f"plan {i}" for i in range(names.size)])
    require_affordable(names.size, 1, sum(each.draws for each in fits.values()))
    training, data = own.of_levels(unique, sizes, seen)
    cost = (data + training.isel(budget=0)).values

    def net_of(using: Mapping[str, Fit]) -> tuple[NDArray[np.float64], xr.DataArray]:
        drawn = [predict(fit, unique, seen, group=group, seed=seed) for fit in using.values()]
        error = mix(drawn, shares).isel(budget=0).stack(sample=SAMPLE)
        error = error.transpose("sample", "level")
        return own.value_of(error).values - cost, error

    quantiles = low, _, high = Criteria(interval=interval).quantiles
    exponents = {
        law: np.quantile(fit.parameters[name], quantiles).tolist()
        for law, fit in fits.items()
        for name in SIZE_PARAMETERS
        if name in fit.spec.parameters
    }
    net, error = net_of(fits)
    by_exponent = [
        net_of({name: with_exponent(fit, value) for name, fit in fits.items()})[0]
        for value in (EXPONENTS if exponents else ())
    ]
    expected = net.mean(axis=0)
    today = int(expected[: taken.sizes["level"]].argmax())
    rows, start = [], taken.sizes["level"]
    for pool, multiple, each in asked:
        end = start + each.sizes["level"]
        best = start + int(expected[start:end].argmax())
        gain = net[:, best] - net[:, today]
        rows.append(
            {
                "pool": pool,
                "multiple": multiple,
                "level": str(names[best]),
                "unique_samples": float(sets.isel(level=best).sel(pool=pool)),
                "extra_cost": float(cost[best] - cost[today]),
                "error_mean": float(error[:, best].mean()),
                "net_benefit_mean": float(gain.mean()),
                "net_benefit_lower": float(np.quantile(gain, low)),
                "net_benefit_upper": float(np.quantile(gain, high)),
                "probability_of_benefit": float((gain > 0).mean()),
            }
            | _by_exponent(by_exponent, best, today)
        )
        start = end
    found = pd.DataFrame(rows)
    found.attrs = {
        "level_today": str(names[today]),
        "currency": own.currency,
        "budget": float(seen[0]),
        "counted": first.unit,
        "interval": interval,
        "exponents": exponents,
    }
    return found


def _by_exponent(
    by_exponent: Sequence[NDArray[np.float64]], best: int, today: int
) -> dict[str, Any]:
    """The expected net benefit of one plan against today's under each size exponent."""
    if not by_exponent:
        return {f"if_exponent_{value:g}": np.nan for value in EXPONENTS}
    return {
        f"if_exponent_{value:g}": float((net[:, best] - net[:, today]).mean())
        for value, net in zip(EXPONENTS, by_exponent, strict=True)
    }


def _enlarged(
    levels: xr.DataArray, sizes: xr.DataArray, costs: Costs, multiples: Sequence[float]
) -> list[tuple[str, float, xr.DataArray]]:
    """Each pool that has a price, a multiple, and the levels that take from it once it is larger.

    Raises
    ------
    InputError
        If there is none.
    """
    used = levels["pool"].values.tolist()
    bought = [
        name
        for name, price in costs.pools.items()
        if name in used and (price.per_sample or price.once)
    ]
    if not bought:
        raise InputError(
            "costs: pools: no pool that levels take from has a price, so none can be bought; give "
            "price_per_million_samples"
        )
    now = dict(zip(sizes["pool"].values.tolist(), sizes.values.tolist(), strict=True))
    found = []
    for name in bought:
        own = levels.isel(level=np.flatnonzero(levels.sel(pool=name).values > 0))
        for multiple in multiples:
            larger = scaled(own, sizes, now | {name: now[name] * multiple})
            found.append((name, multiple, larger))
    return found


def _as_multiples(multiples: Sequence[float]) -> list[float]:
    """Multiples, ascending.

    Raises
    ------
    InputError
        If one is no number above 1, or there are too many.
    """
    given = sorted(float(each) for each in multiples)
    if not given or not all(1 < each < np.inf for each in given):
        raise InputError(
            f"multiples: expected numbers above 1, such as 2,4,8, got {[f'{x:g}' for x in given]}"
        )
    if len(given) > MOST_MULTIPLES:
        raise InputError(f"multiples: at most {MOST_MULTIPLES} are taken, got {len(given)}")
    return given

"""What a simulation-based calibration found, as a table and as a verdict in words."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.calibration.uniformity import RANKED_DRAWS, ecdf_differences, jointly, p_values
from qqt_bayes.phrases import MOST_NAMED, joined_names, quoted

BAND_PROBABILITY = 0.95
"""With which a band holds the ECDF of uniform ranks."""
MIN_TABLES = 100
"""Tables below which only gross faults show: a 95 % band then reaches 0.14 to either side."""
MAX_SHARE_CORRELATED = 0.05
"""Share of the fits with fewer effective than ranked draws above which the verdict says so."""
RANK_MEAN, RANK_VARIANCE = RANKED_DRAWS / 2, ((RANKED_DRAWS + 1) ** 2 - 1) / 12
"""Mean and variance of a rank that is uniform on 0, ..., 99."""
EXCESS_VARIANCE = 0.8
"""Variance of ``(rank - mean)**2 / variance`` of a uniform rank: its kurtosis, 1.8, less 1."""


def scalars(found: xr.Dataset) -> pd.DataFrame:
    """Whether the ranks of each scalar of a calibration are uniform: a row for each.

    Parameters
    ----------
    found : Dataset
        As `simulation_based_calibration` returns it.

    Returns
    -------
    DataFrame
        `scalar`; `rank_mean` (49.5 if calibrated); `departure`, the largest difference of the ECDF
        of ranks from that of uniform ones, signed: above 0 where truths are low among the draws;
        `p_value` of uniform ranks; `inside_alone`, whether the ECDF is inside its own 95 % band;
        `inside_jointly`, whether it is inside the band that holds all scalars with 95 %.
    """
    ranks = found["rank"]
    departure = ecdf_differences(ranks)
    p = p_values(ranks).to_numpy()
    return pd.DataFrame(
        {
            "scalar": ranks["scalar"].to_numpy(),
            "rank_mean": ranks.mean("replication").to_numpy(),
            "departure": departure.isel(end=abs(departure).argmax("end")).to_numpy(),
            "p_value": p,
            "inside_alone": p > 1 - BAND_PROBABILITY,
            "inside_jointly": p > 1 - jointly(BAND_PROBABILITY, ranks.sizes["scalar"]),
        }
    )


def state(table: pd.DataFrame, count: int) -> str:
    """What a calibration comes to, as an id that stays.

    Parameters
    ----------
    table : DataFrame
        As `scalars` returns it.
    count : int
        Tables that were fitted.

    Returns
    -------
    {"not_calibrated", "too_few_tables", "calibrated"}
        Whether a scalar leaves the joint band; and if none does, whether there were tables enough
        to show more than gross faults.
    """
    if not table["inside_jointly"].all():
        return "not_calibrated"
    return "too_few_tables" if count < MIN_TABLES else "calibrated"


def verdict(found: xr.Dataset) -> str:
    """Paragraphs that say what a calibration means for someone with runs of its design.

    Parameters
    ----------
    found : Dataset
        As `simulation_based_calibration` returns it.
    """
    table, ranks = scalars(found), found["rank"]
    count, total = ranks.sizes["replication"], len(table)
    name = json.loads(found.attrs["spec"])["name"]
    odd = table["scalar"][~table["inside_jointly"]].tolist()
    came_to = state(table, count)
    if came_to == "not_calibrated":
        faults = [f"{quoted(each)}: {fault(ranks.sel(scalar=each))}" for each in odd[:MOST_NAMED]]
        more = f"; and {len(odd) - MOST_NAMED} more" if len(odd) > MOST_NAMED else ""
        first = (
            f"Model {name} is not calibrated on this design: {len(odd)} of {total} scalars leave "
            f"the joint 95% band over {count} tables drawn from its priors ({'; '.join(faults)}"
            f"{more}). Do not take their intervals at their word. Calibrate again with another "
            "--seed: what leaves the band again is a fault of the model or the sampler."
        )
    elif came_to == "too_few_tables":
        first = (
            f"{_tables(count)} drawn from the priors of model {name} show no gross fault, and "
            f"could show no finer one: all {total} scalars are inside the joint 95% band. Ask for "
            "--replications 200 or more."
        )
    else:
        first = (
            f"Model {name} is calibrated on this design as far as {count} tables drawn from its "
            f"priors can tell: all {total} scalars are inside the joint 95% band. Where runs "
            "follow the law, and their truth is one that the priors expect, intervals of a fit "
            "hold as often as they say."
        )
    alone = table["scalar"][~table["inside_alone"] & table["inside_jointly"]].tolist()
    if alone:
        first += (
            f" Outside its own 95% band, but not the joint one: {joined_names(alone)}; of {total} "
            f"calibrated scalars about {(1 - BAND_PROBABILITY) * total:.1f} are, by chance."
        )
    return "\n\n".join([first, " ".join(_limits(found))])


def _tables(count: int) -> str:
    """A number of tables in words."""
    return f"{count} table{'s' * (count > 1)}"


def _limits(found: xr.Dataset) -> list[str]:
    """Sentences on what limits a calibration: illegal tables, refused fits, correlated draws."""
    count, legal = found.sizes["replication"], found.attrs["legal"]
    refused = count - int(found["passed"].sum())
    correlated = float((found["ess"].min("scalar") < RANKED_DRAWS).mean())
    words = []
    if round(legal, 2) < 1:
        words.append(
            f"{legal:.0%} of the tables that the priors reach have legal errors; only those count."
        )
    if refused:
        words.append(f"{refused} of {count} fits did not pass their gate and count all the same.")
    if correlated > MAX_SHARE_CORRELATED:
        words.append(
            f"In {correlated:.0%} of the fits some scalar has fewer than {RANKED_DRAWS} effective "
            "draws, which can itself make ranks uneven."
        )
    words.append(
        "Whether the law describes your runs is another question: see the gate of `qqt fit`."
    )
    return words


def fault(ranks: xr.DataArray) -> str:
    """Words for the fault behind ranks that are not uniform: a shift, or intervals of wrong width.

    Whichever of the ranks' mean and variance is further from that of uniform ones, in standard
    errors.

    Examples
    --------
    >>> ranks = np.random.default_rng(0).integers(0, 100, 300)
    >>> fault(xr.DataArray(ranks // 2)), fault(xr.DataArray(25 + ranks // 2))
    ('fits are too high', 'intervals are too wide')
    """
    values = ranks.to_numpy().astype(float)
    shift = (values.mean() - RANK_MEAN) / np.sqrt(RANK_VARIANCE / values.size)
    excess = ((values - RANK_MEAN) ** 2).mean() / RANK_VARIANCE - 1
    widening = excess / np.sqrt(EXCESS_VARIANCE / values.size)
    if abs(shift) > abs(widening):
        return "fits are too low" if shift > 0 else "fits are too high"
    return "intervals are too narrow" if widening > 0 else "intervals are too wide"

"""What a model expects before it sees an error: as a table, and in words beside the runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.posterior.prior_predictive import LEGAL
from qqt_bayes.report.measures import is_accuracy, measure, measured
from qqt_bayes.tables.rows import ERROR

Array = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)
"""Of the interval that is shown, and the median."""
MOSTLY = 0.5
"""Share of the prior draws, or of the runs, from which on a remark is made."""


@dataclass(frozen=True)
class Coverage:
    """How many runs lie inside, below and above the prior's 90 % interval for their own error."""

    inside: int
    below: int
    above: int

    @property
    def runs(self) -> int:
        """All runs."""
        return self.inside + self.below + self.above


def group_of(prior: xr.DataTree, name: str) -> xr.Dataset:
    """A group of the tree as a dataset."""
    return prior.children[name].to_dataset(inherit=False)


def coverage(prior: xr.DataTree) -> Coverage:
    """Compare the runs with what the model expected of each.

    Parameters
    ----------
    prior : DataTree
        As `qqt_bayes.prior_predictive` returns it.
    """
    drawn = group_of(prior, "prior_predictive")["error"].transpose("chain", "draw", "run").values[0]
    seen = group_of(prior, "observed_data")["error"].values
    lower, _, upper = quantiles(drawn, QUANTILES)
    below, above = int((seen < lower).sum()), int((seen > upper).sum())
    return Coverage(seen.size - below - above, below, above)


def table(prior: xr.DataTree) -> pd.DataFrame:
    """A row for each training set and budget.

    Parameters
    ----------
    prior : DataTree

    Returns
    -------
    DataFrame
        `data`, `group`, `budget`; `error_lower`, `error_median` and `error_upper` of one training,
        the ends of the 90 % interval; `illegal`, the share of draws whose error no table may hold;
        `run`, the mean error of the runs of that set at that budget, nan where there are none.
    """
    cells = group_of(prior, "prior_at_budgets")
    runs = group_of(prior, "constant_data")
    error = cells["error"].isel(chain=0).transpose("draw", "set", "budget").values
    lower, middle, upper = quantiles(error, QUANTILES)
    illegal = 1 - ERROR[prior.attrs["kind"]].holds(error).mean(axis=0)
    seen = pd.DataFrame(
        {
            "data": runs["data"].values[runs["data_index"].values],
            "group": runs["group"].values[runs["group_index"].values],
            "budget": runs["samples_seen"].values,
            "run": group_of(prior, "observed_data")["error"].values,
        }
    )
    rows = [
        (
            str(data),
            str(group),
            float(budget),
            lower[i, j],
            middle[i, j],
            upper[i, j],
            illegal[i, j],
        )
        for i, (data, group) in enumerate(
            zip(cells["data"].values, cells["group"].values, strict=True)
        )
        for j, budget in enumerate(cells["budget"].values)
    ]
    columns = ["data", "group", "budget", "error_lower", "error_median", "error_upper", "illegal"]
    keys = ["data", "group", "budget"]
    mean = seen.groupby(keys, as_index=False)["run"].mean()
    return pd.DataFrame(rows, columns=columns).merge(mean, on=keys, how="left")


def for_people(prior: xr.DataTree) -> pd.DataFrame:
    """The same in fewer columns, as what was measured: accuracies where these were given."""
    found, about = table(prior), prior.attrs
    ends = found[["error_lower", "error_median", "error_upper"]].itertuples(index=False)
    intervals = [sorted(measured(x, about) for x in each) for each in ends]
    runs = found["run"].map(lambda x: "" if np.isnan(x) else f"{measured(x, about):.3f}")
    several = found["group"].nunique() > 1
    return pd.DataFrame(
        {
            "data": found["data"],
            **({"group": found["group"]} if several else {}),
            "budget": found["budget"],
            f"{measure(about)} [90%]": [f"{m:.3f} [{a:.3f}, {b:.3f}]" for a, m, b in intervals],
            "illegal": found["illegal"].map("{:.0%}".format),
            "runs": runs,
        }
    )


def summary(prior: xr.DataTree) -> str:
    """Sentences on what the priors say of these runs.

    Parameters
    ----------
    prior : DataTree
    """
    name, legal = json.loads(prior.attrs["spec"])["name"], prior.attrs[LEGAL]
    found = coverage(prior)
    few = {"low": found.below, "high": found.above}
    if is_accuracy(prior.attrs):
        few = {"low": found.above, "high": found.below}
    words = [
        f"Before it sees an error, model {name} has {found.inside} of {found.runs} runs inside the "
        f"90% interval that it expects of each ({few['low']} below theirs, {few['high']} above)."
    ]
    if found.inside < MOSTLY * found.runs:
        words.append(
            "Most of the runs surprise these priors: is the kind of error the one that the model "
            "is for, and are samples counted in the unit that its priors expect?"
        )
    edge = "above 1 or not above 0" if prior.attrs["kind"] == "error" else "not above 0"
    words.append(
        f"Under {1 - legal:.0%} of the draws some run of this design has an error {edge}, which no "
        "table may hold."
    )
    if 1 - legal > MOSTLY:
        words.append(
            "A fit leaves such draws behind as soon as it sees the runs; as forecasts these priors "
            "are too wide."
        )
    return " ".join(words)


def quantiles(error: Array, probabilities: Sequence[float]) -> Array:
    """Quantiles over the draws, the first axis, each of them one of the draws.

    What is no number, where the law overflowed, counts as infinite.
    """
    known = np.where(np.isnan(error), np.inf, error)
    found: Array = np.quantile(known, probabilities, axis=0, method="inverted_cdf")
    return found

"""What a simulation-based calibration ranks: a truth beside the draws of its posterior.

Decision quantities are among the scalars: the mean error of every training set at a budget beyond
the data, and how much worse than the best the second best is there.  Which two these are is said by
the mean over the draws and the truth together, which treats them alike, so that the rank of the
truth stays uniform.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product

import arviz as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.inference import by_draw
from qqt_bayes.ingredients import ingredients
from qqt_bayes.model import replicate
from qqt_bayes.spec import Spec
from qqt_bayes.uniformity import rank_of

Array = NDArray[np.float64]
LIKELIHOOD = "log likelihood"
BEYOND = 4
"""Times the largest budget of the runs: where decision quantities are asked for."""


class Ranking:
    """Ranks the truths behind tables of one design.

    Parameters
    ----------
    spec : Spec
    design : Dataset
        Runs; their errors are not used.
    """

    def __init__(self, spec: Spec, design: xr.Dataset) -> None:
        self.spec, self.parts = spec, ingredients(design, spec.size_reference)
        self.last = last_runs(design)
        self.beyond = every_set(design, BEYOND * float(design["samples_seen"].max()))
        self.parts_beyond = ingredients(self.beyond, spec.size_reference)

    def compare(
        self, fit: xr.DataTree, table: xr.Dataset, truth: Mapping[str, Array]
    ) -> xr.Dataset:
        """A fit beside the truth: rank and effective draws of every scalar, how the fit went."""
        posterior = fit.children["posterior"].to_dataset(inherit=False)
        both = {
            name: np.concatenate([truth[name][None], x]) for name, x in by_draw(posterior).items()
        }
        curve, _, density = replicate(self.spec, table, self.parts, both, seed=0)
        beyond, *_ = replicate(self.spec, self.beyond, self.parts_beyond, both, seed=0)
        gaps = self._gaps(beyond)
        columns = [
            *(x.reshape(len(x), -1) for x in both.values()),
            curve[:, list(self.last.values())],
            beyond,
            *(gap[:, None] for gap in gaps.values()),
            density.sum(axis=1, keepdims=True),
        ]
        values = np.column_stack(columns)
        shape = posterior.sizes["chain"], posterior.sizes["draw"]
        draws = xr.DataArray(values[1:].reshape(*shape, -1), dims=("chain", "draw", "scalar"))
        at_beyond = [f"{name} at {BEYOND}x" for name in self.last]
        return xr.Dataset(
            {
                "rank": ("scalar", rank_of(values[0], values[1:])),
                "truth": ("scalar", values[0]),
                "ess": ("scalar", az.ess(draws).to_numpy()),
                "passed": json.loads(fit.attrs["gate"])["passed"],
                "divergences": int(fit["sample_stats"]["diverging"].sum()),
            },
            {"scalar": [*_labels(posterior), *self.last, *at_beyond, *gaps, LIKELIHOOD]},
        )

    def _gaps(self, beyond: Array) -> dict[str, Array]:
        """Error of the second best training set less that of the best, in each group."""
        groups, index = self.beyond["group"].to_numpy(), self.beyond["group_index"].to_numpy()
        gaps = {}
        for i in np.unique(index):
            mine = beyond[:, index == i]
            if mine.shape[1] > 1:
                best, second = mine.mean(axis=0).argsort(kind="stable")[:2]
                where = f", {groups[i]}" if groups.size > 1 else ""
                gaps[f"second best less best{where} at {BEYOND}x"] = mine[:, second] - mine[:, best]
        return gaps


def last_runs(table: xr.Dataset) -> dict[str, int]:
    """Which run of each training set, in each group, has the largest budget."""
    last = {}
    for run in np.argsort(table["samples_seen"].to_numpy(), kind="stable"):
        names = [
            str(table[dim].to_numpy()[table[f"{dim}_index"][run]]) for dim in ("data", "group")
        ]
        last[f"error of {', '.join(names[: 1 + (table.sizes['group'] > 1)])}"] = int(run)
    return last


def every_set(table: xr.Dataset, budget: float) -> xr.Dataset:
    """One run of each training set in each group that has any, all at one budget."""
    once = table.isel(run=list(last_runs(table).values()))
    return once.assign(
        samples_seen=once["samples_seen"].copy(data=np.full(once.sizes["run"], budget))
    )


def _labels(posterior: xr.Dataset) -> Iterator[str]:
    """The name of every scalar, as ArviZ writes it: ``b[0-10%]``."""
    for name, x in posterior.items():
        for place in product(*(x[dim].to_numpy() for dim in x.dims[2:])):
            yield f"{name}[{', '.join(map(str, place))}]" if place else str(name)

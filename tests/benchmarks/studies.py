"""The tables of runs that are timed: made from published or drawn parameters, or DataComp's."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import qqt_bayes as qqt

DATA = Path(__file__).parent / "data"
DATACOMP = Path(__file__).parents[2] / "case_studies" / "datacomp_medium"
SIZE = 12.8e6
"""Unique samples of each pool."""
EPOCHS = (2, 4, 6, 8, 10)
"""Where each pool of the five-pool studies is evaluated."""
SHARES_SEEN = (0.2, 0.4, 0.6, 0.8, 1)
"""Where it is for a law without repetitions."""


def load(name: str) -> xr.Dataset:
    """The runs of a study in `STUDIES`."""
    return STUDIES[name]()


def files(name: str, folder: Path) -> list[str | Path]:
    """What `qqt fit` reads of a study: a table in a folder, or DataComp's two."""
    if name == MEDIUM:
        return [DATACOMP / "runs.csv", "--composition", DATACOMP / "composition.csv"]
    runs, table = load(name), folder / "runs.csv"
    taken = runs["unique_samples"].to_numpy()[runs["data_index"].to_numpy()]
    columns = {
        "pool": runs["pool"].to_numpy()[taken.argmax(axis=1)],
        "unique_samples": taken.max(axis=1),
        "samples_seen": runs["samples_seen"].to_numpy(),
        "error": runs["error"].to_numpy(),
    }
    pd.DataFrame(columns).to_csv(table, index=False)
    return [table]


def model_of(name: str) -> str:
    """The specification that a study is fitted with."""
    return "utility-bounded-free-size" if name.startswith("DataComp") else "utility"


def published(noise: float, seed: int, epochs: tuple[float, ...] = EPOCHS) -> xr.Dataset:
    """Five pools with the T-MARS parameters that Goyal et al. published."""
    return simulate(pd.read_csv(DATA / "five_pools.csv"), epochs, noise, seed)


def drawn(noise: float, seed: int) -> xr.Dataset:
    """Five pools about the published parameters, as in the recovery test, with legal errors."""
    rng = np.random.default_rng(seed)
    while True:
        runs = simulate(drawn_parameters(5, rng), EPOCHS, noise, seed)
        if (runs["error"] <= 1).all():
            return runs


def drawn_parameters(pools: int, rng: np.random.Generator) -> pd.DataFrame:
    """Pools that share scale and floor; utilities and half-lives about the published ones."""
    return pd.DataFrame(
        {
            "pool": [f"band {i + 1}" for i in range(pools)],
            "unique_samples": SIZE,
            "a": np.exp(rng.normal(-3.7, 0.2)),
            "b": np.exp(rng.normal(-2.1, 0.3, pools)),
            "d": rng.uniform(0.05, 0.2),
            "tau": np.exp(rng.normal(1.6, 0.4, pools)),
        }
    )


def simulate(
    parameters: pd.DataFrame, epochs: tuple[float, ...], noise: float, seed: int
) -> xr.Dataset:
    """Each pool alone, seen for each number of epochs, with run-to-run noise."""
    known = qqt.read_parameters(parameters)
    rows = [
        (pool, size, k * size, 0.5)
        for pool, size in known["pool_size"].to_series().items()
        for k in epochs
    ]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    design = qqt.read_runs(pd.DataFrame(rows, columns=columns))
    return qqt.simulate_runs(known, design, noise=noise, seed=seed)


def datacomp_medium() -> xr.Dataset:
    """20 trainings on fractions of one crawl, up to 100 epochs: the demo's."""
    return qqt.read_runs(DATACOMP / "runs.csv", DATACOMP / "composition.csv")


def datacomp_both() -> xr.Dataset:
    """48 trainings at two scales on the same ten bands, up to 1,000 epochs."""
    return qqt.read_runs(DATA / "datacomp_runs.csv", DATA / "datacomp_composition.csv")


FIVE_POOLS: dict[str, Callable[[], xr.Dataset]] = {
    "published, noise 0.003": partial(published, 0.003, seed=1),
    "drawn, noise 0.002": partial(drawn, 0.002, seed=2),
    "drawn, noise 0.003": partial(drawn, 0.003, seed=3),
    "drawn, noise 0.005": partial(drawn, 0.005, seed=4),
}
ONE_EPOCH = "published, noise 0.003, one epoch at most"
MEDIUM, BOTH = "DataComp medium", "DataComp small and medium"
STUDIES = FIVE_POOLS | {
    ONE_EPOCH: partial(published, 0.003, seed=1, epochs=SHARES_SEEN),
    MEDIUM: datacomp_medium,
    BOTH: datacomp_both,
}

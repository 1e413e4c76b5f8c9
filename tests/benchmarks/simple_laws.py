"""A power law with an irreducible error for each pool, with the package `simple-scaling-laws`.

Its laws, ``E + B n**-beta`` for one predictor, know neither repeated samples nor mixtures: it is
given runs that see no sample twice, pool by pool.
"""

import polars as pl
from simple_scaling_laws import fit
from written import UNIT, Runs

RESAMPLES = 200


def estimate(runs: Runs) -> list[dict[str, float]]:
    """E, B and beta of each pool, from fits with bootstrap draws."""
    return [pool_fit(runs, i) for i in range(runs.pools)]


def pool_fit(runs: Runs, pool: int) -> dict[str, float]:
    """The parameters of one pool."""
    mine = runs.pool == pool
    table = pl.DataFrame(
        {
            "training_run_id": [f"run {i}" for i in range(mine.sum())],
            "dataset_size__samples": UNIT * runs.after[mine].max(axis=1),
            "test_loss__error": runs.error[mine],
        }
    )
    return fit(table, law="separable-power", n_draws=RESAMPLES, seed=1).params("test_loss__error")

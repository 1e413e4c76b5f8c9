"""A fit says the same in whatever order its table was written."""

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import qqt_bayes as qqt

WRITTEN = made.tables(groups=2)


def shuffled(seed):
    """The made tables, with rows, columns and pools in another order."""
    runs, composition = WRITTEN
    rng = np.random.default_rng(seed)
    return (
        runs.sample(frac=1, random_state=seed)[rng.permutation(runs.columns)],
        composition.sample(frac=1, random_state=seed)[rng.permutation(composition.columns)],
    )


TABLES = [WRITTEN, shuffled(1), shuffled(2)]


@pytest.fixture(scope="module", params=["utility", "effective-reuse"])
def fits(request):
    """A fit of the tables as they were made, and of the same in other orders."""
    settings = {"draws": 50, "tune": 50, "chains": 2, "seed": 1}
    return [qqt.fit(qqt.read_runs(*each), request.param, **settings) for each in TABLES]


def test_the_hash_is_of_what_the_table_says(fits):
    first, *others = (fit.attrs["data_hash"] for fit in fits)
    assert others == [first, first]


def test_draws_are_the_same(fits):
    first, *others = fits
    for other in others:
        for group in ("posterior", "prior", "posterior_predictive", "log_likelihood"):
            one, two = (fit[group].to_dataset() for fit in (first, other))
            labels = {dim: one[dim] for dim in ("pool", "group") if dim in one.dims}
            two = two.sel(labels)
            for name, values in one.data_vars.items():
                np.testing.assert_array_equal(values, two[name], err_msg=f"{group}: {name}")
        assert first.attrs["gate"] == other.attrs["gate"]


def test_pools_stay_in_the_order_of_the_table(fits):
    """Figures and tables follow it."""
    for fit, (_, composition) in zip(fits, TABLES, strict=True):
        written = list(dict.fromkeys(composition["pool"]))
        assert fit["posterior"]["pool"].values.tolist() == written
        assert fit["constant_data"]["pool"].values.tolist() == written


def test_each_run_keeps_its_training_set(fits):
    for fit in fits:
        runs = fit["constant_data"].to_dataset()
        table = pd.DataFrame(
            {
                "data": runs["data"].values[runs["data_index"].values],
                "samples_seen": runs["samples_seen"].values,
                "error": fit["observed_data"]["error"].values,
            }
        )
        written = WRITTEN[0][["data", "samples_seen", "error"]]
        order = ["data", "samples_seen", "error"]
        xr.testing.assert_equal(
            table.sort_values(order, ignore_index=True).to_xarray(),
            written.sort_values(order, ignore_index=True).to_xarray(),
        )


def test_decisions_are_the_same(fits):
    """Departures are drawn by the names of pools and groups, whatever their order."""
    levels = made.levels()
    first, *others = (
        qqt.predict(fit, levels, [1e9, 3e9], new_run=True).sortby("group") for fit in fits
    )
    for other in others:
        np.testing.assert_allclose(first, other, rtol=1e-12)

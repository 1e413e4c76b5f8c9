"""Unique samples as samples seen over epochs: read, offered, and the same for one training set."""

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.runs import read_runs

RUNS = pd.DataFrame(
    {
        "Dataset": ["edu3+"] * 3 + ["edu4"],
        "Tokens": [2.4e9, 9.6e9, 24e9, 2.4e9],
        "Epochs": [0.667, 2.67, 6.67, 2],
        "error": [0.70, 0.63, 0.60, 0.68],
    }
)
COLUMNS = "samples_seen=Tokens,unique_samples=Tokens/Epochs,pool=Dataset"


def sizes(table, columns=COLUMNS):
    return read_runs(table, columns=columns)["unique_samples"].max("pool").values


def test_sizes_that_differ_by_the_rounding_of_epochs_are_one():
    found = sizes(RUNS)
    np.testing.assert_allclose(found, [3.6e9, 1.2e9], rtol=1e-3)
    in_billions = RUNS.assign(Tokens=RUNS["Tokens"] / 1e9)
    columns = "samples_seen=Tokens*1e9,unique_samples=Tokens*1e9/Epochs,pool=Dataset"
    np.testing.assert_allclose(sizes(in_billions, columns), found)


def test_sizes_that_differ_by_more_stay_apart():
    parts = RUNS.assign(Epochs=[1.0, 1.0, 1.0, 2.0])
    assert sorted(sizes(parts)) == [1.2e9, 2.4e9, 9.6e9, 24e9]


@pytest.mark.parametrize("epochs", [0, -1, None, "many"])
def test_epochs_at_fault_are_named_with_their_row(epochs):
    table = RUNS.astype(object)
    table.loc[1, "Epochs"] = epochs
    with pytest.raises(InputError, match="row 2, column Epochs: expected a number above 0"):
        read_runs(table, columns=COLUMNS)


def test_it_is_offered_where_no_column_holds_unique_samples():
    with pytest.raises(InputError) as fault:
        read_runs(RUNS)
    [advice] = [each for each in fault.value.advice if "columns" in each.arguments]
    assert advice.arguments["columns"]["unique_samples"] == "Tokens/Epochs"
    assert read_runs(RUNS, columns=advice.arguments["columns"]).sizes["data"] == 2


def test_samples_and_epochs_given_together_say_what_to_do():
    with pytest.raises(InputError, match="in place of epochs, unique_samples=Tokens/Epochs takes"):
        read_runs(RUNS, columns="samples_seen=Tokens,epochs=Epochs,pool=Dataset")


def test_epochs_times_a_product_of_columns_take_the_whole_product():
    table = pd.DataFrame(
        {"pool": "a", "docs": [100, 100], "length": [500, 500], "e": [1, 2], "error": [0.5, 0.4]}
    )
    runs = read_runs(table, columns="epochs=e,unique_samples=docs*length")
    assert runs["samples_seen"].values.tolist() == [50_000, 100_000]


def test_import_offers_it_and_takes_it():
    table = RUNS.assign(Tokens=RUNS["Tokens"] / 1e9, arch="160M").rename(
        columns={"Tokens": "Tokens (B)"}
    )
    table.loc[0, "arch"] = "410M"
    with pytest.raises(NeedsMore) as fault:
        import_runs(table)
    columns = fault.value.request.columns
    assert columns["unique_samples"] == "Tokens (B)*1e9/Epochs"
    assert columns["group"] == "arch"
    runs = import_runs(table, columns=columns)
    assert runs["unique_samples"].nunique() == 2
    np.testing.assert_allclose(runs["unique_samples"], [3.6e9] * 3 + [1.2e9], rtol=1e-3)
    assert any(s.startswith("unique_samples = Tokens (B) x ") for s in runs.attrs["said"])


def test_import_names_epochs_at_fault():
    columns = "samples_seen=Tokens,unique_samples=Tokens/Epochs,pool=Dataset"
    with pytest.raises(InputError, match="column Epochs: expected a number above 0"):
        import_runs(RUNS.assign(Epochs=[0, 1, 1, 1]), columns=columns)

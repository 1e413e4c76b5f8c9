"""Runs that repeat others: one sentence, and the best of each cell."""

import json

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs

CELL = "same training set, samples_seen, group and seed"
FIRST = f"(row 2 repeats row 1: {CELL})"
LEAST = "best=True keeps the least error of each cell"
REPLICATES = "add a column run, or seed, if they are replicates"


def sweep(**settings: list[object]) -> pd.DataFrame:
    """Runs in two cells, with all combinations of settings, each with an error of its own."""
    index = pd.MultiIndex.from_product(
        [[1e7, 1e8], *settings.values()], names=["samples_seen", *settings]
    )
    table = index.to_frame(index=False).assign(pool="a", unique_samples=1e7)
    return table.assign(error=0.5 + 0.001 * ((7 * np.arange(len(table))) % len(table)))


@pytest.mark.parametrize(
    ("table", "sentences"),
    [
        (
            sweep(params=list(range(37))),
            [f"72 rows repeat others but for params: group='params' {FIRST}"],
        ),
        (
            sweep(lr=[0.1, 0.01], wd=[0, 1]),
            [
                f"6 rows repeat others but for lr, wd: {LEAST}; or {REPLICATES} {FIRST}",
            ],
        ),
        (
            sweep(arch=["B", "L"], lr=[0.1, 0.01]),
            [
                f"6 rows repeat others but for arch, lr: group='arch' {FIRST}",
                f"with that, 4 rows repeat others still: {LEAST}",
            ],
        ),
        (
            sweep(model_size=["60m"]).iloc[[0, 0, 1, 1]].assign(model_size=["60m", "1b"] * 2),
            [f"2 rows repeat others but for model_size: group='model_size' {FIRST}"],
        ),
        (
            sweep(lr=[1]).iloc[[0, 1, 0]],
            ["row 3 is identical to row 1: the same run twice? leave one out"],
        ),
        (
            sweep(lr=[1]).iloc[[0, 1, 0, 1, 1]],
            ["3 rows are identical to others (row 3 is identical to row 1): leave them out"],
        ),
        (
            sweep(lr=[1]).iloc[[0, 1, 0]].assign(error=[0.5, 0.4, 0.6]),
            [f"row 3: repeats row 1 ({CELL}) but for the error; {REPLICATES}"],
        ),
        (
            sweep(acc_5=[1, 2, 3]),
            [
                f"4 rows repeat others but for the error; {REPLICATES} {FIRST}",
            ],
        ),
        (
            sweep(mix=["x", "y"]).assign(MNIST=[0.1, 0.2, 0.3, 0.4]),
            [f"2 rows repeat others but for mix: {LEAST}; or {REPLICATES} {FIRST}"],
        ),
        (
            sweep(random_seed=[1, 2]),
            [
                f"2 rows repeat others but for random_seed; columns={{'seed': 'random_seed'}} "
                f"if they are replicates {FIRST}",
            ],
        ),
        (  # what else differs is the time of day
            sweep(random_seed=[1, 2]).assign(_timestamp=[10, 11, 12, 13]),
            [
                f"2 rows repeat others but for random_seed; columns={{'seed': 'random_seed'}} "
                f"if they are replicates {FIRST}",
            ],
        ),
        (
            sweep(lr=[1, 2]).drop(columns="lr").assign(Name=list("stuv")),
            [
                f"2 rows repeat others but for Name; columns={{'run': 'Name'}} "
                f"if they are replicates {FIRST}",
            ],
        ),
        (
            sweep(run=["x", "y"]),
            [
                "column run: 2 rows have the name of another run at another budget (row 3 that of "
                "row 1); columns={'training': 'run'} if they are checkpoints of one training, "
                "which share its luck"
            ],
        ),
        (
            sweep(run=["x"]).iloc[[0, 0]],
            ["row 2 is identical to row 1: the same run twice? leave one out"],
        ),
    ],
)
def test_one_sentence_for_all_repeats(table, sentences):
    with pytest.raises(InputError) as caught:
        read_runs(table)
    _, *said = str(caught.value).splitlines()
    assert said == [f"  {sentence}" for sentence in sentences]


def test_a_group_that_is_given_is_not_replaced_by_another():
    table = sweep(arch=["B", "L"], model=["x", "y"])
    with pytest.raises(InputError, match="4 rows repeat others but for model: best=True keeps"):
        read_runs(table, group="arch")


def test_checkpoints_of_one_name_and_models_of_one_cell():
    """A published table whose samples are those of one epoch: the models differ, nothing else."""
    table = pd.DataFrame(
        {
            "model": ["B-32 e16", "B-32 e32", "L-14 e32", "L-14 e32"],
            "pool": ["2B", "400M", "2B", "400M"],
            "unique_samples": [135646078, 407332084, 135646078, 407332084],
            "samples_seen": [34725396128, 13034626688, 32e9, 13034626688],
            "error": [0.34472, 0.37082, 0.24798, 0.27266],
        }
    )
    with pytest.raises(InputError, match=r"row 4: repeats row 2 \(.*\) but for model: group='mod"):
        read_runs(table)
    assert read_runs(table, group="model").sizes["group"] == 3


def test_the_best_of_each_cell_is_kept():
    table = sweep(lr=[0.1, 0.01], wd=[0, 1])
    runs = read_runs(table, best=True)
    assert runs["error"].values.tolist() == table.groupby("samples_seen")["error"].min().tolist()
    left = json.loads(runs.attrs["beaten_rows"])
    assert len(left) == 6
    assert set(left) == {f"row {i + 1}" for i in range(8)} - {
        f"row {i + 1}" for i in table.groupby("samples_seen")["error"].idxmin()
    }


def test_the_best_is_sought_within_groups_and_seeds_and_among_named_runs():
    table = sweep(arch=["B", "L"], seed=[1, 2], lr=[0.1, 0.01])
    table = table.assign(run=[f"r{i}" for i in range(len(table))])
    runs = read_runs(table, group="arch", best=True)
    least = table.groupby(["samples_seen", "arch", "seed"])["error"].idxmin()
    assert sorted(runs["run"].values) == sorted(table["run"][least])


def test_of_equal_errors_the_first_is_the_best():
    table = sweep(lr=[0.1, 0.01]).assign(error=0.5)
    assert json.loads(read_runs(table, best=True).attrs["beaten_rows"]) == ["row 2", "row 4"]


def test_where_nothing_repeats_nothing_is_left_out():
    runs = read_runs(sweep(lr=[1]), best=True)
    assert json.loads(runs.attrs["beaten_rows"]) == []


def test_faults_come_before_the_best():
    table = sweep(lr=[0.1, 0.01])
    table.loc[1, "error"] = 7
    with pytest.raises(InputError, match="row 2, column error: expected an error rate"):
        read_runs(table, best=True)


def test_published_runs_of_several_architectures():
    """Four of a table of CLIP models; the differing accuracies are no settings."""
    table = pd.DataFrame(
        {
            "model_fullname": ["L-14 openai", "B-16 openai", "B-32 openai", "L-14 laion"],
            "arch": ["ViT-L-14", "ViT-B-16", "ViT-B-32", "ViT-L-14"],
            "gmacs": [87.73, 20.57, 7.4, 87.73],
            "acc5": [0.946, 0.919, 0.888, 0.926],
            "samples_seen": 12.8e9,
            "unique_samples": [400e6, 400e6, 400e6, 2e9],
            "pool": ["WIT", "WIT", "WIT", "LAION-2B"],
            "error": [0.2451, 0.31648, 0.36666, 0.26],
        }
    )
    with pytest.raises(InputError, match="2 rows repeat others but for model_fullname, arch, gma"):
        read_runs(table)
    with pytest.raises(InputError, match="gmacs: group='arch' "):
        read_runs(table)
    assert read_runs(table, group="arch").sizes["group"] == 3

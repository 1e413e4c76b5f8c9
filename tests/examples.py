"""The files that examples in docstrings and on pages read, as a user would have them.

===================  ===========================================================================
``runs.csv``         twelve runs: three nested levels, each at four budgets
``composition.csv``  what each of these takes from three pools
``parameters.csv``   the parameters that the runs were simulated from
``costs.toml``       prices, in euros, and what an error is worth
``fit.nc``           a fit of the runs by the model `utility`
``other.nc``         a fit of the same runs by `utility-free-size`
``retrieval.nc``     a fit by `utility` of another metric of the same trainings
``study``            a study of both: its folder
===================  ===========================================================================

Chains are short, because every session makes them anew; both fits pass their gate.
"""

import os
from doctest import DocTest
from pathlib import Path
from typing import Any

import pytest

NAMES = (
    *("runs.csv", "composition.csv", "parameters.csv", "costs.toml"),
    *("fit.nc", "other.nc", "retrieval.nc", "study"),
)
POOLS = "0-10%", "10-20%", "20-30%"
BUDGETS = 64_000_000, 128_000_000, 320_000_000, 640_000_000
SIZE = 12_800_000
SHORT = {"draws": 600, "tune": 600}
COSTS = """\
currency = "EUR"
worth = 5_000

[training]
price_per_million_samples = 2.5
price_per_run = 50

[pools."0-10%"]
owned = true
[pools."10-20%"]
owned = true
[pools."20-30%"]
price_per_million_samples = 30
owned = 12_800_000
"""


def named_in(example: DocTest) -> bool:
    """Whether an example uses the public names and reads one of the files."""
    lines = "".join(each.source for each in example.examples)
    return "import qqt_bayes" in lines and any(f'"{name}"' in lines for name in NAMES)


def shared(factory: pytest.TempPathFactory) -> Path:
    """The folder with the files, made by whichever worker comes first."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    done = base / "users_files"
    if not done.exists():
        making = factory.mktemp("users_files")
        make(making)
        try:
            making.rename(done)
        except OSError:  # another worker was faster, and its files are the same
            assert done.exists()
    return done


def make(folder: Path) -> None:
    """Write all files into an empty folder."""
    import qqt_bayes as qqt

    made = tables()
    for name in ("runs", "composition", "parameters"):
        made[name].to_csv(folder / f"{name}.csv", index=False)
    (folder / "costs.toml").write_text(COSTS, encoding="utf-8")
    runs = qqt.read_runs(folder / "runs.csv", folder / "composition.csv")
    models = ["utility", "utility-free-size"]
    study = qqt.study(
        runs, None, [640e6, 2e9], folder / "study", models=models, theorem=False, **SHORT
    )
    for name, model in zip(("fit.nc", "other.nc"), models, strict=True):
        assert study.fits[model].gate.passed, model
        (folder / name).write_bytes((folder / "study" / f"{model}.nc").read_bytes())
    retrieval = qqt.read_runs(made["retrieval"], made["composition"])
    qqt.save(qqt.fit(retrieval, "utility", **SHORT), folder / "retrieval.nc")


def tables() -> dict[str, Any]:
    """The tables, as data frames by name; `retrieval` is of another metric."""
    import pandas as pd

    import qqt_bayes as qqt

    taken = [(f"top {10 * (i + 1)}%", POOLS[: i + 1]) for i in range(len(POOLS))]
    composition = pd.DataFrame(
        [(name, pool, SIZE) for name, pools in taken for pool in pools],
        columns=["data", "pool", "unique_samples"],
    )
    parameters = pd.DataFrame(
        {"pool": POOLS, "a": 0.02, "b": [0.2, 0.15, 0.11], "d": 0.1, "tau": [4.0, 5.0, 6.0]}
    ).assign(unique_samples=SIZE)
    planned = pd.DataFrame(
        [(name, budget, 0.5) for name, _ in taken for budget in BUDGETS],
        columns=["data", "samples_seen", "error"],
    )
    design, truth = qqt.read_runs(planned, composition), qqt.read_parameters(parameters)
    error, other = (
        qqt.simulate_runs(truth, design, noise=0.003, seed=seed)["error"].values for seed in (1, 2)
    )
    return {
        "runs": planned.assign(error=error.round(4)),
        "retrieval": planned.assign(error=0.9 * other, metric="retrieval"),
        "composition": composition,
        "parameters": parameters,
    }

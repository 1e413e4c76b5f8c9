"""The files that tests of the command line start from."""

from types import SimpleNamespace

import made
import pandas as pd
import pytest

from qqt_bayes.posterior import fit_file

FITS = {
    "good": {},
    "bad": {"passed": False},
    "free": {"model": "utility-free-size"},
    "groups": {"groups": 2, "model": "cherti"},
    "laplace": {"method": "laplace"},
}
"""What is asked of each made fit, by its name."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Paths of a fit that passed its gate, others that `FITS` names, and the tables of the first.

    They are made once; a test that changes a file has to copy it first.
    """
    folder = tmp_path_factory.mktemp("cli")
    paths = {name: str(folder / f"{name}.nc") for name in FITS}
    for name, asked in FITS.items():
        fit_file.save(made.fit(**asked), paths[name])
    runs, composition, levels, metrics = (
        str(folder / f"{name}.csv") for name in ("runs", "composition", "levels", "metrics")
    )
    evaluated, taken = made.tables()
    evaluated.assign(note="x").to_csv(runs, index=False)
    both = [evaluated.assign(metric=name) for name in ("imagenet", "average")]
    pd.concat(both).to_csv(metrics, index=False)
    taken.to_csv(composition, index=False)
    taken[taken["data"] != "top 1"].to_csv(levels, index=False)
    return SimpleNamespace(
        folder=folder,
        **paths,
        runs=runs,
        metrics=metrics,
        composition=composition,
        levels=levels,
        tables=(runs, "--composition", composition),
    )

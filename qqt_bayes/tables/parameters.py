"""Known or published parameters of pools, as a table."""

from math import inf

import numpy as np
import xarray as xr

from qqt_bayes.tables.cells import COUNT, Number, above, at_least
from qqt_bayes.tables.formats import Source, read_table

COLUMNS = {
    "a": Number("a scale above 0", above(0.0), units="1 / 100,000 samples"),
    "b": Number("a utility above 0", above(0.0), advice="; write exponents as positive numbers"),
    "tau": Number("a half-life above 0", lambda tau: tau > 0, default=inf, units="epochs"),
    "d": Number("an irreducible error of at least 0", at_least(0.0), units="error rate"),
    "kappa": Number("a kappa of at least 0", at_least(0.0), default=0.0),
    "unique_samples": COUNT,
}
"""What each column of numbers may hold, with what an empty cell means where that is allowed."""


def read_parameters(source: Source, *, fit: str | None = None) -> xr.Dataset:
    """Read known or published parameters of pools from a table.

    Parameters
    ----------
    source : path or DataFrame
        Columns `pool`, `a`, `b` (positive), `tau` (epochs; infinite where the cell is empty or the
        column is missing), `d`, `kappa` (likewise 0) and `unique_samples` (the pool's size, at
        which tau is quoted).
    fit : str, optional
        Which rows to keep, by column `fit`, if the table holds several fits.

    Returns
    -------
    Dataset
        `a`, `b`, `tau`, `d`, `kappa` and `pool_size`, each over `pool` in order of appearance.

    Raises
    ------
    InputError
        With all faults of the table, each with its row and column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"pool": ["0-10%", "10-20%"], "a": 0.02, "b": [0.16, 0.12],
    ...                       "d": 0.1, "unique_samples": 12.8e6})
    >>> read_parameters(table)["tau"].values
    array([inf, inf])
    """
    table = read_table(source, "parameters")
    if fit is not None or "fit" in table.columns:
        table.require("fit")
        table.choose("fit", fit, "fit")
    table.require("pool", *(name for name, number in COLUMNS.items() if number.default is None))
    pool = table.names("pool")
    table.distinct("pool", {"pool": pool, **table.present("fit")})
    values = {name: table.numbers(name, number) for name, number in COLUMNS.items()}
    table.check()
    return xr.Dataset(
        {
            name.replace("unique_samples", "pool_size"): (
                "pool",
                values[name],
                {"units": number.units},
            )
            for name, number in COLUMNS.items()
        },
        coords={"pool": np.array(pool, dtype=str)},
    )

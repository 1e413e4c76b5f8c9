"""Known or published parameters of pools, as a table."""

from functools import partial
from math import inf

import numpy as np
import xarray as xr

from qqt_bayes.phrases import joined
from qqt_bayes.tables.cells import COUNT, LARGEST, WRONG, Floats, Mask, Number, above, at_least
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.table import Table

COLUMNS = {
    "a": Number("a scale above 0", above(0.0), units="1 / 100,000 samples"),
    "b": Number("a utility above 0", above(0.0), advice="; write exponents as positive numbers"),
    "tau": Number("a half-life above 0", lambda tau: tau > 0, default=inf, units="epochs"),
    "d": Number("an irreducible error of at least 0", at_least(0.0), units="error rate"),
    "kappa": Number("a kappa of at least 0", at_least(0.0), default=0.0),
    "unique_samples": COUNT,
}
"""What each column of numbers may hold, with what an empty cell means where that is allowed."""


def any_number(values: Floats) -> Mask:
    """Whether numbers are finite and of a size that is read."""
    return np.abs(values) <= LARGEST


OF_POOLS = {
    "Q": Number("the log of a quality", any_number),
    "r": Number("the log of a factor of epochs", any_number, default=0.0),
    "unique_samples": COUNT,
}
OF_ALL = {
    "A": Number("an error above the floor, above 0", above(0.0)),
    "alpha": Number("an exponent above 0", above(0.0)),
    "d": Number("an irreducible error of at least 0", at_least(0.0)),
    "R": Number("a number of epochs above 0", above(0.0), units="epochs"),
    "zeta": Number("a finite number", any_number),
    "g": Number("a finite number", any_number),
    "k": Number("a sharpness above 0", above(0.0)),
    "rho": Number("a finite number", any_number),
    "z2": Number("a finite number", any_number),
    "reference": Number("a budget of at least 1", at_least(1.0), units="samples"),
    "chance_error": Number("a chance error above 0", lambda c: c > 0, default=1.0),
    "omega": Number("an omega of at least 0", at_least(0.0), default=0.0),
    "B": Number("a B of at least 0", at_least(0.0), default=0.0),
}
"""The columns of law effective-reuse, by pool and with one value for all; the chance error of
losses is infinite."""
OF_OVERFIT = {"memory": Number("a multiple above 0 of the epochs that data stand", above(0.0))}
OF_SLOW_START = {
    "onset": Number("a multiple above 0 of the reference", above(0.0)),
    "stretch": Number("a power above 0", above(0.0)),
}
"""What two more laws have beside them."""
OF_LAWS = {
    "effective-reuse": OF_ALL,
    "effective-reuse-overfit": OF_ALL | OF_OVERFIT,
    "effective-reuse-onset": OF_ALL | OF_SLOW_START,
}
"""The laws that have columns of their own."""

OTHER_FORM = ("A", "alpha", "B", "beta", "E")
"""The columns of published parameters of error = E + A / N^alpha + B / D^beta, N parameters of a
model and D tokens."""
AS_UTILITY = (
    "these are parameters of another form, E + A / N^alpha + B / D^beta; of a model with N "
    "parameters a = 1e5 B^(-1/beta), b = beta, d = E + A / N^alpha"
)
"""What to do about them."""


def read_parameters(source: Source, *, fit: str | None = None, law: str = "utility") -> xr.Dataset:
    """Read known or published parameters of pools from a table.

    Parameters
    ----------
    source : path or DataFrame
        Columns `pool`, `a`, `b` (positive), `tau` (epochs; infinite where the cell is empty or the
        column is missing), `d`, `kappa` (likewise 0) and `unique_samples` (the pool's size, at
        which tau is quoted).  For law "effective-reuse": `pool`, `unique_samples`, `Q`, `r` (0
        where the cell is empty or the column is missing); and, repeated in each row, `A`, `alpha`,
        `d`, `R` (epochs), `zeta`, `g`, `k`, `rho`, `z2`, `reference` (samples) and `chance_error`
        (likewise 1; infinite for losses).  For law "effective-reuse-overfit" `omega` (likewise 0)
        and `memory`, too; for law "effective-reuse-onset" `B` (likewise 0; of error rates a share
        below 1), `onset` (in units of the reference) and `stretch`.
    fit : str, optional
        Which rows to keep, by column `fit`, if the table holds several fits.
    law : str
        The law whose parameters they are.

    Returns
    -------
    Dataset
        `a`, `b`, `tau`, `d`, `kappa` and `pool_size`, each over `pool` in order of appearance.  For
        these laws their own; what is repeated in each row is over nothing.

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
    of_all = OF_LAWS.get(law, {})
    of_pools = OF_POOLS if of_all else COLUMNS
    columns = of_pools | of_all
    needed = [name for name, number in columns.items() if number.default is None]
    if not of_all and _is_of_other_form(table):
        needed = [name for name in needed if name not in ("a", "b", "d")]
    table.require("pool", *needed)
    pool = table.names("pool")
    table.distinct("pool", {"pool": pool, **table.present("fit")})
    values = {name: table.numbers(name, number) for name, number in columns.items()}
    if of_all:
        _check_reuse(table, values)
    table.check()
    return xr.Dataset(
        {
            name.replace("unique_samples", "pool_size"): (
                ((), values[name][0], {"units": number.units})
                if name in of_all
                else ("pool", values[name], {"units": number.units})
            )
            for name, number in columns.items()
        },
        coords={"pool": np.array(pool, dtype=str)},
    )


def _is_of_other_form(table: Table) -> bool:
    """Whether a table has published parameters of another form; then it says how these follow."""
    if not {*OTHER_FORM} <= table.columns.keys() or {"a", "b", "d"} <= table.columns.keys():
        return False
    lacking = [name for name in ("a", "b", "d") if name not in table.columns]
    tau = ""
    if "R_D" in table.columns and "tau" not in table.columns:
        lacking, tau = [*lacking, "tau"], ", tau = R_D log 2"
    s = "s" if len(lacking) > 1 else ""
    table.note(f"missing column{s} {joined(lacking)}: {AS_UTILITY}{tau}")
    return True


def _unlike_first(x: Floats, i: int) -> str:
    return f"expected {x[0]:g} as in row 1, got {x[i]:g}"


def _check_reuse(table: Table, values: dict[str, Floats]) -> None:
    """Note rows that differ in what is one for all, and error rates that are not below chance."""
    for name in values.keys() - OF_POOLS.keys():
        first = values[name][:1]
        table.fault(
            (values[name] != first) & (first != WRONG) & (values[name] != WRONG),
            name,
            partial(_unlike_first, values[name]),
        )
    error, chance = values["A"] + values["d"], values["chance_error"]
    table.fault(
        (error >= chance) & (chance != WRONG),
        "A",
        lambda i: (
            f"expected A + d below the chance error of {chance[i]:g}, got {error[i]:g}; "
            "losses have chance_error inf"
        ),
    )
    table.fault(
        (values["B"] >= 1) & np.isfinite(chance) & (chance != WRONG),
        "B",
        lambda i: (
            f"expected a share below 1 of what error rates are below chance, got {values['B'][i]:g}"
        ),
    )

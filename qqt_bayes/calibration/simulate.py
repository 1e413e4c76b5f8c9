"""Runs drawn from known parameters: for recovery, calibration and the design of studies."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qqt_bayes.errors import InputError, listed
from qqt_bayes.laws.known import law_for
from qqt_bayes.laws.run_curves import draws_with_replacement, ingredients, run_errors
from qqt_bayes.model.noise import growth, reference_budget
from qqt_bayes.posterior.prediction import known_to_law


def simulate_runs(
    parameters: xr.Dataset,
    design: xr.Dataset,
    *,
    law: str = "utility",
    size_exponent: float = 1.0,
    noise: float = 0.003,
    budget_exponent: float = 0.0,
    seed: int = 0,
) -> xr.Dataset:
    """Runs of a design with errors drawn from a law under known parameters.

    Parameters
    ----------
    parameters : Dataset
        The arguments of the law (``a``, ``b``, ``d``, ``tau`` in epochs, ...) and ``pool_size``
        (samples), over pools; as `read_parameters` returns them.
    design : Dataset
        Runs as `read_runs` returns them; their errors are not used.
    law : str
        A name in `LAWS`.
    size_exponent : float
        ``g`` of the combination theorem.
    noise : float
        Standard deviation of the run-to-run noise.
    budget_exponent : float
        Power of the budget with which that standard deviation grows; it is `noise` at the
        geometric mean of the design's budgets.
    seed : int
        Of the noise.

    Returns
    -------
    Dataset
        `design` with other errors and ``pool_size`` as in `parameters`.

    Raises
    ------
    InputError
        If the law is unknown or does not have the kappa, omega or B that is given, or a pool of the
        design has no parameters.

    Examples
    --------
    >>> from qqt_bayes.tables.parameters import read_parameters
    >>> from qqt_bayes.tables.runs import read_runs
    >>> import pandas as pd
    >>> rows = dict(pool=["best"], unique_samples=[1e6], samples_seen=[4e6], error=[0.5])
    >>> truth = dict(pool=["best"], unique_samples=[1e6], a=[0.5], b=[0.3], d=[0.1], tau=[5.0])
    >>> simulate_runs(
    ...     read_parameters(pd.DataFrame(truth)), read_runs(pd.DataFrame(rows)), noise=0.0
    ... )["error"].values.round(4)
    array([0.5435])
    """
    chosen = law_for(law, parameters).drawn(draws_with_replacement(design))
    missing = set(design["pool"].values.tolist()) - set(parameters["pool"].values.tolist())
    if missing:
        raise InputError(
            f"Pools without parameters: {listed(sorted(missing))}; add a row for each."
        )
    known = known_to_law(chosen, parameters).sel(pool=design["pool"])
    runs = design.assign(pool_size=known["pool_size"])
    values = {
        name: (known[name].to_numpy(), tuple(map(str, known[name].dims)))
        for name in chosen.arguments
    }
    exponent = {"size_exponent": (np.float64(size_exponent), ())}
    curve = run_errors(ingredients(runs), chosen, {**values, **exponent})
    seen = design["samples_seen"].to_numpy()
    grown = growth({"budget_exponent": budget_exponent}, seen, reference_budget(design))
    scatter = noise * grown * np.random.default_rng(seed).standard_normal(curve.size)
    return runs.assign(error=("run", curve + scatter, runs["error"].attrs))

"""What a model expects of training sets before any of them was run: its prior, as a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import evaluate
from qqt_bayes.model.draws import labelled, prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec
from qqt_bayes.posterior.fit import Fit, law_parameters
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.tables.rows import ERROR
from qqt_bayes.tables.runs import read_runs

Array = NDArray[np.float64]
DRAWS = 4000
"""Draws of the prior, as many as a fit has by default."""
MOST_BATCHES = 50
"""Batches of draws in which legal ones are looked for."""
PRIOR = "prior"
"""What its method is called, which no fit has."""
UNSEEN = 1e-9
"""Weight of runs that were not made: departures are then as before any run."""


def fit_before_runs(
    spec: Spec,
    sets: xr.DataArray,
    budgets: Array,
    *,
    kind: str = "error",
    draws: int = DRAWS,
    seed: int = 0,
) -> Fit:
    """The prior of a model, as a fit to runs of which no outcome is known.

    Parameters
    ----------
    spec : Spec
    sets : DataArray, dims (data, pool)
        Unique samples of the training sets that may be run.
    budgets : array, shape (budget,)
        Those of the runs and of the target, samples.
    kind : {"error", "loss"}
    draws : int
    seed : int

    Returns
    -------
    Fit
        Its posterior is the prior, of draws under which every training set has a legal error at
        every budget. It has no gate.

    Raises
    ------
    InputError
        If next to no draw of the prior gives legal errors.
    """
    problem = Problem(spec, unseen_runs(sets, budgets, kind))
    taken = sets.rename(data="level")
    kept: list[dict[str, Array]] = []
    found = 0
    for batch in range(MOST_BATCHES):
        values = prior_draws(
            problem, int(np.random.SeedSequence((seed, batch)).generate_state(1)[0]), draws
        )
        drawn = labelled(problem, values)
        law = law_parameters(spec, problem.runs, drawn, PRIOR)
        with np.errstate(all="ignore"):  # far from any data a law may overflow
            error = evaluate(problem.law, law, taken, budgets)
        legal = ERROR[kind].holds(error.values.reshape(draws, -1)).all(axis=1)
        kept.append({name: x[legal] for name, x in values.items()})
        found += int(legal.sum())
        if found >= draws:
            break
    else:
        raise InputError(
            f"only {found} of {MOST_BATCHES * draws} draws from the priors of {spec.name} give "
            "every training set an error that a table may hold: give other priors, or runs"
        )
    values = {name: np.concatenate([each[name] for each in kept])[:draws] for name in kept[0]}
    posterior = labelled(problem, values)
    return Fit(
        spec=spec,
        runs=problem.runs,
        parameters=law_parameters(spec, problem.runs, posterior, PRIOR),
        gate=Gate(()),
        datasets={"posterior": posterior},
        attrs={"seed": seed, "method": PRIOR, "data_hash": "", "source": "the prior"},
    )


def unseen_runs(sets: xr.DataArray, budgets: Array, kind: str) -> xr.Dataset:
    """A table of one run on each training set at each budget, of which no outcome is known."""
    composition = sets.to_series().rename("unique_samples").reset_index()
    composition = composition[composition["unique_samples"] > 0]
    rows = pd.MultiIndex.from_product(
        [sets["data"].values, budgets], names=["data", "samples_seen"]
    )
    table = rows.to_frame(index=False).assign(error=0.5)
    runs = read_runs(table, composition=composition, kind=kind)
    return runs.assign(weight=xr.full_like(runs["weight"], UNSEEN))

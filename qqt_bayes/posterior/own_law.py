"""A fit of a law from user code knows what the law gave, so that it is not read by another one."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import UnknownLaw
from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.curves import curves
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec

Array = NDArray[np.float64]
OWN_LAW = "own_law"
"""Attribute of such a fit: the error of each run under its first draw, as JSON."""
CLOSE = 1e-9
"""Relative difference that another machine or version of NumPy may make."""


def own_values(problem: Problem, draws: Mapping[str, Array]) -> dict[str, str]:
    """What a fit remembers of a law from user code, as attributes; nothing of a shipped law.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Of the posterior.
    """
    if not problem.law.own:
        return {}
    error = curves(problem, {name: x[:1] for name, x in draws.items()})[0]
    by_run = dict(zip(problem.runs["run"].values.tolist(), error.tolist(), strict=True))
    return {OWN_LAW: json.dumps(by_run)}


def require_registered(table: Mapping[str, object]) -> None:
    """Refuse to read a fit whose law is not known to this process.

    Parameters
    ----------
    table : mapping
        Of its specification.

    Raises
    ------
    UnknownLaw
    """
    if isinstance(law := table.get("law"), str) and law not in LAWS:
        raise UnknownLaw(
            f"the fit is of a law {law!r} that this package does not have: one of yours is known "
            "after qqt_bayes.register_law, in Python"
        )


def require_own_law(
    spec: Spec, runs: xr.Dataset, posterior: xr.Dataset, stored: str | None
) -> None:
    """Refuse to read a fit by another law than the one that it was made with.

    Raises
    ------
    UnknownLaw
        If the law of this name, as it is registered now, gives other errors.
    """
    if not LAWS[spec.law].own or stored is None:
        return
    first = posterior.isel(chain=[0], draw=[0]).stack(sample=("chain", "draw"))
    draws = {str(n): x.transpose("sample", ...).values for n, x in first.items()}
    error = dict(
        zip(runs["run"].values.tolist(), curves(Problem(spec, runs), draws)[0], strict=True)
    )
    known = json.loads(stored)
    if not np.allclose([error[run] for run in known], list(known.values()), CLOSE, CLOSE):
        raise UnknownLaw(
            f"the fit was made with another law {spec.law!r} than the one that is registered now: "
            "under its first draw the runs have other errors; register the formula that was fitted"
        )

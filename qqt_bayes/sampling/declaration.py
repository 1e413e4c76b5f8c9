"""Models that the compiled log density does not have: PyMC compiles them, and that is said."""

from __future__ import annotations

import warnings

from pytensor.configdefaults import config

from qqt_bayes.model.build import build
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.nutpie_adapter import CompiledModel, compile_model


def from_declaration(problem: Problem, coordinates: Coordinates | None) -> CompiledModel:
    """Have nutpie compile the model that PyMC declares, for this table alone.

    Warns
    -----
    UserWarning
        With the reason, and that it takes longer.
    """
    warnings.warn(
        f"{problem.spec.name}: the law {problem.spec.law} has no compiled log density; PyMC "
        "compiles this model, which takes up to a minute.",
        stacklevel=2,
    )
    # Fast arithmetic would depend on what is inlined, and so on what an earlier process left in the
    # cache: every process of a machine shall draw the same.
    with config.change_flags(numba__fastmath=False):
        return compile_model(build(problem, coordinates))

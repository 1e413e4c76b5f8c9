"""All of this folder's code compiled once for a machine, as `make setup` does it."""

from __future__ import annotations

import numpy as np

from qqt_bayes.laws.compiled.entries import take_errors
from qqt_bayes.laws.compiled.whole_pools import FUNCTIONS, REUSE, errors_of

LAWS = ("utility", *FUNCTIONS, *REUSE)
"""One law at least of each function that is compiled."""
OF_EXPONENTIAL = {"a": 0.02, "b": 0.2, "d": 0.1, "tau": 4.0, "size_exponent": 1.0}
"""Parameters of any law but those of reuse."""
OF_REUSE = {
    **{"Q": 0.1, "r": 0.1, "R": 4.0, "zeta": 0.5, "g": 0.1, "k": 1.0, "rho": 0.05, "z2": 0.1},
    **{"alpha": 0.4, "A": 0.5, "d": 0.1, "omega": 1.0, "memory": 4.0},
    **{"reference": 1e7, "typical_size": 1e6, "chance_error": 0.9},
}
"""The same of the laws of reuse, constants of the runs among them."""


def warm() -> None:
    """Call every function of the folder with a small question, so that it is in Numba's cache."""
    sizes, budgets, draws = np.array([1e6, 2e6]), np.array([1e7, 1e8]), 2
    members = np.array([[True, False], [True, True]])
    least = np.full((budgets.size, draws), np.inf)
    total, near = np.empty((1, budgets.size)), np.empty((1, budgets.size), dtype=bool)
    for law in LAWS:
        typical = OF_REUSE if law in REUSE else OF_EXPONENTIAL
        parameters = {name: np.full((draws, 1), value) for name, value in typical.items()}
        errors = errors_of(law, parameters, sizes, sizes, budgets, draws)
        assert errors is not None  # these numbers are within what is compiled
        for _, error in errors(members, 1):
            take_errors(error, least, 0.0, total, near)

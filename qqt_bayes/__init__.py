"""Which quality filter wins at your compute budget, how sure, and what a wrong choice costs.

The names below are loaded when first used: reading a saved posterior never imports PyMC.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_MODULE_OF = {
    "InadequateFit": "errors",
    "InputError": "errors",
    "best_subsets": "decisions.subsets",
    "compare_laws": "comparison.loo",
    "decide": "decisions.decide",
    "decide_stack": "decisions.stack",
    "fit": "sampling.inference",
    "fit_many": "sampling.many",
    "identifiability": "planning.identifiability",
    "learned": "posterior.prior_sensitivity",
    "list_models": "model.spec",
    "load": "posterior.fit_file",
    "load_model": "model.spec",
    "nested_levels": "tables.composition",
    "predict": "posterior.prediction",
    "predict_known": "posterior.prediction",
    "read_composition": "tables.composition",
    "read_parameters": "tables.parameters",
    "read_runs": "tables.runs",
    "save": "posterior.fit_file",
    "simulate_runs": "calibration.simulate",
}

__all__ = ["__version__", *_MODULE_OF]  # noqa: PLE0604 the names are the keys above


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""Which quality filter wins at your compute budget, how sure, and what a wrong choice costs.

The names below are loaded when first used: reading a saved posterior never imports PyMC.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_MODULE_OF = {
    "InadequateFit": "errors",
    "InputError": "errors",
    "best_subsets": "subsets",
    "compare_laws": "comparison",
    "decide": "decisions",
    "decide_stack": "stacking",
    "fit": "inference",
    "fit_many": "many",
    "identifiability": "outlook",
    "learned": "learning",
    "list_models": "spec",
    "load": "posterior",
    "load_model": "spec",
    "nested_levels": "runs",
    "predict": "prediction",
    "predict_known": "prediction",
    "read_composition": "runs",
    "read_parameters": "runs",
    "read_runs": "runs",
    "save": "posterior",
    "simulate_runs": "simulate",
}

__all__ = ["__version__", *_MODULE_OF]  # noqa: PLE0604 the names are the keys above


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

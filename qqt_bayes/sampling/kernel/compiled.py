"""The log density as C functions, compiled once for a machine and kept in Numba's cache.

The functions take what nutpie's sampler gives: the length of a point and its address, where the
result goes, and the address of the record that holds the tables
(`qqt_bayes.sampling.kernel.memory.in_memory`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import carray, types  # type: ignore[attr-defined]  # Numba hands them on, untyped

from qqt_bayes.sampling.kernel.density import log_density, set_values
from qqt_bayes.sampling.kernel.memory import REAL_POINTER, integers, layout, part, reals
from qqt_bayes.sampling.kernel.tables import Plan

RECORD = types.CPointer(numba.from_dtype(layout(Plan)))
NOT_FINITE = 1
"""The error that a point without a finite density and gradient gives: the sampler then calls the
step divergent, as it does with PyMC's densities."""


class Functions(NamedTuple):
    """The compiled functions, as Numba's C callbacks."""

    density: Any
    expand: Any


@cache
def functions() -> Functions:
    """The compiled functions: from the cache, or compiled now."""
    sources = _sources()
    return Functions(_density(sources), _expand(sources))


def _sources() -> int:
    """A number that changes with the source of the kernel.

    Numba's cache looks at the file of a function only, not at those of what it calls; but it also
    looks at the numbers that a function closes over, and so at this one.
    """
    digest = hashlib.sha256()
    for each in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(each.read_bytes())
    return int.from_bytes(digest.digest()[:4])


def _callback(signature: Any, function: Callable[..., Any]) -> Any:
    """A function compiled for C, from Numba's cache where there is a folder for one."""
    try:
        return numba.cfunc(signature, cache=True, error_model="numpy")(function)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
    # neither the package's folder nor the user's cache can be written: once in each process, then
    return numba.cfunc(signature, error_model="numpy")(function)


def _density(sources: int) -> Any:
    """``int64 density(uint64 size, double* u, double* gradient, double* density, void* plan)``."""
    signature = types.int64(types.uint64, *[REAL_POINTER] * 3, RECORD)

    def density(size, u, gradient, density, record):
        _ = sources
        plan = carray(record, 1)[0]
        memory = np.empty(plan.work + 2 * plan.slots)
        value = reals(memory.ctypes.data)
        adjoint, work = part(value, plan.slots), part(value, 2 * plan.slots)
        density[0] = log_density(plan, u, gradient, value, adjoint, work)
        finite = math.isfinite(density[0])
        for i in range(plan.places):
            finite = finite and math.isfinite(gradient[i])
        return 0 if finite else NOT_FINITE

    return _callback(signature, density)


def _expand(sources: int) -> Any:
    """``int64 expand(uint64 size, uint64 expanded, double* u, double* values, void* plan)``."""
    signature = types.int64(types.uint64, types.uint64, REAL_POINTER, REAL_POINTER, RECORD)

    def expand(size, expanded, u, values, record):
        _ = sources
        plan = carray(record, 1)[0]
        memory = np.empty(plan.work + plan.slots)
        value = reals(memory.ctypes.data)
        set_values(plan, u, value, part(value, plan.slots))
        slots = integers(plan.variables)
        for i in range(plan.expanded):
            values[i] = value[slots[i]]
        return 0

    return _callback(signature, expand)

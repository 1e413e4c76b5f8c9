"""The log density as C functions, compiled once for a machine and kept in Numba's cache.

`density` and `expand` take what nutpie's sampler gives: the length of a point and its address,
where the result goes, and the address of the tables
(`qqt_bayes.sampling.kernel.memory.in_memory`).  Both call `set_values`, which is compiled on its
own: by a process beside this one, where nothing is in the cache yet.
"""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba import types
from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime.nrt import rtsys

from qqt_bayes.laws.effective_reuse import MAX_LOG_ODDS, MAX_RHO
from qqt_bayes.laws.law import LEAST_DECAY, LEAST_SHARE
from qqt_bayes.model.coordinates import GAUSS_NEWTON_STEPS
from qqt_bayes.model.floor import SMALL_FLOOR
from qqt_bayes.model.rounding import MAX_LOG_FALL, MIN_HALF_WIDTH, NODES
from qqt_bayes.sampling.kernel import density as kernel
from qqt_bayes.sampling.kernel.affine import move, pull_move
from qqt_bayes.sampling.kernel.bend import bend, pull_bend
from qqt_bayes.sampling.kernel.memory import REAL_POINTER, Table, call, part
from qqt_bayes.sampling.kernel.tables import Plan

PLAN = Table(Plan)
SET_VALUES = types.float64(PLAN, *[REAL_POINTER] * 3)
DENSITY = types.int64(types.uint64, *[REAL_POINTER] * 3, PLAN)
EXPAND = types.int64(types.uint64, types.uint64, *[REAL_POINTER] * 2, PLAN)
malloc = types.ExternalFunction("malloc", REAL_POINTER(types.intp))
free = types.ExternalFunction("free", types.void(REAL_POINTER))
BYTES = 8
"""Of a real number."""
CONSTANTS = (
    GAUSS_NEWTON_STEPS,
    LEAST_DECAY,
    LEAST_SHARE,
    MAX_LOG_FALL,
    MAX_LOG_ODDS,
    MAX_RHO,
    MIN_HALF_WIDTH,
    NODES.size,
    SMALL_FLOOR,
)
"""What is compiled in and defined outside this folder."""
NOT_FINITE = 1
"""The error that a point without a finite density and gradient gives: the sampler then calls the
step divergent, as it does with PyMC's densities."""


class Functions(NamedTuple):
    """The addresses of the compiled functions."""

    set_values: int
    density: int
    expand: int


@cache
def functions() -> Functions:
    """The compiled functions: from the cache, or compiled now, by two processes."""
    sources = _sources()
    with _in_another_process() if keeps_compiled() and not is_compiled() else nullcontext():
        density = _address(DENSITY, _density(sources))
    values = _address(SET_VALUES, _set_values(sources))  # of the other process, if there was one
    # at last: `is_compiled` asks for this one
    expand = _address(EXPAND, _expand(sources))
    return Functions(values, density, expand)


def is_compiled() -> bool:
    """Whether the cache has the functions for the present sources, Numba and processor."""
    return _kept(EXPAND, _expand(_sources())) is not None


def keeps_compiled() -> bool:
    """Whether there is a folder in which compiled functions stay for the next process."""
    try:
        FunctionCache(_expand(_sources()))
    except RuntimeError as error:
        if not _has_no_folder(error):
            raise
        return False
    return True


def warm_set_values() -> None:
    """Compile `set_values` and leave it in the cache."""
    _address(SET_VALUES, _set_values(_sources()))


def _in_another_process() -> AbstractContextManager[Any]:
    """A process that calls `warm_set_values`; at the end of the context it is waited for.

    It need not succeed: what it does not leave in the cache is compiled here.
    """
    try:
        return subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import warm_set_values; warm_set_values()"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # Python is built into another program, and is no file to be started
        return nullcontext()


def _sources() -> int:
    """A number that changes with the source of the kernel, and with what it takes from elsewhere.

    Numba's cache looks at the file of a function only, not at those of what it calls; but it also
    looks at the numbers that a function closes over, and so at this one.
    """
    digest = hashlib.sha256(repr(CONSTANTS).encode())
    for each in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(each.read_bytes())
    return int.from_bytes(digest.digest()[:4])


class Loading:
    """Numba's context of compilation, without all that it must know in order to compile.

    To load what is in the cache, Numba prepares to compile (`refresh`), for a quarter of a second.
    Code that is compiled already needs nothing of it but the functions that it is linked with.
    """

    def __init__(self) -> None:
        self._context = cpu_target.target_context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def refresh(self) -> None:
        """Make known what compiled code is linked with."""
        rtsys.initialize(self._context)


def _address(signature: Any, function: Callable[..., Any]) -> int:
    """The address of a function for C: from Numba's cache, or compiled now."""
    kept = _kept(signature, function)
    if kept is None:
        return int(_callback(signature, function).address)
    return int(kept.library.get_pointer_to_function(kept.fndesc.llvm_cfunc_wrapper_name))


@global_compiler_lock
def _kept(signature: Any, function: Callable[..., Any]) -> Any:
    """What Numba's cache has of a function; None where it has none, or there is no cache.

    A damaged one, as a full disk leaves it, is emptied: the function is compiled anew.
    """
    try:
        cache = FunctionCache(function)
    except RuntimeError as error:
        if not _has_no_folder(error):
            raise
        return None
    try:
        return cache.load_overload(signature, Loading())
    except Exception:  # a damaged file can make pickle and LLVM raise anything
        cache.flush()
        return None


def _callback(signature: Any, function: Callable[..., Any]) -> Any:
    """A function compiled for C, from Numba's cache where there is a folder for one."""
    try:
        return numba.cfunc(signature, cache=True, error_model="numpy")(function)
    except RuntimeError as error:
        if not _has_no_folder(error):
            raise
    return numba.cfunc(signature, error_model="numpy")(function)


def _has_no_folder(error: RuntimeError) -> bool:
    """Whether neither the package's folder nor the user's cache can be written.

    Then each process compiles for itself.
    """
    return "no locator" in str(error)


def _set_values(sources: int) -> Callable[..., Any]:
    """``double set_values(void* plan, double* u, double* value, double* work)``."""

    def set_values(plan, u, value, work):
        _ = sources
        return kernel.set_values(plan, u, value, work)

    return set_values


def _density(sources: int) -> Callable[..., Any]:
    """``int64 density(uint64 size, double* u, double* gradient, double* density, void* plan)``."""

    def density(size, u, gradient, density, plan):
        _ = sources
        affine = plan.affine
        value = malloc(BYTES * (plan.work + 2 * plan.slots + 3 * affine.size))
        adjoint, work = part(value, plan.slots), part(value, 2 * plan.slots)
        point, by_point, total = u, gradient, 0.0
        if affine.size > 0:
            before = part(work, plan.work)
            point = part(before, affine.size)
            by_point = part(point, affine.size)
            move(affine, u, before)
            total = bend(plan.bent, affine.size, before, point)
        density[0] = total + kernel.log_density(plan, point, by_point, value, adjoint, work)
        if affine.size > 0:
            pull_bend(plan.bent, part(work, plan.work), by_point)
            pull_move(affine, by_point, gradient)
        finite = math.isfinite(density[0])
        for i in range(plan.places):
            finite = finite and math.isfinite(gradient[i])
        free(value)
        return 0 if finite else NOT_FINITE

    return density


def _expand(sources: int) -> Callable[..., Any]:
    """``int64 expand(uint64 size, uint64 expanded, double* u, double* values, void* plan)``."""

    def expand(size, expanded, u, values, plan):
        _ = sources
        affine = plan.affine
        value = malloc(BYTES * (plan.work + plan.slots + 2 * affine.size))
        work = part(value, plan.slots)
        point = u
        if affine.size > 0:
            before = part(work, plan.work)
            point = part(before, affine.size)
            move(affine, u, before)
            bend(plan.bent, affine.size, before, point)
        call(plan.set_values, plan, point, value, work)
        slots = plan.variables
        for i in range(plan.expanded):
            values[i] = value[slots[i]]
        free(value)
        return 0

    return expand

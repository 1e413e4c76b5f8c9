"""How Numba sees the tables of the compiled log density.

The functions of `qqt_bayes.sampling.kernel.density` and its parts run in two ways:

- as plain Python, a table is a named tuple, and its arrays are NumPy's;
- compiled, it is a record of 64-bit words (`in_memory`): numbers as they are, and for an array its
  address, of which `reals` and `integers` make an array without a length.

(Numba passes named tuples of arrays from function to function by value, seven words an array, and
so takes a minute to compile what takes seconds like this.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast, get_type_hints

import numba
import numpy as np
from numba import types
from numba.extending import lower_builtin, type_callable

from qqt_bayes.sampling.kernel.run_tables import Integers, Reals

REAL_POINTER = types.CPointer(types.float64)
INTEGER_POINTER = types.CPointer(types.int64)


def kernel[Function: Callable[..., Any]](function: Function) -> Function:
    """Have a function of the log density compiled with whatever calls it.

    Python must not call it then (it would crash): there is no way in, which would take a tenth of
    the time of compilation.  To try one, switch compilation off (``NUMBA_DISABLE_JIT=1``), or call
    it from a function that is compiled for Python.
    """
    return _compiled(function, "never")


def outline[Function: Callable[..., Any]](function: Function) -> Function:
    """Have a function put in the place where it is called, before anything is compiled.

    For the few functions that do little but call others.  Numba compiles each function together
    with all that it calls, again and again on the way up; so the fewer levels, the sooner.
    """
    return _compiled(function, "always")


def _compiled[Function: Callable[..., Any]](
    function: Function, inline: Literal["never", "always"]
) -> Function:
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "inline": inline}
    # Numba types the options one by one, and so does not know them as a dictionary
    compiled = numba.njit(error_model="numpy", **options)(function)  # type: ignore[call-overload]
    return cast(Function, compiled)


def reals(array: Any) -> Any:
    """An array of real numbers in a table."""
    return array


def integers(array: Any) -> Any:
    """An array of integers in a table."""
    return array


def part(array: Any, start: int) -> Any:
    """An array of real numbers from one of its places on."""
    return array[start:]


@type_callable(reals)
def _(context: Any) -> Any:
    return lambda array: REAL_POINTER


@type_callable(integers)
def _(context: Any) -> Any:
    return lambda array: INTEGER_POINTER


@type_callable(part)
def _(context: Any) -> Any:
    return lambda array, start: REAL_POINTER


@lower_builtin(reals, types.Integer)
@lower_builtin(integers, types.Integer)
def _(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))


@lower_builtin(part, REAL_POINTER, types.Integer)
def _(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.gep(arguments[0], [arguments[1]])


def layout(table: type) -> np.dtype[np.void]:
    """The record that a table is in memory."""
    columns = {
        name: np.dtype(np.int64) if each in (int, Integers, Reals) else layout(each)
        for name, each in get_type_hints(table).items()
    }
    return np.dtype(list(columns.items()))


def in_memory(table: Any) -> Integers:
    """A table as the words of its record; its arrays must be kept as long as these are used."""
    if isinstance(table, np.ndarray):
        return np.array([table.ctypes.data])
    if isinstance(table, tuple):
        return np.concatenate([in_memory(each) for each in table])
    return np.array([table])

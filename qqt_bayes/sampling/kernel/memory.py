"""How Numba sees the tables of the compiled log density.

The functions of `qqt_bayes.sampling.kernel.density` and its parts run in two ways:

- as plain Python, a table is a named tuple, and its arrays are NumPy's;
- compiled, it is the address of 64-bit words (`in_memory`): a number is a word, an array the
  address of its first number, a table within a table its words in place.

(Numba passes named tuples of arrays from function to function by value, seven words an array, and
so takes a minute to compile what takes seconds like this.  Its own records would do, but each is
known by the names of all its fields, kilobytes of text wherever a function is mentioned.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast, get_type_hints

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    type_callable,
)

from qqt_bayes.sampling.kernel.run_tables import Integers, Reals

REAL_POINTER = types.CPointer(types.float64)
INTEGER_POINTER = types.CPointer(types.int64)
WORD = ir.IntType(64)


def kernel[Function: Callable[..., Any]](function: Function) -> Function:
    """Have a function of the log density compiled with whatever calls it.

    Python must not call it then (it would crash): there is no way in, which would take a tenth of
    the time of compilation.  To try one, switch compilation off (``NUMBA_DISABLE_JIT=1``), or call
    it from a function that is compiled for Python.
    """
    return _compiled(function, "never")


def summing[Function: Callable[..., Any]](function: Function) -> Function:
    """As `kernel`, for a function whose long sums may be taken in any order, several terms at once.

    No other freedom is given: what overflows or is no number stays what it was.
    """
    return _compiled(function, "never", fastmath={"reassoc", "contract"})


def outline[Function: Callable[..., Any]](function: Function) -> Function:
    """Have a function put in the place where it is called, before anything is compiled.

    For the few functions that do little but call others.  Numba compiles each function together
    with all that it calls, again and again on the way up; so the fewer levels, the sooner.
    """
    return _compiled(function, "always")


def _compiled[Function: Callable[..., Any]](
    function: Function, inline: Literal["never", "always"], **more: Any
) -> Function:
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "inline": inline, **more}
    compiled = numba.njit(error_model="numpy", **options)(function)
    return cast(Function, compiled)


def part(array: Any, start: int) -> Any:
    """An array of real numbers from one of its places on."""
    return array[start:]


@type_callable(part)
def _(context: Any) -> Any:
    return lambda array, start: REAL_POINTER


@lower_builtin(part, REAL_POINTER, types.Integer)
def _(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.gep(arguments[0], [arguments[1]])


def call(function: Any, *arguments: Any) -> Any:
    """Call a function of a table and three arrays that was compiled on its own, by its address.

    What is called like this is not compiled with its caller again.
    """
    return function(*arguments)


@type_callable(call)
def _(context: Any) -> Any:
    return lambda function, plan, u, value, work: types.float64


@lower_builtin(call, types.Integer, types.Any, types.Any, types.Any, types.Any)
def _(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    function, *given = arguments
    kind = ir.FunctionType(ir.DoubleType(), [each.type for each in given])
    return builder.call(builder.inttoptr(function, kind.as_pointer()), given)


class Table(types.Type):
    """A table as compiled functions see it.

    Attributes
    ----------
    fields : dict of str to (int, type)
        Where each begins, in words, and what it is.
    words : int
        How many words the table takes.
    """

    def __init__(self, table: type) -> None:
        self.fields: dict[str, tuple[int, Any]] = {}
        self.words = 0
        kinds = {int: types.int64, Integers: INTEGER_POINTER, Reals: REAL_POINTER}
        for name, each in get_type_hints(table).items():
            kind = kinds.get(each) or Table(each)
            self.fields[name] = self.words, kind
            self.words += kind.words if isinstance(kind, Table) else 1
        super().__init__(name=table.__name__)


@register_model(Table)
class TableModel(models.PrimitiveModel):
    """In the machine a table is the address of its words."""

    def __init__(self, manager: Any, table: Table) -> None:
        super().__init__(manager, table, WORD.as_pointer())


@infer_getattr
class TableFields(AttributeTemplate):
    """The types of the fields of a table, for Numba's inference."""

    key = Table

    # in Numba's class it is the value NotImplemented, which subclasses replace by a method
    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        """The type of a field; None where there is no such field."""
        return value.fields[attr][1] if attr in value.fields else None


@lower_getattr_generic(Table)
def _(context: Any, builder: Any, table: Table, value: Any, name: str) -> Any:
    start, kind = table.fields[name]
    address = builder.gep(value, [WORD(start)])
    if isinstance(kind, Table):
        return address
    return builder.load(builder.bitcast(address, context.get_value_type(kind).as_pointer()))


def in_memory(table: Any) -> Integers:
    """A table as its words; its arrays must be kept as long as these are used."""
    if isinstance(table, np.ndarray):
        return np.array([table.ctypes.data])
    if isinstance(table, tuple):
        return np.concatenate([in_memory(each) for each in table])
    return np.array([table])

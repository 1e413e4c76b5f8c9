"""The curves of a law from user code, laid out for the compiled log density."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numba
import numpy as np

from qqt_bayes.errors import InputError
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.layout import Memory, Slots, integers, joined, of_entries, reals
from qqt_bayes.sampling.kernel.memory import REAL_POINTER
from qqt_bayes.sampling.kernel.own_tables import Own, OwnWork
from qqt_bayes.sampling.kernel.run_tables import Curves

FUNCTION = numba.float64(numba.float64, numba.float64, REAL_POINTER, REAL_POINTER)
"""``double law(double n, double U, double* mean, double* derivatives)``, which returns the error.
"""


def own_table(
    problem: Problem, values: Mapping[str, Slots], constant: Callable[[float], Slots]
) -> Own:
    """Lay out a law from user code; nothing under another law.

    Parameters
    ----------
    problem : Problem
    values : mapping of str to array of int
        Slots of the parameters of the law, with their dimensions.
    constant : callable
        Finds a slot for a number.
    """
    law = problem.law
    if law.derivatives is None:
        return Own(0, 0, -1, integers([]), integers([]), reals([]))
    names, parts = law.arguments, problem.entries
    total, size = (joined(parts, name) for name in ("total", "pool_size"))
    return Own(
        parameters=len(names),
        function=_address(law.derivatives, law.name, names),
        half_life=names.index("tau") if "tau" in names else -1,
        slot=integers(np.stack([of_entries(problem, name, values[name]) for name in names])),
        exponent=integers([values.get("size_exponent", constant(0.0))]),
        log_ratio=reals(np.log(total / size)),
    )


def own_work(own: Own, curves: Curves, memory: Memory) -> OwnWork:
    """Take memory for what is known of them at a point; none under a shipped law."""
    count = curves.curves if own.parameters else 0
    return OwnWork(*memory.take(count, count, own.parameters, count * own.parameters))


@cache
def _address(derivatives: Callable[..., Any], name: str, names: tuple[str, ...]) -> int:
    """The address of the user's function, compiled for C; it is compiled once.

    Raises
    ------
    InputError
        If Numba cannot compile it.
    """
    try:
        compiled = numba.njit(error_model="numpy")(derivatives)
        found: Any = numba.cfunc(FUNCTION)(_unpacked(compiled, len(names)))
    except Exception as error:  # what Numba raises of a function has no class of its own
        first = str(error).strip().splitlines()[0]
        raise InputError(
            f"law {name!r}: its derivatives cannot be compiled: {first} They take numbers and the "
            "functions of Python's math; check_law says more, and without them the law is sampled "
            "all the same, more slowly"
        ) from error
    _kept.append(found)
    return int(found.address)


_kept: list[Any] = []
"""Functions of which an address was given away: they must not be freed."""


def _unpacked(compiled: Any, count: int) -> Callable[..., Any]:
    """A function of arrays that calls one of so many numbers, as Numba wants it."""
    values = ", ".join(f"mean[{i}]" for i in range(count))
    slopes = "".join(f"    by[{i}] = found[{i + 1}]\n" for i in range(count))
    source = (
        "def law(n, unique, mean, by):\n"
        f"    found = compiled(n, unique, {values})\n{slopes}    return found[0]\n"
    )
    names: dict[str, Any] = {"compiled": compiled}
    exec(source, names)  # of numbers alone: nothing of the user's is part of the text
    made: Callable[..., Any] = names["law"]
    return made

"""The ways into compiled code, kept in Numba's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

from qqt_bayes.laws.compiled import kernels, ranking, reuse
from qqt_bayes.laws.compiled.kernels import WIDTH


@cache
def compiled(name: str) -> Any:
    """A function of these kernels, compiled when it is first called, or from Numba's cache.

    The cache looks at the file of a function alone, not at those of what it calls; but it also
    looks at the numbers that a function closes over, and so at one that all sources give.
    """
    digest = hashlib.sha256()
    for each in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(each.read_bytes())
    function = ENTRIES[name](int.from_bytes(digest.digest()[:4]))
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
    return numba.njit(**options)(function)  # no folder for a cache can be written


def _utility(sources: int) -> Callable[..., None]:
    def utility(released, summed, sets, steps, values, sets_from, out):
        _ = sources
        draws = out.shape[-1]
        for begin in range(0, draws, WIDTH):
            stop = min(begin + WIDTH, draws)
            kernels.utility_errors(
                released, summed, sets, steps, values, begin, stop, sets_from, out
            )

    return utility


def _bounded(sources: int) -> Callable[..., None]:
    def bounded(together, sets, steps, values, sets_from, out):
        _ = sources
        draws = out.shape[-1]
        for begin in range(0, draws, WIDTH):
            stop = min(begin + WIDTH, draws)
            kernels.bounded_errors(together, sets, steps, values, begin, stop, sets_from, out)

    return bounded


def _effective(sources: int) -> Callable[..., None]:
    def effective(sets, steps, values, sets_from, out):
        _ = sources
        draws = out.shape[-1]
        for begin in range(0, draws, WIDTH):
            stop = min(begin + WIDTH, draws)
            kernels.effective_errors(sets, steps, values, begin, stop, sets_from, out)

    return effective


def _constrained(sources: int) -> Callable[..., None]:
    def constrained(together, sets, steps, values, sets_from, out):
        _ = sources
        draws = out.shape[-1]
        for begin in range(0, draws, WIDTH):
            stop = min(begin + WIDTH, draws)
            kernels.constrained_errors(together, sets, steps, values, begin, stop, sets_from, out)

    return constrained


def _reuse(sources: int) -> Callable[..., None]:
    def of_reuse(sets, seen, row, values, sets_from, out):
        _ = sources
        draws = out.shape[-1]
        for begin in range(0, draws, WIDTH):
            stop = min(begin + WIDTH, draws)
            reuse.reuse_errors(sets, seen, row, values, begin, stop, sets_from, out)

    return of_reuse


def _ranking(sources: int) -> Callable[..., None]:
    def of_ranking(error, least, tolerance, total, near):
        _ = sources
        ranking.take_errors(error, least, tolerance, total, near)

    return of_ranking


ENTRIES = {
    "utility_errors": _utility,
    "bounded_errors": _bounded,
    "effective_errors": _effective,
    "constrained_errors": _constrained,
    "reuse_errors": _reuse,
    "take_errors": _ranking,
}

take_errors = compiled("take_errors")
"""See `qqt_bayes.laws.compiled.ranking.take_errors`."""

"""The curves of the law of effective reuse, laid out for the compiled log density."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from qqt_bayes.laws.epochs import UNIT
from qqt_bayes.laws.run_curves import Part
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.layout import (
    Array,
    Memory,
    Slots,
    integers,
    joined,
    of_entries,
    reals,
)
from qqt_bayes.sampling.kernel.reuse import ABSENT, ROWS, SHARED
from qqt_bayes.sampling.kernel.run_tables import Curves, Reuse, ReuseWork


def reuse_table(
    problem: Problem,
    curves: Curves,
    values: Mapping[str, Slots],
    constant: Callable[[float], Slots],
) -> Reuse:
    """Lay out what is the law's own of its curves; nothing under another law.

    Parameters
    ----------
    problem : Problem
    curves : Curves
    values : mapping of str to array of int
        Slots of the parameters of the law, with their dimensions.
    constant : callable
        Finds a slot for a number.
    """
    if not problem.constants:
        real, whole = reals([]), integers([])
        return Reuse(0, 0, real, whole, whole, whole, whole, real, real, real, 0, real, real)
    parts, pools = problem.entries, problem.runs.sizes["pool"]
    slots = {name: constant(x) for name, x in ABSENT.items()} | dict(values)
    first, unique = curves.entry_start[:-1], UNIT * curves.unique
    sights, weight = (np.concatenate(x)[first] for x in zip(*_sights(parts), strict=True))
    constants = {name: float(value) for name, (value, _) in problem.constants.items()}
    return Reuse(
        pools=pools,
        bounded=int(np.isfinite(constants["chance_error"])),
        chance=reals([constants["chance_error"]]),
        quality_slot=integers(np.broadcast_to(values["Q"], pools)),
        stands_slot=integers(np.broadcast_to(values["r"], pools)),
        slot=integers([of_entries(problem, name, slots[name])[first] for name in SHARED]),
        pool=integers(joined(parts, "pool")),
        log_unique=reals(np.log(unique / constants["reference"])),
        log_epochs=reals(np.log(curves.seen / curves.unique)),
        log_size=reals(np.log(unique / constants["typical_size"])),
        sights=sights.shape[-1],
        log_sights=reals(np.log(sights)),
        sight_weight=reals(weight),
    )


def _sights(parts: list[Part]) -> list[tuple[Array, Array]]:
    """How often the samples of each entry are seen, and the weights, part by part."""
    return [part.epochs.sights() for part in parts]


def reuse_work(reuse: Reuse, memory: Memory) -> ReuseWork:
    """Take memory for what is known of them at a point; none under another law."""
    entries, count = reuse.pool.size, reuse.log_size.size
    sizes = [reuse.pools] * 2 + [entries] * 2 + [count] * 2
    return ReuseWork(*memory.take(*sizes, ROWS * count, *[reuse.sights] * 5))

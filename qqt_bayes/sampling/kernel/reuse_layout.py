"""The curves of the law of effective reuse, laid out for the compiled log density."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qqt_bayes.laws.epochs import UNIT
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.layout import Memory, Slots, integers, joined, of_entries, reals
from qqt_bayes.sampling.kernel.reuse import ROWS, SHARED
from qqt_bayes.sampling.kernel.run_tables import Reuse, ReuseWork


def reuse_table(problem: Problem, values: Mapping[str, Slots]) -> Reuse:
    """Lay out the curves of the law of effective reuse; none under another law.

    Parameters
    ----------
    problem : Problem
    values : mapping of str to array of int
        Slots of the parameters of the law, with their dimensions.
    """
    if not problem.constants:
        real, whole = reals([]), integers([])
        return Reuse(0, 0, 0, real, whole, whole, whole, whole, real, whole, real, real, real)
    parts, pools = problem.entries, problem.runs.sizes["pool"]
    before = np.cumsum([0] + [part.rows for part in parts])[:-1]
    curve = np.concatenate([part.row + at for part, at in zip(parts, before, strict=True)])
    first = np.flatnonzero(np.diff(curve, prepend=-1))
    constants = {name: float(value) for name, (value, _) in problem.constants.items()}
    seen, unique = (
        UNIT * np.concatenate([getattr(part.epochs, name) for part in parts])[first]
        for name in ("samples_seen", "unique_samples")
    )
    of_pools = [np.broadcast_to(values[name], pools) for name in ("Q", "r")]
    return Reuse(
        curves=first.size,
        pools=pools,
        bounded=int(np.isfinite(constants["chance_error"])),
        chance=reals([constants["chance_error"]]),
        quality_slot=integers(of_pools[0]),
        stands_slot=integers(of_pools[1]),
        slot=integers([of_entries(problem, name, values[name])[first] for name in SHARED]),
        entry_start=integers(np.append(first, curve.size)),
        share=reals(joined(parts, "share")),
        pool=integers(joined(parts, "pool")),
        log_unique=reals(np.log(unique / constants["reference"])),
        log_epochs=reals(np.log(seen / unique)),
        log_size=reals(np.log(unique / constants["typical_size"])),
    )


def reuse_work(reuse: Reuse, memory: Memory) -> ReuseWork:
    """Take memory for what is known of them at a point."""
    entries = reuse.share.size
    sizes = [reuse.pools] * 2 + [entries] * 2 + [reuse.curves] * 2
    return ReuseWork(*memory.take(*sizes, ROWS * reuse.curves))

"""The runs by their cells, laid out for the likelihood with a discrepancy."""

from __future__ import annotations

import numpy as np

from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.layout import Memory, Slots, integers, reals
from qqt_bayes.sampling.kernel.run_tables import Departed, DepartedWork


def departed_table(problem: Problem, amplitude: Slots | None) -> Departed:
    """Lay out the runs by their cells; nothing where the model has no discrepancy.

    Parameters
    ----------
    problem : Problem
    amplitude : array of int, shape (), or None
        Its slot.
    """
    if amplitude is None:
        return Departed(0, integers([]), integers([]), *[reals([])] * 5)
    data = problem.seen
    return Departed(
        cells=len(data.covariance),
        amplitude=integers(amplitude),
        cell=integers(data.cell),
        error=reals(data.error),
        slope=reals(data.slope),
        per_ceiling=reals(data.per_ceiling),
        covariance=reals(data.covariance),
        alone=reals(data.alone),
    )


def departed_work(departed: Departed, memory: Memory) -> DepartedWork:
    """Take memory for what is known of them at a point."""
    runs, cells = np.size(departed.cell), departed.cells
    return DepartedWork(*memory.take(runs, runs, *[cells] * 3, *[cells**2] * 3))

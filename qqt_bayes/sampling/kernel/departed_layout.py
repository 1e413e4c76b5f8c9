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
        return Departed(0, integers([]), integers([]), *[reals([])] * 4)
    data, unit = problem.seen, problem.of_error**2
    return Departed(
        cells=len(data.covariance),
        amplitude=integers(amplitude),
        cell=integers(data.cell),
        log_error=reals(data.log_error),
        scale=reals(1 / data.mean),
        covariance=reals(unit * data.covariance),
        alone=reals(unit * data.alone),
    )


def departed_work(departed: Departed, memory: Memory) -> DepartedWork:
    """Take memory for what is known of them at a point."""
    runs, cells = np.size(departed.cell), departed.cells
    return DepartedWork(*memory.take(runs, runs, *[cells] * 3, *[cells**2] * 3))

"""The runs by their cells, laid out for the likelihood with a discrepancy."""

from __future__ import annotations

import numpy as np

from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.layout import Memory, Slots, integers, reals
from qqt_bayes.sampling.kernel.run_tables import Departed, DepartedWork


def departed_table(problem: Problem, amplitude: Slots) -> Departed:
    """Lay out the runs by their cells; none where the model has no discrepancy.

    Parameters
    ----------
    problem : Problem
    amplitude : array of int, shape ()
        Its slot; that of the number 0 without a discrepancy.
    """
    no, none = reals([]), integers([])
    if not problem.spec.discrepancy:
        alone = reals(np.zeros(problem.runs.sizes["run"]))
        return Departed(0, integers(amplitude), none, no, no, no, 0, no, no, no, alone)
    data, unit, turn = problem.seen, problem.of_error**2, problem.turn
    cells = len(data.covariance)
    return Departed(
        cells=cells,
        amplitude=integers(amplitude),
        cell=integers(data.cell),
        log_error=reals(data.log_error),
        scale=reals(1 / data.mean),
        covariance=no if turn else reals(unit * data.covariance),
        turned=int(turn is not None),
        noise=reals(turn.noise) if turn else no,
        eigenvalue=reals(unit * turn.scale) if turn else no,
        turn=reals(turn.turn) if turn else no,
        alone=reals(unit * data.alone),
    )


def departed_work(departed: Departed, memory: Memory) -> DepartedWork:
    """Take memory for what is known of them at a point."""
    runs, cells = np.size(departed.cell), departed.cells
    square = 0 if departed.turned else cells**2
    return DepartedWork(*memory.take(runs, runs, *[cells] * 4, *[square] * 3))

"""The public figures of decisions; those of fits are in `of_fits`.

Each takes a result and, if wanted, axes, and returns the axes; the command draws with them, too. On
axes that are given the user's settings of matplotlib hold; without, ours stand in for those that
the user left as they were.
"""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from qqt_bayes.decisions.study import Study
from qqt_bayes.posterior.levels import Levels
from qqt_bayes.report.figures import canvas
from qqt_bayes.report.figures.curves import draw_curves
from qqt_bayes.report.figures.frontier import draw_frontier
from qqt_bayes.report.figures.regret import draw_regret
from qqt_bayes.report.figures.shown import Fits, curves_of, decision_of
from qqt_bayes.report.figures.stacked import draw_probability
from qqt_bayes.report.figures.style import styling
from qqt_bayes.report.figures.written import mark


def plot_scaling_curves(
    shown: xr.Dataset | Study | Fits,
    *,
    fits: Fits | None = None,
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    group: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The error of each level against the budget, with the runs and what was decided.

    Lines are expected errors, by which levels are judged and which tables print, bands credible
    intervals: the decision's own, or 90 % of a fit's, both with departures from the law.  Runs have
    the colour and the sign of the level that they were trained on; a grey cross was trained on
    another training set.  A ring in a level's colour is a winner, a thin grey one the choice where
    there is no clear winner; the bar above names winners.

    Parameters
    ----------
    shown : DataTree, Fit, Dataset or Study
        A fit or several of the same runs, a decision, or a study.
    fits : DataTree, Fit, sequence or mapping, optional
        Those that a decision rests on: then its runs are drawn, and the curves through them.
    levels : DataArray, path or DataFrame, optional
        Of a fit: what to draw; the training sets of its runs if not given.
    budgets : array_like or str, optional
        Of a fit: samples seen; the range of its runs if not given.
    group : str, optional
        Which group, if there are several.
    ax : Axes, optional
        What to draw on; a new figure of pyplot's if not given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If something that is given is not what it should be.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> ax = qqt.plot_scaling_curves(fit, levels="composition.csv", budgets="64M:2B:9")
    >>> ax.get_ylabel()
    'error rate'
    """
    curves = curves_of(shown, fits, levels, budgets, group)
    with styling(ax, curves.expected, curves.attrs, curves.runs):
        axes = canvas.one(ax, max(4.6, 1 + 0.17 * curves.expected.sizes["level"]))
        draw_curves(axes, curves)
        mark(curves.attrs, axes, passed=curves.passed)
    return axes


def plot_probability_best(
    decision: xr.Dataset | Study, *, group: str | None = None, ax: Axes | None = None
) -> Axes:
    """The probability that each level is the best against the budget, stacked in their order.

    The bar above names the winner of each budget, or why there is none.

    Parameters
    ----------
    decision : Dataset or Study
    group : str, optional
        Which group, if there are several.
    ax : Axes, optional
        What to draw on; a new figure of pyplot's if not given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If it is no decision, or there is no such group.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> decision = qqt.decide(qqt.load("fit.nc"), "composition.csv", "128M, 2B")
    >>> ax = qqt.plot_probability_best(decision)
    >>> ax.get_ylabel()
    'probability best'
    """
    found = decision_of(decision, group, "probability_best", "winner", "extrapolation")
    with styling(ax, found):
        axes = canvas.one(ax, 3.6)
        draw_probability(axes, found)
        mark(found.attrs, axes)
    return axes


def plot_regret(
    decision: xr.Dataset | Study, *, group: str | None = None, ax: Axes | None = None
) -> Axes:
    """What choosing each level is expected to cost against the budget, and what the choice does.

    The axis of regret is logarithmic, in units of error (or loss), and ends at 0.0001: what costs
    less is drawn there.  A dashed line is the margin of the decision.

    Parameters
    ----------
    decision : Dataset or Study
    group : str, optional
        Which group, if there are several.
    ax : Axes, optional
        What to draw on; a new figure of pyplot's if not given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If it is no decision, or there is no such group.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> decision = qqt.decide(qqt.load("fit.nc"), "composition.csv", "128M, 2B")
    >>> ax = qqt.plot_regret(decision)
    >>> ax.get_ylabel()
    'expected regret (error)'
    """
    found = decision_of(decision, group, "regret", "choice_regret", "extrapolation")
    with styling(ax, found):
        axes = canvas.one(ax, 3.6)
        draw_regret(axes, found)
        mark(found.attrs, axes, passed=bool(found.attrs["gate_passed"]))
    return axes


def plot_frontier(
    frontier: xr.Dataset, *, group: str | None = None, ax: Axes | None = None
) -> Axes:
    """The expected error of the best choice against the budget, its band, and the targets.

    Thin lines are the levels. A dashed line is a target, and a dot on it the budget that reaches it
    with the probability beside it.

    Parameters
    ----------
    frontier : Dataset
        As `frontier` returns it.
    group : str, optional
        Which group, if there are several.
    ax : Axes, optional
        What to draw on; a new figure of pyplot's if not given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If it is no frontier, or there is no such group.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> found = qqt.frontier(fit, "composition.csv", "64M:2B:9", [0.65])
    >>> ax = qqt.plot_frontier(found)
    >>> ax.get_ylabel()
    'expected error rate'
    """
    found = decision_of(frontier, group, "frontier", "frontier_mean", "choice")
    with styling(ax, found):
        axes = canvas.one(ax, 4.6)
        draw_frontier(axes, found)
        mark(found.attrs, axes, passed=bool(found.attrs["gate_passed"]))
    return axes

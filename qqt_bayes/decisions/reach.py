r"""The least budget at which an error meets a target with a given probability.

Asked is for the least b with ``P(error(b) <= target) >= p``, a statement about each budget by
itself.  Where every draw's error falls with the budget it is the p-quantile of the budgets at which
draws meet the target; where errors may rise again (overfitting, departures from the law) it is not,
and only the probability itself counts.

Between two budgets of a grid each draw's error is a line in the logarithm of the budget.  So a draw
meets the target throughout, never, from some place on, or up to some place; the probability between
the two changes at these places alone, and the least budget is one of them or a budget of the grid.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.rules import ROUNDING, TIE

Array = NDArray[np.float64]


class Path(NamedTuple):
    """Errors along the budget under every draw, in pieces that are lines in the log budget.

    Attributes
    ----------
    start, end : array, shape (piece,)
        Logarithms of budgets, ascending.
    left, right : array, shape (piece, draw)
        Errors at both ends. One piece need not go on where the one before it ended: a policy jumps
        where it passes from one level to another.
    """

    start: Array
    end: Array
    left: Array
    right: Array


def path_of(log_budget: Array, error: Array) -> Path:
    """The path of one level, from its errors over (budget, draw)."""
    if log_budget.size == 1:
        return Path(log_budget, log_budget, error, error)
    return Path(log_budget[:-1], log_budget[1:], error[:-1], error[1:])


def path_of_choice(log_budget: Array, error: Array, score: Array, choice: NDArray[np.intp]) -> Path:
    """The path of the policy that takes the chosen level at every budget.

    Where the choice differs between two budgets, it passes from the one to the other where their
    scores, as lines in the log budget, are equal.

    Parameters
    ----------
    log_budget : array, shape (budget,)
    error : array, shape (level, budget, draw)
    score : array, shape (level, budget)
    choice : array of int, shape (budget,)
    """
    if log_budget.size == 1:
        return path_of(log_budget, error[choice[0]])
    start, end, left, right = [], [], [], []
    for i, (own, other) in enumerate(pairwise(choice.tolist())):
        low, high = log_budget[i : i + 2]
        if own == other:
            places = [(low, high, own)]
        else:
            ahead, behind = score[other, i] - score[own, i], score[own, i + 1] - score[other, i + 1]
            # an infinite or missing lead says nothing of where they are equal
            total = ahead + behind
            share = float(np.clip(ahead / total, 0, 1)) if 0 < total < np.inf else 0.5
            middle = low + share * (high - low)
            places = [(low, middle, own), (middle, high, other)]
        for first, last, level in places:
            ends = [(x - low) / (high - low) for x in (first, last)]
            line = [(1 - x) * error[level, i] + x * error[level, i + 1] for x in ends]
            start.append(first)
            end.append(last)
            left.append(line[0])
            right.append(line[1])
    return Path(np.array(start), np.array(end), np.array(left), np.array(right))


def least_budgets(path: Path, target: float, probabilities: ArrayLike) -> Array:
    """Least budgets at which the error is at most `target` with each probability; NaN if at none.

    Examples
    --------
    Of two draws one meets 0.3 from 200 samples on, and the other from 400 on:

    >>> errors = np.array([[0.4, 0.5], [0.2, 0.4], [0.2, 0.2]])
    >>> path = path_of(np.log([100.0, 400.0, 400.0]), errors)
    >>> least_budgets(path, 0.3, [0.5, 1.0, 1.0]).round(6)
    array([200., 400., 400.])
    """
    draws = path.left.shape[1]
    needed = np.ceil(np.asarray(probabilities) * draws - ROUNDING * draws)
    found = np.full(needed.size, np.nan)
    for start, end, left, right in zip(*path, strict=True):
        open_ones = np.isnan(found)
        if not open_ones.any():
            break
        before, after = left <= target + TIE, right <= target + TIE
        if (before | after).sum() < needed[open_ones].min():
            continue
        place, count = _counts(before, after, left, right, target)
        for i in np.flatnonzero(open_ones):
            enough = count >= needed[i]
            if enough.any():
                found[i] = np.exp(start + place[enough.argmax()] * (end - start))
    return found


def _counts(
    before: NDArray[np.bool_], after: NDArray[np.bool_], left: Array, right: Array, target: float
) -> tuple[Array, NDArray[np.intp]]:
    """Places within a piece, 0 to 1 ascending, and the draws that meet the target there."""
    enter, leave = ~before & after, before & ~after
    comes = np.sort(_crossing(left[enter], right[enter], target))
    goes = np.sort(_crossing(left[leave], right[leave], target))
    throughout = np.count_nonzero(before & after)
    place = np.append(0.0, comes)
    gone = np.searchsorted(goes, place, side="left")  # who leaves at a place is there still
    come = np.searchsorted(comes, place, side="right")
    return place, throughout + come + goes.size - gone


def _crossing(left: Array, right: Array, target: float) -> Array:
    """Where lines from left to right cross the target, 0 to 1."""
    crossing: Array = np.clip((target - left) / (right - left), 0, 1)
    return crossing

"""What a ranking of training sets asks of their errors, in one pass over them."""

from __future__ import annotations

import numba


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})
def take_row(row, least, tolerance):
    """The sum of a row, and whether any of it is at most `tolerance` above the least so far.

    The least is brought up to date.
    """
    total, near = 0.0, 0
    for d in range(row.size):
        y, best = row[d], least[d]
        total += y
        near |= y <= best + tolerance
        least[d] = min(y, best)
    return total, near


@numba.njit(error_model="numpy")
def take_errors(error, least, tolerance, total, near):
    """The same for errors of some training sets.

    Parameters
    ----------
    error : array, shape (set, budget, draw)
    least : array, shape (budget, draw)
    tolerance : float
    total, near : array, shape (set, budget)
        Where the sums, and whether any is near, go.
    """
    for s in range(error.shape[0]):
        for b in range(error.shape[1]):
            total[s, b], near[s, b] = take_row(error[s, b], least[b], tolerance)

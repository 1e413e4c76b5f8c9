r"""What information is worth to a choice, from joint draws of losses and of what may be observed.

The loss of action a under draw s is ``l_sa``, and a is chosen for the least expected loss.  Before
anything is observed that loses ``min_a E l_a``; whoever knew the truth would lose ``E min_a l_a``.
The difference is the expected value of perfect information (EVPI).  Of an observation x, a
parameter or the outcomes of further runs, the value is

``min_a E l_a - E_x min_a E[l_a | x]``,

called EVPPI of a parameter and EVSI of a sample.  It lies between 0 and the EVPI.

The conditional expectations are regressions of the losses on x over the draws (Strong, Oakley and
Brennan 2014, doi:10.1177/0272989X13505910; 2015, doi:10.1177/0272989X15575286).  Where the same
draws choose an action and say what it is worth, noise looks like information; so the draws are
split into halves, the regression of one half chooses and that of the other half evaluates, both
ways.  Draws with importance weights, the alternative, run out where runs say more than the draws
are dense: of a run with a noise of a tenth of the posterior's width a tenth of them is left, of
eight such runs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HALVES = slice(0, None, 2), slice(1, None, 2)
"""The draws that each of two regressions is fitted to: every other one, so of all chains."""
MOST_HELD = 0.5
"""Share of the squared differences between actions that one draw in a hundred may hold: posteriors
have about 0.1, priors of error rates up to 0.3, priors that let losses explode 0.9 and more."""
LEAST_KEPT = 0.5
"""Share of what observations are said to be worth that choosing by them should save under draws
that did not choose. Of posteriors it is about 1, of priors of error rates mostly two thirds; where
the tails of a prior bend the regressions, the choices cost more than they save."""
SURE = 3.0
"""Standard errors that are added to what was saved, so that chance raises no alarm."""
LEAST_SHARE = 1e-6
"""Share of its variance that a column must have beside those before it: less is rounding."""


def value_of_perfect_information(loss: Array) -> Array:
    """What it would be worth to know the loss of every action (EVPI).

    Parameters
    ----------
    loss : array, shape (draw, action, ...)

    Returns
    -------
    array, shape (...)

    Examples
    --------
    Two actions whose losses differ by a standard normal number: ``phi(0)``, the density at 0.

    >>> from scipy.stats import norm
    >>> difference = norm.ppf((np.arange(4000) + 0.5) / 4000)
    >>> loss = np.column_stack([difference, np.zeros(4000)])
    >>> float(value_of_perfect_information(loss).round(4)), float(norm.pdf(0).round(4))
    (0.3989, 0.3989)
    """
    found: Array = loss.mean(axis=0).min(axis=0) - loss.min(axis=1).mean(axis=0)
    return found


def held_by_few(loss: Array) -> float:
    """Share of the squared differences between actions that one draw in a hundred holds.

    The differences of a draw are those of all losses to that of the choice.  Regressions of them
    are by least squares: where a few draws hold most of the squares, the fit goes through these
    and misses all others, and says of next to any observation that it tells everything.

    Parameters
    ----------
    loss : array, shape (draw, action)

    Returns
    -------
    float
        Of those one in a hundred whose differences are largest.

    Examples
    --------
    Of normal differences little, of those of a Cauchy distribution nearly all.

    >>> from scipy.stats import cauchy, norm
    >>> at = (np.arange(4000) + 0.5) / 4000
    >>> both = [np.column_stack([x.ppf(at), np.zeros(4000)]) for x in (norm, cauchy)]
    >>> [round(held_by_few(loss), 2) for loss in both]
    [0.08, 0.99]
    """
    choice = loss.mean(axis=0).argmin()
    squares = np.sort(((loss - loss[:, [choice]]) ** 2).sum(axis=1))
    few = -(-len(squares) // 100)
    whole = squares.sum()
    return float(squares[-few:].sum() / whole) if whole > 0 else 0.0


def value_of_information(loss: Array, observed: Array) -> float:
    """What it is worth to choose after an observation, and not before it (EVSI, or EVPPI).

    Parameters
    ----------
    loss : array, shape (draw, action)
    observed : array, shape (draw, column)
        What is observed under each draw, in columns of which the losses are about linear
        functions: see `curved`.

    Returns
    -------
    float
        Between 0 and the EVPI.

    Examples
    --------
    Losses that differ by a standard normal number, seen with noise of deviation 0.5: the expected
    difference given what is seen has the deviation ``1 / sqrt(1 + 0.5^2)``, and so the value is
    0.894 ``phi(0)`` = 0.357.

    >>> rng = np.random.default_rng(0)
    >>> difference = rng.standard_normal(4000)
    >>> loss = np.column_stack([difference, np.zeros(4000)])
    >>> seen = difference + 0.5 * rng.standard_normal(4000)
    >>> round(value_of_information(loss, seen[:, None]), 2)
    0.35
    """
    before = Expectations.before(loss)
    return before.given(observed).value


def curved(observed: Array, degree: int = 2) -> Array:
    """Powers of observations up to a degree, of their normal scores where they are not normal.

    Parameters
    ----------
    observed : array, shape (draw, ...)
    degree : int

    Returns
    -------
    array, shape (draw, ..., degree)

    Examples
    --------
    >>> curved(np.array([1.0, 2.0, 3.0]), degree=2).round(2).tolist()
    [[-1.22, 1.5], [0.0, 0.0], [1.22, 1.5]]
    """
    centred = observed - observed.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return np.stack([scaled**power for power in range(1, degree + 1)], axis=-1)


@dataclass(frozen=True)
class Expectations:
    """Expected losses given what is observed, by two regressions, each of one half of the draws.

    Attributes
    ----------
    loss : array, shape (draw, action)
    columns : tuple of array, shape (draw, column)
        For each regression, what it regresses on, orthonormal over its half of the draws.
    expected : tuple of array, shape (draw, action)
        For each regression, the expected losses under all draws.
    """

    loss: Array
    columns: tuple[Array, Array]
    expected: tuple[Array, Array]

    @classmethod
    def before(cls, loss: Array) -> Expectations:
        """Those before anything is observed."""
        constant = [np.full((len(loss), 1), len(loss[half]) ** -0.5) for half in HALVES]
        mean = np.broadcast_to(loss.mean(axis=0), loss.shape)
        return cls(loss, (constant[0], constant[1]), (mean, mean))

    @cached_property
    def perfect(self) -> float:
        """The value of perfect information."""
        return max(float(value_of_perfect_information(self.loss)), 0.0)  # rounding may be below

    @property
    def value(self) -> float:
        """What the observations are worth."""
        return self._value(self.expected)

    @property
    def chosen(self) -> Array:
        """How probable it is that each action is chosen once all is observed."""
        actions = self.loss.shape[1]
        counts = [np.bincount(x.argmin(axis=1), minlength=actions) for x in self.expected]
        found: Array = np.sum(counts, axis=0) / (2 * len(self.loss))
        return found

    @property
    def saved_at_most(self) -> float:
        """What choosing by the observations saves under draws that did not choose, or little more.

        The value takes what regressions expect; here one half of the draws chooses, and the losses
        of the other half themselves say what that saves, to which `SURE` standard errors are added.
        """
        before, rows = self.loss.mean(axis=0).argmin(), np.arange(len(self.loss))
        saved = np.empty(len(self.loss))
        for other, expected in zip(HALVES[::-1], self.expected, strict=True):
            reached = self.loss[rows, expected.argmin(axis=1)]
            saved[other] = (self.loss[:, before] - reached)[other]
        return float(saved.mean() + SURE * saved.std() / np.sqrt(len(saved)))

    def given(self, columns: Array) -> Expectations:
        """Expectations given some further columns, too; shape (draw, column)."""
        kept, expected = [], []
        for half, known, before in zip(HALVES, self.columns, self.expected, strict=True):
            rest = _residual(columns, known, half)
            squares, axes = np.linalg.eigh(rest[half].T @ rest[half])
            # where a column is what others have told already, nothing but rounding is left
            more = squares > LEAST_SHARE * len(rest[half])
            new = rest @ (axes[:, more] / np.sqrt(squares[more]))
            kept.append(np.hstack([known, new]))
            expected.append(self._about_mean(before + new @ (new[half].T @ self.loss[half])))
        return Expectations(self.loss, (kept[0], kept[1]), (expected[0], expected[1]))

    def values(self, columns: Array, sets: Sequence[Sequence[int]]) -> Array:
        """What some of further columns would be worth together with what is observed.

        Parameters
        ----------
        columns : array, shape (draw, column)
        sets : sequence of sequence of int
            Which columns each further observation consists of.

        Returns
        -------
        array, shape (observation,)
        """
        parts = []
        for half, known, before in zip(HALVES, self.columns, self.expected, strict=True):
            rest = _residual(columns, known, half)
            gram = rest[half].T @ rest[half]
            gram[np.diag_indices_from(gram)] += LEAST_SHARE * len(rest[half])
            parts.append((before, rest, gram, rest[half].T @ self.loss[half]))
        found = np.empty(len(sets))
        for n, place in enumerate(sets):
            own = np.asarray(place)
            one, other = (
                self._about_mean(
                    before + rest[:, own] @ np.linalg.solve(gram[np.ix_(own, own)], slope[own])
                )
                for before, rest, gram, slope in parts
            )
            found[n] = self._value((one, other))
        return found

    def _about_mean(self, expected: Array) -> Array:
        """Expected losses whose mean over all draws is that of the losses, as it has to be."""
        moved: Array = expected + (self.loss.mean(axis=0) - expected.mean(axis=0))
        return moved

    def _value(self, expected: tuple[Array, Array]) -> float:
        """The value if one regression chooses and the other evaluates, averaged over both ways."""
        one, other = expected
        rows = np.arange(len(one))
        reached = other[rows, one.argmin(axis=1)].mean() + one[rows, other.argmin(axis=1)].mean()
        return float(np.clip(self.loss.mean(axis=0).min() - reached / 2, 0, self.perfect))


def _residual(columns: Array, known: Array, half: slice) -> Array:
    """Columns in units of their deviation, less what known ones explain in a half of the draws."""
    scale = columns[half].std(axis=0)
    scaled = columns / np.where(scale > 0, scale, 1)
    rest: Array = scaled - known @ (known[half].T @ scaled[half])
    return rest

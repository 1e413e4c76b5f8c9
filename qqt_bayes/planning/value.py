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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST_SHARE = 1e-6
"""Share of its variance that a column must have beside those before it: less is rounding."""
EVALUATED_AT_A_TIME = 4_000_000
"""Expected losses that are held at once."""


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
    0.36
    """
    before = Expectations.before(loss)
    return float(before.values(observed[:, None, :])[0])


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
    halves : array of bool, shape (2, draw)
        The draws that each regression is fitted to.
    columns : tuple of array, shape (draw, column)
        For each regression, what it regresses on, orthonormal over its half of the draws.
    expected : tuple of array, shape (draw, action)
        For each regression, the expected losses of all draws, about their mean.
    """

    loss: Array
    halves: NDArray[np.bool_]
    columns: tuple[Array, Array]
    expected: tuple[Array, Array]

    @classmethod
    def before(cls, loss: Array) -> Expectations:
        """Those before anything is observed; every other draw is of the one half."""
        first = np.arange(len(loss)) % 2 == 0
        halves = np.stack([first, ~first])
        constant = [np.full((len(loss), 1), 1 / np.sqrt(half.sum())) for half in halves]
        centred = np.zeros_like(loss)
        return cls(loss, halves, (constant[0], constant[1]), (centred, centred))

    @property
    def value(self) -> float:
        """What the observations are worth."""
        return self._value(self.expected)

    @property
    def chosen(self) -> Array:
        """How probable it is that each action is chosen once all is observed."""
        mean = self.loss.mean(axis=0)
        counts = [
            np.bincount((each - each.mean(axis=0) + mean).argmin(axis=1), minlength=mean.size)
            for each in self.expected
        ]
        found: Array = np.sum(counts, axis=0) / (2 * len(self.loss))
        return found

    def values(self, columns: Array) -> Array:
        """What each of some further observations would be worth together with those made.

        Parameters
        ----------
        columns : array, shape (draw, observation, column)

        Returns
        -------
        array, shape (observation,)
        """
        parts = [self._residual(columns, half) for half in (0, 1)]
        found = np.empty(columns.shape[1])
        for i in range(columns.shape[1]):
            one, other = (
                self.expected[h] + part[:, i] @ slope[i] for h, (part, slope) in enumerate(parts)
            )
            found[i] = self._value((one, other))
        return found

    def given(self, columns: Array) -> Expectations:
        """Expectations given one further observation, columns of shape (draw, column)."""
        kept, expected = [], []
        for half in (0, 1):
            part, slope = self._residual(columns[:, None, :], half)
            kept.append(np.hstack([self.columns[half], part[:, 0]]))
            expected.append(self.expected[half] + part[:, 0] @ slope[0])
        return Expectations(self.loss, self.halves, (kept[0], kept[1]), (expected[0], expected[1]))

    def _residual(self, columns: Array, half: int) -> tuple[Array, Array]:
        """Columns less what those before them explain, orthonormal in a half, and their slopes.

        Returns
        -------
        tuple of array
            Shape (draw, observation, column), and (observation, column, action).
        """
        own, known = self.halves[half], self.columns[half]
        scale = columns[own].std(axis=0)
        rest = columns / np.where(scale > 0, scale, 1)
        flat = rest.reshape(len(rest), -1)
        rest = (flat - known @ (known[own].T @ flat[own])).reshape(rest.shape)
        for k in range(rest.shape[2]):
            for before in range(k):
                shared = np.einsum("do,do->o", rest[own, :, before], rest[own, :, k])
                rest[:, :, k] -= shared * rest[:, :, before]
            length = np.sqrt((rest[own, :, k] ** 2).sum(axis=0))
            enough = length > np.sqrt(LEAST_SHARE * own.sum())
            rest[:, :, k] *= np.where(enough, 1 / np.where(enough, length, 1), 0)
        slope = np.einsum("dok,da->oka", rest[own], self.loss[own])
        return rest, slope

    def _value(self, expected: tuple[Array, Array]) -> float:
        """The value if one regression chooses and the other evaluates, averaged over both ways."""
        mean = self.loss.mean(axis=0)
        one, other = (each - each.mean(axis=0) + mean for each in expected)
        rows = np.arange(len(one))
        reached = other[rows, one.argmin(axis=1)].mean() + one[rows, other.argmin(axis=1)].mean()
        gained = mean.min() - reached / 2
        return float(np.clip(gained, 0, value_of_perfect_information(self.loss)))

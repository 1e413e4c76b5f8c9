r"""Coordinates in which the level that the runs see stands in place of the height above the floor.

Runs pin down the error rate at their budgets, not which part of it is floor: along a line of equal
error the height falls as the floor rises, and the exponent rises, to keep the slope; the posterior
of the three is a curved ridge.  As odds, the floor f (a share of the chance error) and the height h
(a share of what is left) make the level ``y = f + h (1 + f)``.  Its log lambda is sampled in place
of that of the height,

``log h = log t(e^lambda - f) - log(1 + f)``, ``t(x) = s log(1 + exp(x / s))``:

t is x where the floor is below the level, and above 0 everywhere; s is an eighth of the difference
at the mode.  The log determinant is ``log t' + lambda - log t``.  The log of the exponent is
sampled as its distance from ``lambda - log h``; the means over groups move by the means of theirs.

Losses are sampled as they are declared: their floors take most of the error, the runs of a single
pool hardly tell them, and chains mixed worse by their levels.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.memory import kernel

SHARPNESS = 8.0
"""The difference of level and floor at the mode, in units of s."""


@kernel
def positive(x, scale):
    """``t``, its derivative, and the second derivative over the first."""
    z = x / scale
    t = scale * (max(z, 0.0) + math.log1p(math.exp(-abs(z))))
    rising = 1 / (1 + math.exp(-z))
    return t, rising, (1 - rising) / scale


@kernel
def bend(bent, size, v, u):
    """The point u of the log density from the point v with levels; the log determinant."""
    for i in range(size):
        u[i] = v[i]
    floor_place, height_place = bent.floor, bent.height
    of, target, weight, scale = bent.of, bent.target, bent.weight, bent.scale
    total = 0.0
    for i in range(bent.floors):
        at, floor = height_place[i], math.exp(v[floor_place[i]])
        t, slope, _ = positive(math.exp(v[at]) - floor, scale[i])
        u[at] = math.log(t) - math.log1p(floor)
        total += math.log(slope) + v[at] - math.log(t)
    for j in range(bent.entries):
        at = height_place[of[j]]
        u[target[j]] += weight[j] * (u[at] - v[at])
    return total


@kernel
def pull_bend(bent, v, by_u):
    """From the derivatives by u to those of the log density by v, in place."""
    floor_place, height_place = bent.floor, bent.height
    of, target, weight, scale = bent.of, bent.target, bent.weight, bent.scale
    for i in range(bent.floors):
        at, floor = height_place[i], math.exp(v[floor_place[i]])
        level = math.exp(v[at])
        t, slope, curvature = positive(level - floor, scale[i])
        by_level, by_floor = slope / t * level, -slope / t * floor - floor / (1 + floor)
        by_moved = 0.0
        for j in range(bent.entries):
            if of[j] == i:
                by_moved += weight[j] * by_u[target[j]]
        by_height = by_u[at] + by_moved
        of_volume = curvature - slope / t
        by_u[at] = by_height * by_level - by_moved + of_volume * level + 1
        by_u[floor_place[i]] += by_height * by_floor - of_volume * floor

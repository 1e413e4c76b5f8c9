"""Which heights are sampled as levels, laid out for the compiled log density; see `bend`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.bend import SHARPNESS
from qqt_bayes.sampling.kernel.layout import integers, reals
from qqt_bayes.sampling.kernel.numbers import Slots
from qqt_bayes.sampling.kernel.tables import Bent, Plan

Array = NDArray[np.float64]
MOVED = {"height": 1.0, "alpha": -1.0}
"""What moves by ``log h - lambda``, and in which direction: with their means over groups."""
UNBENT = Bent(0, integers([]), integers([]), reals([]), 0, integers([]), integers([]), reals([]))
"""No height that is sampled as a level."""


def bend_about(
    problem: Problem, plan: Plan, variables: dict[str, tuple[Slots, tuple[str, ...]]], mode: Array
) -> Bent:
    """Lay the map out about a mode; nothing where the law has no such heights.

    Parameters
    ----------
    problem : Problem
    plan : Plan
        Of parameters that are sampled as declared.
    variables : dict
        Slots and dimensions of every random parameter, by name.
    mode : array, shape (place,)
    """
    place_of = dict(zip(plan.declared.slot.tolist(), plan.declared.place.tolist(), strict=True))

    def places(name: str) -> list[int]:
        """Places of a parameter that is sampled on its log scale; none if there is none."""
        declared = problem.spec.parameters.get(name)
        if not isinstance(declared, Prior) or declared.support != (0.0, np.inf):
            return []
        return [place_of[slot] for slot in variables[name][0].ravel().tolist()]

    floors, heights = places("floor"), places("height")
    if not (plan.reuse.bounded and floors and len(heights) == len(floors)):
        return UNBENT
    rows = []
    for name, direction in MOVED.items():
        if name != "height" and len(moved := places(name)) == len(floors):
            rows += [(f, at, direction) for f, at in enumerate(moved)]
        mean = variables.get(f"{name}_mu")
        if mean is not None and mean[0].size == 1:
            at = place_of[mean[0].item()]
            rows += [(f, at, direction / len(floors)) for f in range(len(floors))]
    of, target, weight = zip(*rows, strict=True) if rows else ([], [], [])
    floor, height = np.exp(mode[floors]), np.exp(mode[heights])
    return Bent(
        floors=len(floors),
        floor=integers(floors),
        height=integers(heights),
        scale=reals(height * (1 + floor) / SHARPNESS),
        entries=len(rows),
        of=integers(of),
        target=integers(target),
        weight=reals(weight),
    )


def before_bend(bent: Bent, mode: Array, axes: Array) -> tuple[Array, Array]:
    """A point with levels from one with heights, and the axes there: the way back of `bend`.

    Parameters
    ----------
    bent : Bent
    mode : array, shape (place,)
    axes : array, shape (place, axis)
    """
    point, turned = mode.copy(), axes.copy()
    floor, log_height = np.exp(mode[bent.floor]), mode[bent.height]
    above = np.exp(log_height) * (1 + floor)
    x = bent.scale * np.log(np.expm1(above / bent.scale))
    rising = -np.expm1(-above / bent.scale)
    point[bent.height] = np.log(floor + x)
    by_height = above / rising / (floor + x)
    by_floor = (floor + np.exp(log_height) * floor / rising) / (floor + x)
    turned[bent.height] = (
        by_height[:, None] * axes[bent.height] + by_floor[:, None] * axes[bent.floor]
    )
    for f, target, weight in zip(bent.of, bent.target, bent.weight, strict=True):
        at = bent.height[f]
        point[target] -= weight * (mode[at] - point[at])
        turned[target] -= weight * (axes[at] - turned[at])
    return point, turned

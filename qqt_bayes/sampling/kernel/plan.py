"""From a problem and its coordinates to the tables of the compiled log density.

The order of the coordinates in the vector that is sampled is that of the random variables of
`qqt_bayes.model.build.build`, so that the two densities can be compared point by point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.coordinates import GAUSS_NEWTON_STEPS, Coordinates
from qqt_bayes.model.discrepancy import AMPLITUDE
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import TRAINING, checkpoints
from qqt_bayes.model.priors import count, values_at
from qqt_bayes.model.problem import FLOOR, Problem, Scale
from qqt_bayes.model.spec import Spec
from qqt_bayes.sampling.kernel.bend_layout import UNBENT, before_bend, bend_about
from qqt_bayes.sampling.kernel.curve import CODES as LAW_CODES
from qqt_bayes.sampling.kernel.departed_layout import departed_table, departed_work
from qqt_bayes.sampling.kernel.layout import (
    Memory,
    curve_table,
    curve_work,
    expected_table,
    integers,
    noise_table,
    reals,
)
from qqt_bayes.sampling.kernel.numbers import Numbers, Row, Slots
from qqt_bayes.sampling.kernel.own_layout import own_table, own_work
from qqt_bayes.sampling.kernel.priors import CODES
from qqt_bayes.sampling.kernel.reuse_layout import reuse_table, reuse_work
from qqt_bayes.sampling.kernel.run_tables import NoiseWork
from qqt_bayes.sampling.kernel.tables import (
    Affine,
    Declared,
    ExpectedWork,
    Floors,
    Placed,
    PlacedWork,
    Plan,
    Priors,
    ScalesWork,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """A plan, and what the numbers at a point are called.

    Attributes
    ----------
    plan : Plan
    variables : dict of str to (array of int, tuple of str)
        Slots and dimensions of every random parameter, by name.
    coords : dict of str to array
        Names along each dimension.
    middle : array, shape (place,)
        The point at which what is sampled on its unconstrained scale is at the median of its prior,
        and every coordinate 0: there its scalar is where runs and prior put it.
    """

    plan: Plan
    variables: dict[str, tuple[Slots, tuple[str, ...]]]
    coords: dict[str, Any]
    middle: Array


def covers(spec: Spec) -> bool:
    """Whether the compiled density has the model of a specification: all but the law it has.

    A law from user code it has where that gives derivatives.
    """
    return spec.law in LAW_CODES or LAWS[spec.law].derivatives is not None


def lay_out(problem: Problem, coordinates: Coordinates | None) -> Layout:
    """Write the tables of a problem.

    Parameters
    ----------
    problem : Problem
        Whose specification it `covers`.
    coordinates : Coordinates, optional
        Sample the parameters of the law in these; otherwise as declared.
    """
    numbers = Numbers({dim: problem.runs.sizes[dim] for dim in ("group", "pool")})
    numbers.constant(0.0)  # NO_ARGUMENT
    of_noise = {
        name: (numbers.number(name, value), value)
        for name, value in problem.spec.likelihood.parameters.items()
    }
    amplitude = numbers.number(AMPLITUDE, problem.spec.discrepancy.get(AMPLITUDE, 0.0))
    if coordinates is None:
        values = {n: numbers.number(n, each) for n, each in problem.spec.parameters.items()}
        families: tuple[list[int], list[int]] = [0], []
        line: list[Row] = []
        floors = _floors([], line, [], [])
    else:
        values, floors, line, families = _place_law(numbers, problem, coordinates)
    curves, curve_of_run = curve_table(problem, values, numbers.constant)
    reuse = reuse_table(problem, curves, values, numbers.constant)
    own = own_table(problem, values, numbers.constant)
    effects = _effects(numbers, problem, coordinates is None)
    noise = noise_table(problem, of_noise, numbers.constant, curve_of_run, coordinates, effects)
    departed = departed_table(problem, amplitude)
    expected = expected_table(coordinates, curve_of_run, problem.runs["error"].to_numpy())
    by_value = [*numbers.declared, *line, *(row for row in numbers.placed if not row.is_gaussian)]
    variables = integers(np.concatenate([slots.ravel() for slots, _ in numbers.variables.values()]))
    memory = Memory()
    rows, scalars, knots_rows = len(numbers.placed), expected.scalars, expected.rows
    plan = Plan(
        places=numbers.places,
        slots=len(numbers.fixed),
        work=0,
        set_values=0,
        expanded=variables.size,
        fixed=reals(numbers.fixed),
        variables=variables,
        affine=Affine(0, reals([]), reals([])),
        bent=UNBENT,
        priors=_priors(by_value),
        declared=Declared(len(numbers.declared), *_columns(numbers.declared, ON_SCALE)),
        placed=_placed(numbers.placed, *families),
        scales_work=ScalesWork(*memory.take(numbers.places, numbers.places)),
        placed_work=PlacedWork(*memory.take(*[rows] * 8)),
        floors=floors,
        expected=expected,
        expected_work=ExpectedWork(
            *memory.take(knots_rows, knots_rows, expected.floors * knots_rows),
            *memory.take(scalars, scalars, *[GAUSS_NEWTON_STEPS * scalars] * 2, scalars, scalars),
        ),
        curves=curves,
        curve_work=curve_work(curves, memory),
        reuse=reuse,
        reuse_work=reuse_work(reuse, memory),
        own=own,
        own_work=own_work(own, curves, memory),
        noise=noise,
        noise_work=NoiseWork(*memory.take(*[noise.runs] * 4, *[noise.trainings] * 3, 1)),
        departed=departed,
        departed_work=departed_work(departed, memory),
    )
    plan = plan._replace(work=memory.size)
    coords = {dim: problem.runs[dim].to_numpy() for dim in ("group", "pool")}
    coords["training"] = np.array(checkpoints(problem.runs)[1])
    return Layout(plan, numbers.variables, coords, _middle(plan, numbers, problem))


def about(problem: Problem, layout: Layout, centre: Array, root: Array) -> Layout:
    """The same tables, with a point that is sampled along axes and by its levels.

    Parameters
    ----------
    problem : Problem
    layout : Layout
        Of parameters as declared.
    centre : array, shape (place,)
        The mode of the posterior.
    root : array, shape (place, place)
        A square root of its covariance about there, with an axis in each column.
    """
    bent = bend_about(problem, layout.plan, layout.variables, centre)
    point, axes = before_bend(bent, centre, root)
    affine = Affine(point.size, reals(point), reals(axes))
    plan = layout.plan._replace(affine=affine, bent=bent)
    return replace(layout, plan=plan, middle=np.zeros(centre.size))


def _middle(plan: Plan, numbers: Numbers, problem: Problem) -> Array:
    """The point of the medians, see `Layout`."""
    sizes = {dim: problem.runs.sizes[dim] for dim in ("group", "pool")}
    medians = values_at(problem.spec, sizes, np.zeros((1, count(problem.spec, sizes))))
    value = np.array(numbers.fixed)
    for name, median in medians.items():
        value[numbers.variables[name][0]] = median[0]
    middle = np.zeros(plan.places)
    for row in numbers.declared:
        middle[row.place] = Scale(row.lower, row.upper).free(value[row.slot])
    return middle


def _effects(numbers: Numbers, problem: Problem, as_declared: bool) -> tuple[Slots, Slots]:
    """Slots of the effects of trainings, and their places unless they are sampled as declared."""
    names = checkpoints(problem.runs)[1]
    if "common" not in problem.spec.likelihood.parameters or not names:
        return integers([]), integers([])
    numbers.sizes["training"] = len(names)
    if as_declared:
        prior = Prior("Normal", {"mu": 0.0, "sigma": 1.0}, ("training",))
        return numbers.number(TRAINING, prior), integers([])
    return numbers.random(TRAINING, ("training",)), integers(numbers.take(len(names)))


def _place_law(
    numbers: Numbers, problem: Problem, coordinates: Coordinates
) -> tuple[dict[str, Slots], Floors, list[Row], tuple[list[int], list[int]]]:
    """Take slots and places for the parameters of the law.

    Returns
    -------
    tuple
        Their slots by name; the floors, and a row for each that is on its line; first rows of the
        families, and of their leaves.
    """
    values = {name: numbers.constant(float(value)) for name, value in problem.fixed.items()}
    starts, leaves = [0], []
    line: list[Row] = []
    slots = np.empty(0, dtype=np.int64)
    if coordinates.floor:
        prior = coordinates.floor.prior
        if prior.pooled:
            slots = numbers.place(FLOOR, prior)
            starts.append(len(numbers.placed))
            leaves.append(starts[-1] - slots.size)
        else:
            places = numbers.take(coordinates.floor.size)
            arguments = numbers.arguments(FLOOR, prior)
            slots = numbers.random(FLOOR, prior.over)
            line = numbers.rows(prior, slots, places, arguments)
        values[FLOOR] = slots
    for each in coordinates.given_floor:
        other = coordinates.search_precision[each.place]
        values[each.name] = numbers.place(each.name, each.prior, other)
        starts.append(len(numbers.placed))
        leaves.append(starts[-1] - each.size)
    floors = _floors(slots, line, coordinates.line, coordinates.pooled_floor)
    return values, floors, line, (starts, leaves)


ON_SCALE = "slot", "place", "lower", "upper"
"""The columns that say where a scalar is and on which scale."""


def _columns(rows: list[Row], names: Iterable[str]) -> list[Any]:
    """Some columns of rows as arrays."""
    found = []
    for name in names:
        column = [getattr(row, name) for row in rows]
        found.append(integers(column) if name in ("slot", "place") else reals(column))
    return found


def _priors(rows: list[Row]) -> Priors:
    slot, lower, upper = _columns(rows, ("slot", "lower", "upper"))
    codes = integers([CODES[row.distribution] for row in rows])
    return Priors(len(rows), slot, codes, integers([row.arguments for row in rows]), lower, upper)


def _placed(rows: list[Row], starts: list[int], leaves: list[int]) -> Placed:
    slot, place, lower, upper = _columns(rows, ON_SCALE)
    return Placed(
        families=len(leaves),
        slot=slot,
        place=place,
        lower=lower,
        upper=upper,
        mu=integers([row.arguments[0] if row.is_gaussian else -1 for row in rows]),
        sigma=integers([row.arguments[1] for row in rows]),
        parent=integers([row.parent for row in rows]),
        other_precision=reals([row.other_precision for row in rows]),
        family_start=integers(starts),
        leaf_start=integers(leaves),
    )


def _floors(slots: Any, line: list[Row], constants: Any, pooled: Any) -> Floors:
    _, place, lower, upper = _columns(line, ON_SCALE)
    return Floors(
        floors=np.size(slots),
        on_line=len(line),
        slot=integers(slots),
        place=place,
        lower=lower,
        upper=upper,
        line=reals(constants),
        pooled=reals(pooled),
    )

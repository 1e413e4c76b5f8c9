"""What the compiled log density reads: tables of plain numbers, written once for each fit.

`qqt_bayes.sampling.kernel.plan` writes them from a problem and its coordinates.  Every number of a
model, random or fixed, has a slot in one vector of values; the tables say by such slots where the
arguments of a prior, the half-life of a pool or the noise of a run are found.  So one compiled
function serves every specification and every table of runs.

Beside each table stands what is known at a point (`CurveWork` and the like): places in one vector
of work that each evaluation fills anew.
"""

from __future__ import annotations

from typing import NamedTuple

from qqt_bayes.sampling.kernel.own_tables import Own, OwnWork
from qqt_bayes.sampling.kernel.run_tables import (
    Curves,
    CurveWork,
    Departed,
    DepartedWork,
    Integers,
    Noise,
    NoiseWork,
    Reals,
    Reuse,
    ReuseWork,
)


class Priors(NamedTuple):
    """The random scalars whose declared prior is taken at their value.

    Attributes
    ----------
    rows : int
    slot : array, shape (row,)
        Where the scalar is among the values.
    distribution : array, shape (row,)
        A code of `qqt_bayes.sampling.kernel.priors`.
    arguments : array, shape (row, 3)
        Slots of the arguments of its prior.
    lower, upper : array, shape (row,)
        Its support.
    """

    rows: int
    slot: Integers
    distribution: Integers
    arguments: Integers
    lower: Reals
    upper: Reals


class Declared(NamedTuple):
    """The random scalars that are sampled on their unconstrained scales.

    Attributes
    ----------
    rows : int
    slot, place : array, shape (row,)
        Where the scalar is among the values, and in the vector that is sampled.
    lower, upper : array, shape (row,)
        Its support.
    """

    rows: int
    slot: Integers
    place: Integers
    lower: Reals
    upper: Reals


class ScalesWork(NamedTuple):
    """What is known at a point of declared scalars and of floors on their lines.

    Attributes
    ----------
    slope : (place,)
        dx/du.
    log_slope_by_u : (place,)
        The derivative of its log.
    """

    slope: int
    log_slope_by_u: int


class Placed(NamedTuple):
    """The random scalars that are sampled about where the runs and their prior put them.

    The scalars of one parameter and the means that they are pooled with are a family: its rows
    follow each other, means first, the scalars of the parameter itself (its leaves) last.

    Attributes
    ----------
    families : int
    slot, place, lower, upper
        As for `Declared`.
    mu, sigma : array, shape (row,)
        Slots of mean and standard deviation of a prior that is Gaussian on the unconstrained scale;
        the first is -1 for another prior.
    parent : array, shape (row,)
        The row of the mean that a scalar is pooled with; -1 for none.
    other_precision : array, shape (row,)
        Stands for the precision of a prior that is not Gaussian.
    family_start : array, shape (family + 1,)
        First row of each family; the floor's comes first, if that is pooled.
    leaf_start : array, shape (family,)
        First leaf of each.
    """

    families: int
    slot: Integers
    place: Integers
    lower: Reals
    upper: Reals
    mu: Integers
    sigma: Integers
    parent: Integers
    other_precision: Reals
    family_start: Integers
    leaf_start: Integers


class PlacedWork(NamedTuple):
    """What is known of the placed scalars at a point.

    Attributes
    ----------
    mean, mean_adjoint : (row,)
        What the runs say of a scalar: precision times mean.
    precision, precision_adjoint : (row,)
        And their precision.
    free, free_adjoint : (row,)
        The scalar on its unconstrained scale.
    slope, log_slope_by_free : (row,)
        The derivative of its value by that, and the derivative of the log of it.
    """

    mean: int
    mean_adjoint: int
    precision: int
    precision_adjoint: int
    free: int
    free_adjoint: int
    slope: int
    log_slope_by_free: int


class Floors(NamedTuple):
    """The random floors.

    Attributes
    ----------
    floors : int
    on_line : int
        How many are sampled on their lines, see `qqt_bayes.model.floor`: all, or none where they
        are pooled, the first family of `Placed`.
    slot, place : array, shape (floor,)
    lower, upper : array, shape (floor,)
    line : array, shape (6, floor)
        ``c0``, ``c1``, ``c2``, ``W``, ``w`` and ``s``.
    pooled : array, shape (2, floor)
        Of pooled floors: what the runs say of them, see `qqt_bayes.model.coordinates.Coordinates`.
    """

    floors: int
    on_line: int
    slot: Integers
    place: Integers
    lower: Reals
    upper: Reals
    line: Reals
    pooled: Reals


class Expected(NamedTuple):
    """Where the best fits put the parameters given the floors, see `qqt_bayes.model.coordinates`.

    Attributes
    ----------
    fields : int
    newton_field : int
        The last field, if it is b and takes Gauss-Newton steps; otherwise -1.
    scalars : int
        The length of x.
    floors, knots, rows, curves : int
    knot : array, shape (floor, knot)
        In units of `unit`.
    unit, highest : array, shape (floor,)
    constant : array, shape (row,)
    cubics : array, shape (floor, knot + 1, 4, row)
        Between two knots a spline is a cubic; its coefficients in the distance from the knot below
        (below all knots: from the first).
    field_start : array, shape (field + 1,)
        Where in x each field begins.
    row_start : array, shape (field,)
        First row of what the splines say of each field: ``e``, ``m0``, ``log t``, then ``A``.
    search_precision : array, shape (scalar,)
        ``q0``.
    gain : array, shape (scalar of the last field, curve)
        ``G``, summed over the runs of each curve.
    gain_observed : array, shape (scalar of the last field,)
        ``G y``.
    shrinkage : array, shape (scalar of the last field, scalar of the last field)
        ``H``.
    """

    fields: int
    newton_field: int
    scalars: int
    floors: int
    knots: int
    rows: int
    curves: int
    knot: Reals
    unit: Reals
    highest: Reals
    constant: Reals
    cubics: Reals
    field_start: Integers
    row_start: Integers
    search_precision: Reals
    gain: Reals
    gain_observed: Reals
    shrinkage: Reals


class ExpectedWork(NamedTuple):
    """What the splines say at a point.

    Attributes
    ----------
    says, says_adjoint : (row,)
    says_by_floor : (floor, row)
        Derivatives of `says`.
    best, best_adjoint : (scalar,)
        ``e`` under the present values of the parameters before.
    tried : (step, scalar of the last field)
        ``e`` before each Gauss-Newton step.
    tried_slope : (step, scalar of the last field)
        The derivative of b by it.
    offset, offset_adjoint : (scalar,)
        ``x - e(d)``.
    """

    says: int
    says_adjoint: int
    says_by_floor: int
    best: int
    best_adjoint: int
    tried: int
    tried_slope: int
    offset: int
    offset_adjoint: int


class Affine(NamedTuple):
    """The map from what is sampled to the point of the log density, see `affine`.

    Attributes
    ----------
    size : int
        The length of the vector; 0 where it is the point itself.
    centre : array, shape (place,)
    root : array, shape (place, place)
    """

    size: int
    centre: Reals
    root: Reals


class Bent(NamedTuple):
    """Which heights above a floor are sampled as levels, see `bend`.

    Attributes
    ----------
    floors : int
    floor, height : array, shape (floor,)
        Places.
    scale : array, shape (floor,)
        ``s``.
    entries : int
        What moves with the heights.
    of : array, shape (entry,)
        The height with which it moves.
    target : array, shape (entry,)
        Its place.
    weight : array, shape (entry,)
    """

    floors: int
    floor: Integers
    height: Integers
    scale: Reals
    entries: int
    of: Integers
    target: Integers
    weight: Reals


class Plan(NamedTuple):
    """All tables of a model.

    Attributes
    ----------
    places : int
        The length of the vector that is sampled.
    slots : int
    work : int
        The length of the vector of work.
    set_values : int
        Address of `qqt_bayes.sampling.kernel.density.set_values` (or itself, as plain Python).
    expanded : int
    fixed : array, shape (slot,)
        The values that are fixed, and 0 for those that are not.
    variables : array, shape (expanded,)
        Slots of the random parameters, one after the other.
    """

    places: int
    slots: int
    work: int
    set_values: int
    expanded: int
    fixed: Reals
    variables: Integers
    affine: Affine
    bent: Bent
    priors: Priors
    declared: Declared
    scales_work: ScalesWork
    placed: Placed
    placed_work: PlacedWork
    floors: Floors
    expected: Expected
    expected_work: ExpectedWork
    curves: Curves
    curve_work: CurveWork
    reuse: Reuse
    reuse_work: ReuseWork
    own: Own
    own_work: OwnWork
    noise: Noise
    noise_work: NoiseWork
    departed: Departed
    departed_work: DepartedWork

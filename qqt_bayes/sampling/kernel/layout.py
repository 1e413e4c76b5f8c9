"""Curves, runs and splines, laid out for the compiled log density."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.epochs import log_samples
from qqt_bayes.laws.run_curves import Part, starts_of
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import (
    checkpoints,
    evaluation_variance,
    is_rounded,
    known_variance,
    reference_budget,
)
from qqt_bayes.model.problem import UTILITY, Problem
from qqt_bayes.sampling.kernel.curve import CODES, INTEGRATED, OWN, SUMMED, TRIALS
from qqt_bayes.sampling.kernel.run_tables import Curves, CurveWork, Noise
from qqt_bayes.sampling.kernel.tables import Expected

Array = NDArray[np.float64]
Slots = NDArray[np.int64]
ABSENT = {"a": 1.0, "b": 1.0, "d": 0.0, "tau": np.inf, "size_exponent": 1.0, "kappa": 0.0}
"""What a parameter is where the law has none: no sample loses anything, half-lives grow as the
size, and no utility decays through zero."""


class Memory:
    """Hands out places in the vector of work."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, *sizes: int) -> list[int]:
        """Where arrays of some sizes begin."""
        starts = [self.size + before for before in np.cumsum([0, *sizes]).tolist()]
        self.size = starts.pop()
        return starts


def reals(x: Any) -> Array:
    """Real numbers as the tables have them: in one row, next to each other."""
    return np.ascontiguousarray(x, dtype=np.float64).ravel()


def integers(x: Any) -> Slots:
    """Integers as the tables have them."""
    return np.ascontiguousarray(x, dtype=np.int64).ravel()


def curve_table(
    problem: Problem, values: Mapping[str, Slots], constant: Callable[[float], Slots]
) -> tuple[Curves, Slots]:
    """Lay out the curves of a problem, and say which is each run's.

    Parameters
    ----------
    problem : Problem
    values : mapping of str to array of int
        Slots of the parameters of the law, with their dimensions.
    constant : callable
        Finds a slot for a number.
    """
    law, drawn = problem.spec.law, problem.law.replacement
    parts = _integrated(problem.entries) if drawn and law in INTEGRATED else problem.entries
    declared = {} if problem.law.own else values  # whose parameters may have any meaning
    slots = dict(declared) | {n: constant(x) for n, x in ABSENT.items() if n not in declared}
    before = np.cumsum([0] + [part.rows for part in parts])[:-1]
    curve = np.concatenate([part.row + at for part, at in zip(parts, before, strict=True)])
    first = starts_of(curve)
    total, size = (joined(parts, name) for name in ("total", "pool_size"))
    each = {
        name: of_entries(problem, name, slots[name])
        if name in declared
        else np.full(curve.size, slots[name])
        for name in slots
    }
    summed = law in SUMMED or (drawn and law == "data-constrained")
    nodes = np.concatenate([_nodes(part, summed) for part in parts])
    node_start = np.append(0, np.cumsum(nodes))
    longest_nodes = max((part.epochs.node for part in parts), key=len)
    half, rest = _sums(longest_nodes)

    def of_nodes(what: Callable[[Part], Array]) -> Array:
        """A number for each node of each curve, curve by curve."""
        rows = [row for part in parts for row in what(part)[part.first]]
        return _flat([row[:n] for row, n in zip(rows, nodes, strict=True)])

    counts, lasts = (of_nodes(lambda p: p.epochs.count), of_nodes(lambda p: p.epochs.last))
    shared, own_start = np.zeros(longest_nodes.size), [1] * len(nodes)
    if not drawn:
        shared, own_start = _shared_growth(longest_nodes, counts, lasts, node_start)
    rates, rate = _unique(each["tau"], each["size_exponent"], np.log(total / size))
    longest = np.zeros(rates.shape[1], dtype=np.int64)
    np.maximum.at(longest, rate, nodes[curve])
    depends = slice(None if law == "utility-bounded" else 0)  # whose growth depends on a
    grown, growth = _unique(curve[depends], each["a"][depends])
    grown_start = np.append(0, np.cumsum(nodes[grown[0].astype(int)]))
    run = np.concatenate([part.runs for part in parts])
    of_run = np.concatenate([part.cell + at for part, at in zip(parts, before, strict=True)])
    epochs = {
        name: np.concatenate([getattr(part.epochs, name) for part in parts])[first]
        for name in ("samples_seen", "unique_samples", "complete")
    }
    table = Curves(
        law=CODES.get(law, OWN),
        drawn=int(drawn),
        last_trial=TRIALS - 1,
        curves=first.size,
        entries=curve.size,
        rates=rates.shape[1],
        growths=grown.shape[1],
        utilities=slots["b"].size,
        node=reals(longest_nodes),
        half=integers(half),
        rest=integers(rest),
        rate_tau=integers(rates[0]),
        rate_exponent=integers(rates[1]),
        rate_log_ratio=reals(rates[2]),
        rate_start=integers(np.append(0, np.cumsum(longest))),
        node_start=integers(node_start),
        counts=counts,
        lasts=lasts,
        log_growth=of_nodes(lambda part: part.epochs.growth(log_samples)),
        shared_growth=reals(shared),
        own_start=integers(own_start),
        seen=reals(epochs["samples_seen"]),
        unique=reals(epochs["unique_samples"]),
        complete=reals(epochs["complete"]),
        entry_start=integers(np.append(first, curve.size)),
        share=reals(joined(parts, "share")),
        curve=integers(curve),
        rate=integers(rate),
        a=integers(each["a"]),
        d=integers(each["d"]),
        kappa=integers(each["kappa"]),
        utility=integers(each["b"] - slots["b"].min()),
        utility_slot=integers(slots["b"]),
        growth_start=integers(grown_start[growth] if growth.size else node_start[curve]),
        grown_curve=integers(grown[0]),
        grown_a=integers(grown[1]),
        grown_start=integers(grown_start),
    )
    return table, of_run[np.argsort(run)]


def curve_work(curves: Curves, memory: Memory) -> CurveWork:
    """Take memory for what is known of curves at a point."""
    nodes, grown = int(curves.rate_start[-1]), int(curves.grown_start[-1])
    rates, entries, rows = curves.rates, curves.entries, curves.curves
    utilities, tried = TRIALS * curves.utilities, TRIALS * rows
    sizes = [rates, rates, nodes, nodes, nodes, grown, grown, *[entries] * 8, rows, rows]
    return CurveWork(*memory.take(*sizes, utilities, utilities, rows, rows, *[tried] * 4, rows))


def noise_table(
    problem: Problem,
    parameters: Mapping[str, tuple[Slots, float | Prior]],
    constant: Callable[[float], Slots],
    curve: Slots,
    coordinates: Coordinates | None,
    effects: tuple[Slots, Slots],
) -> Noise:
    """Lay out the runs of a problem.

    Parameters
    ----------
    problem : Problem
    parameters : mapping of str to (array of int, float or Prior)
        Slots of the parameters of the likelihood, and what is declared of each.
    constant : callable
        Finds a slot for a number.
    curve : array of int, shape (run,)
    coordinates : Coordinates, optional
    effects : tuple of array of int, shape (training,)
        Slots of the effects of trainings, and their places, if they have any of their own.
    """
    runs = problem.runs
    training = checkpoints(runs)[0]
    if not effects[0].size:
        training = np.full_like(training, -1)
    several = np.bincount(training[training >= 0], minlength=1)
    count, group = runs.sizes["run"], runs["group_index"].to_numpy()
    absent = {"budget_exponent": 0.0, "common": 0.0, "nu": math.inf}
    given = dict(parameters) | {
        name: (constant(x), x) for name, x in absent.items() if name not in parameters
    }
    slots = {
        name: slot[group] if isinstance(value, Prior) and value.over else np.full(count, slot)
        for name, (slot, value) in given.items()
    }
    return Noise(
        runs=count,
        rounded=int(is_rounded(runs)),
        searched=int(coordinates is not None),
        trainings=effects[0].size,
        placed_effects=effects[1].size,
        curve=integers(curve),
        observed=reals(runs["error"]),
        weight=reals(runs["weight"]),
        log_budget=reals(np.log(runs["samples_seen"].to_numpy() / reference_budget(runs))),
        siblings=reals(np.where(training >= 0, several[training] - 1, 0)),
        evaluation=reals(evaluation_variance(runs)),
        rounding=reals(runs["rounding"]),
        known=reals(known_variance(runs)),
        search_variance=reals(coordinates.search_variance if coordinates else []),
        **{name: integers(slots[name]) for name in ("sigma", *absent)},
        training=integers(training),
        effect_slot=integers(effects[0]),
        effect_place=integers(effects[1]),
    )


def expected_table(coordinates: Coordinates | None, curve: Slots, observed: Array) -> Expected:
    """Lay out what the splines say, with the gain summed over the runs of each curve.

    Parameters
    ----------
    coordinates : Coordinates, optional
    curve : array of int, shape (run,)
    observed : array, shape (run,)
    """
    curves = int(curve.max()) + 1
    if coordinates is None:
        no, none = reals([]), integers([])
        return Expected(0, -1, 0, 0, 0, 0, curves, no, no, no, no, no, none, none, no, no, no, no)
    floors, knots = coordinates.knots.shape
    splines, fields = coordinates.splines, coordinates.given_floor
    rows = np.cumsum([0] + [each.size * (3 + each.start) for each in fields])
    gain = np.zeros((coordinates.gain.shape[0], curves))
    np.add.at(gain.T, curve, coordinates.gain.T)
    cubes = splines[:, 1 + floors :].reshape(len(splines), floors, knots)
    cubics = [_cubics(coordinates.knots[f], splines[:, 1 + f], cubes[:, f]) for f in range(floors)]
    return Expected(
        fields=len(fields),
        newton_field=len(fields) - 1 if fields[-1].name == UTILITY else -1,
        scalars=fields[-1].stop,
        floors=floors,
        knots=knots,
        rows=int(rows[-1]),
        curves=curves,
        knot=reals(coordinates.knots),
        unit=reals(coordinates.floor_unit),
        highest=reals(coordinates.highest_floor),
        constant=reals(splines[:, 0]),
        cubics=reals(cubics),
        field_start=integers([0, *(each.stop for each in fields)]),
        row_start=integers(rows[:-1]),
        search_precision=reals(coordinates.search_precision),
        gain=reals(gain),
        gain_observed=reals(coordinates.gain @ observed),
        shrinkage=reals(coordinates.shrinkage),
    )


def _cubics(knots: Array, slope: Array, cubes: Array) -> Array:
    """``slope x + sum_k w_k |x - x_k|^3`` as a cubic between any two knots.

    Parameters
    ----------
    knots : array, shape (knot,)
    slope : array, shape (row,)
    cubes : array, shape (row, knot)
        ``w``.

    Returns
    -------
    array, shape (knot + 1, 4, row)
        Coefficients of 1, t, t^2 and t^3, t the distance from the knot below.
    """
    found = np.empty((knots.size + 1, 4, slope.size))
    for i in range(knots.size + 1):  # i knots are below
        base = knots[max(i - 1, 0)]
        weight = cubes * np.where(np.arange(knots.size) < i, 1.0, -1.0)
        away = base - knots
        found[i, 0] = slope * base + weight @ away**3
        found[i, 1] = slope + 3 * weight @ away**2
        found[i, 2] = 3 * weight @ away
        found[i, 3] = weight.sum(axis=1)
    return found


def joined(parts: list[Part], name: str) -> Array:
    """An array over the entries of all parts."""
    joined: Array = np.concatenate([getattr(part, name) for part in parts])
    return joined


def _integrated(parts: list[Part]) -> list[Part]:
    """Parts of runs that draw with replacement, by the nodes of an integral over their draws."""
    return [replace(part, epochs=part.epochs.integrated()) for part in parts]


def _nodes(part: Part, summed: bool) -> Slots:
    """How many nodes each curve of a part needs: none behind the last that counts."""
    if not summed:
        return np.zeros(part.rows, dtype=np.int64)
    first = part.first
    counts = (part.epochs.count[first] != 0) | (part.epochs.last[first] != 0)
    found: Slots = counts.shape[1] - counts[:, ::-1].argmax(axis=1)
    return found


def _sums(nodes: Array) -> tuple[list[int], list[int]]:
    """Two earlier nodes whose positions add up to that of a node; -1 where there are none.

    An integer is the sum of its halves, rounded down and up; a node of a later block of epochs is
    twice one of the block before, to the last digit: blocks begin at powers of two.

    Examples
    --------
    >>> _sums(np.array([0.0, 1.0, 2.0, 3.0, 4.7, 9.4]))
    ([-1, -1, 1, 1, -1, 4], [-1, -1, 1, 2, -1, 4])
    """
    found: list[tuple[int, int]] = []
    place: dict[float, int] = {}
    for j, x in enumerate(nodes.tolist()):
        half = x // 2 if x == x // 1 else x / 2
        both = place.get(half, -1), place.get(x - half, -1)
        found.append(both if min(both) >= 0 else (-1, -1))
        place[x] = j
    half_of, rest_of = zip(*found, strict=True)
    return list(half_of), list(rest_of)


def _shared_growth(
    nodes: Array, counts: Array, lasts: Array, node_start: Slots
) -> tuple[Array, list[int]]:
    """Growth of log n at each node in the curve of most epochs; where others begin to differ.

    Between complete epochs k and k + 1 log n grows by ``log(k + 1) - log(k)``, whatever the size.

    Parameters
    ----------
    nodes : array, shape (node,)
    counts, lasts : array, shape (nodes of all curves,)
    node_start : array, shape (curve + 1,)

    Returns
    -------
    growth : array, shape (node,)
        0 at node 0, where there is no epoch before.
    own_start : list of int
        Of each curve.
    """
    growth, own_start = np.zeros(nodes.size), []
    rows = [slice(*ends) for ends in itertools.pairwise(node_start.tolist())]
    most = counts[max(rows, key=lambda row: counts[row].sum())]
    steps = np.log1p(1 / nodes[1 : most.size])
    growth[1 : most.size] = most[1:] * steps
    for row in rows:
        differs = (counts[row] != most[: counts[row].size]) | (lasts[row] != 0)
        own = np.flatnonzero(differs[1:])
        own_start.append(1 + int(own[0]) if own.size else max(1, differs.size))
    return growth, own_start


def of_entries(problem: Problem, name: str, slots: Slots) -> Slots:
    """The slot of a parameter for each entry."""
    declared = problem.spec.parameters.get(name)
    over = declared.over if isinstance(declared, Prior) else ()
    found = [
        slots[tuple({"group": part.group, "pool": part.pool}[dim] for dim in over)]
        if over
        else np.full(part.row.size, slots)
        for part in problem.entries
    ]
    return np.concatenate(found)


def _unique(*columns: Array | Slots) -> tuple[Array, Slots]:
    """The different rows of some columns, as columns again, and which of them each row is."""
    found, index = np.unique(np.stack(columns), axis=1, return_inverse=True)
    return found.astype(np.float64), index.ravel()


def _flat(rows: list[Array]) -> Array:
    return np.concatenate(rows) if rows else np.empty(0)

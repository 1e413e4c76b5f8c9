"""What the compiled log density reads of the runs: curves of the law, and noise about them.

For what such tables are see `qqt_bayes.sampling.kernel.tables`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]


class Curves(NamedTuple):
    """The curves of the law, one for the runs of one training set in one group at one budget.

    Attributes
    ----------
    law : int
        A code of `qqt_bayes.sampling.kernel.curve`.
    drawn : int
        Whether samples are drawn with replacement, 0 or 1.
    last_trial : int
        The last of `qqt_bayes.sampling.kernel.curve.TRIALS`, whose b are those of the point.
    curves, entries, rates, growths, utilities : int
    node : array, shape (node,)
        Positions ``x_j`` of the nodes of the sum over epochs; every curve has the first few.
    half, rest : array, shape (node,)
        Two earlier nodes whose positions add up to that of the node; -1 where there are none.
    rate_tau, rate_exponent : array, shape (rate,)
        Slots of the half-life and of the size exponent of each rate of decay.
    rate_log_ratio : array, shape (rate,)
        ``log(U / N)``.
    rate_start : array, shape (rate + 1,)
        Where the nodes of each rate begin.
    node_start : array, shape (curve + 1,)
        Where the nodes of each curve begin in `counts`, `lasts` and `log_growth`.
    counts, lasts : array, shape (nodes of all curves,)
        `count` and `last` of `qqt_bayes.laws.epochs.Epochs`; of those that are `integrated`, where
        utility-bounded is of samples drawn with replacement.
    log_growth : array, shape (nodes of all curves,)
        ``D_j``, the growth of log n.
    shared_growth : array, shape (node,)
        ``D_j`` as far as curves have it in common: in the same complete epochs log n grows alike.
    own_start : array, shape (curve,)
        First node, after node 0, whose growth is the curve's own.
    seen, unique, complete : array, shape (curve,)
        ``n``, ``U`` and ``K``.
    entry_start : array, shape (curve + 1,)
        Entries of each curve: the pools that its training set takes from.
    share : array, shape (entry,)
        ``w_i``.
    curve, rate : array, shape (entry,)
    a, d, kappa : array, shape (entry,)
        Slots.
    utility : array, shape (entry,)
        Which of `utility_slot` is its b.
    utility_slot : array, shape (utility,)
        Slots of b.
    growth_start : array, shape (entry,)
        Where its growth per node begins.
    grown_curve, grown_a : array, shape (growth,)
        Curve, and slot of a, of each growth that depends on a.
    grown_start : array, shape (growth + 1,)
        Where its nodes begin.
    """

    law: int
    drawn: int
    last_trial: int
    curves: int
    entries: int
    rates: int
    growths: int
    utilities: int
    node: Reals
    half: Integers
    rest: Integers
    rate_tau: Integers
    rate_exponent: Integers
    rate_log_ratio: Reals
    rate_start: Integers
    node_start: Integers
    counts: Reals
    lasts: Reals
    log_growth: Reals
    shared_growth: Reals
    own_start: Integers
    seen: Reals
    unique: Reals
    complete: Reals
    entry_start: Integers
    share: Reals
    curve: Integers
    rate: Integers
    a: Integers
    d: Integers
    kappa: Integers
    utility: Integers
    utility_slot: Integers
    growth_start: Integers
    grown_curve: Integers
    grown_a: Integers
    grown_start: Integers


class CurveWork(NamedTuple):
    """What is known of the curves at a point.

    Attributes
    ----------
    rate, rate_adjoint : (rate,)
        ``c``.
    left : (nodes of all rates,)
        What is left of a sample's use, ``exp(-c x_j)``.
    shared, shared_moment : (nodes of all rates,)
        ``sum_j 2^(-x_j / tau) D_j`` over the nodes after node 0 up to each, with the growth that is
        shared, and the same with ``x_j`` in the sum.
    growth, growth_by_a : (nodes of all growths,)
        Growth per node, where it depends on a.
    worth, worth_by_a, worth_by_rate, worth_by_kappa, worth_adjoint : (entry,)
        ``L``, its derivatives and adjoint.
    later, later_by_rate, later_adjoint : (entry,)
        ``L'``.
    floor, floor_adjoint : (curve,)
        ``mean(d)``.
    b, b_adjoint : (trial, utility)
    exponent, later_exponent : (curve,)
        ``E`` and ``E'`` of a trial.
    error, by_exponent, by_later, by_floor : (trial, curve)
        ``y`` and the derivatives of F.
    error_adjoint : (curve,)
    """

    rate: int
    rate_adjoint: int
    left: int
    shared: int
    shared_moment: int
    growth: int
    growth_by_a: int
    worth: int
    worth_by_a: int
    worth_by_rate: int
    worth_by_kappa: int
    worth_adjoint: int
    later: int
    later_by_rate: int
    later_adjoint: int
    floor: int
    floor_adjoint: int
    b: int
    b_adjoint: int
    exponent: int
    later_exponent: int
    error: int
    by_exponent: int
    by_later: int
    by_floor: int
    error_adjoint: int


class Reuse(NamedTuple):
    """What `Curves` do not say of the curves of the law of effective reuse.

    Attributes
    ----------
    pools : int
        0 under another law.
    bounded : int
        Whether errors are error rates, 0 or 1.
    chance : array, shape (1,)
        The chance error.
    quality_slot, stands_slot : array, shape (pool,)
        Slots of Q and r.
    slot : array, shape (parameter, curve)
        Slots of `qqt_bayes.sampling.kernel.reuse.SHARED`.
    pool : array, shape (entry,)
    log_unique, log_epochs, log_size : array, shape (curve,)
        ``log(U / X)``, ``log(n / U)`` and ``log(U / N)``.
    sights : int
        Over how many numbers of sights a curve takes its mean.
    log_sights, sight_weight : array, shape (curve, sights)
        As `qqt_bayes.laws.epochs.Epochs.sights` has them, in ascending order.
    """

    pools: int
    bounded: int
    chance: Reals
    quality_slot: Integers
    stands_slot: Integers
    slot: Integers
    pool: Integers
    log_unique: Reals
    log_epochs: Reals
    log_size: Reals
    sights: int
    log_sights: Reals
    sight_weight: Reals


class ReuseWork(NamedTuple):
    """What is known of them at a point.

    Attributes
    ----------
    quality, stands : (pool,)
        Q and r less their means; then their adjoints.
    of_fresh, of_stood : (entry,)
        Shares of the pools in what a fresh sample is worth, and in the epochs that the set stands.
    error, error_adjoint : (curve,)
    by : (parameter, curve)
        Derivatives of the errors.
    sight_share : (sights,)
        Shares of the sights of one curve in what it is worth.
    sight_beyond, sight_slope, sight_past, sight_memorised : (sights,)
        As `qqt_bayes.sampling.kernel.reuse.loss` returns them.
    """

    quality: int
    stands: int
    of_fresh: int
    of_stood: int
    error: int
    error_adjoint: int
    by: int
    sight_share: int
    sight_beyond: int
    sight_slope: int
    sight_past: int
    sight_memorised: int


class Noise(NamedTuple):
    """The runs: what was seen, and how far they lie from their curves.

    Attributes
    ----------
    runs : int
    rounded : int
        Whether any error is known to have been rounded.
    searched : int
        Whether there are coordinates.
    trainings, placed_effects : int
        How many trainings have an effect, and how many effects are sampled about where the
        residuals put them.
    curve : array, shape (run,)
    observed : array, shape (run,)
    weight : array, shape (run,)
        What sigma^2 is divided by.
    log_budget : array, shape (run,)
        ``log(n / n0)``.
    siblings : array, shape (run,)
        How many other checkpoints of the same training there are.
    evaluation : array, shape (run,)
        The variance of its evaluation.
    rounding : array, shape (run,)
        How far an error may be from what was printed.
    known : array, shape (run,)
        The variance of evaluation and rounding.
    search_variance : array, shape (run,)
        Of each run about its curve, in the search.
    sigma, budget_exponent, common, nu : array, shape (run,)
        Slots; nu is infinite for normal noise.
    training : array, shape (run,)
        Which training's effect moves it; -1 for none.
    effect_slot, effect_place : array, shape (training,)
    """

    runs: int
    rounded: int
    searched: int
    trainings: int
    placed_effects: int
    curve: Integers
    observed: Reals
    weight: Reals
    log_budget: Reals
    siblings: Reals
    evaluation: Reals
    rounding: Reals
    known: Reals
    search_variance: Reals
    sigma: Integers
    budget_exponent: Integers
    common: Integers
    nu: Integers
    training: Integers
    effect_slot: Integers
    effect_place: Integers


class NoiseWork(NamedTuple):
    """What is known of the noise at a point.

    Attributes
    ----------
    scatter, scatter_adjoint : (run,)
        The run-to-run variance of a run that has no siblings, ``sigma_n^2 / weight``.
    mean, mean_adjoint : (run,)
        Where the noise is centred.
    effect_mean, effect_precision, effect_adjoint : (training,)
    ratio : (1,)
        ``r``.
    """

    scatter: int
    scatter_adjoint: int
    mean: int
    mean_adjoint: int
    effect_mean: int
    effect_precision: int
    effect_adjoint: int
    ratio: int


class Departed(NamedTuple):
    """The runs by their cells, where curves depart from the law.

    Attributes
    ----------
    cells : int
        0 where the model has no discrepancy.
    amplitude : array, shape (1,)
        Slot; of the number 0 where there are no cells.
    cell : array, shape (run,)
    log_error, scale : array, shape (run,)
        ``x`` and ``1 / m`` of `qqt_bayes.model.discrepancy`.
    covariance : array, shape (cell, cell)
        ``K``.
    turned : int
        Whether one turn serves all points, see `qqt_bayes.model.conditioning.Rotation`.
    noise : array, shape (cell,)
        ``W``.
    eigenvalue : array, shape (cell,)
        ``l``.
    turn : array, shape (cell, cell)
        ``Q' W^-1/2``.
    alone : array, shape (run,)
        The variance of its error by departures of amplitude 1, were the runs independent.
    """

    cells: int
    amplitude: Integers
    cell: Integers
    log_error: Reals
    scale: Reals
    covariance: Reals
    turned: int
    noise: Reals
    eigenvalue: Reals
    turn: Reals
    alone: Reals


class DepartedWork(NamedTuple):
    """What is known of them at a point.

    Attributes
    ----------
    residual, variance : (run,)
    of_cell, of_mean : (cell,)
        ``R`` and ``V``.
    weight, of_mean_adjoint : (cell,)
        ``S R``, and the derivative by V.
    matrix, lower, inverse : (cell, cell)
        The covariance and its factor, the inverse of that, and ``S``; none where it is turned.
    """

    residual: int
    variance: int
    of_cell: int
    of_mean: int
    weight: int
    of_mean_adjoint: int
    matrix: int
    lower: int
    inverse: int

"""The tables of a law from user code in the compiled log density."""

from __future__ import annotations

from typing import NamedTuple

from qqt_bayes.sampling.kernel.run_tables import Integers, Reals


class Own(NamedTuple):
    """What a law from user code is a function of.

    Attributes
    ----------
    parameters : int
        How many the function takes; 0 under a shipped law.
    function : int
        Its address.
    half_life : int
        Which of them is a half-life; -1 if none is.
    slot : array, shape (parameter, entry)
    exponent : array, shape (1,)
        Slot of the size exponent.
    log_ratio : array, shape (entry,)
        ``log(U / N)``.
    """

    parameters: int
    function: int
    half_life: int
    slot: Integers
    exponent: Integers
    log_ratio: Reals


class OwnWork(NamedTuple):
    """What is known of its curves at a point.

    Attributes
    ----------
    error, error_adjoint : (curve,)
    mean : (parameter,)
        The means over the pools of the curve that was evaluated last.
    by : (curve, parameter)
        Derivatives of the errors.
    """

    error: int
    error_adjoint: int
    mean: int
    by: int

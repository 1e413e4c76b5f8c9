"""A law from user code, with derivatives, a second version of it and a specification."""

import math
from contextlib import contextmanager

import numpy as np

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.own import register_law
from qqt_bayes.model.spec import Spec

NUMBERS = {"top": "positive", "rate": "positive", "floor": "non-negative"}
HALVING = {"tau": "positive", "size_exponent": "real"}
NAME = "fading"


def fading(n, U, xp, *, top, rate, floor):
    """Errors that fall exponentially in the square root of samples."""
    return floor + top * xp.exp(-rate * xp.sqrt(n))


def slopes(n, U, top, rate, floor):
    left = math.exp(-rate * math.sqrt(n))
    return floor + top * left, left, -top * math.sqrt(n) * left, 1.0


def written_out(theta, taken, pool_size, seen):
    share = np.asarray(taken) / np.sum(taken)
    top, rate, floor = (share @ np.array(theta[name]) for name in ("top", "rate", "floor"))
    return floor + top * np.e ** (-rate * (seen / 1e5) ** 0.5)


def halving(n, U, xp, *, top, rate, floor, tau):
    """The same of samples that are worth less and less, with a half-life in epochs."""
    worth = U * tau * (1 - xp.exp(-n / (U * tau)))
    return floor + top * xp.exp(-rate * xp.sqrt(worth))


def halving_slopes(n, U, top, rate, floor, tau):
    left = math.exp(-n / (U * tau))
    worth = U * tau * (1 - left)
    fallen = math.exp(-rate * math.sqrt(worth))
    by_worth = -top * fallen * rate / (2 * math.sqrt(worth))
    by_tau = by_worth * (U * (1 - left) - n / tau * left)
    return floor + top * fallen, fallen, -top * math.sqrt(worth) * fallen, 1.0, by_tau


def halving_written_out(theta, taken, pool_size, seen):
    taken = np.asarray(taken)
    share, total = taken / taken.sum(), taken.sum()
    top, rate, floor = (share @ np.array(theta[name]) for name in ("top", "rate", "floor"))
    grown = (total / np.asarray(pool_size)) ** np.array(theta["size_exponent"])
    tau = share @ (np.array(theta["tau"]) * grown)
    worth = total * tau * -np.expm1(-seen / (total * tau)) / 1e5
    return floor + top * np.exp(-rate * np.sqrt(worth))


@contextmanager
def registered(formula=fading, numbers=None, **more):
    """The law while it is needed; no other test sees it."""
    register_law(NAME, formula, numbers or NUMBERS, **more)
    try:
        yield LAWS[NAME]
    finally:
        del LAWS[NAME]


def table(**parameters):
    """A specification of it, as the structure of a file."""
    over = {"over": "pool", "distribution": "LogNormal", "sigma": 0.3}
    return {
        "name": "mine",
        "law": NAME,
        "parameters": {
            "top": {"distribution": "LogNormal", "mu": -0.5, "sigma": 0.3},
            "rate": over | {"mu": {"distribution": "Normal", "mu": -4.5, "sigma": 0.3}},
            "floor": {"distribution": "HalfNormal", "sigma": 0.2},
            **parameters,
        },
        "likelihood": {
            "distribution": "Normal",
            "sigma": {"distribution": "LogNormal", "mu": -5.5, "sigma": 0.7},
        },
        "discrepancy": {"amplitude": {"distribution": "LogNormal", "mu": -3.5, "sigma": 0.8}},
    }


HALVES = {
    "tau": {"over": "pool", "distribution": "LogNormal", "mu": 1.0, "sigma": 0.5},
    "size_exponent": {"distribution": "Normal", "mu": 0.5, "sigma": 0.3},
}
"""Priors of what `halving` has beside."""


def spec(**parameters):
    """The same, checked: the law must be registered."""
    return Spec.from_dict(table(**parameters))

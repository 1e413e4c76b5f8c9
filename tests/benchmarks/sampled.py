"""What a sampler hands back.  NumPy only: peers are timed with their imports."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

NAMES = ("a", "d", "b", "tau", "b_mu", "b_sigma", "tau_mu", "tau_sigma", "sigma", "size_exponent")
"""The random parameters of the specifications."""
CHAINS = 4


@dataclass(frozen=True)
class Sampled:
    """Draws, each an array of shape (chain, draw, ...), and how they were come by.

    Attributes
    ----------
    draws : dict of array
    seconds : float
        Of sampling, tuning included, without compilation.
    steps : float
        Gradients a draw.
    divergences : int
    """

    draws: dict[str, np.ndarray]
    seconds: float
    steps: float
    divergences: int


def named(draws: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    """The parameters of the specifications among what a sampler returns."""
    return {name: np.asarray(draws[name]) for name in NAMES if name in draws}

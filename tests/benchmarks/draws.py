"""What every sampler is told and hands back.  NumPy only: peers are timed with their imports."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

NAMES = ("a", "d", "b", "tau", "b_mu", "b_sigma", "tau_mu", "tau_sigma", "sigma", "size_exponent")
"""The random parameters of the specifications."""


@dataclass(frozen=True)
class Settings:
    """How long to sample, and which acceptance rate to aim at."""

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    accept: float = 0.8
    seed: int = 1


@dataclass(frozen=True)
class Sampled:
    """Draws, each an array of shape (chain, draw, ...), and what they cost.

    Attributes
    ----------
    draws : dict of array
    compile_seconds, sampling_seconds : float
        The latter with tuning.
    steps : float
        Gradients a draw.
    divergences : int
    """

    draws: dict[str, np.ndarray]
    compile_seconds: float
    sampling_seconds: float
    steps: float
    divergences: int

    def save(self, path: Path) -> None:
        """To a file that `load` reads."""
        path.write_bytes(pickle.dumps(self))

    @staticmethod
    def load(path: Path) -> "Sampled":
        """What `save` wrote."""
        return pickle.loads(path.read_bytes())


def named(draws: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    """The parameters of the specifications among what a sampler returns."""
    return {name: np.asarray(draws[name]) for name in NAMES if name in draws}

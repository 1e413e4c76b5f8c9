"""The model of `textbook` for single pools in Stan through `pystan`: each chain a process."""

import time
from pathlib import Path

import numpy as np
import stan
from sampled import CHAINS, NAMES, Sampled, named
from written import Runs

PROGRAM = Path(__file__).with_name("utility.stan")


def estimate(runs: Runs, *, accept: float, tune: int, draws: int) -> Sampled:
    """Posterior by Stan's NUTS; sampling includes handing the draws over to Python."""
    model = stan.build(PROGRAM.read_text(), data=data(runs), random_seed=1)
    start = time.perf_counter()
    fit = model.sample(num_chains=CHAINS, num_warmup=tune, num_samples=draws, delta=accept)
    return Sampled(
        named({name: by_chain(fit[name], draws) for name in NAMES if name in fit}),
        seconds=time.perf_counter() - start,
        steps=float(fit["n_leapfrog__"].mean()),
        divergences=int(fit["divergent__"].sum()),
    )


def data(runs: Runs) -> dict[str, int | list]:
    """The data block of the program."""
    arrays = {
        "error": runs.error,
        "known_variance": runs.known_variance,
        "epochs": (runs.after > runs.before).sum(axis=1),
        "before": runs.before,
        "after": runs.after,
        "pool": runs.pool + 1,
    }
    counts = {"runs": len(runs.error), "pools": runs.pools, "most": runs.before.shape[1]}
    return counts | {name: array.tolist() for name, array in arrays.items()}


def by_chain(values: np.ndarray, draws: int) -> np.ndarray:
    """From shape (..., draw and chain), chains varying fastest, to (chain, draw, ...)."""
    shape = (*values.shape[:-1], draws, CHAINS)
    split = np.moveaxis(values.reshape(shape), (-1, -2), (0, 1))
    return split[..., 0] if values.shape[0] == 1 and values.ndim == 2 else split

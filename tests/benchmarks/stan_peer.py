"""The models of `textbook` in Stan through `pystan`: non-centred, each chain a process."""

import time
from pathlib import Path

import numpy as np
import stan
from draws import NAMES, Sampled, Settings, named
from written import Runs

HERE = Path(__file__).parent


def sample(runs: Runs, settings: Settings) -> Sampled:
    """Posterior by Stan's NUTS; sampling includes handing the draws over to Python."""
    program = HERE / ("bounded.stan" if runs.pool is None else "utility.stan")
    start = time.perf_counter()
    model = stan.build(program.read_text(), data=data(runs), random_seed=settings.seed)
    built = time.perf_counter()
    fit = model.sample(
        num_chains=settings.chains,
        num_warmup=settings.tune,
        num_samples=settings.draws,
        delta=settings.accept,
    )
    done = time.perf_counter()
    return Sampled(
        named({name: by_chain(fit[name], settings) for name in NAMES if name in fit}),
        compile_seconds=built - start,
        sampling_seconds=done - built,
        steps=float(fit["n_leapfrog__"].mean()),
        divergences=int(fit["divergent__"].sum()),
    )


def data(runs: Runs) -> dict[str, int | list]:
    """The data block of both programs; a program overlooks what it does not declare."""
    arrays = {
        "error": runs.error,
        "known_variance": runs.known_variance,
        "epochs": (runs.after > runs.before).sum(axis=1),
        "before": runs.before,
        "after": runs.after,
        "share": runs.share,
        "size_ratio": runs.size_ratio,
        "pool": np.zeros(0, int) if runs.pool is None else runs.pool + 1,
    }
    counts = {"runs": len(runs.error), "pools": runs.pools, "most": runs.before.shape[1]}
    return counts | {name: array.tolist() for name, array in arrays.items()}


def by_chain(values: np.ndarray, settings: Settings) -> np.ndarray:
    """From shape (..., draw and chain), chains varying fastest, to (chain, draw, ...)."""
    shape = (*values.shape[:-1], settings.draws, settings.chains)
    split = np.moveaxis(values.reshape(shape), (-1, -2), (0, 1))
    return split[..., 0] if values.shape[0] == 1 and values.ndim == 2 else split

"""From a compiled model to draws, by each of the methods."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import nutpie
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.posterior.methods import APPROXIMATE
from qqt_bayes.sampling.approximation import laplace, pathfinder
from qqt_bayes.sampling.smc import Tempered, broad, temper

Array = NDArray[np.float64]

TARGET_ACCEPT = 0.9, 0.97, 0.99
"""Acceptance rates to aim at, one after the other, as long as draws diverge."""
STARTS = 8
"""Points from which a quick look sets out."""
MANY = 100
"""Points whose mean is the middle of all."""
STAY = 1e-3
"""How much it counts that a point be near the middle, beside its being at a best fit."""
FAR = 1e3
"""How far from a best fit a point is where the model has no values."""
NUMBER = ctypes.POINTER(ctypes.c_double)


@dataclass(frozen=True)
class Settings:
    """How to sample.

    Attributes
    ----------
    draws, tune, chains, seed : int
        Only NUTS tunes.
    target_accept : float or None
        Of NUTS; None for those of `TARGET_ACCEPT`.
    low_rank : bool
        Of NUTS.
    progress : bool
        Show a bar on standard error.
    """

    draws: int
    tune: int
    chains: int
    seed: int
    target_accept: float | None
    low_rank: bool
    progress: bool


def sample(compiled: Any, method: str, settings: Settings) -> xr.DataTree:
    """Draws from a compiled model, with groups posterior and sample_stats over (chain, draw)."""
    if method in APPROXIMATE:
        return _quick_look(compiled, method, settings)
    if method == "smc":
        return _tempered(compiled, settings)
    rates = TARGET_ACCEPT if settings.target_accept is None else (settings.target_accept,)
    for rate in rates:
        trace = _nuts(compiled, settings, rate)
        if not trace["sample_stats"]["diverging"].any():
            break
    trace["sample_stats"].attrs["target_accept"] = rate
    return trace


def dispersed(compiled: Any, coordinates: Coordinates) -> Any:
    """The model with starting points about each of the best fits, where there are several."""
    if len(coordinates.optima) < 2:
        return compiled
    density, about_middle = Density(compiled), compiled.initial_point_func
    fields = coordinates.fields

    middle = density.middle()

    def lack(shift: Array, optimum: Array) -> Array:
        """How far the parameters are from a best fit."""
        values = density.variables((middle + shift)[None, None])
        with np.errstate(all="ignore"):  # far from the data there may be no values
            free = [np.ravel(each.scale.free(values[each.name].to_numpy())) for each in fields]
        apart = np.nan_to_num(np.concatenate(free) - optimum, nan=FAR, posinf=FAR, neginf=-FAR)
        return np.append(apart, STAY * shift)

    still = np.zeros(density.size)
    shifts = [least_squares(lack, still, args=(each,)).x for each in coordinates.optima]

    def starting_point(seed: int) -> Array:
        point: Array = about_middle(seed) + shifts[seed % len(shifts)]
        return point

    return replace(compiled, initial_point_func=starting_point)


class Density:
    """The log density of a compiled model and its gradient, with the data it has at present.

    nutpie's C functions for its own sampler are called: nothing is compiled again.

    Parameters
    ----------
    compiled : nutpie.CompiledPyMCModel
    """

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
        self.size = int(compiled.n_dim)
        self._density = compiled.compiled_logp_func.ctypes
        self._expand = compiled.compiled_expand_func.ctypes
        self._data = compiled.user_data.ctypes.data

    def __call__(self, u: Array) -> tuple[float, Array]:
        """Log density and gradient; -inf and zeros where there is none."""
        u = np.ascontiguousarray(u, float)
        value, gradient = np.empty(1), np.empty(self.size)
        pointers = (x.ctypes.data_as(NUMBER) for x in (u, gradient, value))
        if self._density(self.size, *pointers, self._data):
            return -np.inf, np.zeros(self.size)
        return float(value[0]), gradient

    def starts(self, count: int, seed: int) -> Array:
        """Points to set out from, shape (start, scalar)."""
        seeds = np.random.default_rng(seed).integers(2**31, size=count)
        return np.array([self.compiled.initial_point_func(int(each)) for each in seeds])

    def has_start(self, seed: int) -> bool:
        """Whether chains can set out from some of those points."""
        return any(np.isfinite(self(u)[0]) for u in self.starts(STARTS, seed))

    def middle(self) -> Array:
        """The point about which chains start, shape (scalar,)."""
        middle: Array = self.starts(MANY, seed=0).mean(axis=0)
        return middle

    def variables(self, u: Array) -> xr.Dataset:
        """The model's variables at points of shape (chain, draw, scalar)."""
        size = int(self.compiled.n_expanded)
        expanded = np.empty((*u.shape[:2], size))
        for at in np.ndindex(*u.shape[:2]):
            point = np.ascontiguousarray(u[at])
            pointers = (x.ctypes.data_as(NUMBER) for x in (point, expanded[at]))
            if self._expand(self.size, size, *pointers, self._data):
                raise ArithmeticError("the model's variables have no values at a draw")
        dims, variables = self.compiled.dims, {}
        for name, place, shape in zip(*self.compiled.shape_info, strict=True):
            own = dims.get(name) or tuple(f"{name}_dim_{i}" for i in range(len(shape)))
            values = expanded[..., place].reshape(*u.shape[:2], *shape)
            variables[name] = (("chain", "draw", *own), values)
        chains, draws = (np.arange(length) for length in u.shape[:2])
        used = {dim for named, _ in variables.values() for dim in named}
        coords = {dim: x for dim, x in self.compiled.coords.items() if dim in used}
        return xr.Dataset(variables, {"chain": chains, "draw": draws, **coords})


def _quick_look(compiled: Any, method: str, settings: Settings) -> xr.DataTree:
    """Draws of an approximation; the chains are a way to write them down."""
    density, shape = Density(compiled), (settings.chains, settings.draws)
    approximate = {"laplace": laplace, "pathfinder": pathfinder}[method]
    starts = density.starts(STARTS, settings.seed)
    found = approximate(density, starts, settings.chains * settings.draws, settings.seed)
    posterior = density.variables(found.draws.reshape(*shape, -1))
    stats = xr.Dataset(
        {
            "lp": (("chain", "draw"), found.lp.reshape(shape)),
            "lp_approx": (("chain", "draw"), found.lq.reshape(shape)),
        },
        posterior[["chain", "draw"]].coords,
        {"pareto_k": found.pareto_k},
    )
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def _tempered(compiled: Any, settings: Settings) -> xr.DataTree:
    """Particles of sequential Monte Carlo, a run for each chain."""
    density = Density(compiled)
    first, *rngs = np.random.default_rng(settings.seed).spawn(1 + settings.chains)
    reference = broad(density, density.starts(STARTS, settings.seed), first)
    found: list[Tempered] = []
    with _progress_bar(settings.chains, settings.progress) as show:

        def advance(beta: float) -> None:
            show(len(found) + beta, "Tempering")

        for rng in rngs:
            found.append(temper(density, reference, settings.draws, rng, advance))
    posterior = density.variables(np.array([each.draws for each in found]))
    stats = xr.Dataset(
        {
            "lp": (("chain", "draw"), [each.lp for each in found]),
            "log_marginal_likelihood": ("chain", [each.log_evidence for each in found]),
            "stages": ("chain", [each.stages for each in found]),
        },
        posterior[["chain", "draw"]].coords,
    )
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def _nuts(compiled: Any, settings: Settings, target_accept: float) -> xr.DataTree:
    """Draws of the no-U-turn sampler."""
    total = settings.chains * (settings.draws + settings.tune)
    with _progress_bar(total, settings.progress) as show:

        def advance(chains: list[Any]) -> None:
            diverged = sum(chain.divergences for chain in chains)
            words = f"Sampling ({diverged} divergent)" if diverged else "Sampling"
            show(sum(chain.finished_draws for chain in chains), words)

        return _until_done(
            nutpie.sample(
                compiled,
                draws=settings.draws,
                tune=settings.tune,
                chains=settings.chains,
                seed=settings.seed,
                target_accept=target_accept,
                adaptation="low_rank" if settings.low_rank else "diag",
                save_warmup=False,
                progress_bar=False,
                progress_callback=advance if settings.progress else None,
                blocking=False,
            )
        )


def _until_done(sampler: Any) -> xr.DataTree:
    """The trace of a sampler in the background; an interrupt leaves no half of one."""
    try:
        trace: xr.DataTree = sampler.wait()
    except BaseException:
        sampler.cancel()
        raise
    return trace


@contextmanager
def _progress_bar(total: float, show: bool) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on standard error, as a function of what is done and of words for it."""
    if not show:
        yield lambda done, words: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Sampling", total=total)
        yield lambda done, words: bar.update(task, completed=done, description=words)

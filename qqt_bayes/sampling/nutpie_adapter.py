"""The only place that knows nutpie: compile a model, sample it, and evaluate what was compiled.

nutpie's public functions compile and sample (`compile_pymc_model`, `sample`, `with_data` of a
compiled model).  The rest of this module rests on names that are not documented, because nutpie
offers no other way to evaluate a compiled density again, and to compile a second time would take
20 to 60 seconds:

- ``compiled_logp_func.ctypes`` and ``compiled_expand_func.ctypes``: the C functions that nutpie's
  own sampler calls, for the log density with its gradient and for the model's variables at a point;
- ``user_data.ctypes.data``: the address of the data that both of them read;
- ``n_dim``, ``n_expanded``, ``shape_info``, ``dims`` and ``coords``: lengths, names and shapes of
  what goes in and comes out;
- ``initial_point_func``: where chains start, a field that `dataclasses.replace` can change, since a
  compiled model is a frozen dataclass;
- ``shared_var_keys``: which data the compiled functions read;
- `wait` and `cancel` of the sampler that ``sample(..., blocking=False)`` returns, and `divergences`
  and `finished_draws` of the chains that it tells a `progress_callback` about.

pyproject.toml bounds nutpie's version, and tests/sampling/test_nutpie_adapter.py says which name is
gone where a new one is tried.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel

from qqt_bayes.sampling.kernel.compiled import functions
from qqt_bayes.sampling.kernel.memory import in_memory
from qqt_bayes.sampling.kernel.plan import Layout

Array = NDArray[np.float64]
NUMBERS = ctypes.POINTER(ctypes.c_double)
"""How the C functions take an array: by the address of its first number."""
Progress = Callable[[float, int], None]
"""Takes the number of draws that are finished, and that of those that diverged."""


def compile_model(model: Any, *, constant_data: bool) -> Any:
    """Compile a PyMC model; with constant data it compiles faster, but `with_data` cannot follow.

    Parameters
    ----------
    model : pymc.Model
    constant_data : bool

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
    """
    return nutpie.compile_pymc_model(model, freeze_model=constant_data)


def from_kernel(layout: Layout) -> Any:
    """The compiled log density with the tables of a model, as nutpie takes a compiled PyMC model.

    Chains start uniformly within a unit about the middle of the layout, in each coordinate.

    Parameters
    ----------
    layout : Layout

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
    """
    names, dims, shapes, places, start = [], {}, [], [], 0
    for name, (slots, over) in layout.variables.items():
        names.append(name)
        dims[name] = over
        shapes.append(slots.shape)
        places.append(slice(start, start + slots.size))
        start += slots.size
    middle = layout.middle

    def starting_point(seed: int) -> Array:
        return middle + np.random.default_rng(seed).uniform(-1, 1, middle.size)

    density, expand = functions()
    return CompiledPyMCModel(
        compiled_logp_func=density,
        compiled_expand_func=expand,
        initial_point_func=starting_point,
        shared_data={"plan": layout.plan},  # kept: the record has the addresses of its arrays
        shared_var_keys={},
        user_data=in_memory(layout.plan),
        n_expanded=start,
        shape_info=(names, places, shapes),
        logp_func=None,
        expand_func=None,
        dims=dims,
        _n_dim=middle.size,
        _shapes=dict(zip(names, shapes, strict=True)),
        _coords={dim: pd.Index(layout.coords[dim]) for over in dims.values() for dim in over},
    )


def with_data(compiled: Any, data: Mapping[str, Array]) -> Any:
    """The same compiled model with other data; what it does not read is left out."""
    names = [variable.name for variable in compiled.shared_var_keys]
    return compiled.with_data(**{name: data[name] for name in names})


def with_starts(compiled: Any, starting_point: Callable[[int], Array]) -> Any:
    """The same compiled model whose chains start where a function of their seed says."""
    return replace(compiled, initial_point_func=starting_point)


def start_of(compiled: Any) -> Callable[[int], Array]:
    """Where chains of a compiled model start, as a function of their seed."""
    start: Callable[[int], Array] = compiled.initial_point_func
    return start


def no_u_turn(
    compiled: Any,
    *,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    target_accept: float,
    low_rank: bool,
    progress: Progress | None,
) -> xr.DataTree:
    """Draws of the no-U-turn sampler, as nutpie returns them.

    Parameters
    ----------
    compiled : nutpie.compile_pymc.CompiledPyMCModel
    draws, tune, chains, seed, target_accept, low_rank
        As in `qqt_bayes.sampling.inference.fit`.
    progress : callable, optional
        Called now and then.
    """

    def advance(each: list[Any]) -> None:
        if progress is not None:
            done = sum(chain.finished_draws for chain in each)
            progress(done, sum(chain.divergences for chain in each))

    sampler = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=chains,
        seed=seed,
        target_accept=target_accept,
        adaptation="low_rank" if low_rank else "diag",
        save_warmup=False,
        progress_bar=False,
        progress_callback=None if progress is None else advance,
        blocking=False,  # so that an interrupt can stop it
    )
    try:
        trace: xr.DataTree = sampler.wait()
    except BaseException:  # an interrupt too: the chains would go on in the background
        sampler.cancel()
        raise
    return trace


class Density:
    """The log density of a compiled model and its gradient, with the data it has at present.

    Parameters
    ----------
    compiled : nutpie.compile_pymc.CompiledPyMCModel
    """

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
        self.size = int(compiled.n_dim)
        self._density = compiled.compiled_logp_func.ctypes
        self._expand = compiled.compiled_expand_func.ctypes
        self._data = compiled.user_data.ctypes.data

    def __call__(self, u: Array) -> tuple[float, Array]:
        """Log density and gradient at a point; -inf and zeros where there is none."""
        u = np.ascontiguousarray(u, float)
        value, gradient = np.empty(1), np.empty(self.size)
        pointers = (x.ctypes.data_as(NUMBERS) for x in (u, gradient, value))
        if self._density(self.size, *pointers, self._data):  # an error code: a number is not finite
            return -np.inf, np.zeros(self.size)
        return float(value[0]), gradient

    def starts(self, count: int, seed: int) -> Array:
        """Points to set out from, shape (start, scalar)."""
        seeds = np.random.default_rng(seed).integers(2**31, size=count)
        start = start_of(self.compiled)
        return np.array([start(int(each)) for each in seeds])

    def variables(self, u: Array) -> xr.Dataset:
        """The model's variables at points of shape (chain, draw, scalar).

        Raises
        ------
        ArithmeticError
            If they have no values at one of them.
        """
        size = int(self.compiled.n_expanded)
        expanded = np.empty((*u.shape[:2], size))
        for at in np.ndindex(*u.shape[:2]):
            point = np.ascontiguousarray(u[at])
            pointers = (x.ctypes.data_as(NUMBERS) for x in (point, expanded[at]))
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

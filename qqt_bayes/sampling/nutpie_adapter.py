"""Models whose log density is compiled: by PyMC for one model, or for all of them at once.

`CompiledModel` holds what sampling needs of either: C functions for the log density with its
gradient and for the model's variables at a point, and the memory that both of them read.  Those of
PyMC are compiled by nutpie, which is imported only there: it imports PyMC, pandas and matplotlib.

nutpie's `compile_pymc_model` is public; the names that `_of_nutpie` reads are not documented,
because nutpie offers no other way to evaluate a compiled density again, and to compile a second
time would take 20 to 60 seconds.  pyproject.toml bounds nutpie's version, and
tests/sampling/test_nutpie_adapter.py says which name is gone where a new one is tried.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.sampling.kernel.compiled import functions
from qqt_bayes.sampling.kernel.memory import in_memory
from qqt_bayes.sampling.kernel.plan import Layout

Array = NDArray[np.float64]
NUMBERS = ctypes.POINTER(ctypes.c_double)
"""How the C functions take an array: by the address of its first number."""
SIZE, FAILED = ctypes.c_uint64, ctypes.c_int64
DENSITY = ctypes.CFUNCTYPE(FAILED, SIZE, *[NUMBERS] * 3, ctypes.c_void_p)
"""``f(size, u, gradient, density, memory)``: not 0 where a number is not finite."""
EXPAND = ctypes.CFUNCTYPE(FAILED, SIZE, SIZE, *[NUMBERS] * 2, ctypes.c_void_p)
"""``f(size, expanded, u, variables, memory)``: not 0 where the variables have no values."""


class Variable(NamedTuple):
    """Where the values of a variable are among all that are expanded, and what they are along."""

    place: slice
    shape: tuple[int, ...]
    dims: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A compiled log density, the variables of its model, and where its chains start.

    Attributes
    ----------
    size : int
        The number of coordinates that are sampled.
    density, expand : int
        Addresses of the C functions, of types `DENSITY` and `EXPAND`.
    memory : array
        What both of them read.
    start : callable
        Where a chain starts, shape (size,), by its seed.
    variables : dict of str to Variable
    coords : dict of str to array
        Labels along the dimensions of the variables.
    owner : object
        What the addresses in memory belong to: it must live as long as they are used.
    """

    size: int
    density: int
    expand: int
    memory: NDArray[Any]
    start: Callable[[int], Array]
    variables: Mapping[str, Variable]
    coords: Mapping[str, NDArray[Any]]
    owner: Any

    @property
    def expanded(self) -> int:
        """How many values the variables have together."""
        return max((each.place.stop for each in self.variables.values()), default=0)


def compile_model(model: Any) -> CompiledModel:
    """Compile a `pymc.Model` with the data that it has: as constants it compiles sooner."""
    import nutpie

    return _of_nutpie(nutpie.compile_pymc_model(model, freeze_model=True))


def _of_nutpie(model: Any) -> CompiledModel:
    """What sampling needs of a `nutpie.compile_pymc.CompiledPyMCModel`."""
    variables = {}
    for name, place, shape in zip(*model.shape_info, strict=True):
        dims = model.dims.get(name) or tuple(f"{name}_dim_{i}" for i in range(len(shape)))
        variables[name] = Variable(place, tuple(shape), tuple(dims))
    return CompiledModel(
        size=int(model.n_dim),
        density=model.compiled_logp_func.address,
        expand=model.compiled_expand_func.address,
        memory=model.user_data,
        start=model.initial_point_func,
        variables=variables,
        coords={dim: labels.to_numpy() for dim, labels in model.coords.items()},
        owner=model,
    )


def from_kernel(layout: Layout) -> CompiledModel:
    """The compiled log density of every model, with the tables of one.

    Chains start uniformly within a unit about the middle of the layout, in each coordinate.

    Parameters
    ----------
    layout : Layout
    """
    variables, before = {}, 0
    for name, (slots, over) in layout.variables.items():
        variables[name] = Variable(slice(before, before + slots.size), slots.shape, over)
        before += slots.size
    middle = layout.middle

    def starting_point(seed: int) -> Array:
        return middle + np.random.default_rng(seed).uniform(-1, 1, middle.size)

    compiled = functions()
    return CompiledModel(
        size=middle.size,
        density=compiled.density,
        expand=compiled.expand,
        memory=in_memory(layout.plan._replace(set_values=compiled.set_values)),
        start=starting_point,
        variables=variables,
        # strings of any length, as xarray reads them from a file
        coords={dim: labels.astype(object) for dim, labels in layout.coords.items()},
        owner=layout.plan,
    )


class Density:
    """The log density of a compiled model and its gradient, with the data it has at present.

    Parameters
    ----------
    compiled : CompiledModel
    """

    def __init__(self, compiled: CompiledModel) -> None:
        self.compiled = compiled
        self.size = compiled.size
        self._density = DENSITY(compiled.density)
        self._expand = EXPAND(compiled.expand)
        self._memory = compiled.memory.ctypes.data

    def __call__(self, u: Array) -> tuple[float, Array]:
        """Log density and gradient at a point; -inf and zeros where there is none."""
        u = np.ascontiguousarray(u, float)
        value, gradient = np.empty(1), np.empty(self.size)
        pointers = (x.ctypes.data_as(NUMBERS) for x in (u, gradient, value))
        if self._density(self.size, *pointers, self._memory):
            return -np.inf, np.zeros(self.size)
        return float(value[0]), gradient

    def starts(self, count: int, seed: int) -> Array:
        """Points to set out from, shape (start, scalar)."""
        seeds = np.random.default_rng(seed).integers(2**31, size=count)
        return np.array([self.compiled.start(int(each)) for each in seeds])

    def variables(self, u: Array) -> xr.Dataset:
        """The model's variables at points of shape (chain, draw, scalar).

        Raises
        ------
        ArithmeticError
            If they have no values at one of them.
        """
        size = self.compiled.expanded
        expanded = np.empty((*u.shape[:2], size))
        for at in np.ndindex(*u.shape[:2]):
            point = np.ascontiguousarray(u[at])
            pointers = (x.ctypes.data_as(NUMBERS) for x in (point, expanded[at]))
            if self._expand(self.size, size, *pointers, self._memory):
                raise ArithmeticError("the model's variables have no values at a draw")
        variables = self.compiled.variables
        return with_labels(
            self.compiled, {name: expanded[..., each.place] for name, each in variables.items()}
        )


def with_labels(compiled: CompiledModel, values: Mapping[str, Array]) -> xr.Dataset:
    """Values of a model's variables with their names, shapes and labels.

    Parameters
    ----------
    compiled : CompiledModel
    values : mapping of str to array, shape (chain, draw, any)
    """
    found, size = {}, {}
    for name, (_, shape, dims) in compiled.variables.items():
        chains, draws = values[name].shape[:2]
        size = {"chain": np.arange(chains), "draw": np.arange(draws)}
        found[name] = (("chain", "draw", *dims), values[name].reshape(chains, draws, *shape))
    used = {dim for dims, _ in found.values() for dim in dims}
    labels = {dim: x for dim, x in compiled.coords.items() if dim in used}
    return xr.Dataset(found, size | labels)

"""The no-U-turn sampler of nutpie, without the imports of its package.

nutpie's sampler is an extension written in Rust, ``nutpie/_lib``; the package around it imports
ArviZ, PyMC, pandas and matplotlib, which takes two to three seconds of each process and is not
needed to sample.  So the extension is loaded from its file and called as nutpie's own `sample` and
`CompiledPyMCModel` call it.  Its names are not documented: pyproject.toml bounds nutpie's version,
and tests/sampling/test_nutpie_adapter.py compares with nutpie's own `sample`, draw by draw.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from signal import SIGINT, default_int_handler, getsignal, signal
from threading import Event, current_thread, main_thread
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.sampling.nutpie_adapter import CompiledModel, with_labels

Progress = Callable[[float, int], None]
"""Takes the number of draws that are finished, and that of those that diverged."""
EXTENSION = "nutpie._lib"
MILLISECONDS_TO_PROGRESS = 100
COUNTERS = "chain", "draw"
"""Columns of the statistics that only number the rows."""


@cache
def extension() -> Any:
    """The extension module of nutpie, which a later ``import nutpie`` finds loaded.

    Raises
    ------
    ImportError
        If nutpie is not installed, or has no such module.
    """
    if EXTENSION in sys.modules:
        return sys.modules[EXTENSION]
    package = find_spec("nutpie")
    found = PathFinder.find_spec(EXTENSION, package.submodule_search_locations) if package else None
    if found is None or found.loader is None:
        raise ImportError(f"no module {EXTENSION}", name=EXTENSION)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    sys.modules[EXTENSION] = module  # its types must not be there twice
    return module


def no_u_turn(
    compiled: CompiledModel,
    *,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    target_accept: float,
    low_rank: bool,
    progress: Progress | None,
    give_up: bool = False,
) -> xr.DataTree | None:
    """Draws of the no-U-turn sampler, with groups posterior and sample_stats.

    Parameters
    ----------
    compiled : CompiledModel
    draws, tune, chains, seed, target_accept, low_rank
        As in `qqt_bayes.sampling.inference.fit`.
    progress : callable, optional
        Called now and then.
    give_up : bool
        Stop as soon as a draw after tuning diverges, and return None.
    """
    nutpie = extension()
    adaptation = nutpie.PyNutsSettings.LowRank if low_rank else nutpie.PyNutsSettings.Diag
    settings = adaptation(seed)
    settings.update(
        {
            "num_draws": draws,
            "num_tune": tune,
            "num_chains": chains,
            "target_accept": target_accept,
        }
    )
    processors = getattr(os, "process_cpu_count", os.cpu_count)()  # the first from Python 3.13 on
    diverged = Event()

    def advance(done: float, divergences: int) -> None:
        if divergences:
            diverged.set()
        if progress is not None:
            progress(done, divergences)

    with _noted_interrupts() as interrupted:  # also while the chains begin, which asks for starts
        sampler = nutpie.PySampler.from_pymc(
            settings,
            min(chains, processors or 1),
            _model(compiled),
            nutpie.ProgressType.none(),
            _callback(advance),
            MILLISECONDS_TO_PROGRESS,
            nutpie.PyStorage.arrow(),
        )
        try:
            while not _finished(sampler):
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if give_up and diverged.is_set():
                    sampler.abort()
                    return None
        except BaseException:  # an interrupt too: the chains would go on in the background
            sampler.abort()
            raise
    if interrupted.is_set():
        raise KeyboardInterrupt
    tables, stats = sampler.take_results().get_arrow_trace()
    return _tree(compiled, tables, stats, settings.as_dict())


def _model(compiled: CompiledModel) -> Any:
    """A compiled model as the extension takes it."""
    nutpie, memory, variables = extension(), compiled.memory.ctypes.data, compiled.variables
    names, dims = list(variables), {name: list(each.dims) for name, each in variables.items()}
    shapes = [list(each.shape) for each in variables.values()]
    sizes = {
        dim: size
        for each in variables.values()
        for dim, size in zip(each.dims, each.shape, strict=True)
    }
    return nutpie.PyMcModel(
        nutpie.LogpFunc(compiled.density, memory, compiled),  # which holds what it reads
        nutpie.ExpandFunc(compiled.size, compiled.expanded, compiled.expand, memory, compiled),
        nutpie.PyVariable.new_variables(names, ["float64"] * len(names), shapes, sizes, dims),
        compiled.size,
        sizes,
        {},  # labels of the dimensions: `with_labels` knows them
        compiled.start,
        None,  # what adapts a normalizing flow
    )


def _finished(sampler: Any) -> bool:
    """Whether the chains have finished, at once or before the next progress is due."""
    try:
        sampler.wait(MILLISECONDS_TO_PROGRESS / 1000)
    except TimeoutError:
        return False
    return True


@contextmanager
def _noted_interrupts() -> Iterator[Event]:
    """An event that Ctrl-C sets as long as the context lasts.

    The extension drops what is raised while it calls back, and an interrupt could come then: so it
    is noted, and raised between two looks at the chains.  Elsewhere than in the main thread, and
    where another program handles interrupts, they are left alone.
    """
    noted = Event()
    is_ours = current_thread() is main_thread() and getsignal(SIGINT) is default_int_handler
    if is_ours:
        signal(SIGINT, lambda *_: noted.set())
    try:
        yield noted
    finally:
        if is_ours:
            signal(SIGINT, default_int_handler)


def _callback(progress: Progress) -> Callable[[list[Any]], None]:
    """What the extension calls with the state of each chain."""

    def advance(each: list[Any]) -> None:
        done = sum(chain.finished_draws for chain in each)
        progress(done, sum(chain.divergences for chain in each))

    return advance


def _tree(
    compiled: CompiledModel, draws: list[Any], stats: list[Any], settings: dict[str, Any]
) -> xr.DataTree:
    """Draws and statistics of the chains after tuning, as ArviZ has them.

    Parameters
    ----------
    compiled : CompiledModel
    draws, stats : list of arro3.core.RecordBatch
        A table for each chain, with a row for each draw.
    settings : dict
    """
    tuned = [int(each.column("tuning").to_numpy().sum()) for each in stats]
    names = compiled.variables
    posterior = with_labels(compiled, {name: _column(draws, name, tuned) for name in names})
    # a statistic that is a vector is stored on demand only, and one that is text is empty
    scalars = [each for each in stats[0].schema if b"shape" not in each.metadata]
    kept = [each.name for each in scalars if pa.field(each).type != pa.string()]
    found = {name: _column(stats, name, tuned) for name in kept if name not in COUNTERS}
    rows = xr.Dataset(
        {name: (("chain", "draw"), values[..., 0]) for name, values in found.items()},
        posterior[["chain", "draw"]].coords,
    )
    made = {  # as ArviZ makes it, whose plots ask for sample_dims
        "created_at": datetime.now(UTC).isoformat(),
        "sample_dims": ["chain", "draw"],
    }
    posterior.attrs |= made
    rows.attrs |= made | {
        "inference_library": "nutpie",
        "inference_library_version": extension().__version__,
        "inference_library_settings": json.dumps(settings),
    }
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": rows})


def _column(chains: list[Any], name: str, tuned: list[int]) -> NDArray[Any]:
    """A column of each chain after tuning, shape (chain, draw, any); 0 for an absent count."""
    found = []
    for chain, before in zip(chains, tuned, strict=True):
        column = pa.array(chain.column(name))[before:]
        count, absent, real = len(column), column.null_count, pa.types.is_floating(column.type)
        if pa.types.is_large_list(column.type):
            column = column.flatten()
        values = column.to_numpy(zero_copy_only=False)
        if absent and not real:  # Arrow makes them NaN, and so real numbers
            values = np.nan_to_num(values).astype(column.type.to_pandas_dtype())
        found.append(values.reshape(count, -1))
    return np.array(found)

"""From a compiled model to draws, by each of the methods."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.posterior.gate import KEPT_OF, agreement
from qqt_bayes.posterior.how_drawn import DISAGREEMENT, DIVERGENCES, of_passes
from qqt_bayes.posterior.methods import APPROXIMATE
from qqt_bayes.progress import is_silent
from qqt_bayes.sampling.approximation import laplace, pathfinder
from qqt_bayes.sampling.nutpie_adapter import Density
from qqt_bayes.sampling.nutpie_sampler import no_u_turn
from qqt_bayes.sampling.smc import Tempered, broad, temper

Array = NDArray[np.float64]
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pass:
    """A run of all chains.

    Attributes
    ----------
    target_accept : float
        Acceptance rate to aim at.
    times : int
        How many times the draws that are asked for are made; one of so many is kept.
    """

    target_accept: float
    times: int = 1


PASSES = Pass(0.9), Pass(0.97), Pass(0.99, times=4), Pass(0.997), Pass(0.999, times=4)
"""One after the other, until no draw diverges and the chains agree.  The third is for chains that
disagree: they need more draws, not smaller steps.  Where a handful of runs is fitted closely, about
one draw in 10,000 still diverges in it, far down the tail of the floor: smaller steps make that a
third as many, and as many draws as were asked for are long enough as a rule."""
JUDGED_DRAWS = 4000
"""Where fewer draws are asked for, only their divergences are a reason to draw again: R-hat and
effective draws of short chains miss their bars by chance."""
MAX_TUNE_TIMES = 2
"""A longer pass is tuned so many times as long at the most: it is the draws that are too few."""
STARTS = 8
"""Points from which the methods other than NUTS set out."""
POINTS_FOR_MIDDLE = 100
"""Chains start uniformly about a middle that PyMC does not name: the mean of so many starts is
near enough, since whatever it is off is made up for by the search for a best fit."""
PULL_TO_MIDDLE = 1e-3
"""How much the distance from the middle counts, beside that from a best fit: just enough to choose
one point where several have the same parameters of the law."""
NO_VALUE_DISTANCE = 1e3
"""The distance from a best fit that a point is given where the model has no values."""


@dataclass(frozen=True)
class Settings:
    """How to sample.

    Attributes
    ----------
    draws, tune, chains, seed : int
        Only NUTS tunes.
    target_accept : float or None
        Of NUTS; None for those of `PASSES`.
    low_rank : bool
        Of NUTS.
    progress : bool
        Show a bar on standard error.
    """

    draws: int
    tune: int
    chains: int
    seed: int
    target_accept: float | None = None
    low_rank: bool = False
    progress: bool = False


def sample(compiled: Any, method: str, settings: Settings) -> xr.DataTree:
    """Draws from a compiled model, with groups posterior and sample_stats over (chain, draw)."""
    if method in APPROXIMATE:
        return _quick_look(compiled, method, settings)
    if method == "smc":
        return _tempered(compiled, settings)
    asked = settings.target_accept
    passes = PASSES if asked is None else (Pass(asked),)
    for each in passes:
        start = time.perf_counter()
        trace = _nuts(compiled, settings, each, is_last=each == passes[-1])
        is_sound = trace is not None and _is_sound(trace, settings)
        LOGGER.info(
            "NUTS: %d chains of %d draws at a target acceptance of %s took %.2f s: %s.",
            settings.chains,
            settings.draws * each.times,
            each.target_accept,
            time.perf_counter() - start,
            _outcome(trace, is_sound),
        )
        if is_sound:
            break
    assert trace is not None  # the last pass is never given up
    made = passes[: passes.index(each) + 1]
    repeated_for = [] if asked is not None else [DIVERGENCES]
    if repeated_for and _is_long_enough(settings):
        repeated_for.append(DISAGREEMENT)
    targets = [each.target_accept for each in made]
    trace["sample_stats"].attrs.update(of_passes(targets, _tune(settings, each), repeated_for))
    return trace


def _outcome(trace: xr.DataTree | None, is_sound: bool) -> str:
    """How a pass went, for the log."""
    if trace is None:
        return "given up at the first divergent draw"
    diverged = int(trace["sample_stats"]["diverging"].sum())
    return f"{diverged} divergent draws, {'sound' if is_sound else 'not sound'}"


def _is_sound(trace: xr.DataTree, settings: Settings) -> bool:
    """Whether no draw diverged and the chains pass the gate, where they are long enough for it."""
    if trace["sample_stats"]["diverging"].any():
        return False
    if not _is_long_enough(settings):
        return True
    return all(check.passed for check in agreement(trace["posterior"].to_dataset()))


def _is_long_enough(settings: Settings) -> bool:
    """Whether so many draws are asked for that chains which disagree are a reason to draw again."""
    return settings.chains * settings.draws >= JUDGED_DRAWS


def _tune(settings: Settings, each: Pass) -> int:
    """Tuning steps of each chain in a pass."""
    return settings.tune * min(each.times, MAX_TUNE_TIMES)


def has_start(compiled: Any, seed: int) -> bool:
    """Whether the model has a density at some of the points that chains may set out from."""
    density = Density(compiled)
    return any(np.isfinite(density(u)[0]) for u in density.starts(STARTS, seed))


def middle_of_starts(density: Density) -> Array:
    """The point about which chains start, shape (scalar,)."""
    middle: Array = density.starts(POINTS_FOR_MIDDLE, seed=0).mean(axis=0)
    return middle


def dispersed(compiled: Any, coordinates: Coordinates) -> Any:
    """The model with starting points about each of the best fits, where there are several."""
    if len(coordinates.optima) < 2:
        return compiled
    density, about_middle = Density(compiled), compiled.start
    fields, middle = coordinates.fields, middle_of_starts(density)

    def distance(shift: Array, optimum: Array) -> Array:
        """How far the parameters at a point are from a best fit, and the point from the middle."""
        values = density.variables((middle + shift)[None, None])
        with np.errstate(all="ignore"):  # far from the data there may be no values
            free = [np.ravel(each.scale.free(values[each.name].to_numpy())) for each in fields]
        apart = np.nan_to_num(
            np.concatenate(free) - optimum,
            nan=NO_VALUE_DISTANCE,
            posinf=NO_VALUE_DISTANCE,
            neginf=-NO_VALUE_DISTANCE,
        )
        return np.append(apart, PULL_TO_MIDDLE * shift)

    still = np.zeros(density.size)
    shifts = [least_squares(distance, still, args=(each,)).x for each in coordinates.optima]

    def starting_point(seed: int) -> Array:
        point: Array = about_middle(seed) + shifts[seed % len(shifts)]
        return point

    return replace(compiled, start=starting_point)


def _quick_look(compiled: Any, method: str, settings: Settings) -> xr.DataTree:
    """Draws of an approximation; they are independent, and chains only a way to arrange them."""
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
    """Particles of sequential Monte Carlo, an independent run for each chain."""
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


def _nuts(compiled: Any, settings: Settings, each: Pass, *, is_last: bool) -> xr.DataTree | None:
    """Draws of the no-U-turn sampler; None for a pass in which one diverged, but for the last."""
    draws, tune = settings.draws * each.times, _tune(settings, each)
    total = settings.chains * (draws + tune)
    with _progress_bar(total, settings.progress) as show:

        def advance(done: float, diverged: int) -> None:
            show(done, f"Sampling ({diverged} divergent)" if diverged else "Sampling")

        trace = no_u_turn(
            compiled,
            draws=draws,
            tune=tune,
            chains=settings.chains,
            seed=settings.seed,
            target_accept=each.target_accept,
            low_rank=settings.low_rank,
            progress=advance if settings.progress else None,
            give_up=not is_last,
        )
    return trace if trace is None or each.times == 1 else _thinned(trace, each.times)


def _thinned(trace: xr.DataTree, times: int) -> xr.DataTree:
    """One of so many draws; it counts as divergent if any of those before it is."""
    groups = {name: each.to_dataset() for name, each in trace.children.items()}
    kept = {name: each.isel(draw=slice(times - 1, None, times)) for name, each in groups.items()}
    diverging = groups["sample_stats"]["diverging"].coarsen(draw=times).max().to_numpy()
    kept["sample_stats"]["diverging"] = kept["sample_stats"]["diverging"].copy(data=diverging)
    kept["sample_stats"].attrs[KEPT_OF] = times
    numbers = range(kept["posterior"].sizes["draw"])
    return xr.DataTree.from_dict(
        {name: each.assign_coords(draw=numbers) for name, each in kept.items()}
    )


@contextmanager
def _progress_bar(total: float, show: bool) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on standard error, as a function of what is done and of words for it."""
    if not show or is_silent():
        yield lambda done, words: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Sampling", total=total)
        yield lambda done, words: bar.update(task, completed=done, description=words)

"""What figures are given, opened: a study, a decision, or fits, and of it one group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.drawn import Asked, asked_of, errors_of
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InputError, listed
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.fit import AnyFit, Fit, opened, require_group
from qqt_bayes.posterior.levels import Levels
from qqt_bayes.posterior.prediction import ONE_RUN
from qqt_bayes.report.on_levels import of_group
from qqt_bayes.tables.budgets import log_spaced

type Fits = AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit]
"""One fit, or several of the same runs."""
STEPS, STEPS_BEFORE = 17, 7
"""Budgets at which the curves of a fit are drawn, where none are given; and those of a decision on
either side of its own budgets."""
INTERVAL = 0.9
"""Probability of the bands of a fit's curves."""
DRAWN = ("error", "error_mean")
"""What curves are drawn of a decision: the ends of its intervals, and its expected errors."""
type Bands = tuple[xr.DataArray, xr.DataArray]
"""Expected errors of levels at budgets, and the ends of their bands; see `Curves`."""


class Curves(NamedTuple):
    """Curves of levels, and what stands around them.

    Attributes
    ----------
    expected : DataArray, dims (level, budget)
        Expected errors, by which rules judge and which tables print, by ascending budgets.
    ends : DataArray, dims (end, level, budget)
        Lower and upper ends of the bands, at the same budgets.
    decision : Dataset or None
        Of one group, at some of these budgets; None where nothing was decided.
    runs : Dataset or None
        Of one group.
    levels : DataArray or None, dims (level, pool)
        What the levels take from each pool, if that is known.
    attrs : mapping
        What was measured and counted, by which method, and the probability of the bands.
    passed : bool
        Whether all fits passed their gates.
    """

    expected: xr.DataArray
    ends: xr.DataArray
    decision: xr.Dataset | None
    runs: xr.Dataset | None
    levels: xr.DataArray | None
    attrs: Mapping[Any, Any]
    passed: bool


def decision_of(shown: xr.Dataset | Study, group: str | None, *holds: str) -> xr.Dataset:
    """The decision, or another result, of one group, by ascending budgets.

    Parameters
    ----------
    shown : Dataset or Study
    group : str or None
        None where there is one group only.
    *holds : str
        What the figure shows of it.

    Raises
    ------
    InputError
        If it is none, or it has several groups and none is chosen.
    """
    found = shown.decision if isinstance(shown, Study) else shown
    if not isinstance(found, xr.Dataset):
        raise InputError(
            "expected a decision, as qqt_bayes.decide or a study returns it, got "
            f"{type(found).__name__}; of a fit: qqt_bayes.decide(fit, levels, budgets)"
        )
    missing = [name for name in holds if name not in found.variables]
    if missing:
        raise InputError(
            f"expected a result with {', '.join(holds)}, got a Dataset without {', '.join(missing)}"
        )
    if "group" in found.dims:
        found = found.sel(group=one_group(group, found["group"].values.tolist()))
    return found.sortby("budget")


def one_group(group: str | None, groups: Sequence[str]) -> str:
    """The group to draw.

    Raises
    ------
    InputError
        If it is none of them, or there are several and none is chosen.
    """
    if group is None and len(groups) > 1:
        raise InputError(f"one group is drawn at a time: give group, one of {listed(groups)}")
    require_group(group, groups)
    return groups[0] if group is None else group


def fit_of(shown: AnyFit | Study, model: str | None = None) -> Fit:
    """The fit to draw: the one that is given, or one of a study's.

    Raises
    ------
    InputError
        If it is none, or a study has several and none is chosen.
    """
    if not isinstance(shown, Study):
        return Fit.of(shown)
    names = list(shown.fits)
    if model is None and len(names) > 1:
        raise InputError(f"one fit is drawn at a time: study.fits holds {', '.join(names)}")
    if model is not None and model not in names:
        raise InputError(f"unknown model {model!r}; the study has {', '.join(names)}")
    return shown.fits[names[0] if model is None else model]


def was_refused(fit: Fit) -> bool:
    """Whether a fit has a gate and did not pass it; a prior has none."""
    return bool(fit.gate.checks) and not fit.gate.passed


def curves_of(
    shown: xr.Dataset | Study | Fits,
    fits: Fits | None = None,
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    group: str | None = None,
) -> Curves:
    """The curves of a decision, or of fits.

    A decision has them at its budgets. With the fits that it rests on they are drawn through the
    range of the runs, too.

    Raises
    ------
    InputError
        If what is given are none, or not those of the decision.
    """
    if isinstance(shown, Study):
        fits = {name: shown.fits[name] for name in shown.weights} if fits is None else fits
        shown = shown.decision
    if not isinstance(shown, xr.Dataset):
        if fits is not None:
            raise InputError("fits stand beside a decision; here fits themselves are given")
        return _of_fits(shown, levels, budgets, group)
    if levels is not None or budgets is not None:
        raise InputError("a decision has its own levels and budgets: give them to a fit")
    decision = decision_of(shown, group, *DRAWN, "choice", "extrapolation")
    bands = _bands(decision["error"], decision["error_mean"])
    taken = decision.get("unique_samples")
    passed = bool(decision.attrs["gate_passed"])
    if fits is None:
        return Curves(*bands, decision, None, taken, decision.attrs, passed)
    opened_fits = opened(fits)
    own = decision["group"].item() if "group" in decision.coords else None
    runs = runs_of(next(iter(opened_fits.values())), own)
    if taken is not None:
        bands = _through_runs(bands, decision, opened_fits, taken, runs, own)
    return Curves(*bands, decision, runs, taken, decision.attrs, passed)


def runs_of(fit: Fit, group: str | None) -> xr.Dataset:
    """The runs of one group."""
    return fit.runs if group is None else fit.runs.isel(run=of_group(fit.runs, group))


def _of_fits(
    fits: Fits, levels: Levels | None, budgets: ArrayLike | str | None, group: str | None
) -> Curves:
    """Curves through the range of the runs, of the training sets if no levels are given."""
    first = next(iter(opened(fits).values()))
    own = one_group(group, first.groups)
    runs = runs_of(first, own)
    if levels is None:
        trained = np.unique(runs["data_index"])
        levels = first.runs["unique_samples"].isel(data=trained).rename(data="level")
    if budgets is None:
        seen = runs["samples_seen"].values
        budgets = log_spaced(seen.min(), seen.max(), STEPS) if np.ptp(seen) else seen[:1]
    asked = asked_of(fits, levels, budgets, None, None, own, True)
    expected, ends = _drawn(asked, asked.budgets, INTERVAL, departs=True, new_run=False)
    attrs = {
        **{"kind": first.kind, "measure": first.measure, "unit": first.unit},
        "method": first.method,
        "interval": INTERVAL,
    }
    passed = not any(map(was_refused, asked.fits.values()))
    expected, ends = expected.sortby("budget"), ends.sortby("budget")
    return Curves(expected, ends, None, runs, asked.levels, attrs, passed)


def _through_runs(
    bands: Bands,
    decision: xr.Dataset,
    fits: Mapping[str, Fit],
    levels: xr.DataArray,
    runs: xr.Dataset,
    group: str | None,
) -> Bands:
    """A decision's curves, drawn through those budgets of the runs that it does not reach."""
    names = list(decision.attrs["models"])
    if set(names) != set(fits):
        raise InputError(
            f"fits: expected those that the decision rests on ({', '.join(names)}), got "
            f"{', '.join(fits)}"
        )
    seen, asked = runs["samples_seen"].values, decision["budget"].values
    ends = (seen.min(), min(asked.min(), seen.max())), (max(asked.max(), seen.min()), seen.max())
    stretches = [log_spaced(low, high, STEPS_BEFORE) for low, high in ends if low < high]
    grid = np.unique(np.concatenate([seen[:1], *stretches]))
    beyond = grid[(grid < asked.min()) | (grid > asked.max())]
    if not beyond.size:
        return bands
    ordered = {name: fits[name] for name in names}
    weights = np.asarray(decision.attrs["weights"], float)
    question = Asked(ordered, weights, levels.transpose("level", "pool"), beyond, group, True)
    more = _drawn(
        question,
        beyond,
        float(decision.attrs["interval"]),
        departs=bool(decision.attrs.get("discrepancy")),
        new_run=decision.attrs.get("of") == ONE_RUN,
    )
    return _together(bands[0], more[0]), _together(bands[1], more[1])


def _together(decided: xr.DataArray, more: xr.DataArray) -> xr.DataArray:
    """What is drawn at a decision's budgets and at others, by ascending budgets."""
    found = xr.concat([decided, more], "budget", coords="minimal", compat="override")
    return found.sortby("budget")


def _drawn(
    question: Asked,
    budgets: NDArray[np.float64],
    interval: float,
    *,
    departs: bool,
    new_run: bool,
) -> Bands:
    """Expected errors, and the ends of their bands."""
    drawn = errors_of(question, budgets, departs, new_run).error
    tail = (1 - interval) / 2
    ends = drawn.quantile([tail, 1 - tail], SAMPLE, skipna=False)
    return _bands(ends, drawn.mean(SAMPLE))


def _bands(quantiles: xr.DataArray, mean: xr.DataArray) -> Bands:
    """Expected errors, dims (level, budget), and the ends of bands, (end, level, budget)."""
    outer = quantiles.isel(quantile=[0, -1]).drop_vars("quantile").rename(quantile="end")
    levels = "level", "budget"
    expected, ends = mean.transpose(*levels), outer.transpose("end", *levels)
    return expected.reset_coords(drop=True).drop_attrs(), ends.reset_coords(drop=True).drop_attrs()

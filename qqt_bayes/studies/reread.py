"""Tables of a study as what they were made from: the inverse of `qqt_bayes.report.records`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.comparison.verdicts import QUANTILE_LEVELS, difference_state
from qqt_bayes.decisions.decide import add_distance_from_runs
from qqt_bayes.decisions.moved import COLUMNS, Moved
from qqt_bayes.posterior.fit import Fit, weakest_method
from qqt_bayes.tables.cells import unguarded

BY_LEVEL = (
    *("probability_best", "probability_within_margin", "error_mean", "regret", "score"),
    "misfit",
)
"""What a decision says of each level, by the names that its tables have, too."""
NAMES = ("model", "law", "level", "leader", "winner", "group", "run", "data")
"""Columns of texts, which may look like numbers."""


def table_of(content: bytes) -> pd.DataFrame:
    """A CSV of ours with the digits and the names that were written."""
    # as texts first: "NA" may be a name, and pandas reads numbers but for their last digit
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    numbers = [column for column in frame if column not in NAMES]
    truths = [column for column in numbers if frame[column].isin(["True", "False"]).all()]
    columns = {column: frame[column] == "True" for column in truths}
    for column in (each for each in numbers if each not in truths):
        columns[column] = frame[column].replace("", "nan").astype(float)
    return frame.map(unguarded).assign(**columns)


def decision_of(
    frame: pd.DataFrame,
    attributes: Mapping[str, Any],
    fits: Mapping[str, Fit],
    weights: Mapping[str, float],
    levels: xr.DataArray,
) -> xr.Dataset:
    """A decision from its table, the inverse of `qqt_bayes.report.records.to_frame`.

    Parameters
    ----------
    frame : DataFrame
        A row for each group, budget and level, in that order.
    attributes : mapping
        Of the decision.
    fits, weights : mapping of str
        Those that it rests on.
    levels : DataArray, dims (level, pool)
    """
    names, budgets = (list(dict.fromkeys(frame[name])) for name in ("level", "budget"))
    groups = list(dict.fromkeys(frame["group"])) if "group" in frame else [None]
    dims = ("budget", "level") if len(groups) == 1 else ("group", "budget", "level")
    shape = (len(groups), len(budgets), len(names))[-len(dims) :]

    def by_level(column: str, kind: type = float) -> NDArray[Any]:
        values: NDArray[Any] = frame[column].to_numpy().astype(kind).reshape(shape)
        return values

    def chosen(column: str) -> NDArray[Any]:
        return np.array(names)[by_level(column, bool).argmax(axis=-1)]

    ends = [by_level(f"error_{name}") for name in ("lower", "median", "upper")]
    regret, choice = by_level("regret"), by_level("choice", bool)
    data: dict[str, Any] = {name: (dims, by_level(name)) for name in BY_LEVEL if name in frame}
    data["near_best"] = dims, by_level("near_best", bool)
    data["error"] = ("quantile", *dims), np.stack(ends)
    data["choice"] = dims[:-1], chosen("choice")
    data["choice_regret"] = dims[:-1], np.where(choice, regret, -np.inf).max(axis=-1)
    data["leader"] = dims[:-1], by_level("leader", str)[..., 0]
    tail = (1 - attributes["interval"]) / 2
    coords: dict[str, Any] = {"level": names, "quantile": [tail, 0.5, 1 - tail]}
    coords |= {"budget": np.array(budgets, float)}
    coords |= {"group": groups[0] if len(groups) == 1 else groups} if groups != [None] else {}
    rules = [name.removeprefix("score_by_") for name in frame if name.startswith("score_by_")]
    if rules:
        coords["rule"] = rules
        scores = [by_level(f"score_by_{name}") for name in rules]
        data["score_by_rule"] = ("rule", *dims), np.stack(scores)
        chose = [chosen(f"chosen_by_{name}") for name in rules]
        data["choice_by_rule"] = ("rule", *dims[:-1]), np.stack(chose)
    kinds = {"winner": str, "proven": bool, "extrapolation": float}
    said = {name: (dims[:-1], by_level(name, kind)[..., 0]) for name, kind in kinds.items()}
    found = xr.Dataset(data, coords)
    shares = np.array([weights[name] for name in fits])
    group = None if len(groups) > 1 else groups[0]
    whole = add_distance_from_runs(found, fits, shares, levels.sel(level=names), group)
    return whole.assign(said).assign_attrs({**whole.attrs, **_kept(attributes)})


def _kept(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a decision that do not follow from its fits."""
    of_fits = ("kind", "measure", "unit", "law", "model", "models", "weights", "gate_passed")
    return {name: x for name, x in attributes.items() if name not in of_fits and x is not None}


def crossovers_of(rows: list[dict[str, Any]], decision: xr.Dataset) -> dict[str, Any]:
    """Where levels overtake each other, from a row for each group and pair."""
    if not rows:
        return {}
    groups = list(dict.fromkeys(row.get("group", "") for row in rows))
    pairs = len(rows) // len(groups)
    frame = pd.DataFrame(rows)

    def values(*columns: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = frame[list(columns)].to_numpy(float)
        return values.reshape(len(groups), pairs, -1)

    found = xr.Dataset(
        {
            "crossover": (("group", "pair", "quantile"), values("lower", "median", "upper")),
            "crossover_probability": (("group", "pair"), values("probability")[..., 0]),
            "crossover_below": (("group", "pair"), values("probability_below")[..., 0]),
        },
        {
            "group": groups,
            "earlier": ("pair", frame["earlier"][:pairs].to_numpy(str)),
            "later": ("pair", frame["later"][:pairs].to_numpy(str)),
            "quantile": decision["quantile"],
        },
    )
    found = found if "group" in decision.dims else found.isel(group=0, drop=True)
    return {str(name): found[name] for name in (*found.data_vars, "earlier", "later")}


def comparison_of(table: bytes, laws: list[dict[str, Any]], fits: Mapping[str, Fit]) -> xr.Dataset:
    """What `compare_laws` found: a row of the table for each law and left-out run."""
    frame = table_of(table)
    names = list(dict.fromkeys(frame["law"]))
    shape = len(names), len(frame) // len(names)
    first = frame[: shape[1]]
    ends = [f"predicted_{name}" for name in ("lower", "median", "upper")]
    predicted = frame[ends].to_numpy(float).reshape(*shape, len(ends))
    totals = {row["law"]: row for row in laws}
    behind, error = (
        np.array([np.nan if (x := totals[name][key]) is None else x for name in names], float)
        for key in ("behind", "behind_se")
    )
    best = int(np.argmax([totals[name]["elpd"] for name in names]))
    states = list(map(difference_state, behind, error))
    found = xr.Dataset(
        {
            **{
                name: (("law", "run"), frame[name].to_numpy().reshape(shape))
                for name in ("elpd", "crps", "pareto_k", "refitted")
            },
            "predicted": (("law", "run", "quantile"), predicted),
            "elpd_sum": ("law", [totals[name]["elpd"] for name in names]),
            "behind": ("law", behind),
            "behind_se": ("law", error),
            "weight": ("law", [totals[name]["weight"] for name in names]),
            "bad_k": ("law", [totals[name]["bad_k"] for name in names]),
            "bad_refits": ("law", np.zeros(len(names), int)),
            "gate_passed": ("law", [fits[name].gate.passed for name in names]),
            "verdict": ("law", ["best" if i == best else x for i, x in enumerate(states)]),
        },
        {
            "law": names,
            "quantile": list(QUANTILE_LEVELS),
            **{
                name: ("run", first[name].to_numpy())
                for name in ("run", "error", "samples_seen", "data", "group", "pools")
            },
        },
    )
    methods = (fits[name] for name in names)
    return found.assign_attrs(leave_out="run", method=weakest_method(methods))


def moved_of(said: Mapping[str, Any] | None) -> Moved | None:
    """How the decision moved since the study before it."""
    if said is None:
        return None
    frame = pd.DataFrame(said["budgets"]).reindex(columns=list(COLUMNS))
    frame["group"] = frame["group"].astype(object).fillna("")
    frame = frame.astype({"regret_of_before": float})
    before, now = (tuple(said[name]) for name in ("models_before", "models"))
    return Moved(said["since"], said["runs_before"], said["runs_missing"], before, now, frame)

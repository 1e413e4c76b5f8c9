"""Results as tidy tables, as dictionaries for JSON, and as tables in Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.decisions.trained import runs_to_settle
from qqt_bayes.files import SCHEMA as SCHEMA  # noqa: PLC0414  rooms above have it from here
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.methods import mark
from qqt_bayes.posterior.prediction import ONE_RUN
from qqt_bayes.report.decision_text import paragraphs, remarks
from qqt_bayes.report.measures import expected_in_interval, is_new_run, with_interval
from qqt_bayes.report.rules_text import choices_by_rule, dominated
from qqt_bayes.report.shares_text import is_of_shares
from qqt_bayes.report.verdict_text import answers
from qqt_bayes.report.winner_text import winners
from qqt_bayes.tables.cells import guarded

FLAGS = ("gate_passed", "forced")
"""Attributes that say yes or no, as 1 or 0, because netCDF knows no truth."""


def training_sets(runs: xr.Dataset) -> pd.DataFrame:
    """What a fit would see: a row for each training set and budget (and group).

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `data`, `unique_samples`, `pools`, `samples_seen`,
        `epochs`, `runs` (how many) and `error` (their mean).
    """
    index = runs["data_index"].values
    taken = runs["unique_samples"].values[index]
    table = pd.DataFrame(
        {
            "group": runs["group"].values[runs["group_index"].values],
            "data": runs["data"].values[index],
            "unique_samples": taken.sum(axis=1),
            "pools": (taken > 0).sum(axis=1),
            "samples_seen": runs["samples_seen"].values,
            "error": runs["error"].values,
        }
    )
    keys = ["group", "data", "unique_samples", "pools", "samples_seen"]
    order = np.lexsort((runs["samples_seen"], index, runs["group_index"]))
    rows = table.iloc[order].groupby(keys, sort=False)["error"].agg(["size", "mean"]).reset_index()
    rows = rows.rename(columns={"size": "runs", "mean": "error"})
    rows.insert(5, "epochs", rows["samples_seen"] / rows["unique_samples"])
    return rows if runs.sizes["group"] > 1 else rows.drop(columns="group")


def prediction_frame(error: xr.DataArray, quantiles: tuple[float, float, float]) -> pd.DataFrame:
    """Predicted errors as a tidy table, a row for each group, level and budget.

    Parameters
    ----------
    error : DataArray
        As `qqt_bayes.predict` returns it, with its draws.
    quantiles : tuple of float
        Lower end of the interval, median and upper end, as probabilities.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `level`, `budget`, `error_median`, `error_lower`,
        `error_upper` and `error_mean`; `method` if that is approximate.
    """
    lower, median, upper = error.quantile(quantiles, SAMPLE, skipna=False)
    columns = {"error_median": median, "error_lower": lower, "error_upper": upper}
    data = xr.Dataset({name: part.drop_vars("quantile") for name, part in columns.items()})
    data["error_mean"] = error.mean(SAMPLE)
    order = [dim for dim in ("group", "level", "budget") if dim in data.dims]
    frame = data.to_dataframe(dim_order=order).reset_index()
    return frame[[*order, *data]].assign(**mark(error.attrs))


def comparison_by_law(comparison: xr.Dataset) -> pd.DataFrame:
    """A comparison as a tidy table, a row for each law, the best first."""
    names = {"elpd_sum": "elpd", "behind": "behind", "behind_se": "behind_se", "weight": "weight"}
    frame = comparison[[*names, "bad_k"]].to_dataframe().rename(columns=names)
    frame.insert(4, "mean_crps", comparison["crps"].mean("run").to_series())
    return frame.sort_values("elpd", ascending=False).reset_index()


def comparison_by_run(comparison: xr.Dataset) -> pd.DataFrame:
    """A comparison as a tidy table, a row for each law and left-out run."""
    low, median, high = (comparison["predicted"].isel(quantile=i, drop=True) for i in range(3))
    columns = {"predicted_median": median, "predicted_lower": low, "predicted_upper": high}
    scores = comparison[["elpd", "crps", "pareto_k", "refitted"]].assign(columns)
    order = ["law", "run", "group", "data", "pools", "samples_seen", "error", *columns]
    frame = scores.to_dataframe(dim_order=["law", "run"]).reset_index()
    return frame[[*order, "elpd", "crps", "pareto_k", "refitted"]]


def to_frame(decision: xr.Dataset) -> pd.DataFrame:
    """A decision as a tidy table, a row for each group, budget and level.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.

    Returns
    -------
    DataFrame
        Columns `group` (if there are groups), `budget`, `level`, `probability_best`,
        `probability_within_margin`, `error_median`, `error_lower`, `error_upper`, `error_mean`,
        `regret`, `score`, `choice` (whether it is the level to choose), `near_best`
        (whether its regret is at most the margin), `leader`, `proven` (whether a leader may be
        called the winner), `winner`, `extrapolation`, `repetitions` and `extrapolated_epochs`;
        `misfit` if it is known; `cost`, `net_benefit_mean`, `net_benefit_lower`,
        `net_benefit_upper` and `probability_of_benefit` where prices are; of shares also
        `optimality_gap`, `allowed`, `best_subset`, `gain` and, for each pool, `takes POOL`,
        unique samples; `score_by_RULE` and `chosen_by_RULE` (whether it chooses the level) of every
        rule if all were asked for; `of` if errors are of one new training each, not of the mean;
        `method` if that is approximate.
    """
    lower, median, upper = (decision["error"].isel(quantile=i, drop=True) for i in range(3))
    columns = {
        "probability_best": decision["probability_best"],
        "probability_within_margin": decision["probability_within_margin"],
        "error_median": median,
        "error_lower": lower,
        "error_upper": upper,
        "error_mean": decision["error_mean"],
        "regret": decision["regret"],
        "score": decision["score"],
        "choice": decision["choice"] == decision["level"],
        "near_best": decision["near_best"],
        "leader": decision["leader"],
        "proven": decision["proven"],
        "winner": decision["winner"],
        "extrapolation": decision["extrapolation"],
        "repetitions": decision["repetitions"],
        "extrapolated_epochs": decision["extrapolated_epochs"],
    }
    added = ("misfit", "optimality_gap", "allowed", "best_subset", "gain")
    columns |= {name: decision[name] for name in added if name in decision}
    if is_of_shares(decision):
        taken = decision["unique_samples"]
        columns |= {
            f"takes {pool}": taken.sel(pool=pool, drop=True) for pool in decision["pool"].values
        }
    if "score_by_rule" in decision:
        for rule in decision["rule"].values.tolist():
            own = decision.sel(rule=rule)
            columns[f"score_by_{rule}"] = own["score_by_rule"].drop_vars("rule")
            columns[f"chosen_by_{rule}"] = (own["choice_by_rule"] == own["level"]).drop_vars("rule")
    columns |= _in_money(decision)
    order = [dim for dim in ("group", "budget", "level") if dim in decision.dims]
    frame = xr.Dataset(columns).to_dataframe(dim_order=order).reset_index()
    group = ["group"] if "group" in decision.coords else []
    of = {"of": ONE_RUN} if is_new_run(decision.attrs) else {}
    return frame[[*group, "budget", "level", *columns]].assign(**of, **mark(decision.attrs))


def _in_money(decision: xr.Dataset) -> dict[str, xr.DataArray]:
    """What levels cost and are worth, by the names of columns, if that is known."""
    names = ("cost", "net_benefit_mean", "probability_of_benefit")
    found = {name: decision[name] for name in names if name in decision}
    if "net_benefit" in decision:
        ends = decision["net_benefit"]
        found["net_benefit_lower"] = ends.isel(quantile=0, drop=True)
        found["net_benefit_upper"] = ends.isel(quantile=-1, drop=True)
    return found


def to_json(decision: xr.Dataset, alone: Mapping[str, xr.Dataset] | None = None) -> dict[str, Any]:
    """A decision as a dictionary that JSON can hold.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.
    alone : mapping of str to Dataset, optional
        The decisions of single laws that it is made of.

    Returns
    -------
    dict
        `settings`, `answers` (see `qqt_bayes.report.verdict_text.Answer`), `summary`, `remarks`
        (the sentences of the summary, each with an `id` and, if
        there are several, its `group`), `decisions` (one for each group and budget, each with its
        `levels`), `runs_to_settle` (cheap runs after which a winner may be named, see
        `qqt_bayes.decisions.trained.runs_to_settle`) and `crossovers` (one for each group and pair
        of consecutive levels). If all rules were asked for, `choices_by_rule` (one for each group
        and budget) and `dominance` (one for each pair of levels of which one dominates the other).
    """
    frame = to_frame(decision)
    shared = [
        name
        for name in ("group", "budget", "leader", "proven", "winner", "extrapolation")
        if name in frame
    ]
    decisions = []
    for key, rows in frame.groupby(shared, sort=False):
        chosen = rows[rows["choice"]].iloc[0]
        decisions.append(
            {
                **dict(zip(shared, key, strict=True)),
                "choice": chosen["level"],
                "regret": chosen["regret"],
                "levels": _records(rows.drop(columns=shared)),
            }
        )
    sentences = remarks(decision)
    content = {
        "settings": {**decision.attrs, **{name: bool(decision.attrs[name]) for name in FLAGS}},
        "answers": [each._asdict() for each in answers(decision, alone)],
        "summary": paragraphs(sentences),
        "remarks": sentences,
        "decisions": decisions,
        "runs_to_settle": _runs_to_settle(decision),
        "crossovers": _records(_crossovers(decision)),
    }
    if "choice_by_rule" in decision:
        content["choices_by_rule"] = _records(choices_by_rule(decision))
        content["dominance"] = _records(dominated(decision))
    made: dict[str, Any] = plain(content)
    return made


def _runs_to_settle(decision: xr.Dataset) -> list[dict[str, Any]]:
    """A row for each group, level and budget that is worth training; none of subsets."""
    if "subsets" in decision.attrs or is_of_shares(decision):
        return []
    of_groups = in_each_group([decision])
    return [
        {**({"group": group} if group else {}), "target": target, "level": level, "budget": budget}
        for group, (own,) in of_groups
        for target, budgets in [runs_to_settle(own)]
        for level, each in budgets.items()
        for budget in each
    ]


def _crossovers(decision: xr.Dataset) -> pd.DataFrame:
    """A row for each group and pair of levels."""
    if "crossover" not in decision:
        return pd.DataFrame()
    lower, median, upper = (decision["crossover"].isel(quantile=i, drop=True) for i in range(3))
    columns = {
        "probability": decision["crossover_probability"],
        "probability_below": decision["crossover_below"],
        "median": median,
        "lower": lower,
        "upper": upper,
    }
    order = [dim for dim in ("group", "pair") if dim in decision.dims]
    frame = xr.Dataset(columns).to_dataframe(dim_order=order).reset_index()
    group = ["group"] if "group" in decision.coords else []
    return frame[[*group, "earlier", "later", *columns]]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries, whose names are text."""
    return [{str(name): x for name, x in row.items()} for row in frame.to_dict("records")]


def plain(content: Any) -> Any:
    """The same in what JSON knows: no number of NumPy, and null for what is no number or infinite.

    Examples
    --------
    >>> plain({"a": np.float64("nan"), "b": (np.int64(1), np.bool_(True), "c")})
    {'a': None, 'b': [1, True, 'c']}
    """
    if isinstance(content, Mapping):
        return {str(name): plain(x) for name, x in content.items()}
    if isinstance(content, list | tuple):
        return [plain(x) for x in content]
    if hasattr(content, "item"):
        content = content.item()
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    return content if content is None or isinstance(content, bool | int | str) else str(content)


def to_json_text(content: Mapping[str, object]) -> str:
    """JSON with its `schema` number: the one place that writes any.

    Examples
    --------
    >>> print(to_json_text({"models": []}), end="")
    {
      "schema": 1,
      "models": []
    }
    """
    return json.dumps(plain({"schema": SCHEMA, **content}), indent=2, ensure_ascii=False) + "\n"


def to_csv(frame: pd.DataFrame) -> str:
    r"""A table as CSV, with all digits, the same ends of lines everywhere, and no formulas.

    Examples
    --------
    >>> to_csv(pd.DataFrame({"level": ["=1+1", "top 2"], "regret": [-0.5, 0.0]}))
    "level,regret\n'=1+1,-0.5\ntop 2,0.0\n"
    """
    plain = frame.rename(columns=guarded)
    for place, dtype in enumerate(plain.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            plain.isetitem(place, plain.iloc[:, place].map(guarded, na_action="ignore"))
    return str(plain.to_csv(index=False, lineterminator="\n"))


def at_a_glance(decision: xr.Dataset) -> pd.DataFrame:
    """The decision for people: one row for each group and budget.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.

    Returns
    -------
    DataFrame
        The chosen level with what is known of it, the winner or why none is named, and how far
        beyond the data it is.
    """
    frame = to_frame(decision)
    chosen = frame[frame["choice"]]
    errors = chosen[["error_mean", "error_lower", "error_upper"]].itertuples(index=False)
    margin = decision.attrs["margin"]
    return pd.DataFrame(
        {
            **({"group": chosen["group"]} if "group" in chosen else {}),
            "budget": chosen["budget"],
            "choice": chosen["level"],
            "P(best)": chosen["probability_best"],
            f"P(within {margin:g})": chosen["probability_within_margin"],
            with_interval(decision.attrs): [
                expected_in_interval(mean, ends, decision.attrs) for mean, *ends in errors
            ],
            "regret": chosen["regret"],
            "winner": winners(chosen, decision.attrs),
            "extrapolated": chosen["extrapolation"],
        }
    )


def as_table(table: pd.DataFrame, *, empty: str = "None.") -> str:
    """A table in Markdown, one line for each row.

    Parameters
    ----------
    table : DataFrame
    empty : str
        What stands for a table without rows.

    Examples
    --------
    >>> print(as_table(pd.DataFrame({"set": ["one", "two"], "crps": [0.01234, np.nan]})))
    | set | crps |
    | --- | --- |
    | one | 0.0123 |
    | two | - |
    """
    if table.empty:
        return empty
    lines = [list(table.columns), ["---"] * table.shape[1]]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _cell(value: object) -> str:
    """A number with three digits that count; anything else as it is."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    return "-" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

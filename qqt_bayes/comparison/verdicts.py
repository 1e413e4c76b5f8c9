"""What a comparison of laws comes to, as ids with the numbers and bars behind them.

Nothing here samples or refits; `qqt_bayes.report.comparison_text` makes sentences of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

BAD_K = 0.7
"""k-hat above which importance weights are not to be trusted (Vehtari, Simpson, Gelman, Yao and
Gabry 2024, JMLR 25:72)."""
QUANTILE_LEVELS = (0.05, 0.5, 0.95)
"""Quantiles that are predicted of a left-out run: a 90 % interval about the median."""
SMALL_DIFFERENCE = 4.0
"""Difference in elpd that says little, whatever its standard error (Sivula, Magnusson, Matamoros
and Vehtari 2025, arXiv:2008.10296)."""
CLEAR_ERRORS = 2.0
"""Standard errors beyond which a difference is called clear."""
MOST_OF_ONE_RUN = 0.5
"""Share of a difference above which a single run is said to make it."""
TELLING = 0.9
"""Probability of pointing to the right law from which on a new run is called telling."""
LEAST_BAYES_FACTOR = 3.0
"""Bayes factor below which, and above whose inverse, the runs hardly speak (Kass and Raftery 1995,
doi:10.1080/01621459.1995.10476572: "not worth more than a bare mention")."""

STATES = {
    "difference": ("small", "unclear", "clear"),
    "k_hat": ("ok", "untrusted"),
    "gate": ("ok", "failed"),
    "refits": ("ok", "failed"),
    "one_run": ("spread", "one_run"),
    "next_run": ("telling", "not_telling"),
    "theorem": ("less_likely", "alike", "more_likely"),
    "no_size_effect": ("less_likely", "alike", "more_likely"),
}
"""The states that a verdict can have, by its id. Neither is ever renamed.

- `difference`: how far a law's elpd is behind the best; the bar is what it takes to be clear.
  `small` says little whatever its standard error, `unclear` is what a few other runs could turn.
- `k_hat`: how many scores of a law rest on importance weights that are not to be trusted;
  `refits`: how many of its refits have chains that disagree; `gate`: 1 if its fit did not pass its
  gate, else 0.
- `one_run`: the largest share that one run has in the difference of the two best.
- `next_run`: probability that the best next run points to the right one of the two best laws.
- `theorem`, `no_size_effect`: Bayes factors for a size exponent of 1, and of 0, against a free one.
"""


def inside_interval(of_law: xr.Dataset) -> np.ndarray:
    """Whether the predicted 90 % interval of each left-out run holds it, its ends included.

    Parameters
    ----------
    of_law : Dataset
        One law of a comparison, as `qqt_bayes.compare_laws` returns it.
    """
    low, high = (of_law["predicted"].sel(quantile=QUANTILE_LEVELS[i]) for i in (0, -1))
    found: np.ndarray = ((low <= of_law["error"]) & (of_law["error"] <= high)).values
    return found


@dataclass(frozen=True)
class Verdict:
    """One thing that a comparison comes to.

    Attributes
    ----------
    id : str
        One of `STATES`.
    of : str
        The law, the run, or the group of a size exponent, that it is about.
    value, bar : float
    state : str
        One of the id's `STATES`.
    """

    id: str
    of: str
    value: float
    bar: float
    state: str


def difference_bar(standard_error: Any) -> Any:
    """What a difference in elpd has to exceed to be clear."""
    return np.maximum(SMALL_DIFFERENCE, CLEAR_ERRORS * standard_error)


def difference_state(behind: float, standard_error: float) -> str:
    """The state of a law that is behind the best: whether the difference is clear.

    Examples
    --------
    >>> difference_state(3.9, 0.1), difference_state(6.0, 3.5), difference_state(6.0, 2.5)
    ('small', 'unclear', 'clear')
    >>> difference_state(6.0, float("nan"))
    'unclear'
    """
    if behind < SMALL_DIFFERENCE:
        return "small"
    # a standard error that is not a number makes the comparison false: nothing is clear then
    return "clear" if behind > difference_bar(standard_error) else "unclear"


def evidence_state(bayes_factor: float) -> str:
    """What a Bayes factor for a point against a free exponent says of the point.

    Examples
    --------
    >>> evidence_state(0.2), evidence_state(1.5), evidence_state(7.0)
    ('less_likely', 'alike', 'more_likely')
    """
    if 1 / LEAST_BAYES_FACTOR < bayes_factor < LEAST_BAYES_FACTOR:
        return "alike"
    return "more_likely" if bayes_factor > 1 else "less_likely"


def deciding_runs(comparison: xr.Dataset) -> pd.DataFrame:
    """How much each run speaks for the best law against the second, largest first.

    Returns
    -------
    DataFrame
        Columns `run`, `data`, `samples_seen`, `group` and `gain`, the difference of log densities.
    """
    first, second = comparison.sortby("elpd_sum", ascending=False)["elpd"][:2]
    columns = ["run", "data", "samples_seen", "group", "gain"]
    frame = (first - second).rename("gain").to_dataframe().reset_index()[columns]
    return frame.sort_values("gain", key=abs, ascending=False, ignore_index=True)


def verdicts(
    comparison: xr.Dataset, telling: xr.Dataset | None = None, exponents: pd.DataFrame | None = None
) -> list[Verdict]:
    """What a comparison comes to.

    Parameters
    ----------
    comparison : Dataset
        As `compare_laws` returns it.
    telling : Dataset, optional
        As `telling_runs` returns it for the two best laws.
    exponents : DataFrame, optional
        As `size_exponents` returns it.
    """
    ranked = comparison.sortby("elpd_sum", ascending=False)
    found = [*_of_laws(ranked)]
    if ranked.sizes["law"] > 1:
        found.append(_of_one_run(ranked))
    if telling is not None:
        right = float(telling["probability_right"].sel(telling.attrs))
        state = "telling" if right >= TELLING else "not_telling"
        found.append(Verdict("next_run", str(telling.attrs["level"]), right, TELLING, state))
    if exponents is not None:
        found.extend(_of_exponents(exponents))
    return found


def _of_laws(ranked: xr.Dataset) -> Iterator[Verdict]:
    """How far each law is behind the best, and how far its scores can be trusted."""
    for place, name in enumerate(map(str, ranked["law"].values)):
        law = ranked.isel(law=place)
        behind, error = float(law["behind"]), float(law["behind_se"])
        if place:
            bar, state = float(difference_bar(error)), difference_state(behind, error)
            yield Verdict("difference", name, behind, bar, state)
        for check, count, state in (
            ("k_hat", int(law["bad_k"]), "untrusted"),
            ("gate", int(not law["gate_passed"]), "failed"),
            ("refits", int(law["bad_refits"]), "failed"),
        ):
            yield Verdict(check, name, count, 0, state if count else "ok")


def _of_one_run(ranked: xr.Dataset) -> Verdict:
    """Whether one run makes up most of the difference of the two best laws."""
    frame = deciding_runs(ranked)
    most, total = frame.iloc[0], float(frame["gain"].sum())
    share = float(most["gain"]) / total if total > 0 else 0.0
    state = "one_run" if most["gain"] > MOST_OF_ONE_RUN * total > 0 else "spread"
    return Verdict("one_run", str(most["run"]), share, MOST_OF_ONE_RUN, state)


def _of_exponents(exponents: pd.DataFrame) -> Iterator[Verdict]:
    """Whether the runs speak for the combination theorem, or for no effect of size."""
    for row in exponents.itertuples():
        of = f"{row.law}, {row.of}" if row.of else str(row.law)
        for check, ratio in (("theorem", row.theorem), ("no_size_effect", row.no_size_effect)):
            yield Verdict(check, of, float(ratio), LEAST_BAYES_FACTOR, evidence_state(float(ratio)))

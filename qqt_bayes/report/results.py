"""Results in Python: as a table that a notebook shows well, and as the text that `qqt` prints."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InputError
from qqt_bayes.phrases import format_epochs, format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report import comparison_text, gate_text, plan_text, printed, study_text
from qqt_bayes.report.frontier_tables import budgets_at_a_glance, in_one_table
from qqt_bayes.report.metrics_tables import metrics_frame, winners_by_metric
from qqt_bayes.report.python_text import for_python
from qqt_bayes.report.records import at_a_glance, comparison_by_law, comparison_by_run, to_frame
from qqt_bayes.report.shares_text import is_of_shares, shares_table
from qqt_bayes.report.verdict_text import left_out

type Result = xr.Dataset | Study | Plan | Gate | AnyFit
"""What is told of: what `decide`, `best_subsets`, `best_shares`, `frontier`, `decide_metrics`,
`compare_laws`, `study`, `design`, `fit` and `load` return."""
DIGITS = 4
"""Decimals of numbers in a table for people."""


def table(result: Result, *, tidy: bool = False) -> pd.DataFrame:
    """A result as a table for people, or as a tidy one for programs.

    Parameters
    ----------
    result : Dataset, Study, Plan, DataTree, Fit or Gate
        A decision of `decide`, `best_subsets`, `best_shares` or `decide_metrics`, a frontier, a
        study, a plan of runs, a comparison of laws, or a fit, of which its gate is told.
    tidy : bool
        All numbers with all digits, errors as errors: a row for each candidate at each budget, as
        the command's CSV has it.  Else what is read at a glance: one row for each budget of a
        decision, budgets and epochs as people say them, numbers with four decimals, accuracies
        where accuracies were measured.

    Returns
    -------
    DataFrame
        Of a decision or a frontier indexed by `budget`, and by `group` before it if there are
        several, unless it is tidy.

    Raises
    ------
    InputError
        If it is no result.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> decision = qqt.decide(qqt.load("fit.nc"), "composition.csv", "128M, 2B")
    >>> qqt.table(decision)[["choice", "winner"]]
             choice   winner
    budget
    128M    top 20%  top 20%
    2B      top 30%  top 30%
    """
    if isinstance(result, Study):
        return table(result.decision, tidy=tidy)
    if isinstance(result, Plan):
        return result.runs.copy() if tidy else plan_text.table(result).set_index("run").pipe(_read)
    if not isinstance(result, xr.Dataset):
        gate = _gate_of(result)
        return gate_text.checks(gate) if tidy else gate_text.checks_at_a_glance(gate)
    kind = kind_of(result)
    if tidy:
        return TIDY[kind](result)
    found = AT_A_GLANCE[kind](result).pipe(_read)
    rows = [name for name in ("group", "budget") if name in found]
    return found.set_index(rows or "law")


def text(result: Result, *, explain: bool = False) -> str:
    """A result in words, as the command prints it, but for options, which are arguments here.

    Parameters
    ----------
    result : Dataset, Study, Plan, DataTree, Fit or Gate
        As for `table`; of a fit it is said what its gate found, of a comparison how well the laws
        predict.
    explain : bool
        All that is known of a decision or a study in words, as with ``--explain``.

    Returns
    -------
    str
        Lines of at most 100 characters, but for tables, which are as wide as they need.

    Raises
    ------
    InputError
        If it is no result.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> decision = qqt.decide(qqt.load("fit.nc"), "composition.csv", "128M, 2B")
    >>> "At 2B samples take top 30%" in qqt.text(decision)
    True
    """
    written = printed.Page(StringIO(), spelled=for_python)
    if isinstance(result, Study):
        printed.write_decision(
            written,
            result.decision,
            explain=explain,
            alone=result.deciding,
            study=study_text.summary(result) if explain else None,
            beware=left_out(result.refused_laws, list(result.weights)),
        )
    elif isinstance(result, Plan):
        printed.write_plan(written, result)
    elif not isinstance(result, xr.Dataset):
        return for_python(gate_text.verdict(_gate_of(result)))
    elif (kind := kind_of(result)) == "frontier":
        printed.write_frontier(written, result)
    elif kind == "metrics":
        printed.write_metrics(written, result)
    elif kind == "comparison":
        written.lines(comparison_text.verdict(result))
    else:
        printed.write_decision(written, result, explain=explain)
    file = written.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def kind_of(result: xr.Dataset) -> str:
    """Which of the results that are Datasets it is: a key of `TIDY`.

    Raises
    ------
    InputError
        If it is none.
    """
    for kind, has in (("metrics", "joint_choice"), ("frontier", "frontier_mean")):
        if has in result:
            return kind
    if "elpd_sum" in result:
        return "comparison"
    if {"probability_best", "choice", "budget"} <= {*result, *result.coords}:
        return "shares" if is_of_shares(result) else "decision"
    raise InputError(
        "expected a result, as qqt_bayes.decide, frontier, decide_metrics or compare_laws returns "
        f"it, got a Dataset of {', '.join(map(str, result)) or 'nothing'}"
    )


TIDY = {
    "decision": to_frame,
    "shares": to_frame,
    "frontier": in_one_table,
    "metrics": metrics_frame,
    "comparison": comparison_by_run,
}
"""The table for programs of each kind of result."""
AT_A_GLANCE = {
    "decision": lambda found: at_a_glance(found.sortby("budget")),
    "shares": lambda found: shares_table(found.sortby("budget")),
    "frontier": budgets_at_a_glance,
    "metrics": winners_by_metric,
    "comparison": comparison_by_law,
}
"""The table for people of each."""


def _gate_of(fit: Any) -> Gate:
    """The gate of a fit.

    Raises
    ------
    InputError
        If it is no result.
    """
    if isinstance(fit, Gate):
        return fit
    if not isinstance(fit, xr.DataTree | Fit):
        raise InputError(
            "expected a result, as qqt_bayes.decide, study, frontier, decide_metrics, design or "
            f"fit returns it, got {type(fit).__name__}"
        )
    return Fit.of(fit).gate


def _read(frame: pd.DataFrame) -> pd.DataFrame:
    """What is counted as people say it, everything else with a few decimals."""
    shown = frame.copy()
    for name in map(str, frame):
        if name == "epochs":
            shown[name] = frame[name].map(format_epochs)
        elif name == "budget" or name.startswith("unique ") or name.endswith(" seen"):
            shown[name] = frame[name].map(format_samples)
    return shown.round(DIGITS)

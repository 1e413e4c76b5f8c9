"""A study as a page to send: what `qqt report` does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from qqt_bayes.cli.output import emit, note
from qqt_bayes.planning.plan import Plan
from qqt_bayes.progress import shown
from qqt_bayes.studies.page import report


def write_page(
    study: str,
    form: str,
    *,
    output: str,
    costs: str | None,
    allowance: str | None,
    overwrite: bool,
) -> None:
    """Write the page and say where it is.

    Parameters
    ----------
    study : str
        The folder.
    form : {"table", "json", "csv"}
    output, costs, allowance, overwrite
        The options of the command.
    """
    with shown("Writing the page"):
        plan = None if allowance is None else _plan(study, allowance, costs)
        path = report(study, output, costs=costs, plan=plan, overwrite=overwrite)
    size = path.stat().st_size
    if form == "table":
        note(f"{path} holds the study, {size / 1000:,.0f} kB.")
        return
    row = {"report": str(path), "bytes": size}
    emit(pd.DataFrame([row]), form, lambda: row)


def _plan(study: str, allowance: str, costs: str | None) -> Plan:
    """The runs that are worth most for what may be spent."""
    from qqt_bayes.planning.proposal import design  # three seconds, which no other page takes
    from qqt_bayes.studies.opened import open_whole

    return design(open_whole(Path(study)).study, allowance, costs=costs)

"""A study as a page to send: what `qqt report` does."""

from __future__ import annotations

import pandas as pd

from qqt_bayes.cli.output import emit, note
from qqt_bayes.progress import shown
from qqt_bayes.studies.page import report


def write_page(
    study: str,
    form: str,
    *,
    output: str,
    costs: str | None,
    allowance: str | None,
    only_group: str | None,
    overwrite: bool,
) -> None:
    """Write the page and say where it is.

    Parameters
    ----------
    study : str
        The folder.
    form : {"table", "json", "csv"}
    output, costs, allowance, only_group, overwrite
        The options of the command.
    """
    with shown("Writing the page"):
        path = report(
            study,
            output,
            costs=costs,
            allowance=allowance,
            group=only_group,
            overwrite=overwrite,
        )
    size = path.stat().st_size
    if form == "table":
        note(f"{path} holds the study, {size / 1000:,.0f} kB.")
        return
    row = {"report": str(path), "bytes": size}
    emit(pd.DataFrame([row]), form, lambda: row)

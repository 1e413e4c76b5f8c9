"""A study as a page to send: what `qqt report` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from qqt_bayes.cli import options
from qqt_bayes.cli.output import emit, note
from qqt_bayes.files import is_of_metrics
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
    metric_weights: str | None,
    requirements: Sequence[str],
    overwrite: bool,
) -> None:
    """Write the page and say where it is.

    Parameters
    ----------
    study : str
        The folder, of a study or of studies by metric.
    form : {"table", "json", "csv"}
    output, costs, allowance, only_group, metric_weights, requirements, overwrite
        The options of the command.
    """
    across: dict[str, Any] = {}
    if several := is_of_metrics(Path(study)):
        from qqt_bayes.cli.metrics import joining  # which no page of one study waits for

        weights, bounds = joining(Path(study), metric_weights, requirements)
        across = {"metric_weights": weights, "constraints": bounds}
    else:
        options.refuse_of_metrics(metric_weights, requirements)
    with shown("Writing the page"):
        path = report(
            study,
            output,
            costs=costs,
            allowance=allowance,
            group=only_group,
            **across,
            overwrite=overwrite,
        )
    size = path.stat().st_size
    if form == "table":
        what = "the studies of all metrics" if several else "the study"
        note(f"{path} holds {what}, {size / 1000:,.0f} kB.")
        return
    row = {"report": str(path), "bytes": size}
    emit(pd.DataFrame([row]), form, lambda: row)

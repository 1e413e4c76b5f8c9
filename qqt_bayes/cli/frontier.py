"""What budgets reach, printed, written and drawn: what `qqt frontier` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from qqt_bayes.cli import output
from qqt_bayes.cli.figures import Figures
from qqt_bayes.cli.output import note
from qqt_bayes.cli.replaced import require_frontiers
from qqt_bayes.cli.sources import files_of, question_of, read_sources, warn_of_refused
from qqt_bayes.decisions.frontier import frontier
from qqt_bayes.files import writable, write
from qqt_bayes.progress import shown
from qqt_bayes.report import printed
from qqt_bayes.report.decision_text import paragraphs
from qqt_bayes.report.figures.names import OF_FRONTIER
from qqt_bayes.report.frontier_tables import in_one_table, to_json
from qqt_bayes.report.frontier_text import remarks
from qqt_bayes.report.records import to_csv, to_json_text
from qqt_bayes.report.verdict_text import left_out

WRITERS = {
    ".csv": lambda found: to_csv(in_one_table(found)),
    ".json": lambda found: to_json_text(to_json(found)),
}
"""How a frontier is written, by the ending of the file's name."""


def report(
    sources: tuple[str, ...],
    form: str,
    *,
    targets: str | None,
    probabilities: str,
    new_run: bool,
    figures: Figures | None,
    outputs: tuple[str, ...],
    overwrite: bool,
    asked: dict[str, Any],
    **criteria: Any,
) -> None:
    """Find what budgets reach, print it, write it and draw it.

    Parameters
    ----------
    sources : tuple of str
        As for `qqt decide`.
    form : {"table", "json", "csv"}
    targets, probabilities, new_run, figures, outputs, overwrite
        The options of the command. What is to be written is checked before long work.
    asked : dict
        The options that `qqt_bayes.cli.sources.question_of` takes.
    **criteria
        As for `qqt_bayes.frontier`.
    """
    read = files_of(sources, asked["levels"], asked["target_pools"])
    paths = [writable(Path(name), read, WRITERS) for name in outputs]
    require_frontiers(paths, overwrite=overwrite)
    if figures:
        figures.prepare(OF_FRONTIER, overwrite=overwrite)
    fits, study = read_sources(sources, whole=asked["weights"] is not None)
    question = question_of(fits, study, **asked)
    with shown("Judging levels"):
        found = frontier(
            fits,
            **question,
            targets=() if targets is None else targets,
            probabilities=probabilities,
            new_run=new_run,
            **criteria,
        )
    warn_of_refused(fits)
    for path in paths:  # first: who closes the pipe behind stdout gets the files all the same
        write(path, WRITERS[path.suffix.lower()](found))
    emit_frontier(found, form, [] if study is None else left_out(study.refused, list(fits)))
    if figures:
        from qqt_bayes.report.figures.files import write_frontier

        figures.draw(write_frontier, found)


def emit_frontier(found: xr.Dataset, form: str, beware: list[str]) -> None:
    """Print a frontier on stdout; after what has to be known before anything else."""
    if form == "json":
        output.emit(in_one_table(found), form, lambda: to_json(found))
        return
    if form == "csv":
        output.emit(in_one_table(found), form, dict)
        note("\n".join([*beware, paragraphs(remarks(found))]))
        return
    printed.write_frontier(output.stdout(), found, beware)

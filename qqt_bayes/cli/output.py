"""What the command line prints: the result on stdout, everything else on stderr.

A table has three forms: for people (`table`), and with all digits for programs (`json`, `csv`).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from qqt_bayes.cli.logs import say
from qqt_bayes.errors import InputError
from qqt_bayes.files import write
from qqt_bayes.report import printed, table_text
from qqt_bayes.report.records import to_csv, to_frame, to_json, to_json_text
from qqt_bayes.report.verdict_text import answers

if TYPE_CHECKING:
    from qqt_bayes.report.money_text import Money


def emit(frame: pd.DataFrame, form: str, content: Callable[[], Mapping[str, object]]) -> None:
    """Print a result on stdout.

    Parameters
    ----------
    frame : DataFrame
        What `table` and `csv` show; for people a column's underscores become blanks.
    form : {"table", "json", "csv"}
    content : callable
        Makes the mapping that `json` holds beside its schema number; called for it alone.
    """
    if form == "json":
        sys.stdout.write(_as_json(to_json_text(content())))
    elif form == "csv":
        sys.stdout.write(_as_csv(to_csv(frame)))
    else:
        print_table(frame)


def _as_json(text: str) -> str:
    """JSON whose names are escaped where stdout cannot write them."""
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), indent=2) + "\n"
    return text


def _as_csv(text: str) -> str:
    """A CSV that stdout can write: it has no way to escape a name.

    Raises
    ------
    InputError
        If it holds characters that stdout's encoding does not have.
    """
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError as error:
        sign, encoding = error.object[error.start], sys.stdout.encoding
        raise InputError(
            f"standard output takes {encoding} alone, which has no {sign!a}: set "
            "PYTHONIOENCODING=utf-8, or take --format json"
        ) from None
    return text


def wrapped(text: str) -> str:
    """Words, broken into lines for the terminal."""
    return table_text.wrapped(text, _terminal_width())


def stdout() -> printed.Page:
    """Standard output, as wide as the terminal that it is."""
    return printed.Page(sys.stdout, _terminal_width())


def note(text: str, style: str = "") -> None:
    """Print a remark on stderr."""
    say(text, style)


def warn(text: str) -> None:
    """Print a warning on stderr."""
    say(text, "yellow", logging.WARNING)


def emit_decision(
    decision: xr.Dataset,
    form: str,
    *,
    explain: bool,
    alone: Mapping[str, xr.Dataset] | None = None,
    study: str | None = None,
    more: Mapping[str, object] | None = None,
    beware: Sequence[str] = (),
    money: Money | None = None,
) -> None:
    """Print a decision on stdout: the verdict, the choices, what the candidates are, and why.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.
    form : {"table", "json", "csv"}
        The table for people has a row for each budget; CSV and JSON have all levels.
    explain : bool
        Print all that is known of the decision in words, too.
    alone : mapping of str to Dataset, optional
        The decisions of single laws that it is made of.
    study : str, optional
        What the study that it is part of comes to, which holds the decision's summary.
    more : mapping, optional
        What else JSON holds.
    beware : sequence of str
        What has to be known before anything else.
    money : Money, optional
        What the levels cost and are worth, as tables and sentences.
    """
    if form != "table":
        words = ({} if study is None else {"study": study}) | _of_money(money) | dict(more or {})
        emit(to_frame(decision), form, lambda: to_json(decision, alone) | words)
    if form == "json":
        return
    if form == "csv":
        found = answers(decision, alone, priced=money is not None)
        of_money = [] if money is None else money.lines
        note("\n".join([*beware, *(line for each in found for line in each.lines), *of_money]))
        return
    printed.write_decision(
        stdout(),
        decision,
        explain=explain,
        alone=alone,
        study=study,
        beware=beware,
        money=money,
    )


def _of_money(money: Money | None) -> dict[str, object]:
    """What JSON holds of money beside a decision."""
    return {} if money is None else {"money": money.content}


WRITERS: dict[str, Callable[[xr.Dataset, Money | None], str]] = {
    ".csv": lambda decision, _: to_csv(to_frame(decision)),
    ".json": lambda decision, money: to_json_text(to_json(decision) | _of_money(money)),
}
"""How a decision is written, by the ending of the file's name."""


def write_decision(decision: xr.Dataset, path: Path, money: Money | None = None) -> None:
    """Write every level at every budget as CSV, or as JSON with all else that is known."""
    write(path, WRITERS[path.suffix.lower()](decision, money))


def print_table(frame: pd.DataFrame) -> None:
    """Print a table for people, as wide as the terminal; without one, as wide as it needs."""
    table_text.write_table(frame, sys.stdout, _terminal_width())


def _terminal_width() -> int | None:
    """Columns of the terminal that stdout is, None if it is none."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns

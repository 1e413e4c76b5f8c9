"""What the command line prints: the result on stdout, everything else on stderr.

A table has three forms: for people (`table`), and with all digits for programs (`json`, `csv`).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.cli.logs import say
from qqt_bayes.errors import InputError, printable
from qqt_bayes.files import write
from qqt_bayes.phrases import LINE, format_epochs, format_samples, in_lines
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import at_a_glance, to_csv, to_frame, to_json, to_json_text
from qqt_bayes.report.rules_text import choices_by_rule
from qqt_bayes.report.shares_text import is_of_shares, shares_table
from qqt_bayes.report.verdict_text import Answer, answers, candidates

if TYPE_CHECKING:
    from qqt_bayes.report.money_text import Money

Show = Callable[[Any], str]


def plain(value: object) -> str:
    """Text as it is, yes or no for what is true or false, five digits of a number.

    Examples
    --------
    >>> plain("all"), plain(True), plain(0.1234567), plain(3), plain(float("nan")), plain(None)
    ('all', 'yes', '0.12346', '3', '', '')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def times(ratio: float) -> str:
    """A factor as text; nothing for a factor of 1.

    Examples
    --------
    >>> times(3.90625), times(0.5), times(1.0)
    ('3.9x', '0.5x', '')
    """
    return "" if ratio == 1 else f"{ratio:.2g}x" if ratio < 100 else f"{ratio:.0f}x"


def probability(value: float) -> str:
    """A probability with two digits; nothing where there is none.

    Examples
    --------
    >>> probability(0.978), probability(float("nan"))
    ('0.98', '')
    """
    return "" if np.isnan(value) else f"{value:.2f}"


GAP = 3
"""Columns of a terminal between two of a table."""
SHOWN: dict[str, Show] = {
    "budget": format_samples,
    "epochs": format_epochs,
    "P": probability,
    "regret": "{:.4f}".format,
    "gain": "{:.4f}".format,
    "gap": "{:.4f}".format,
    "EVPI": "{:.4f}".format,
    "extrapolated": times,
}
"""How a table writes a column, by its heading up to a bracket; others as `plain` does."""


def _show(heading: str) -> Show:
    """How a table writes the cells of a column: what is counted, whatever it is, as people say it.

    Examples
    --------
    >>> _show("unique tokens")(3.84e7), _show("tokens seen")(1.28e9), _show("error")(0.5)
    ('38.4M', '1.28B', '0.5')
    """
    if heading.startswith("unique ") or heading.endswith(" seen"):
        return format_samples
    return SHOWN.get(heading.partition("(")[0], plain)


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
    return in_lines(printable(text), min(LINE, _terminal_width() or LINE))


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
    found = answers(decision, alone, priced=money is not None)
    if form == "csv":
        of_money = [] if money is None else money.lines
        note("\n".join([*beware, *(line for each in found for line in each.lines), *of_money]))
        return
    if is_of_shares(decision):
        tables = [shares_table(decision.sortby("budget"))]
    else:
        tables = [at_a_glance(decision), candidates(decision)]
    print_answers(found, [*tables, *rules(decision)], beware)
    if money is not None:
        sys.stdout.write("\n")
        print_parts([], money.tables, [f"- {line}" for line in money.lines])
    if explain:
        sys.stdout.write("\n" + wrapped(summary(decision) if study is None else study))


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


def rules(decision: xr.Dataset) -> list[pd.DataFrame]:
    """A table of what each rule chooses; none if one rule was asked for."""
    if "choice_by_rule" not in decision:
        return []
    by_rule = choices_by_rule(decision.sortby("budget"))
    names = decision["rule"].values.tolist()
    return [by_rule.rename(columns={rule: f"by {rule}" for rule in names})]


def print_answers(
    found: Sequence[Answer], tables: Sequence[pd.DataFrame], beware: Sequence[str]
) -> None:
    """Print a verdict for each group, tables, and why; first what has to be known before them."""
    of_group = [(f"{each.group}: " if each.group else "", each) for each in found]
    first = dict.fromkeys([*beware, *(line for each in found for line in each.first)])
    print_parts(
        [*first, *(f"{group}{each.verdict}" for group, each in of_group)],
        tables,
        [f"- {group}{line}" for group, each in of_group for line in each.bullets],
    )


def print_parts(lead: Sequence[str], tables: Sequence[pd.DataFrame], lines: Sequence[str]) -> None:
    """Print sentences, tables and sentences, with an empty line between them."""
    sys.stdout.writelines(map(wrapped, lead))
    if lead:
        sys.stdout.write("\n")
    for frame in tables:
        print_table(frame)
        sys.stdout.write("\n")
    sys.stdout.writelines(map(wrapped, lines))


def print_table(frame: pd.DataFrame) -> None:
    """Print a table for people, as wide as the terminal; without one, as wide as it needs.

    Numbers and words are never broken: where the terminal is too narrow for that, each row becomes
    lines of its own.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    width = _terminal_width()
    columns = {str(name).replace("_", " "): cells for name, cells in frame.items()}
    shown = {
        heading: [printable(_show(heading)(cell)) for cell in cells]
        for heading, cells in columns.items()
    }
    room = (width or 10_000) - GAP * (len(shown) - 1)
    widths = _widths(shown, room)
    if sum(widths.values()) > room:
        _print_rows(shown, room + GAP * (len(shown) - 1))
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading, cells in columns.items():
        number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
        table.add_column(
            heading,
            justify="right" if number else "left",
            overflow="fold",
            width=widths[heading],
        )
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    Console(file=sys.stdout, width=width or 10_000, highlight=False, markup=False).print(table)


def _widths(shown: Mapping[str, Sequence[str]], room: int) -> dict[str, int]:
    """How wide to make each column: none breaks a word, and those that lack least break no line."""
    from rich.cells import cell_len

    texts = {heading: [heading, *cells] for heading, cells in shown.items()}
    widths, whole = (
        {
            heading: max(max(map(cell_len, cut(text)), default=1) for text in cells)
            for heading, cells in texts.items()
        }
        for cut in (str.split, str.splitlines)
    )
    left = room - sum(widths.values())
    for heading in sorted(texts, key=lambda heading: whole[heading] - widths[heading]):
        more = max(0, min(left, whole[heading] - widths[heading]))
        widths[heading] += more
        left -= more
    return widths


def _print_rows(shown: Mapping[str, Sequence[str]], width: int) -> None:
    """Print each row of a table as lines, one for each of its cells."""
    for row in zip(*shown.values(), strict=True):
        for heading, cell in zip(shown, row, strict=True):
            if cell:
                sys.stdout.write(in_lines(f"{heading}: {cell}", width))
        sys.stdout.write("\n")


def _terminal_width() -> int | None:
    """Columns of the terminal that stdout is, None if it is none."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns

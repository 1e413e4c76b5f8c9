"""What is still needed to make runs of a sheet: one message with everything that is to be done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from qqt_bayes.errors import MAX_SHOWN, Advice, InputError
from qqt_bayes.importers.meanings import MEASURES, written
from qqt_bayes.importers.sheet import some

GIVEN = "given table"
"""What messages call a DataFrame."""
BY_HAND = (
    "pool,unique_samples,samples_seen,error",
    "0-10%,12800000,128000000,0.769",
    "10-30%,25600000,128000000,0.754",
)
"""A long table in three lines, as anyone can write it."""
MAPPING = "mapping.csv"
"""What the call that is ready to paste calls a mapping table that is still to be written."""
NOT_A_FILE = "..."
"""What that call calls a table that was given as a DataFrame."""


@dataclass(frozen=True)
class Request:
    """What was recognised and read of a file, and what it takes to make runs of it.

    Parameters
    ----------
    name : str
        The path, as messages call it.
    what : str
        The kind of file.
    read : sequence of str
        Sentences about what was read.
    needs : sequence of str
        A sentence for each thing that is missing.
    columns : mapping of str to str
        What columns would mean, as far as their names say.
    arguments : mapping of str to str
        The other arguments of `import_runs` to give, with capitals where only the user knows.
    mapping : sequence of str
        Lines of a mapping table to fill in, if one is needed.
    is_mixed : bool
        Whether the runs are on mixtures, so that a composition comes out beside them.
    metrics : str
        Columns that are called measures, where there are several: all can be taken at once.
    """

    name: str
    what: str
    read: Sequence[str]
    needs: Sequence[str]
    columns: Mapping[str, str]
    arguments: Mapping[str, str]
    mapping: Sequence[str] = ()
    is_mixed: bool = False
    metrics: str = ""

    def text(self, call: Callable[[Request], str]) -> str:
        """The whole message; `call` writes the call that is ready to paste."""
        lines = [f"{self.name}: read as {self.what}, but more is needed.", *self.read]
        lines += ["Still needed:", *(f"  - {need}" for need in self.needs)]
        if self.mapping:
            lines += [f"A mapping table begins so; fill it in and save it as {MAPPING}:"]
            lines += [f"  {line}" for line in self.mapping]
        if self.metrics:
            columns = {name: of for name, of in self.columns.items() if name not in MEASURES}
            given = {name: of for name, of in self.arguments.items() if name != "kind"}
            each = replace(self, columns=columns, arguments={**given, "metric": self.metrics})
            lines += [f"To take each of {self.metrics} as a metric, with rows of its own:"]
            lines += [f"  {call(each)}"]
        words = "Ready to paste" + (", with what is in capitals filled in" if self.open else "")
        return "\n".join([*lines, f"{words}:", f"  {call(self)}"])

    @property
    def open(self) -> bool:
        """Whether only the user knows a part of the call."""
        given = (*self.columns.values(), *self.arguments.values())
        return any(re.search(r"(^|\*)(N|COLUMN|KIND|METRIC)$", text) for text in given)


class NeedsMore(InputError):
    """A file that was recognised, but does not say all that runs need.

    Attributes
    ----------
    request : Request
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.text(in_python))
        self.request = request


class NotRecognised(InputError):
    """A file of no kind that is known."""


def in_python(request: Request) -> str:
    """The call of `import_runs` that is ready to paste."""
    source = "table" if request.name == GIVEN else repr(request.name)
    arguments = [source, *(f"{k}={_literal(v)}" for k, v in request.arguments.items())]
    if request.columns:
        arguments.append(f"columns={written(request.columns)!r}")
    return f"qqt_bayes.import_runs({', '.join(arguments)})"


def in_words(table: object) -> str:
    """A table as a call names it: its path, or dots for a DataFrame."""
    return NOT_A_FILE if isinstance(table, pd.DataFrame) else str(table)


def _literal(text: str) -> str:
    is_bare = text in ("N", NOT_A_FILE, "True") or text.replace(".", "").isdigit()
    return text if is_bare else repr(text)


def not_recognised(
    name: str, saw: str, reads: Sequence[str], advice: Sequence[Advice] = ()
) -> NotRecognised:
    """What to say of a file of no known kind: what it saw, what it reads, how to do it by hand."""
    lines = [f"{name}: not recognised: {saw}", "What is read:"]
    lines += [f"  - {kind}" for kind in reads]
    lines += ["By hand, the table of runs needs a line for each run and these columns:"]
    return NotRecognised("\n".join([*lines, *(f"  {line}" for line in BY_HAND)]), advice)


def table_head(runs: Sequence[str], key: str, columns: Sequence[str]) -> list[str]:
    """The first lines of a mapping table, to be filled in."""
    quoted = [f'"{run}"' if "," in run else run for run in runs[:MAX_SHOWN]]
    more = [f"... and {len(runs) - MAX_SHOWN} more"] if len(runs) > MAX_SHOWN else []
    return [",".join([key, *columns]), *(run + "," * len(columns) for run in quoted), *more]


def has(columns: Sequence[str]) -> str:
    """A sentence that names the columns that there are."""
    return f"It has the columns {some(columns)}."

"""What ends a command before its result: one message for people, one JSON document for programs.

Under ``--format json`` the document is the last line of standard error, so that standard output
holds a result or nothing::

    {"schema": 1, "error": {"kind": "input", "exit_code": 1, "message": "...", "faults": [...]}}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from typing import IO, TYPE_CHECKING, Any

import click

from qqt_bayes.errors import InadequateFit, InputError, faults_in, printable
from qqt_bayes.files import SCHEMA

if TYPE_CHECKING:
    from qqt_bayes.posterior.gate import Gate

FAULT, USAGE, INADEQUATE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes but 0 for success, see `qqt_bayes.cli.commands`."""

KINDS = ("input", "usage", "inadequate_fit", "file", "memory", "internal")
"""What may end a command, as the document calls it: a fault in what was given, wrong usage, a fit
that did not pass its gate, a file or stream that cannot be read or written, too little memory, and
a fault of this package."""


class Fault(click.ClickException):
    """A message that is the command's whole output."""

    exit_code = FAULT

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message on stderr."""
        click.echo(self.message, file=file, err=file is None)


class Inadequate(Fault):
    """The same about a fit that did not pass its gate."""

    exit_code = INADEQUATE


def is_json(words: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, even one that click could not read.

    Examples
    --------
    >>> is_json(["decide", "--format", "json"]), is_json(["decide", "--format=csv"])
    (True, False)
    >>> is_json(["check", "--format", "json", "--format", "csv"]), is_json(["--", "--format=json"])
    (False, False)
    """
    form = ""
    for number, word in enumerate(words):
        if word == "--":
            break
        if word == "--format":
            form = words[number + 1] if number + 1 < len(words) else ""
        elif word.startswith("--format="):
            form = word.removeprefix("--format=")
    return form == "json"


def document(error: BaseException, kind: str, exit_code: int, message: str, **more: object) -> str:
    """What ended a command, as one line of JSON that any encoding can write.

    Parameters
    ----------
    error : BaseException
        It, or its cause, knows the single faults.
    kind : str
        One of `KINDS`.
    exit_code : int
    message : str
        For people.
    **more
        What else the document holds.
    """
    if isinstance(error, click.UsageError):  # for people the usage itself stands before it
        message = printable(error.format_message())
    content = {
        "kind": kind,
        "exit_code": exit_code,
        "message": message.strip(),
        "faults": _faults(error.__cause__ or error, message.strip()),
        **more,
    }
    return json.dumps({"schema": SCHEMA, "error": content}, allow_nan=False)


def _faults(cause: BaseException, message: str) -> list[dict[str, object]]:
    """Each fault by itself: the checks that a fit failed, open questions, what a message lists."""
    if isinstance(cause, InadequateFit):
        gates = cause.gates if cause.gate is None else {"": cause.gate}
        failed = [each for name, gate in gates.items() for each in _failed(name, gate)]
        return failed or [{"message": message}]
    if isinstance(cause, InputError) and cause.faults:
        return [dict(each) for each in cause.faults]
    return [{"message": each} for each in faults_in(message)]


def _failed(name: str, gate: Gate) -> list[dict[str, object]]:
    """The checks that a fit failed; its name, where there are several."""
    from qqt_bayes.report.gate_text import line

    return [
        {
            "message": line(check, gate),
            **({"fit": name} if name else {}),
            "id": check.id,
            "of": check.of,
            "value": float(check.value) if isfinite(check.value) else None,
            "limit": check.limit,
            "bar": float(check.bar),
        }
        for check in gate.failed
    ]

"""What a command says while it works, on standard error and in a log file.

Commands say notes by the logger ``qqt_bayes.cli``.  The rooms tell the loggers of their modules,
all below ``qqt_bayes``, what they decided and how long it took; in Python whoever wants to hear
that adds a handler.  Three options of every command choose what is heard:

===================  ===============================================================================
none                 notes and warnings
``--quiet``          nothing but the result and what ended the command; no bars either
``--verbose``        also what the rooms tell
``--log-file FILE``  appends all of it to a file, with times
===================  ===============================================================================
"""

import logging
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qqt_bayes import __version__, progress
from qqt_bayes.cli.faults import Fault
from qqt_bayes.errors import InputError, printable
from qqt_bayes.files import writable

LIBRARY = logging.getLogger("qqt_bayes")
NOTES = logging.getLogger("qqt_bayes.cli")
MARK = "# A log of qqt_bayes, to which its commands append\n"
"""How a log file begins, so that nothing is appended to another file."""


class _Chosen:
    """What the options chose, for as long as a command runs."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.words, self.start = words, time.perf_counter()
        self.handlers: list[logging.Handler] = []
        self.quiet = self.verbose = False


_chosen = _Chosen()


class _Lines(logging.Formatter):
    """Every line of a message with its time, level and place, so that none passes for another."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        moment = datetime.fromtimestamp(record.created, UTC)
        head = f"{moment.isoformat(timespec='milliseconds')} {record.levelname} {record.name}: "
        return "\n".join(head + line for line in printable(record.getMessage()).splitlines())


class _Screen(logging.Handler):
    """Standard error, for what the rooms tell: commands print their notes themselves."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a room tells it."""
        return record.name != NOTES.name

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line; where that fails the command ends, as with any other output."""
        # looked up each time: a bar puts itself in the place of the stream, to stay below
        line = f"{record.levelname} {record.name}: {printable(record.getMessage())}\n"
        sys.stderr.write(line)


class _File(logging.StreamHandler[Any]):
    """A log file; where it cannot be written any more, the command goes on without it."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that the log is not whole, once."""
        LIBRARY.removeHandler(self)
        say(f"The log file ends here: {sys.exception()}", "yellow", logging.WARNING)


def say(text: str, style: str = "", level: int = logging.INFO) -> None:
    """Say a remark on standard error, unless all is to be quiet, and in the log."""
    NOTES.log(level, "%s", text)
    if _chosen.quiet:
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(printable(text), style=style, markup=False)


@contextmanager
def session(words: Sequence[str]) -> Iterator[None]:
    """What options choose for one command, of which these are the words; at its end all is undone.

    Parameters
    ----------
    words : sequence of str
        The command line after the name of the program.
    """
    global _chosen  # noqa: PLW0603  a process runs one command; tests run one after the other
    level, before, _chosen = LIBRARY.level, _chosen, _Chosen(words)
    try:
        yield
    finally:
        progress.silence(before.quiet)
        for handler in _chosen.handlers:
            LIBRARY.removeHandler(handler)
            if isinstance(handler, _File):
                with suppress(OSError):  # a full disk was said before
                    handler.stream.close()
        LIBRARY.setLevel(level)
        _chosen = before


def ended(code: int, message: str = "") -> None:
    """Let the log know how a command ended; the message itself is printed elsewhere."""
    if message:
        NOTES.error("%s", message)
    seconds = time.perf_counter() - _chosen.start
    NOTES.info("Ended with exit code %d after %.2f s.", code, seconds)


def _listen(handler: logging.Handler, level: int) -> None:
    handler.setLevel(level)
    LIBRARY.addHandler(handler)
    _chosen.handlers.append(handler)
    LIBRARY.setLevel(min(each.level for each in _chosen.handlers))


def _quiet(context: click.Context, _: click.Parameter, given: bool) -> None:
    if given and not context.resilient_parsing:
        _chosen.quiet = True
        progress.silence(True)
        _require_one()


def _verbose(context: click.Context, _: click.Parameter, given: bool) -> None:
    if given and not context.resilient_parsing and not _chosen.verbose:
        _chosen.verbose = True
        _require_one()
        _listen(_Screen(), logging.DEBUG)


def _require_one() -> None:
    if _chosen.quiet and _chosen.verbose:
        raise click.UsageError("--quiet and --verbose contradict each other; give one of them.")


def _log_file(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Open a log before any work is done.

    Raises
    ------
    Fault
        If it cannot be written, or is a file of another kind.
    """
    if name is None or context.resilient_parsing:
        return
    path = Path(name)
    try:
        stream = writable(path).open("a+", encoding="utf-8", errors="backslashreplace")
        stream.seek(0)
        found = stream.read(len(MARK))
        if found not in ("", MARK):
            stream.close()
            raise Fault(f"{path} is there already and is no log of qqt_bayes; name another file")
        if not found:
            stream.write(MARK)
            stream.flush()
    except InputError as error:
        raise Fault(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Fault(f"{path} cannot be written: {error}") from error
    handler = _File(stream)
    handler.setFormatter(_Lines())
    _listen(handler, logging.DEBUG)
    NOTES.info("qqt_bayes %s: %s", __version__, shlex.join(["qqt", *_chosen.words]))


def options() -> list[click.Option]:
    """The three options, which stand before or after the name of a command."""
    return [
        click.Option(
            ["--quiet"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_quiet,
            help="Print the result and errors only: no notes, no bars.",
        ),
        click.Option(
            ["--verbose"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_verbose,
            help="Print what the sampler decides and how long that takes, too.",
        ),
        click.Option(
            ["--log-file"],
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=_log_file,
            help="Append all that is said, and more, with times.",
        ),
    ]

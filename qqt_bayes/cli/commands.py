"""How a command ends: an exit code of the contract and one message, never a traceback.

========  ==========================================================================================
0         success
1         a fault in what was given; or one of this package, which says how to report it
2         wrong usage
3         a fit that did not pass its gate
130       interrupted
========  ==========================================================================================
"""

import errno
import io
import logging
import os
import shlex
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

import click

from qqt_bayes import __version__
from qqt_bayes.cli import logs
from qqt_bayes.cli.faults import (
    FAULT,
    INADEQUATE,
    INTERRUPTED,
    USAGE,
    Fault,
    Inadequate,
    document,
    is_json,
)
from qqt_bayes.cli.options import as_options
from qqt_bayes.errors import InadequateFit, InputError, printable

LONGEST = 300
"""Characters of an exception's own words that are shown."""

debug = click.Option(
    ["--debug"],
    is_flag=True,
    expose_value=False,
    help="Show where in the code a fault of this package arose.",
)
"""An option of every command; it is looked for among the words of the command line."""


class Commands(click.Group):
    """Commands that end with the contract's exit codes and never with a traceback."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params += [debug, *logs.options()]

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, with the options that all have."""
        cmd.params += [debug, *logs.options()]
        super().add_command(cmd, name)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and leave the process, whatever happens."""
        words = sys.argv[1:] if args is None else list(args)
        if not standalone_mode:
            with logs.session(words):
                return super().main(args, prog_name, complete_var, False, **extra)
        _open_streams()
        with logs.session(words):
            try:
                code = super().main(args, prog_name, complete_var, False, **extra)
                sys.stdout.flush()  # a broken pipe shows here
                logs.ended(code or 0)
            except BaseException as error:
                code = _said(error, words)
        with suppress(OSError):
            sys.stderr.flush()
        sys.exit(code)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the words of the command line; an interrupt then is said as any other."""
        try:
            return super().make_context(*args, **extra)
        except KeyboardInterrupt:
            raise click.Abort from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and say a fault of the user's in the words of the command line."""
        # that no folder keeps its cache of fonts is matplotlib's affair
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _Warnings()
                return super().invoke(ctx)
        except KeyboardInterrupt:  # click would break a line first
            raise click.Abort from None
        except EOFError as error:  # click would take it for the end of what a user types
            raise RuntimeError(f"EOFError: {error}") from error
        except InputError as error:
            raise Fault(error.said(as_options)) from error
        except InadequateFit as error:
            from qqt_bayes.report import gate_text

            # Python's message names arguments where the command line has options
            words = gate_text.refusal(error.gate) if error.gate else error.for_command
            raise Inadequate(words) from error


class _Warnings:
    """Prints each warning once, as one line without the place in the code that it comes from."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        kind = "" if category is UserWarning else f"{category.__name__}: "
        words = _on_one_line(f"{kind}{message}")
        if words not in self._said:
            self._said.add(words)
            logs.say(words, level=logging.WARNING)


def _said(error: BaseException, words: Sequence[str]) -> int:
    """Say in one message what ended a command; the exit code."""
    try:
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else FAULT
            logs.ended(code)
            return code
        if interrupted(error):
            logs.ended(INTERRUPTED, "Interrupted.")
            click.echo("Interrupted.", err=True)
            return INTERRUPTED
        _quiet_stdout()
        code, kind, message = _end_of(error, words)
        logs.ended(code, message)
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            return code  # who closed the pipe wants no more, not even words
        debugged = {}
        if kind in ("internal", "memory") and "--debug" in words:
            from traceback import format_exception

            debugged = {"traceback": "".join(format_exception(error))}
        if is_json(words):
            click.echo(document(error, kind, code, message, **debugged), err=True)
        else:
            click.echo("".join(debugged.values()) + message, err=True, nl=False)
        return code
    except OSError:  # stderr is closed, too
        _quiet_stdout()
    return FAULT


def _end_of(error: BaseException, words: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, kind and message of what ended a command."""
    if isinstance(error, click.ClickException):
        error.show(said := io.StringIO())
        kind = {USAGE: "usage", INADEQUATE: "inadequate_fit"}.get(error.exit_code, "input")
        return error.exit_code, kind, printable(said.getvalue())
    if isinstance(error, OSError):
        return FAULT, "file", f"Reading or writing failed: {_in_short(error)}\n"
    if isinstance(error, MemoryError):
        why = _in_short(error) or "qqt " + words[0]
        return FAULT, "memory", f"There is not enough memory for this: {why}\n"
    return FAULT, "internal", f"{_own_fault(error, words)}\n"


def interrupted(error: BaseException) -> bool:
    """Whether Ctrl-C ended a command; what was loaded or read may have made another error of it."""
    # the handler of `qqt_bayes.__main__` leaves this one when it was called
    came = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    return came or isinstance(error, KeyboardInterrupt | click.Abort)


def _own_fault(error: BaseException, words: Sequence[str]) -> str:
    """One line about an exception that nobody foresaw, with all that a report needs."""
    import platform

    command = shlex.join(["qqt", *(word for word in words if word != "--debug")])
    made_by = f"qqt_bayes {__version__}, Python {platform.python_version()}, {platform.platform()}"
    where = "" if "--debug" in words else "; --debug shows where it arose"
    return (
        f"A fault of qqt_bayes itself: {type(error).__name__}: {_in_short(error)}. Please report "
        f"it with the command, {_on_one_line(command)}, and the versions, {made_by}{where}."
    )


def _in_short(error: BaseException) -> str:
    text = _on_one_line(str(error))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _on_one_line(text: str) -> str:
    """Text whose line ends and other controls cannot move the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))


def _open_streams() -> None:
    """Open what is closed of the standard streams, and let stdout write any name.

    A file that is opened while one of them is closed would take its number, and what is printed
    would end up in it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  never closed
            setattr(sys, name, stream)  # stands for it until the process ends
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _quiet_stdout() -> None:
    """Let what is still in stdout's buffer go nowhere if it cannot be written.

    Otherwise Python tries again as it ends, and says that it failed.
    """
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):  # a test's own stdout has no number
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""`python -m qqt_bayes` is the command `qqt`, whose entry point is here: it imports nothing slow.

Ctrl-C ends it with one line at any moment, even while the rest is still being loaded.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import Any

INTERRUPTED = 130
"""Exit code."""


def run() -> None:
    """Run the command."""
    # where Ctrl-C is ignored, as by nohup, it stays so
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _unraisable
    try:
        from qqt_bayes.cli.main import main

        main(prog_name="qqt")
    except KeyboardInterrupt:
        _end("Interrupted.\n")
    except SystemExit as left:
        if left.code == INTERRUPTED:  # Python may remember, and end itself by the signal
            _end()
        raise
    finally:  # all is said: Python's own end is not to be interrupted, and not to complain
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt(_number: int, _frame: object) -> None:
    """Interrupt what is being done; the next time, end the process at once."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def _unraisable(found: Any) -> None:
    """End where Ctrl-C came while Python called what cannot be interrupted, and would go on."""
    if found.exc_type is KeyboardInterrupt:
        _end("Interrupted.\n")
    sys.__unraisablehook__(found)


def _end(words: str = "") -> None:
    with suppress(AttributeError, OSError):  # there is none, or nobody reads it
        sys.stderr.write(words)
        sys.stderr.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    run()

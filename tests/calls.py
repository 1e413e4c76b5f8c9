"""What the tests have a cluster call: the workers import it from here."""

import os
import signal
import time
from pathlib import Path

HANGING = 3600.0
"""Seconds after which a test that hangs for ever gives up; what it waits for takes less than one
on an idle machine, so that no load reaches it."""


def double(number: int) -> int:
    return 2 * number


def fall(item: tuple[int, Path | None]) -> int:
    """A number; but whoever is first at the path is killed there."""
    number, path = item
    if path is not None and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def kill(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(path: Path | None) -> bool:
    """Wait until the path is there, if one is given; whether it is."""
    end = time.monotonic() + HANGING
    while path is not None and not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return path is not None and path.exists()


def lack(_: int) -> None:
    raise ModuleNotFoundError("No module named 'pymc'")

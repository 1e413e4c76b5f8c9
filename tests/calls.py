"""What the tests have a cluster call: the workers import it from here."""

import os
import signal
import time
from pathlib import Path


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


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def lack(_: int) -> None:
    raise ModuleNotFoundError("No module named 'pymc'")

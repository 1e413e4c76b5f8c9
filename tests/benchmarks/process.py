"""Programs in processes of their own, and what they cost from start to end."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds of all cores together, and seconds on the clock."""

    cpu: float
    wall: float


def run(*arguments: str | Path, caches: Path) -> Cost:
    """Run Python with these arguments, compiled code being kept in a folder.

    Parameters
    ----------
    *arguments : str or Path
    caches : Path
        For what Numba, PyTensor, JAX and Stan compile; empty caches are a folder that is new.

    Raises
    ------
    RuntimeError
        With what the program printed, if it failed.
    """
    with tempfile.TemporaryFile("w+") as printed:
        start = time.perf_counter()
        line = [sys.executable, *map(str, arguments)]
        process = subprocess.Popen(line, stdout=printed, stderr=printed, env=environment(caches))
        _, status, used = os.wait4(process.pid, 0)  # of the process and those that it waited for
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            raise RuntimeError(f"{arguments} failed:\n{printed.read()[-5000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall)


def typical(costs: Iterable[Cost]) -> Cost:
    """The medians of several costs."""
    return Cost(*map(median, zip(*costs, strict=True)))


def environment(caches: Path) -> dict[str, str]:
    """Where PyTensor, Numba, JAX and httpstan keep what they compile."""
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={caches / 'pytensor'}"]
    # what matplotlib knows of the machine's fonts is no compiled code: it is found once, for all
    fonts = os.environ.get("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / "bench-matplotlib"))
    return os.environ | {
        "PYTENSOR_FLAGS": ",".join(filter(None, flags)),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "JAX_COMPILATION_CACHE_DIR": str(caches / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XDG_CACHE_HOME": str(caches),
        "MPLCONFIGDIR": fonts,
    }

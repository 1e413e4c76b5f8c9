"""Runs `fresh.py` and says how long it took, with caches that are this session's own."""

import json
import os
import pickle
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import studies
import worth
import written
from draws import Sampled, Settings

SCRIPT = Path(__file__).with_name("fresh.py")
ENOUGH = 400
"""Effective draws that a posterior should have."""


@dataclass(frozen=True)
class Timed:
    """A posterior and the seconds from the start of its process."""

    sampled: Sampled
    seconds: float
    settings: Settings

    def seconds_to_enough(self) -> float:
        """Seconds to `ENOUGH` effective draws: draws cost alike, tuning is not shortened."""
        tune, draws = self.settings.tune, self.settings.draws
        needed = draws * ENOUGH / worth.ess(self.sampled)
        sampling = self.sampled.sampling_seconds
        return self.seconds - sampling + sampling * (tune + needed) / (tune + draws)


Fits = dict[str, dict[str, Timed]]
"""By study and name of the sampler with its settings."""


def run(
    folder: Path,
    sampler: str,
    study: str,
    settings: Settings,
    *,
    cache: str = "one",
    **options: Any,
) -> Timed:
    """A posterior from a fresh process.

    Parameters
    ----------
    folder : Path
        Where runs, draws and caches are kept.
    sampler : str
        "ours", "PyMC", "NumPyro" or "Stan".
    study : str
        A name in `studies.STUDIES`.
    settings : Settings
    cache : str
        Name of the folder for compiled code, empty when it is first used.
    **options
        Passed to the sampler.
    """
    runs = studies.load(study)
    if sampler == "ours":
        options = {"spec": studies.model_of(study), **options}
    given, file = folder / "runs.pickle", folder / "draws.pickle"
    given.write_bytes(pickle.dumps(runs if sampler == "ours" else written.write_out(runs)))
    line = [sys.executable, str(SCRIPT), sampler, str(given), json.dumps(vars(settings) | options)]
    start = time.time()
    done = subprocess.run(
        [*line, str(file)],
        env=environment(folder / "caches" / cache.replace(",", "")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{sampler} on {study!r} failed:\n{done.stderr[-5000:]}")
    seconds = float(file.with_suffix(".done").read_text()) - start
    return Timed(Sampled.load(file), seconds, settings)


def environment(cache: Path) -> dict[str, str]:
    """Where PyTensor, Numba, JAX and httpstan keep what they compile."""
    cache.mkdir(parents=True, exist_ok=True)
    flags = ",".join(filter(None, [os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={cache}"]))
    return os.environ | {
        "PYTENSOR_FLAGS": flags,
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XDG_CACHE_HOME": str(cache),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(cache.parent / "matplotlib")),
    }

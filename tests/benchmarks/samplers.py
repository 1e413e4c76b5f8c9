"""Posteriors and fits of a study, each from a fresh process: `qqt fit`, or a peer."""

import json
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import process
import studies
import written
from process import Cost
from sampled import Sampled, named

import qqt_bayes as qqt

WORK = tempfile.TemporaryDirectory(prefix="bench")
"""Runs, draws and compiled code of this session."""
PEER = Path(__file__).with_name("peer.py")
TEXTBOOK = "PyMC non-centred, 0.95"
"""What a practitioner writes, with the acceptance rate that one turns to after divergences."""
FIRST = next(iter(studies.FIVE_POOLS))
"""The study that all start with, but those whose law has no repetitions."""


@dataclass(frozen=True)
class Peer:
    """A module beside this one, the options of its `estimate`, and the study it begins with."""

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    first: str = FIRST


SHORT = {"tune": 500, "draws": 500}
PEERS = {
    TEXTBOOK: Peer("textbook", {"accept": 0.95}),
    "PyMC centred, 0.95": Peer("textbook", {"accept": 0.95, "centred": True}),
    "PyMC non-centred, 0.8": Peer("textbook", {"accept": 0.8, "tune": 1000, "draws": 500}),
    "NumPyro, 0.95": Peer("numpyro_peer", {"accept": 0.95, **SHORT}),
    "Stan, 0.95": Peer("stan_peer", {"accept": 0.95, **SHORT}),
    "SciPy": Peer("bootstrap"),
    "grid": Peer("grid"),
    "simple-scaling-laws": Peer("simple_laws", first=studies.ONE_EPOCH),
}
OURS = "qqt fit"


@dataclass(frozen=True)
class Timed:
    """What was found, and what the whole process cost."""

    found: Any
    cost: Cost


@cache
def first_ever(name: str) -> Timed:
    """What `OURS` or one of `PEERS` makes of its first study with empty caches."""
    return _in_process(name, first_study(name))


@cache
def run(name: str, study: str, repeat: int = 0) -> Timed:
    """What it makes of a study later, with what its first left in the caches.

    Parameters
    ----------
    name, study : str
    repeat : int
        Another number: the same once more.
    """
    first_ever(name)
    return _in_process(name, study)


def first_study(name: str) -> str:
    """The study that a program is started with."""
    return FIRST if name == OURS else PEERS[name].first


def _in_process(name: str, study: str) -> Timed:
    folder = Path(WORK.name)
    caches = folder / "caches" / name.replace(",", "")  # PyTensor's flags are parted by commas
    if name == OURS:
        file = folder / "fit.nc"
        table = studies.files(study, folder)
        line = ["-m", "qqt_bayes", "fit", *table, "--model", studies.model_of(study), "-o", file]
        cost = process.run(*line, caches=caches)
        return Timed(of_fit(qqt.load(file)), cost)
    given, file = folder / "runs.pickle", folder / "found.pickle"
    given.write_bytes(pickle.dumps(written.write_out(studies.load(study))))
    peer = PEERS[name]
    line = [PEER, peer.module, given, json.dumps(dict(peer.options)), file]
    cost = process.run(*line, caches=caches)
    return Timed(pickle.loads(file.read_bytes()), cost)


def of_fit(fit: Any) -> Sampled:
    """The draws of a fit of ours; those of other methods than NUTS have no steps."""
    stats = fit["sample_stats"] if "sample_stats" in fit.children else {}
    return Sampled(
        named({name: draws.to_numpy() for name, draws in fit["posterior"].items()}),
        seconds=fit.attrs["sampling_time"],
        steps=float(stats["n_steps"].mean()) if "n_steps" in stats else float("nan"),
        divergences=int(stats["diverging"].sum()) if "diverging" in stats else 0,
    )

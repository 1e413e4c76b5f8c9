"""One peer in a process of its own: `python peer.py MODULE RUNS OPTIONS FILE`.

MODULE is a file beside this one; RUNS holds pickled `written.Runs`, plain arrays, so that a peer
imports no more than it needs; what the peer finds is pickled to FILE.
"""

import importlib
import json
import pickle
import sys
from pathlib import Path


def main(module: str, runs: str, options: str, file: str) -> None:
    """Have the peer estimate the parameters, and save what it finds."""
    estimate = importlib.import_module(module).estimate
    found = estimate(pickle.loads(Path(runs).read_bytes()), **json.loads(options))
    Path(file).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""One posterior, in a process of its own: `python fresh.py SAMPLER RUNS SETTINGS FILE`.

RUNS holds a pickled table, plain arrays for the peers: they import no more than they need.
"""

import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from draws import Sampled, Settings


def sample(sampler: str, runs: Any, settings: Settings, **options: Any) -> Sampled:
    """Posterior by one of the samplers; its import is part of what is timed."""
    match sampler:
        case "ours":
            import ours

            return ours.sample(runs, settings, **options)
        case "PyMC":
            import textbook

            return textbook.sample(runs, settings, **options)
        case "NumPyro":
            import numpyro_peer

            return numpyro_peer.sample(runs, settings)
        case "Stan":
            import stan_peer

            return stan_peer.sample(runs, settings)
    raise ValueError(sampler)


def main(sampler: str, runs: str, settings: str, file: str) -> None:
    """Sample, note when it was done, then write the draws."""
    options = json.loads(settings)
    known = {name: options.pop(name) for name in list(options) if name in Settings.__annotations__}
    found = sample(sampler, pickle.loads(Path(runs).read_bytes()), Settings(**known), **options)
    done = time.time()
    found.save(Path(file))
    Path(file).with_suffix(".done").write_text(str(done))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Calibrate every shipped specification: `python sbc.py [SPEC ...]`.

Ranks are kept in build/calibration in blocks, by specification, design, settings and version of
the package: a run that was stopped goes on where it was, and the page is made of what is there.
(After a change in how fits are made, remove that folder.)
"""

import argparse
import json
import tomllib
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import xarray as xr
from rich.console import Console
from sbc_page import write_page

import qqt_bayes as qqt
from qqt_bayes.calibration import simulation_based_calibration
from qqt_bayes.inference import Compilation
from qqt_bayes.misspecification import coverage_elsewhere
from qqt_bayes.posterior import ENGINE
from qqt_bayes.spec import Spec, load_model
from qqt_bayes.writing import write

HERE = Path(__file__).parent
KEPT = HERE.parent.parent / "build" / "calibration"
BLOCK = 50
"""Replications that are kept together."""
SETTINGS = {"draws": 250, "tune": 300, "chains": 4}
LONG = {"draws": 1000, "tune": 1000, "chains": 4}
"""What users have by default: for what is said of the gate."""


def read(design):
    """The runs of a design; their errors stand for none."""
    sets = [
        {"data": name, "pool": pool, "unique_samples": design["pool_size"]}
        for name, pools in design["sets"].items()
        for pool in pools
    ]
    rows = [
        {"data": name, "samples_seen": budget, "error": 0.5, "group": group}
        for name, pools in design["sets"].items()
        for group in design.get("groups", ["all"])
        for budget in design["alone" if len(pools) == 1 else "together"]
    ]
    return qqt.read_runs(pd.DataFrame(rows), pd.DataFrame(sets), kind=design.get("kind", "error"))


def entries(replications):
    """What is to be done: a name, a kind of work, a design, specifications, and how often."""
    content = tomllib.loads((HERE / "designs.toml").read_text())
    designs = content["design"]
    for name in qqt.list_models():
        design = designs["main"] | designs.get(name, {})
        yield {"name": name, "design": design, "truth": None, "spec": name, "count": replications}
    for pair in content["pair"]:
        name = f"{pair['truth']} by {pair['fitted']}"
        yield {
            "name": name,
            "design": designs["main"],
            "truth": pair["truth"],
            "fixed": pair.get("fixed", {}),
            "spec": pair["fitted"],
            "count": content["replications"],
        }


def fixed(name, values):
    """A shipped specification with some parameters fixed."""
    table = load_model(name).to_dict()
    table["parameters"] |= values
    return Spec.from_dict(table)


def blocks(entry):
    """The file of each block of an entry, and the seed and number of its replications."""
    runs, spec = read(entry["design"]), load_model(entry["spec"])
    settings = LONG if entry["truth"] else SETTINGS
    truth = fixed(entry["truth"], entry["fixed"]).hash if entry["truth"] else None
    other = [settings, BLOCK, qqt.__version__, truth, entry.get("fixed")]
    words = json.dumps([spec.hash, runs.attrs["data_hash"], other])
    stem = f"{entry['name'].replace(' ', '-')}-{sha256(words.encode()).hexdigest()[:12]}"
    ending = "csv" if entry["truth"] else "nc"
    for seed, first in enumerate(range(0, entry["count"], BLOCK)):
        count = min(BLOCK, entry["count"] - first)
        yield KEPT / f"{stem}-{seed}-{count}.{ending}", seed, count


def work(entry, say=print):
    """Do the blocks of an entry that are missing, with one compiled model."""
    runs, compilation = read(entry["design"]), Compilation(prior_seed=0)
    for path, seed, count in blocks(entry):
        if path.exists():
            continue
        same = {"replications": count, "seed": seed, "compilation": compilation}
        if entry["truth"]:
            truth = fixed(entry["truth"], entry["fixed"])
            found = coverage_elsewhere(runs, truth, entry["spec"], **same, **LONG)
            write(path, found.to_csv(index=False))
        else:
            found = simulation_based_calibration(runs, entry["spec"], **same, **SETTINGS)
            write(path, bytes(found.to_netcdf(engine=ENGINE)))
        say(f"{entry['name']}: {path.name} is done", flush=True)
    return entry["name"]


def load(entry):
    """What is kept of an entry, one table of all blocks; None if there is none yet."""
    paths = [path for path, *_ in blocks(entry) if path.exists()]
    if not paths:
        return None
    if entry["truth"]:
        each = [pd.read_csv(path).assign(block=i) for i, path in enumerate(paths)]
        return pd.concat(each, ignore_index=True)
    parts = [xr.load_dataset(path, engine=ENGINE) for path in paths]
    joined = xr.concat(parts, "replication", combine_attrs="override")
    legal = sum(part.attrs["legal"] * part.sizes["replication"] for part in parts)
    return joined.assign_attrs(legal=legal / joined.sizes["replication"])


def main() -> None:
    """Every specification and pair that is named, or all; then the tables, figure and page."""
    parser = argparse.ArgumentParser(description="Calibrate every shipped specification.")
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="names; all if none given")
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--page", action="store_true", help="only write what is kept so far")
    given = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    given.out.mkdir(parents=True, exist_ok=True)
    chosen = [
        each
        for each in entries(given.replications)
        if not given.specs or each["name"] in given.specs
    ]
    if not given.page:
        console = Console(stderr=True)
        with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as workers:
            for job in as_completed([workers.submit(work, each) for each in chosen]):
                console.print(f"{job.result()}: done")
    found = {each["name"]: (each["truth"], load(each)) for each in chosen}
    calibrations, pairs = (
        {
            name: kept
            for name, (truth, kept) in found.items()
            if kept is not None and (truth is not None) == is_pair
        }
        for is_pair in (False, True)
    )
    settings = {"calibration": SETTINGS, "misspecification": LONG}
    write_page(given.out, calibrations, pairs, settings)


if __name__ == "__main__":
    main()

"""Calibrate every shipped specification: `python sbc.py [SPEC ...]`.

What is found of each study is kept in `ranks`, a file for each specification: a run that was
stopped goes on where it was, and the page is made of what is there. Rows that another
specification, design, setting or version of a package has made are not used. (After a change in how
fits are made, remove that folder.)
"""

import argparse
import json
import tomllib
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from sbc_page import write_page

import qqt_bayes as qqt
from qqt_bayes.calibration.misspecification import coverage_elsewhere
from qqt_bayes.calibration.sbc import simulation_based_calibration
from qqt_bayes.files import write
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.sampling.inference import versions

HERE = Path(__file__).parent
KEPT = HERE / "ranks"
BLOCK = 50
"""Replications that are made, and kept, together."""
ABOUT = ("passed", "divergences", "seconds", "least_ess", "legal")
"""Columns that are kept of a fit beside its ranks; `legal` is the share in its block."""
SETTINGS = {"draws": 250, "tune": 300, "chains": 4}
"""Of the sampler, for ranks: 99 draws of each posterior are ranked."""
LONG = {"draws": 1000, "tune": 1000, "chains": 4}
"""Of the sampler where the gate is judged, too: the defaults of `qqt.fit`."""


def read(design):
    """The runs of a design, with errors that are never used."""
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
    """Yield each piece of work: its name, design, specifications and number of replications."""
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


def made_by(entry):
    """Hash of all that the rows of an entry depend on."""
    runs, settings = read(entry["design"]), LONG if entry["truth"] else SETTINGS
    truth = fixed(entry["truth"], entry["fixed"]).hash if entry["truth"] else None
    of = [load_model(entry["spec"]).hash, runs.attrs["data_hash"], truth, settings, versions()]
    return sha256(json.dumps(of).encode()).hexdigest()[:12]


def blocks(entry):
    """The numbers of an entry's blocks, which are their seeds; all blocks are whole."""
    return range(-(-entry["count"] // BLOCK))


def file_of(entry):
    """Where the rows of an entry are kept."""
    return KEPT / f"{entry['name'].replace(' ', '-')}.csv"


def load(entry):
    """The rows that are kept of an entry."""
    if not file_of(entry).exists():
        return pd.DataFrame({"made_by": [], "block": []})
    table = pd.read_csv(file_of(entry), dtype={"made_by": str})  # 23627e103077 is a hash, no number
    return table[(table["made_by"] == made_by(entry)) & table["block"].isin(blocks(entry))]


def work(entry, say=print):
    """Make the blocks of an entry that are missing."""
    runs = read(entry["design"])
    table, own = load(entry), made_by(entry)
    for block in sorted({*blocks(entry)} - {*table["block"]}):
        same = {"replications": BLOCK, "seed": block}
        if entry["truth"]:
            truth = fixed(entry["truth"], entry["fixed"])
            found = coverage_elsewhere(runs, truth, entry["spec"], **same, **LONG).round(5)
        else:
            found = flat(simulation_based_calibration(runs, entry["spec"], **same, **SETTINGS))
        found = found.assign(made_by=own, block=block)[["made_by", "block", *found.columns]]
        table = pd.concat([table, found], ignore_index=True) if len(table) else found
        table = table.sort_values("block", kind="stable")
        write(file_of(entry), table.to_csv(index=False))
        say(f"{entry['name']}: block {block} is done", flush=True)
    return entry["name"]


def flat(found):
    """A row for each replication: how its fit went, and the rank of each scalar."""
    about = found.assign(least_ess=found["ess"].min("scalar").round(), legal=found.attrs["legal"])
    columns = {name: np.broadcast_to(about[name], found.sizes["replication"]) for name in ABOUT}
    ranks = found["rank"].transpose("replication", "scalar").to_pandas()
    return pd.concat([pd.DataFrame(columns).round(3), ranks.reset_index(drop=True)], axis=1)


def calibration_of(rows):
    """Rows of `flat` as a Dataset with dimensions (replication, scalar)."""
    ranks = rows[rows.columns.difference(["made_by", "block", *ABOUT], sort=False)]
    about = {name: ("replication", rows[name]) for name in ABOUT}
    return xr.Dataset(
        {"rank": (("replication", "scalar"), ranks), **about}, {"scalar": list(ranks.columns)}
    )


def main() -> None:
    """Calibrate the named specifications and pairs, or all; then write tables, figure and page."""
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
    found = [(each, rows) for each in chosen if len(rows := load(each))]
    pairs = {each["name"]: rows for each, rows in found if each["truth"]}
    calibrations = {each["name"]: calibration_of(rows) for each, rows in found if not each["truth"]}
    if not found:
        parser.exit(1, f"{KEPT} holds nothing that these specifications and packages have made.\n")
    settings = {"calibration": SETTINGS, "misspecification": LONG}
    write_page(given.out, calibrations, pairs, settings)


if __name__ == "__main__":
    main()

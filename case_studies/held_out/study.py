"""Hold the larger budgets of real runs out and predict them: `python study.py [SET ...]`.

Fits are kept in build/held_out by specification, data, settings and version of the package: a run
that was stopped goes on where it was, and one after a change in what is made of a fit costs
seconds. (After a change in how fits are made, remove that folder.)
"""

import argparse
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from page import write_page
from parts import PARTS, PARTS_OF_WORLDS, POOLS, SETS, scored
from rich.console import Console
from rich.progress import track
from ways import KEPT

import qqt_bayes as qqt
from qqt_bayes.comparison.held_out import HeldOut

HERE = Path(__file__).parent
WORLDS = "mini_clip"
"""The family of which the horizon and the designs are measured."""
TABLES = (*HeldOut._fields, "fits")


def sets() -> Iterator[dict]:
    """The entries of sets.toml, one for each name."""
    for entry in tomllib.loads((HERE / "sets.toml").read_text())["set"]:
        for name in entry.pop("of", [""]):
            yield {
                key: value.replace("{}", name) if isinstance(value, str) else value
                for key, value in entry.items()
            }


def read(entry):
    """The runs of a set."""
    table = pd.read_csv(HERE / entry["runs"])
    if "where" in entry:
        table = table.query(entry["where"])
    composition = None
    if "composition" in entry:
        composition = pd.read_csv(HERE / entry["composition"])
        composition = composition[composition["data"].isin(table["data"])]
    return qqt.read_runs(
        table, composition, metric=entry.get("metric"), kind=entry.get("kind", "error")
    )


def predict_part(entry, part, settings):
    """All tables of a part of the study of a set, by name."""
    found, fits = scored(entry, read(entry), part, settings)
    label = {"set": entry["name"], "family": entry["family"], "part": part}
    tables = {name: [] for name in HeldOut._fields}
    for each in found:
        for name, table in each._asdict().items():
            if len(table) and (name != "runs" or part == SETS):
                tables[name].append(table.assign(**label))
    return {"fits": fits.assign(**label)} | {
        name: pd.concat(each) for name, each in tables.items() if each
    }


def main() -> None:
    """Predict the named sets, or all, in every way; then write the tables and the page."""
    parser = argparse.ArgumentParser(description="Predict the larger budgets of real runs.")
    parser.add_argument("sets", nargs="*", metavar="SET", help="words in names; all if none given")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--method", default="nuts")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--page", action="store_true", help="only write the page, from its tables")
    given = parser.parse_args()
    chosen = [
        entry
        for entry in sets()
        if not given.sets or any(word in entry["name"] for word in given.sets)
    ]
    settings = {"method": given.method, "draws": given.draws, "tune": given.tune, "seed": 0}
    if not given.page:
        given.out.mkdir(parents=True, exist_ok=True)
        for tables in predict_all(chosen, settings, given.processes):
            write_tables(given.out, tables)
    before = pd.read_csv(HERE / "before.csv")
    write_page(given.out, chosen, settings, before)


def predict_all(entries, settings, processes):
    """Tables of what is done, by name, each time that a part of a set is: sets first."""
    KEPT.mkdir(parents=True, exist_ok=True)
    console, found = Console(stderr=True), {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers:
        keys = [
            (order, place)
            for order, part in enumerate(PARTS_OF_WORLDS)
            for place, entry in enumerate(entries)
            if part == SETS or entry["family"] == WORLDS
        ]
        jobs = {
            workers.submit(predict_part, entries[key[1]], PARTS_OF_WORLDS[key[0]], settings): key
            for key in sorted(keys, key=lambda key: (slow(entries[key[1]], key[0]), key))
        }
        for job in track(as_completed(jobs), "Predicting", total=len(jobs), console=console):
            order, place = jobs[job]
            console.print(f"{entries[place]['name']}, {PARTS_OF_WORLDS[order]}: done")
            found[jobs[job]] = job.result()
            each = [found[key] for key in sorted(found)]
            yield {
                name: pd.concat([tables[name] for tables in each if name in tables])
                for name in TABLES
                if any(name in tables for tables in each)
            }


def slow(entry, order):
    """Whether a part of a set is done last: few runs that tell little take the sampler longest."""
    return entry["family"] == "language models" or PARTS_OF_WORLDS[order] in (PARTS, POOLS)


def write_tables(folder, tables):
    """Write each table beside the page."""
    for name, table in tables.items():
        first = ["set", "family", "part", "way"]
        columns = [*first, *table.columns.difference(first, sort=False)]
        table[columns].round(5).to_csv(folder / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()

"""Hold the larger budgets of real runs out and predict them: `python study.py [SET ...]`.

Fits are kept in build/held_out by specification, data, settings and version of the package: a run
that was stopped goes on where it was, and one after a change in what is made of a fit costs
seconds. (After a change in how fits are made, remove that folder.)
"""

import argparse
import json
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from page import write_page
from rich.console import Console
from rich.progress import track

import qqt_bayes as qqt
from qqt_bayes.comparison.held_out import HeldOut, baselines, held_out
from qqt_bayes.comparison.splits import split
from qqt_bayes.files import write
from qqt_bayes.posterior.fit import Fit

HERE = Path(__file__).parent
KEPT = HERE.parent.parent / "build" / "held_out"
WAYS = ("chosen model", "default model", "baselines")
DEFAULT = "utility"


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


def kept_baselines(runs, **options):
    """The baselines of a set; what was computed before is read."""
    words = json.dumps([runs.attrs["data_hash"], options, qqt.__version__])
    name = sha256(words.encode()).hexdigest()[:12]
    paths = [KEPT / f"baselines-{name}-{table}.csv" for table in HeldOut._fields]
    if not all(path.exists() for path in paths):
        for path, table in zip(paths, baselines(runs, **options), strict=True):
            write(path, table.to_csv(index=False))
    return HeldOut(*map(pd.read_csv, paths))


class Keeper:
    """`qqt.fit` with a memory on disk: what was fitted before is read."""

    def __call__(self, runs, spec, **settings):
        """Read or make a fit, and keep it as `self.fit`."""
        other = json.dumps([settings, qqt.__version__]).encode()
        keys = [spec.hash, runs.attrs["data_hash"], sha256(other).hexdigest()]
        path = KEPT / ("-".join([spec.name, *(key[:12] for key in keys)]) + ".nc")
        if path.exists():
            self.fit = qqt.load(path)
        else:
            self.fit = qqt.fit(runs, spec, **settings)
            qqt.save(self.fit, path)
        return self.fit


def predict_set(entry, way, settings):
    """Rows of the runs and of the decisions of a set by one way, and a row about the fit."""
    options = {"share": entry["share"], "levels": entry.get("levels")}
    runs, fits = read(entry), pd.DataFrame()
    if way == "baselines":
        found = kept_baselines(runs, **options)
    else:
        keeper = Keeper()
        model = entry["model"] if way == "chosen model" else DEFAULT
        found = held_out(runs, model, fit=keeper, **options, **settings)
        found = [table.assign(way=way) for table in found]
        gate = Fit.of(keeper.fit).gate
        about = {
            "way": way,
            "model": model,
            "passed": gate.passed,
            "failed": "; ".join(
                f"{check.name}: {check.value:.3g}" for check in gate.checks if not check.passed
            ),
            "runs": keeper.fit["observed_data"].sizes["run"],
            # The column's name in fits.csv and on the page.
            "untold": split(runs, entry["share"])[1].attrs["excluded"],
            "seconds": round(keeper.fit.attrs["compile_time"] + keeper.fit.attrs["sampling_time"]),
        }
        fits = pd.DataFrame([about])
    return [table.assign(set=entry["name"], family=entry["family"]) for table in (*found, fits)]


def main() -> None:
    """Predict the named sets, or all, in every way; then write the tables and the page."""
    parser = argparse.ArgumentParser(description="Predict the larger budgets of real runs.")
    parser.add_argument("sets", nargs="*", metavar="SET", help="words in names; all if none given")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--method", default="nuts")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    given = parser.parse_args()
    chosen = [
        entry
        for entry in sets()
        if not given.sets or any(word in entry["name"] for word in given.sets)
    ]
    settings = {"method": given.method, "draws": given.draws, "tune": given.tune, "seed": 0}
    KEPT.mkdir(parents=True, exist_ok=True)
    given.out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    found = {}
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as workers:
        jobs = {
            workers.submit(predict_set, entry, way, settings): (place, order)
            for place, entry in enumerate(chosen)
            for order, way in enumerate(WAYS)
        }
        for job in track(as_completed(jobs), "Predicting", total=len(jobs), console=console):
            place, order = jobs[job]
            console.print(f"{chosen[place]['name']}, {WAYS[order]}: done")
            found[jobs[job]] = job.result()
    tables = zip(*(found[key] for key in sorted(found)), strict=True)
    runs, decisions, fits = (pd.concat(each, ignore_index=True) for each in tables)
    for name, table in {"runs": runs, "decisions": decisions, "fits": fits}.items():
        first = ["set", "family", "way"]
        columns = [*first, *table.columns.difference(first, sort=False)]
        table[columns].round(5).to_csv(given.out / f"{name}.csv", index=False)
    write_page(given.out, chosen, settings)


if __name__ == "__main__":
    main()

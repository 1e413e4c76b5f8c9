"""Studies of made fits in a folder, within a second: with names, groups and units as asked.

`HOSTILE` are names that mean something to HTML, JSON, Markdown, LaTeX or a spreadsheet.
"""

from functools import partial

import made
import numpy as np
import pandas as pd
import pytest
from made_campaign import of_runs, without_passing

from qqt_bayes.model.spec import load_model
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.sampling import inference
from qqt_bayes.studies import clock
from qqt_bayes.studies.metrics import prepare
from qqt_bayes.studies.study import study
from qqt_bayes.tables.runs import read_runs

DATE = "2026-03-14T09:30:00Z"
BUDGETS = [64e6, 640e6, 5e9]
METRICS = ("imagenet top-1", "retrieval")
LAWS = {"models": ["utility", "utility-free-size"], "theorem": False}
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=http://x.example onerror=alert(2)>",
    "\"quoted\" 'single' & <b>",
    r"$x^2_3$ \input{secret} {a}~%#",
    "pipe | `tick` **bold** [a](http://x.example)",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }} {% raw %} <!-- --> ]]>",
)
LONG = (
    "kept by the classifier of quality and then by the one of duplicates, third pass",
    "a" * 70,
    "deduplicated/filtered_by_language/shard.0001-of-0128.parquet",
    "x",
)
"""Names that are wider than a column of a paper."""


def infer(runs, spec, shift=0, **_):
    """A made fit that says it is of some runs of the made design; others with another shift."""
    spec = load_model(spec) if isinstance(spec, str) else spec
    pools, groups = runs.sizes["pool"], runs.sizes["group"]
    full = made.fit(pools, groups, spec, seed=runs.sizes["run"] + shift, spread=0.02)
    names = {name: runs[name].values for name in ("pool", "group", "run")}
    parts = {}
    for name, each in full.children.items():
        own = each.to_dataset(inherit=False)
        parts[name] = own.assign_coords({dim: x for dim, x in names.items() if dim in own.dims})
    return of_runs(full, parts, runs)


def refused(runs, spec, **_):
    """The same of a fit that did not pass its gate."""
    return without_passing(infer(runs, spec), spec)


def named(names):
    """The made tables, of which the training sets and the pools have other names."""
    runs, composition = made.tables(len(names))
    sets = list(dict.fromkeys(composition["data"]))
    new = dict(zip(sets, names, strict=True))
    of_pools = list(dict.fromkeys(composition["pool"]))
    parts = {pool: f"pool of {new[name]}" for pool, name in zip(of_pools, sets, strict=True)}
    composition = composition.replace({"data": new, "pool": parts})
    return runs.replace({"data": new}), composition


def carry_out(folder, runs=None, budgets=BUDGETS, *, levels=None, infer=infer, **options):
    """A study in a folder, of the made runs unless others are given."""
    runs = read_runs(*made.tables()) if runs is None else runs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "fit", infer)
        patch.setattr(figure_files, "write_figures", lambda *_: [])
        patch.setattr(clock, "now", lambda: DATE)
        return study(runs, levels, budgets, folder, **LAWS | options)


def carry_out_each(folder, metrics=METRICS, tables=None, weights=None, require=(), **options):
    """A study of each metric, in a folder as `qqt study --by metric` leaves it, or in memory.

    `tables` are runs and composition, and the options may be a mapping by metric.
    """
    runs, composition = made.tables() if tables is None else tables
    folders = dict.fromkeys(metrics)
    if folder is not None:
        folders = prepare(folder, metrics, weights, require, overwrite=True)
    found = {}
    for number, (metric, own) in enumerate(folders.items()):
        asked = {
            name: value[metric] if isinstance(value, dict) else value
            for name, value in options.items()
        }
        table = runs.assign(metric=metric, error=runs["error"] * (1 - 0.05 * number))
        reading = {name: asked.pop(name) for name in ("kind", "columns") if name in asked}
        known = read_runs(table, composition, metric=metric, **reading)
        asked.setdefault("infer", partial(infer, shift=1 + 7 * number))  # each with its own draws
        found[metric] = carry_out(own, known, **asked)
    return found


def _tables(kind):
    runs, composition = made.tables()
    if kind == "accuracy":
        runs = runs.assign(accuracy=1 - runs["error"]).drop(columns="error")
        return read_runs(runs, composition, columns={"accuracy": "accuracy"})
    return read_runs(runs, composition, **kind)


def changed():
    """A table of per cent in columns of other names, of which rows and columns are left out."""
    runs, composition = made.tables()
    runs = runs.assign(**{"top-1": 100 - 100 * runs.pop("error"), "=lr <b>": 0.1})
    runs = pd.concat([runs, runs[:1].assign(**{"top-1": "(partial)"})])
    return read_runs(runs, composition, columns={"accuracy%": "top-1"}, drop_missing=True)


STUDIES = {
    "two laws": lambda: {},
    "changed table": lambda: {"runs": changed()},
    "hostile": lambda: {"runs": read_runs(*named(HOSTILE))},
    "long names": lambda: {"runs": read_runs(*named(LONG))},
    "groups": lambda: {"runs": read_runs(*made.tables(groups=2)), "models": "cherti"},
    "forced": lambda: {"infer": refused, "force": True},
    "losses": lambda: {"runs": _tables({"kind": "loss"})},
    "accuracies": lambda: {"runs": _tables("accuracy")},
    "tokens": lambda: {"runs": _tables({"unit": "tokens"})},
    "one budget": lambda: {"budgets": [5e9], "models": "utility"},
    "one level": lambda: {
        "levels": made.levels().isel(level=[2]),
        "models": "utility",
    },
    "larger pools": lambda: {"target_pools": 20},
    "all rules": lambda: {"rule": "all"},
    "many": lambda: {
        "runs": read_runs(*made.tables(40)),
        "budgets": np.geomspace(64e6, 5e9, 40),
    },
}
"""What is asked of each study."""

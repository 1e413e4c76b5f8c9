"""Several metrics across: each column is made into runs, and the rows of all into one table."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import replace

import pandas as pd

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.long_table import Imported
from qqt_bayes.importers.meanings import measure_of


def named(metric: str | None, columns: Collection[str]) -> list[str]:
    """The columns that are metrics, where several are named between commas; else none.

    Examples
    --------
    >>> named("val_loss, acc", ["val_loss", "acc"]), named("acc,none", ["acc,none"])
    (['val_loss', 'acc'], [])
    """
    if metric is None or metric in columns:
        return []
    parts = next(csv.reader([metric], skipinitialspace=True), [])
    names = [part.strip() for part in parts]
    return names if len(names) > 1 and any(name in columns for name in names) else []


def of_metric(options: Options, names: Sequence[str], name: str) -> Options:
    """The options for one of several metrics; a kind is for those whose name says no other."""
    by_name, kind = measure_of(name), options.kind
    if kind is not None and by_name not in ("", kind.rstrip("%")):
        kind = None
    others = tuple(other for other in names if other != name)
    return replace(options, metric=name, kind=kind, beside=others)


def joined(of_metrics: dict[str, Imported]) -> Imported:
    """One table, in which the column `metric` tells the rows of each metric."""
    imports = list(of_metrics.values())
    runs = [each.runs.assign(metric=name) for name, each in of_metrics.items()]
    taken = [each.composition for each in imports if each.composition is not None]
    return Imported(
        pd.concat(runs, ignore_index=True),
        imports[0].what,
        "loss" if any(each.kind == "loss" for each in imports) else "error",
        tuple(dict.fromkeys(sentence for each in imports for sentence in each.said)),
        pd.concat(taken, ignore_index=True).drop_duplicates(["data", "pool"]) if taken else None,
        {name: each.kind for name, each in of_metrics.items()},
    )

"""Designs that are written down run by run, where what they can tell is known by hand."""

import pandas as pd

from qqt_bayes.tables.runs import read_runs


def each_alone(budgets, pools=("x", "y"), size=1e7):
    """Each pool alone at each budget."""
    return pd.DataFrame(
        [
            {"pool": pool, "unique_samples": size, "samples_seen": seen, "error": 0.5}
            for pool in pools
            for seen in budgets
        ]
    )


def mixed(shares):
    """A training set for each row of shares, at two budgets, and their composition."""
    pools = [f"pool {i}" for i in range(len(shares[0]))]
    sets = pd.DataFrame(
        [
            {"data": f"set {i}", "pool": pool, "unique_samples": 1e6 * share}
            for i, row in enumerate(shares)
            for pool, share in zip(pools, row, strict=True)
            if share
        ]
    )
    runs = [
        {"data": f"set {i}", "samples_seen": seen, "error": 0.5}
        for i in range(len(shares))
        for seen in (1e6, 5e7)
    ]
    return read_runs(pd.DataFrame(runs), composition=sets)


def runs_of(*rows, kind="error"):
    """Runs from (pool, unique samples, samples seen, error, group)."""
    columns = ["pool", "unique_samples", "samples_seen", "error", "group"]
    frame = pd.DataFrame(rows, columns=columns).assign(run=range(len(rows)))
    return read_runs(frame, kind=kind)

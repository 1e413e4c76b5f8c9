"""Write `README.md` of this folder from its tables: `python case_studies/planning/page.py`."""

from pathlib import Path

import numpy as np
import pandas as pd

from qqt_bayes.report.records import as_table

HERE = Path(__file__).parent
OWN, OTHER, MINI_CLIP = "effective-reuse", "utility-bounded-free-size", "mini_clip"
FAMILIES = {
    "simulated, the fitted law": OWN,
    "simulated, another law": OTHER,
    "worlds of small trainings": MINI_CLIP,
}
HALF, WHOLE = 2, 3
"""The last stages of campaigns with half of the compute, and with all of it; the second of three
has spent 0.45 of it."""
WAYS = {
    "uniform grid of pools and levels": ("uniform", 1),
    "levels at 1/16 and 1/4": ("levels", 1),
    "`qqt design`, half of the grid's compute": ("half", HALF),
    "`qqt design`": ("design", WHOLE),
    "`qqt design` with pools, after its second stage": ("pools", HALF),
    "`qqt design` with pools": ("pools", WHOLE),
}


def family(world):
    """Which kind of world a campaign was played in."""
    return next((law for law in (OWN, OTHER) if world.startswith(law)), MINI_CLIP)


def campaigns():
    """Every campaign at the end of every stage, with its family."""
    table = pd.read_csv(HERE / "campaigns.csv")
    return table.assign(family=table["world"].map(family))


def rows(table):
    """A row for each family and way: regret, how often the best level was chosen, compute."""
    found = []
    groups = {**FAMILIES, "all simulated": (OWN, OTHER)}
    for label, kind in groups.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        for way, (design, stage) in WAYS.items():
            some = table["family"].isin(kinds) & (table["design"] == design)
            mine = table[some & (table["stage"] == stage)]
            if len(mine):
                found.append(
                    {
                        "worlds": f"{label} ({len(mine)})",
                        "design": way,
                        "compute": f"{mine['compute'].mean():.2f}",
                        "runs": f"{mine['runs'].mean():.1f}",
                        "median regret": f"{mine['regret'].median():.4f}",
                        "mean regret": f"{mine['regret'].mean():.4f}",
                        "best level chosen": f"{(mine['regret'] == 0).mean():.2f}",
                    }
                )
    return pd.DataFrame(found)


def nested(batch="kept"):
    """What a batch is worth by regression and by refits, and the standard error of the latter.

    Refits were made after some of the outcomes. What regression says of these and of all outcomes
    is known, so that the difference is what refits add.
    """
    table = pd.read_csv(HERE / f"nested_{batch}.csv")
    levels = [name.removesuffix(" by refit") for name in table if name.endswith(" by refit")]
    refit, regression = (
        table[[f"{name} by {way}" for name in levels]].to_numpy() for way in ("refit", "regression")
    )
    today = regression.mean(axis=0).argmin()
    apart = (refit[:, today] - refit.min(axis=1)) - (regression[:, today] - regression.min(axis=1))
    return {
        "outcomes": len(table),
        "perfect": table["perfect"].iloc[0],
        "by regression": table["value"].iloc[0],
        "by refits": table["gain"].iloc[0] + apart.mean(),
        "error": apart.std(ddof=1) / np.sqrt(len(table)),
        "same choice": (refit.argmin(axis=1) == regression.argmin(axis=1)).mean(),
    }


def page():
    """The page as text."""
    words = {"table": as_table(rows(campaigns()))}
    for lead, batch in (("", "kept"), ("moved ", "moved")):
        found = nested(batch)
        words |= {f"{lead}outcomes": found["outcomes"]}
        words |= {f"{lead}same choice": f"{100 * found['same choice']:.0f} %"}
        names = ("perfect", "by regression", "by refits", "error")
        words |= {f"{lead}{name}": f"{found[name]:.5f}" for name in names}
    return (HERE / "README.template.md").read_text(encoding="utf-8").format_map(words)


if __name__ == "__main__":
    (HERE / "README.md").write_text(page(), encoding="utf-8")

"""Write `trust.md` from its template and the tables of the case studies: `python docs/trust.py`."""

import json
import sys
from pathlib import Path

import pandas as pd

from qqt_bayes.comparison.scores import coverage

HERE = Path(__file__).parent
ROOT = HERE.parent
HELD_OUT, CALIBRATION = ROOT / "case_studies" / "held_out", ROOT / "case_studies" / "calibration"
sys.path.insert(0, str(HELD_OUT))

sys.path.insert(0, str(CALIBRATION))

# The folders hold scripts and no packages, so they are put on the path before they are imported.
from parts import EIGHT, SETS  # noqa: E402  after the path
from sbc_page import gates  # noqa: E402  after the path
from tallies import (  # noqa: E402  after the path
    MISSED,
    SINGLE,
    WORLDS,
    by_family,
    by_horizon,
    geometric,
    of,
    ratios,
    said,
)
from ways import CHOSEN, REUSE, STUDY, UTILITY  # noqa: E402  after the path

WAYS = {"": STUDY, "reuse ": REUSE, "utility ": UTILITY}
"""What the names of a way's figures begin with."""
OTHERS = ("DataComp", "Cherti", "language models")
LEAST_CASES = 20


def figures():
    """Every figure of the page, by its name in the template, as it is printed."""
    names = ("runs", "differences", "levels", "decisions", "fits")
    tables = {name: pd.read_csv(HELD_OUT / f"{name}.csv") for name in names}
    tables["runs"] = tables["runs"].join(coverage(tables["runs"]))
    before = pd.read_csv(HELD_OUT / "before.csv")
    return of_sets(tables, before) | beyond(tables) | wrong_laws() | simulated()


def of_sets(tables, before):
    """Coverage, CRPS and regret on the sets of real runs."""
    runs, decisions = of(tables["runs"], SETS), of(tables["decisions"], SETS)
    family = runs.groupby("set", sort=False)["family"].first()
    found = {"sets": f"{len(family)}", "runs": f"{len(of(runs, way=STUDY))}"}
    table = by_family(tables, before).set_index(["family", "way"])
    for lead, way in WAYS.items():
        mine, share = of(runs, way=way), ratios(runs, before)[way]
        cover = {
            "all": mine,
            "worlds": of(mine, family=WORLDS, but=(MISSED,)),
            "sigmoid": mine[mine["set"] == MISSED],
            **{name: of(mine, family=name) for name in OTHERS},
        }
        for name, some in cover.items():
            found[f"{lead}cover {name}"] = percent(some["inside 90%"].mean())
        for name in (WORLDS, *OTHERS[:2]):
            row = "worlds" if name == WORLDS else name
            found[f"{lead}differences {name}"] = percent(
                table.loc[(row, way), "cover of differences"]
            )
        worlds = family.reindex(share.index) == WORLDS
        found[f"{lead}crps worlds"] = f"{geometric(share[worlds].dropna()):.2f}"
        found[f"{lead}crps others"] = f"{geometric(share[~worlds].dropna()):.2f}"
        found[f"{lead}crps largest"] = f"{share.max():.1f}"
        found[f"{lead}regret"] = f"{of(decisions, way=way)['regret'].mean():.4f}"
        refused = (~of(tables["fits"], SETS, way)["passed"]).sum()
        found[f"{lead}refused"] = f"{refused} of {len(family)}"
    for lead, way in {"single": SINGLE, "squares": "least squares", "chosen": CHOSEN}.items():
        found[f"{lead} regret"] = f"{of(decisions, way=way)['regret'].mean():.4f}"
    refused = (~of(tables["fits"], SETS, CHOSEN)["passed"]).sum()
    found["chosen refused"] = f"{refused} of {len(family)}"
    share = ratios(runs, before)[CHOSEN]
    in_worlds = share[family.reindex(share.index) == WORLDS]
    found["chosen crps worlds"] = f"{geometric(in_worlds.dropna()):.2f}"
    return found


def percent(share):
    """A share as the page prints it."""
    return f"{100 * share:.0f} %"


def beyond(tables):
    """How far decisions hold, what is said of levels, and what eight runs are worth."""
    found = {}
    for row in by_horizon(tables["decisions"]).itertuples(index=False):
        way, times, regret, error, _ = row
        if way == STUDY:
            found |= {f"far {times:.0f}": f"{regret:.4f}", f"error {times:.0f}": f"{error:.4f}"}
        elif way == SINGLE:
            found[f"single {times:.0f}"] = f"{regret:.4f}"
    rated = said(of(tables["levels"], way=STUDY).query("part in ['sets', 'horizon']"))
    rated = rated[(rated["levels"] == "tried") & (rated["cases"] >= LEAST_CASES)]
    untried = of(tables["decisions"], SETS, STUDY).query("proven == 0")["regret"].mean()
    eight = of(tables["decisions"], EIGHT).groupby("way")["regret"].mean()
    return found | {
        "off": f"{(rated['said'] - rated['came true']).abs().max():.2f}",
        "untried": f"{untried:.4f}",
        "eight": f"{eight[STUDY]:.4f}",
        "reuse eight": f"{eight[REUSE]:.4f}",
        "single eight": f"{eight[SINGLE]:.4f}",
    }


def wrong_laws():
    """Coverage of fits by another law than the runs', and how many of them the gate refused."""
    table = pd.read_csv(CALIBRATION / "misspecified.csv")
    table = table[table["departures"] == "yes"]
    wide = table.pivot(index="truth by fit", columns="budget", values="inside")
    lines, total, seen = [], 0, 0
    for pair, row in wide.iterrows():
        truth, fitted = pair.split(" by ")
        path = CALIBRATION / "ranks" / f"{pair.replace(' ', '-')}.csv"
        fits = pd.read_csv(path, dtype={"failed": str})
        gate = gates(pair, fits)
        refused = round(gate["fits"] * gate["by a check of the law"])
        total, seen = total + gate["fits"], seen + refused
        cells = [f"`{truth}`", f"`{fitted}`", percent(row["1x"]), percent(row["4x"])]
        lines.append(f"| {' | '.join(cells)} | {refused} of {gate['fits']} |")
    least, most = wide.min(axis=None), wide.max(axis=None)
    return {
        "pairs": "\n".join(lines),
        "wrong": f"{total}",
        "seen": f"{seen}",
        "least wrong": percent(least),
        "most wrong": percent(most),
    }


def simulated():
    """Simulation-based calibration, and studies whose truth is known."""
    sbc = pd.read_csv(CALIBRATION / "sbc.csv")
    tables = sbc.groupby("spec")["replications"].first()
    most, fewer = tables.max(), tables[tables < tables.max()]
    data = ROOT / "tests" / "data"
    recovery = json.loads((data / "recovery.json").read_text())
    small = json.loads((data / "studies.json").read_text())
    held, turns = recovery["coverage of 90 % intervals"], recovery["of each 20 in turn"]
    *first, last = map(percent, turns["b"])
    return {
        "tables": f"{most}",
        "but": "".join(f" ({count} of those of `{name}`)" for name, count in fewer.items()),
        "scalars": f"{len(sbc)}",
        "alone": f"{(~sbc['inside_alone']).sum()}",
        "expected": f"{0.05 * len(sbc):.0f}",
        "jointly": f"{(~sbc['inside_jointly']).sum() or 'none'}",
        "studies": f"{recovery['studies']}",
        "recover b": percent(held["b"]),
        "recover tau": percent(held["tau"]),
        "recover error": percent(held["error of levels"]),
        "turn b": f"{', '.join(first)} and {last}",
        "gated": f"{recovery['passed gate']}",
        "small": f"{small['of']}",
        "small passed": f"{small['passed']}",
    }


def page(found):
    """The page as text, with its figures."""
    template = (HERE / "trust.template.md").read_text(encoding="utf-8")
    return template.format_map(found)


if __name__ == "__main__":
    (HERE / "trust.md").write_text(page(figures()), encoding="utf-8")

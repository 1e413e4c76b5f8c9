"""Write the page of `study.py`, from its tables."""

import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

import numpy as np
import pandas as pd

from qqt_bayes.comparison.held_out import REFUSED
from qqt_bayes.comparison.scores import INTERVALS, MARGIN, coverage
from qqt_bayes.report import records

as_table = partial(records.as_table, empty="No case.")
PACKAGES = ("qqt_bayes", "pymc", "nutpie", "numpy")
CHOSEN, DEFAULT = "chosen model", "default model"
FIRM = f"{CHOSEN}, passed"
SURE = 0.9
"""Probability of being the best above which a choice has to be right as often."""
EDGES = [0, 0.5, 0.7, 0.9, 1]
"""Bins of that probability."""
FITS = ["set", "way", "model", "passed", "runs", "untold", "seconds", "failed"]
BY_CASE = {"crps": ["set", "run"], "regret": ["set", "group", "budget"]}
"""Columns that identify a case, by the score that two ways are compared in on it."""


def write_page(folder, entries, settings):
    """Write `results.md` from the tables beside it.

    Parameters
    ----------
    folder : Path
        Of runs.csv, decisions.csv and fits.csv.
    entries : list of dict
        As in `sets.toml`.
    settings : dict
        Of the sampler.
    """
    runs, decisions, fits = (
        pd.read_csv(folder / f"{name}.csv") for name in ("runs", "decisions", "fits")
    )
    runs, decisions = with_passed(runs), with_passed(decisions)
    rows = runs.join(coverage(runs))
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    made = f"{datetime.now(UTC).date()}, {platform.machine()}, {versions}"
    how = ", ".join(f"{name} {value}" for name, value in settings.items())
    blocks = [
        "# Held-out larger budgets of real runs",
        f"Written by `make calibration`; do not edit. {made}. Fits: {how}.",
        EXPLAINED,
        "## Bars",
        as_table(bars(rows, decisions)),
        "## Where a baseline wins",
        *(wins(rows, "crps") + wins(decisions, "regret") or ["Nowhere."]),
        "## Pooled",
        as_table(pooled(rows)),
        as_table(costs(decisions)),
        "## On the same runs and decisions",
        as_table(pd.concat([duels(rows, "crps"), duels(decisions, "regret")])),
        f"## When it says P(best) > {SURE}",
        as_table(reliability(decisions)),
        "## By set",
        as_table(by_set(rows)),
        as_table(costs(decisions, ["set"])),
        "## Fits",
        as_table(fits.astype({"passed": str})[FITS]),
        "Why these models were chosen:\n\n"
        + "\n".join(f"- {each['name']}: `{each['model']}`. {each['reason']}" for each in entries),
    ]
    (folder / "results.md").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


EXPLAINED = f"""\
Runs up to a share of the largest budget were fitted, each larger one was predicted as one new run.
"{FIRM}": only sets whose fit passed the gate; without that word refused fits are counted, too
(what `force` shows). Least squares is the paper's law with a bootstrap of residuals; it answers
where one budget was seen, too, though its curve is then hardly determined. The power law is a line
for each training set; single scale keeps what was best at the largest budget seen. A choice is
right if it is within {MARGIN} of the best. CRPS and regret are in the units of the error (rates, or
nats): smaller is better. Ways are compared on the cases that both answer; abstentions are counted.
"untold" are larger runs of groups or pools that no smaller run has: nothing here predicts them.
Runs of one training set at one budget share a forecast, so they are far from independent."""


def with_passed(table):
    """The rows, and once more, under a way of their own, those of chosen models that passed."""
    firm = table[(table["way"] == CHOSEN) & (table["status"] != REFUSED)]
    return pd.concat([firm.assign(way=FIRM), table], ignore_index=True)


def pooled(rows):
    """Coverage and CRPS of each way over all runs, and coverage as the mean over sets."""
    grouped = rows.groupby("way", sort=False)
    table = grouped.agg({"crps": ["size", "count"]} | dict.fromkeys(INTERVALS, "mean"))
    table.columns = ["held out", "told", *INTERVALS]
    each = rows.groupby(["way", "set"], sort=False)[[*INTERVALS, "crps"]].mean().groupby("way")
    for name in INTERVALS:
        table[f"{name}, mean over sets"] = each[name].mean()
    table["crps"] = grouped["crps"].mean()
    return table.reset_index()


def by_set(rows):
    """Coverage, width and CRPS of each way on each set."""
    rows = rows[rows["way"] != FIRM].assign(width=rows["95%"] - rows["5%"])
    grouped = rows.groupby(["set", "way", "status"], sort=False)
    table = grouped.agg({"run": "size"} | dict.fromkeys([*INTERVALS, "width", "crps"], "mean"))
    return table.rename(columns={"width": "width of 90%"}).reset_index()


def costs(decisions, by=()):
    """Regret and share of right choices of each way."""
    if by:
        decisions = decisions[decisions["way"] != FIRM]
    decisions = decisions.assign(exact=exactly(decisions))
    grouped = decisions.groupby([*by, "way"], sort=False)
    table = grouped.agg(
        decisions=("best", "size"),
        made=("choice", "count"),
        regret=("regret", "mean"),
        right=("right", "mean"),
        exact=("exact", "mean"),
    )
    return table.rename(columns={"exact": "the very best"}).reset_index()


def exactly(decisions):
    """Whether the very best was chosen; missing where there is no choice."""
    same = (decisions["choice"] == decisions["best"]).astype(float)
    return same.where(decisions["choice"].notna())


def reliability(decisions):
    """How often choices were right, by their probability of being the best."""
    rated = decisions.dropna(subset="probability_best")
    rated = rated.assign(exact=exactly(rated), said=rated["probability_best"])
    rated["P(best)"] = pd.cut(rated["said"], EDGES, include_lowest=True).astype(str)
    grouped = rated.groupby(["way", "P(best)"], observed=True)
    return grouped.agg(
        decisions=("said", "size"),
        said=("said", "mean"),
        right=("right", "mean"),
        exact=("exact", "mean"),
    ).reset_index()


def shared(table, score, way, other):
    """The scores of two ways on the cases that both answer, side by side."""
    wide = table.pivot_table(index=BY_CASE[score], columns="way", values=score)
    return wide.reindex(columns=[way, other]).dropna()


def rivals(table):
    """Names of the baselines in a table."""
    return [way for way in table["way"].unique() if way not in (FIRM, CHOSEN, DEFAULT)]


def duels(table, score):
    """Mean scores of each model and each baseline on the cases that both answer."""
    rows = []
    for way in (FIRM, CHOSEN, DEFAULT):
        for other in rivals(table):
            both = shared(table, score, way, other)
            if len(both):
                mine, its = both.mean()
                row = {"score": score, "way": way, "mean": mine, "baseline": other}
                row |= {"its mean": its, "cases": len(both), "less": way if mine <= its else other}
                rows.append(row)
    return pd.DataFrame(rows)


def wins(table, score):
    """A sentence for each set on which a baseline has the lower mean than the chosen model."""
    lines = []
    for name, each in table.groupby("set", sort=False):
        for other in rivals(each):
            both = shared(each, score, CHOSEN, other)
            if len(both) and both[other].mean() < both[CHOSEN].mean() - 1e-9:
                mine, its = both.mean()
                refused = (
                    ", whose fit was refused"
                    if (each["status"] == REFUSED).loc[each["way"] == CHOSEN].any()
                    else ""
                )
                lines.append(
                    f"- {name}: {other} has the lower {score}, {its:.4f}, than the chosen model"
                    f"{refused}, {mine:.4f} (cases: {len(both)})."
                )
    return ["\n".join(lines)] if lines else []


def bars(rows, decisions):
    """The criteria that were set before, what was measured, and whether it meets them."""
    found = []

    def bar(what, way, measured, met, cases):
        verdict = "-" if np.isnan(measured) else "yes" if met else "no"
        found.append(
            {"bar": what, "fits": way, "measured": measured, "cases": cases, "met": verdict}
        )

    for way in (FIRM, CHOSEN, DEFAULT):
        mine = rows[rows["way"] == way]
        held = mine["inside 90%"]
        bar(
            "90% intervals hold 85 to 95% of runs",
            way,
            held.mean(),
            0.85 <= held.mean() <= 0.95,
            held.count(),
        )
        each = mine.groupby("set")["inside 90%"].mean()
        bar("the same, mean over sets", way, each.mean(), 0.85 <= each.mean() <= 0.95, each.count())
        for other in rivals(rows):
            both = shared(rows, "crps", way, other)
            mine_, its = both.mean()
            bar(f"CRPS at most that of {other}: ratio", way, mine_ / its, mine_ <= its, len(both))
        for other in rivals(decisions):
            both = shared(decisions, "regret", way, other)
            mine_, its = both.mean()
            bar(
                f"regret at most that of {other}: difference",
                way,
                mine_ - its,
                mine_ <= its,
                len(both),
            )
        sure = decisions[(decisions["way"] == way) & (decisions["probability_best"] > SURE)]
        right = sure["right"].mean()
        bar(
            f"right at least 90% of the time when P(best) > {SURE}",
            way,
            right,
            right >= 0.9,
            len(sure),
        )
    return pd.DataFrame(found)

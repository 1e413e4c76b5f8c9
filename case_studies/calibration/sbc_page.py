"""Write what `sbc.py` found as tables, a figure and a page."""

import json
import platform
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from qqt_bayes.calibration.sbc import BEYOND_FACTOR
from qqt_bayes.calibration.uniformity import RANKED_DRAWS
from qqt_bayes.posterior.checks import CHECKS, LARGEST_DIVERGENT_SHARE
from qqt_bayes.report.calibration_text import BAND_PROBABILITY, fault, scalars
from qqt_bayes.report.figures.files import write_figure
from qqt_bayes.report.figures.ranks import rank_ecdfs
from qqt_bayes.report.records import as_table
from qqt_bayes.sampling.inference import versions

LAW_CHECKS = {name for name, kind in CHECKS.items() if kind.question == "law"}
"""Ids of those checks of the gate that judge the law, not the sampler."""
INTERVAL_PROBABILITY = 0.9
"""Of the intervals whose coverage under a wrong law is measured."""


def write_page(folder, calibrations, pairs, settings):
    """Write `sbc.csv`, `misspecified.csv`, `sbc.png` and `sbc.md` to a folder.

    Parameters
    ----------
    folder : Path
    calibrations : dict of str to Dataset
        Ranks and how fits went, by specification; see `sbc.calibration_of`.
    pairs : dict of str to DataFrame
        Rows of `coverage_elsewhere`, by the names of both laws.
    settings : dict of str to dict
        The samplers' settings of either.
    """
    tables = {name: scalars(found) for name, found in calibrations.items()}
    blocks = [
        "# Calibration of every shipped specification",
        f"Written by `make sbc`; do not edit. {datetime.now(UTC).date()}, {platform.machine()}, "
        f"{in_words(json.loads(versions()))}.",
    ]
    if calibrations:
        rows = [
            table.assign(spec=name, replications=calibrations[name].sizes["replication"])
            for name, table in tables.items()
        ]
        joined = pd.concat(rows, ignore_index=True)
        order = ["spec", "scalar", "replications"]
        joined = joined[[*order, *joined.columns.difference(order, sort=False)]]
        joined.round(5).to_csv(folder / "sbc.csv", index=False)
        figure = rank_ecdfs({name: found["rank"] for name, found in calibrations.items()})
        write_figure(figure, folder / "sbc.png")
        blocks += [
            EXPLAINED.format(settings=in_words(settings["calibration"])),
            as_table(by_spec(calibrations, tables)),
            summary(joined),
            of_diverged(calibrations, settings["calibration"]),
            "## Every scalar outside a band",
            as_table(outside(joined, calibrations)),
            "![ECDFs of the ranks](sbc.png)",
        ]
    if pairs:
        found = pd.concat([by_budget(name, rows) for name, rows in pairs.items()])
        found.round(5).to_csv(folder / "misspecified.csv", index=False)
        blocks += [
            "## Where the law is wrong",
            MISSPECIFIED.format(settings=in_words(settings["misspecification"])),
            as_table(found),
            as_table(pd.DataFrame([gates(name, rows) for name, rows in pairs.items()])),
        ]
    (folder / "sbc.md").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


EXPLAINED = f"""\
Simulation-based calibration: parameters are drawn from a specification's priors, a table of runs
from these, and the table is fitted by `qqt_bayes.fit` ({{settings}}; its defaults are 1000 draws
and 1000 to tune). Then the rank of every truth among
{RANKED_DRAWS} draws of its posterior is uniform, or the posterior is not the declared model's. \
A scalar
is inside if the ECDF of its ranks stays in the band that holds all of the ECDF of uniform ranks
with {BAND_PROBABILITY:.0%}: alone, where about one in twenty leaves by chance, or jointly, the \
band that
holds those of all scalars of a specification. Scalars are all parameters, the mean error of each
training set at the largest budget and at {BEYOND_FACTOR} times that, how much worse than the \
best the
second best is there, and the log likelihood. All fits count, those that the gate refuses, too.
(With so few draws the gate, whose bars are 400 effective draws and an R-hat of 1.01, passes fewer
fits than it does at the defaults.) Tables that the priors reach but nobody could have (error rates
above 1) are dropped with their truths, which keeps ranks uniform. "Correlated" is the share of fits
with some scalar of fewer than {RANKED_DRAWS} effective draws."""

MISSPECIFIED = f"""\
Truths and tables drawn from one law are fitted by another ({{settings}}). How often do
{INTERVAL_PROBABILITY:.0%} intervals of the mean error hold the truth, at the largest budget of \
the runs and at
4 times that; of the law alone, and with departures from it (`qqt_bayes.model.discrepancy`), as
decisions have them? "Of passed" counts only fits that the gate passed. Several intervals share a
fit, so the standard error is that of the mean over fits."""


def by_spec(calibrations, tables):
    """How the calibration of each specification went: a row for each."""
    rows = []
    for name, found in calibrations.items():
        table = tables[name]
        rows.append(
            {
                "specification": name,
                "tables": found.sizes["replication"],
                "scalars": len(table),
                "outside alone": int((~table["inside_alone"]).sum()),
                "expected": (1 - BAND_PROBABILITY) * len(table),
                "outside jointly": int((~table["inside_jointly"]).sum()),
                "least p-value": table["p_value"].min(),
                "legal": float(found["legal"].mean()),
                "gate passed": float(found["passed"].mean()),
                "divergent": float((found["divergences"] > 0).mean()),
                "correlated": float((found["least_ess"] < RANKED_DRAWS).mean()),
                "seconds a fit": float(found["seconds"].median()),
            }
        )
    return pd.DataFrame(rows)


def summary(joined):
    """A sentence on how many scalars leave their bands, and how many would by chance."""
    alone, jointly = (joined[~joined[f"inside_{way}"]] for way in ("alone", "jointly"))
    specs = jointly["spec"].unique().tolist()
    words = (
        f"Of {len(joined)} scalars {len(alone)} are outside their own band (by chance about "
        f"{(1 - BAND_PROBABILITY) * len(joined):.0f} would be)"
    )
    if not specs:
        return f"{words}; none is outside the joint band of its specification."
    count = joined["spec"].nunique()
    return (
        f"{words}; outside the joint band are {len(jointly)}, of {', '.join(specs)} (of {count} "
        f"specifications about {(1 - BAND_PROBABILITY) * count:.1f} would have any by chance)."
    )


def of_diverged(calibrations, settings):
    """A sentence on the ranks of truths in fits of which few draws diverged."""
    draws = settings["chains"] * settings["draws"]
    most = 5 * LARGEST_DIVERGENT_SHARE * draws
    few = {
        name: found["rank"].values[found["divergences"].isin(range(1, int(most) + 1)).values]
        for name, found in calibrations.items()
    }
    ranks = np.concatenate([each.ravel() for each in few.values()])
    if not len(ranks):
        return "No fit has divergent draws."
    tail = (RANKED_DRAWS + 1) // 20
    return (
        f"Of {sum(map(len, few.values()))} fits one to {most:.0f} of {draws:,} draws diverged; of "
        f"the {len(ranks):,} ranks of truths there {np.mean(ranks < tail):.1%} are in the lowest "
        f"twentieth and {np.mean(ranks > RANKED_DRAWS - tail):.1%} in the highest: so few "
        "divergent draws do not distort a posterior."
    )


def outside(joined, calibrations):
    """A row for each scalar that is outside a band, with what is wrong with its ranks."""
    rows = joined[~joined["inside_alone"]].sort_values("p_value", kind="stable")
    faults = [
        fault(calibrations[row.spec]["rank"].sel(scalar=row.scalar)) for row in rows.itertuples()
    ]
    kept = ["spec", "scalar", "rank_mean", "departure", "p_value", "inside_jointly"]
    return rows[kept].assign(fault=faults)


def by_budget(name, rows):
    """Coverage under a wrong law: rows for each budget, with and without departures from it."""
    found = []
    for (times, departures), each in rows.groupby(["times", "departures"]):
        passed = each[each["failed"].isna()]
        fits = each.groupby(["block", "replication"])["inside"].mean()
        found.append(
            {
                "truth by fit": name,
                "budget": f"{times}x",
                "departures": "yes" if departures else "no",
                "inside": each["inside"].mean(),
                "standard error": fits.std() / np.sqrt(len(fits)),
                "inside, of passed": passed["inside"].mean(),
                "median width": (each["upper"] - each["lower"]).median(),
                "fits": len(fits),
            }
        )
    return pd.DataFrame(found)


def gates(name, rows):
    """How many fits by a wrong law the gate refuses, and why."""
    failed = rows.drop_duplicates(["block", "replication"])["failed"].fillna("")
    checks = failed.str.split("; ")
    law = checks.map(lambda each: not LAW_CHECKS.isdisjoint(each))
    return {
        "truth by fit": name,
        "fits": len(failed),
        "refused": float((failed != "").mean()),
        "by a check of the law": float(law.mean()),
    }


def in_words(settings):
    """Names and values of settings, as part of a sentence."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())

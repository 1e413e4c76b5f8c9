"""Write the page of `study.py`, from its tables."""

import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

import pandas as pd
from bars import bars
from parts import HORIZON, PARTS_OF_WORLDS, SETS
from tallies import (
    WORLDS,
    against_ranking,
    by_design,
    by_family,
    by_horizon,
    by_set,
    of,
    refusals,
    said,
    wins,
)
from ways import FEW

from qqt_bayes.comparison.held_out import HeldOut
from qqt_bayes.comparison.scores import MARGIN, coverage
from qqt_bayes.report import records

as_table = partial(records.as_table, empty="No case.")
PACKAGES = ("qqt_bayes", "pymc", "nutpie", "numpy")
FITS = ["set", "way", "model", "weights", "passed", "runs", "untold", "seconds", "failed"]


def write_page(folder, entries, settings, before):
    """Write `results.md` from the tables beside it.

    Parameters
    ----------
    folder : Path
        Of the tables.
    entries : list of dict
        As in `sets.toml`.
    settings : dict
        Of the sampler.
    before : DataFrame
        Scores of the models chosen before: set, crps, regret.
    """
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in (*HeldOut._fields, "fits")}
    tables["runs"] = tables["runs"].join(coverage(tables["runs"]))
    fits = tables["fits"]
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    made = f"{datetime.now(UTC).date()}, {platform.machine()}, {versions}"
    how = ", ".join(f"{name} {value}" for name, value in settings.items())
    decisions, levels = tables["decisions"], tables["levels"]
    refused = of(fits, SETS)
    refused = refused[~refused["passed"]]
    of_sets = (SETS, HORIZON)
    crps, cover, regret = by_set(tables, before)
    blocks = [
        "# Held-out larger budgets of real runs",
        f"Written by `make calibration`; do not edit. {made}. Fits: {how}.",
        *not_yet(fits, entries),
        EXPLAINED,
        "## Bars",
        as_table(bars(tables, before)),
        "## What was chosen on which sets",
        CHOICES,
        "## By family",
        as_table(by_family(tables, before)),
        "## P(best): said, and came true",
        RATED,
        as_table(said(levels[levels["part"].isin(of_sets) & levels["way"].isin(FEW)])),
        "Other ways, sets only:",
        as_table(said(of(levels[~levels["way"].isin(FEW)], SETS))),
        "## Horizon",
        AHEAD,
        as_table(by_horizon(decisions)),
        "## Designs",
        DESIGNED,
        as_table(by_design(tables)),
        "## Fits that were refused",
        as_table(refusals(fits)),
        as_table(refused.astype({"passed": str})[FITS]),
        "## Where a baseline wins",
        *(
            wins(of(tables["runs"], SETS), "crps") + wins(of(decisions, SETS), "regret")
            or ["Nowhere."]
        ),
        "## Regret less that of single scale",
        "Mean over sets of each set's mean, with its standard error over sets.",
        as_table(against_ranking(decisions)),
        "## By set",
        "CRPS as a ratio to that of the model chosen before:",
        as_table(crps),
        "90 % cover of runs:",
        as_table(cover),
        "Regret:",
        as_table(regret),
        "The models chosen before, and why:\n\n"
        + "\n".join(f"- {each['name']}: `{each['model']}`. {each['reason']}" for each in entries),
    ]
    (folder / "results.md").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def not_yet(fits, entries):
    """A paragraph that names what the tables do not have, where the study was stopped."""
    done = set(zip(fits["set"], fits["part"], strict=True))
    missing = {
        part: [each["name"] for each in entries if (each["name"], part) not in done]
        for part in PARTS_OF_WORLDS
    }
    worlds = {each["name"] for each in entries if each["family"] == WORLDS}
    lines = [
        f"- {part}: {', '.join(names)}"
        for part, each in missing.items()
        if (names := [name for name in each if part == SETS or name in worlds])
    ]
    if not lines:
        return []
    words = "**The run was stopped before these were measured; `make calibration` goes on there:**"
    return ["\n".join([words, "", *lines])]


EXPLAINED = f"""\
Runs up to a share of the largest budget were fitted, each larger one was predicted as one new run.
"both" is half of the draws of `effective-reuse` and half of `utility-free-size`, or, of error
rates, of `utility-bounded-free-size`. "study" is what `qqt study` says: half of each law whose fit
passed its gate, where the bounded law stands in for `utility-free-size` if that was refused; it
counts as refused where no fit passed. Stacked, the weights are those of `compare_laws`. "theorem"
is `utility`. "chosen before" is the model of sets.toml, fitted anew; ratios of CRPS are to what
that model had before departures from the law were part of the likelihood and before
`effective-reuse` was there (`before.csv`). Elsewhere, and where no fit passed, fits that the gate
refused count, as `force` shows them. Least squares is the utility law with a bootstrap of
residuals, the power law a line for each training set, and single scale keeps what was best at the
largest budget seen. A difference is that of the mean errors of two levels at a held-out budget,
with the noise of as many runs. A choice is right if it is within {MARGIN} of the best. Regret is in
the units of the error (rates, or nats). Runs of one training set at one budget share a forecast,
and two metrics of DataComp share runs: cases are far from independent."""

CHOICES = """\
The worlds `equal`, `unequal`, `near_duplicates`, `no_augmentation`, `sigmoid` and `language`,
DataComp, Cherti and the language models were looked at while the priors of `effective-reuse` and
the discrepancy were chosen: of these the figures are no test of that choice. `noisy_score` and
`classification` were kept apart from it, and are run here for the first time under this code; they
have rows of their own. (The trial that proposed the law looked at them at its end, with code of its
own.) The models chosen before were written into `sets.toml` before any result, but with the case
studies of the same runs known."""

RATED = """\
Probabilities of all levels, not only of the choice, that they are the best; "came true" is the
share of those that were (by the mean of their runs, whose noise is some of the error: where levels
are near ties that is a matter of chance). "Tried" is where each level was trained at two budgets or
more, and the target lies within eight times the largest. Of the sets and the horizon together."""

AHEAD = """\
Worlds, fitted up to an eighth of the largest budget; one of the four levels is chosen at two, four
and eight times the largest budget seen. The standard error is over worlds."""

DESIGNED = """\
Worlds, runs at up to a quarter of the largest budget, one of the four levels chosen at the largest:
from all runs; from four levels at 1/16 and 1/4 of the largest budget, eight runs of one seed;
from whole single pools only; from these and parts of a pool (five seeds each). Single scale chooses
where the levels were trained. "Cover of levels" is of the mean error of a level's runs."""

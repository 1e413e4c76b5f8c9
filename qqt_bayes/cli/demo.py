"""The main job on real runs, from tables to figures: which share of DataComp's pool to train on.

The runs are the medium-scale CLIP trainings of Gadre et al. 2023, see `SOURCES.md` beside them.
"""

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from qqt_bayes.cli import output
from qqt_bayes.cli.fit import note_compilation
from qqt_bayes.decisions import decide
from qqt_bayes.errors import InadequateFit
from qqt_bayes.files import new_folder, shipped, write
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report import comparison_text, decision_text, gate_text
from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.runs import read_runs

MODEL = "utility-bounded-free-size"
"""The specification that passes the gate on these runs."""

DEMO_BUDGETS = "64M,90M,128M,180M,256M,360M,512M,640M,900M,1.28B,1.8B,2.56B,3.6B,5B"

STUDY = "datacomp_medium"


def run(
    folder: Path,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> tuple[xr.Dataset, str]:
    """Fit, decide, draw and write all of it.

    Parameters
    ----------
    folder : Path
        Where to write: fit.nc, decision.csv, decision.json, summary.txt and the figures.
    draws, tune, chains, seed : int
        See `qqt_bayes.fit`.
    say : callable
        Called with a sentence at each step.

    Returns
    -------
    tuple of Dataset and str
        The decision; and what the runs say about the combination theorem.

    Raises
    ------
    InputError
        If the runs are not where they should be, or the folder cannot be written.
    InadequateFit
        If the fit did not pass its gate; it has been saved by then.
    """
    source = study()
    new_folder(folder)
    runs = read_runs(source / "runs.csv", source / "composition.csv")
    levels = read_composition(source / "levels.csv")
    count, sets, pools = (runs.sizes[dim] for dim in ("run", "data", "pool"))
    say(
        f"1/4 Read {count} CLIP trainings on {sets} training sets from {pools} quality bands "
        "(DataComp medium, Gadre et al. 2023)."
    )
    say(f"2/4 Fit model {MODEL}: {chains} chains of {tune} + {draws} draws ...")

    note_compilation()

    from qqt_bayes.sampling.inference import fit as infer

    fit = infer(
        runs,
        MODEL,
        draws=draws,
        tune=tune,
        chains=chains,
        seed=seed,
        low_rank=True,  # training sets overlap: their pools' parameters are correlated
        progress=True,
    )
    fit_file.save(fit, folder / "fit.nc")
    seconds = fit.attrs["compile_time"], fit.attrs["sampling_time"]
    say("    Prepared in {:.1f} s, sampled in {:.1f} s.".format(*seconds))
    opened = Fit.of(fit)
    gate = opened.gate
    found = gate_text.verdict(gate)
    if not gate.passed:
        raise InadequateFit(
            f"{found}\nThe fit is saved as {folder / 'fit.nc'}; nothing was decided."
        )
    say(f"    {found}")
    say(f"3/4 Decide between {levels.sizes['level']} levels at each budget.")
    decision = decide.decide(opened, levels, DEMO_BUDGETS)
    for name in ("decision.csv", "decision.json"):
        output.write_decision(decision, folder / name)
    remark = comparison_text.theorem_sentence(opened.parameters["size_exponent"])
    words = output.wrapped(f"{decision_text.summary(decision)}\n\n{remark}")
    write(folder / "summary.txt", words)
    say("4/4 Draw the figures.")

    from qqt_bayes.report.figures.files import write_figures

    write_figures(opened, decision, levels, folder)
    return decision, remark


def study() -> Path:
    """The folder with the runs.

    Raises
    ------
    InputError
        If it is neither inside the package nor beside it.
    """
    return shipped(f"case_studies/{STUDY}", "runs.csv", "demo runs")

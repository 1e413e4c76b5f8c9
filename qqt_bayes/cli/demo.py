"""The main job on real runs, from tables to figures: which share of DataComp's pool to train on.

The runs are the medium-scale CLIP trainings of Gadre et al. 2023, see `SOURCES.md` beside them.
"""

from collections.abc import Callable
from pathlib import Path

from qqt_bayes.cli.fit import note_compilation
from qqt_bayes.decisions.study import Study
from qqt_bayes.files import shipped
from qqt_bayes.studies.study import study
from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.runs import read_runs

MODELS = "effective-reuse", "utility-bounded-free-size"
"""Of the laws of a study, the paper's has its form for errors near chance."""
THEOREM = "utility-bounded"
DEMO_BUDGETS = "64M,90M,128M,180M,256M,360M,512M,640M,900M,1.28B,1.8B,2.56B,3.6B,5B"

STUDY = "datacomp_medium"


def run(
    folder: Path,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    overwrite: bool = False,
    say: Callable[[str], None] = print,
) -> Study:
    """Carry the study out and write all of it.

    Parameters
    ----------
    folder : Path
        Where to write, see `qqt_bayes.studies.folder`.
    draws, tune, chains, seed : int
        See `qqt_bayes.fit`.
    overwrite : bool
        See `qqt_bayes.study`.
    say : callable
        Called with a sentence at each step.

    Raises
    ------
    InputError
        If the runs are not where they should be, or the folder cannot be written or holds files
        that no demo wrote.
    InadequateFit
        If no fit passed its gate; they have been saved by then.
    """
    source = demo_runs()
    runs = read_runs(source / "runs.csv", source / "composition.csv")
    levels = read_composition(source / "levels.csv")
    count, sets, pools = (runs.sizes[dim] for dim in ("run", "data", "pool"))
    say(
        f"Read {count} CLIP trainings on {sets} training sets from {pools} quality bands "
        "(DataComp medium, Gadre et al. 2023)."
    )
    note_compilation()
    return study(
        runs,
        levels,
        DEMO_BUDGETS,
        folder,
        models=MODELS,
        theorem=THEOREM,
        draws=draws,
        tune=tune,
        chains=chains,
        seed=seed,
        progress=True,
        overwrite=overwrite,
        say=say,
    )


def demo_runs() -> Path:
    """The folder with the runs.

    Raises
    ------
    InputError
        If it is neither inside the package nor beside it.
    """
    return shipped(f"case_studies/{STUDY}", "runs.csv", "demo runs")

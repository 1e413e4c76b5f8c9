"""Draw the pictures of `figures.md` and README from DataComp's runs: `python docs/figures.py`."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

import qqt_bayes as qqt

HERE = Path(__file__).parent
RUNS = HERE.parent / "case_studies" / "datacomp_medium"
BUDGETS = "256M,360M,512M,640M,900M,1.28B,1.8B,2.56B,3.6B,5B"
LAWS = ["effective-reuse", "utility-bounded-free-size"]


def main() -> None:
    """Carry out the study and draw it as wide as a column."""
    runs = qqt.read_runs(RUNS / "runs.csv", composition=RUNS / "composition.csv")
    study = qqt.study(runs, RUNS / "levels.csv", BUDGETS, models=LAWS, theorem="utility-bounded")
    drawn = {
        "curves": lambda ax: qqt.plot_scaling_curves(study, ax=ax),
        "effective": lambda ax: qqt.plot_effective_samples(
            study, model="effective-reuse", levels=study.levels, ax=ax
        ),
    }
    for name, draw in drawn.items():
        with matplotlib.rc_context({"font.size": 7}):
            figure, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
            draw(ax)
            figure.savefig(HERE / "figures" / f"{name}.png", dpi=150)
    ax = qqt.plot_probability_best(study)
    ax.figure.set_size_inches(7, 3)
    ax.figure.savefig(HERE / "figures" / "probability_best.png", dpi=150)


if __name__ == "__main__":
    matplotlib.use("Agg")
    main()

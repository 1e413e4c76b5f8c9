"""Draw the pictures of `index.md`, `figures.md` and README: `python docs/figures.py`."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd

import qqt_bayes as qqt

HERE = Path(__file__).parent
RUNS = HERE.parent / "case_studies" / "datacomp_medium"
BUDGETS = "256M,360M,512M,640M,900M,1.28B,1.8B,2.56B,3.6B,5B"
WORLD = HERE.parent / "case_studies" / "mini_clip" / "worlds" / "noisy_score"
"""Small trainings of a world that played no part in choosing laws and priors."""
LEVELS = ["A", "A+B", "A+B+C", "A+B+C+D"]
SEED, SEEN = 0, [8_192, 16_384, 32_768]
"""The seed and the budgets of the runs that a study sees; the last is a quarter of the largest."""
LAWS = ["effective-reuse", "utility-bounded-free-size"]


def main() -> None:
    """Draw all pictures."""
    draw_revealed()
    draw_datacomp()


def draw_revealed() -> None:
    """Forecasts from cheap runs of one seed, and the trainings that came after, over five seeds."""
    runs, sets = (pd.read_csv(WORLD / f"{name}.csv") for name in ("runs", "composition"))
    runs, sets = (table[table["data"].isin(LEVELS)] for table in (runs, sets))
    cheap = runs[(runs["seed"] == SEED) & runs["samples_seen"].isin(SEEN)]
    budgets = f"{SEEN[0]}:{runs['samples_seen'].max()}:9"
    study = qqt.study(qqt.read_runs(cheap, composition=sets), budgets=budgets)
    ax = qqt.plot_scaling_curves(study)
    later = runs[runs["samples_seen"] > SEEN[-1]].groupby(["data", "samples_seen"])["error"].mean()
    for line, level in zip(ax.get_lines(), LEVELS, strict=False):
        ax.plot(later[level], "P", color=line.get_color(), markeredgecolor="black", markersize=9)
    ax.figure.set_size_inches(7, 3.8)
    ax.figure.savefig(HERE / "figures" / "revealed.png", dpi=150)
    print(qqt.text(study), later.unstack(), sep="\n")  # what index.md says of it


def draw_datacomp() -> None:
    """Carry out the study of DataComp's runs and draw it as wide as a column."""
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

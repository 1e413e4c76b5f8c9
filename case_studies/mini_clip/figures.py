"""The study's figures: `python figures.py` writes the one that the README shows."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from scores import FORECASTS, decisions, power_law, premise, read
from study import HERE, LEVELS, WORLDS, kind

COLOURS = dict(zip(LEVELS, ["#0072b2", "#e69f00", "#009e73", "#cc79a7"], strict=True))
POOL_COLOURS = {"fresh A": "#0072b2", "fresh D": "#d55e00"}
CALIBRATION = dict(zip(FORECASTS[:4], COLOURS.values(), strict=True))
ERRORS = [0.06, 0.1, 0.2, 0.4]
NAMES = ["top 1", "top 2", "top 3", "top 4"]


def panels(worlds, height=2.6):
    """A panel a world, four to a row."""
    rows = -(-len(worlds) // 4)
    columns = min(len(worlds), 4)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, height * rows), layout="constrained", squeeze=False
    )
    found = dict(zip(worlds, axes.flat, strict=False))
    for world, axis in found.items():
        axis.set_xscale("log", base=2)
        axis.set_title(world.replace("_", " "), fontsize=10)
    for spare in axes.flat[len(worlds) :]:
        spare.remove()
    return figure, found


def thousands(axis, samples):
    """Budgets in thousands."""
    axis.set_xticks(samples, [f"{n // 1024}k" for n in samples])
    axis.minorticks_off()


def fresh_curves(worlds=WORLDS):
    """Error above its floor on data that are never repeated, with the power law through it."""
    figure, axes = panels(worlds)
    for world, axis in axes.items():
        for data, runs in read("fresh", [world]).groupby("data"):
            found = premise(runs)
            means = runs.groupby("samples_seen")["error"].mean()
            line = power_law(means.index, found["scale"], found["exponent"], 0)
            axis.plot(means.index, line, color=POOL_COLOURS[data], lw=1)
            axis.plot(means.index, means - found["floor"], "o", ms=4, color=POOL_COLOURS[data])
        axis.set_yscale("log")
        thousands(axis, means.index[::2])
    figure.supylabel("error (or loss) above its floor")
    figure.supxlabel("samples seen, each once: pool A's quality (blue), pool D's (orange)")
    return figure


def revealed(worlds, fit):
    """Forecasts of the levels for one new run (medians, 90 % intervals), and what was trained."""
    figure, axes = panels(worlds, height=3)
    for world, axis in axes.items():
        draw_revealed(axis, world, fit)
    handles = axis.get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper right", ncols=4)
    figure.supylabel("error (or loss)")
    figure.supxlabel("samples seen")
    return figure


def draw_revealed(axis, world, fit):
    """One world's forecasts and trainings; left of the grey line the fit saw the pools' runs."""
    told = read("forecasts", [world]).query("fit == @fit").set_index("data")
    runs = read("runs", [world])
    for level, name in zip(LEVELS, NAMES, strict=True):
        curve, colour = told.loc[level], COLOURS[level]
        samples, points = curve["samples_seen"], runs[runs["data"] == level]
        axis.fill_between(samples, curve["q5%"], curve["q95%"], color=colour, alpha=0.15, lw=0)
        axis.plot(samples, curve["q50%"], color=colour, lw=1, label=name)
        axis.plot(points["samples_seen"], points["error"], ".", ms=4, color=colour)
    axis.axvline(runs["samples_seen"].max() / 4, color="grey", lw=0.8, ls=":")
    shown = runs.loc[runs["data"].isin(LEVELS), "error"]
    axis.set_ylim(shown.min() * 0.8, shown.max() * 1.05)
    if kind(world) == "error":
        axis.set_yscale("log")
        axis.set_yticks(ERRORS, [f"{error:g}" for error in ERRORS])
    thousands(axis, np.unique(runs["samples_seen"])[::2])


def winners(made, worlds=WORLDS):
    """Which level each way chooses at each budget, above the one that was the best."""
    figure, axes = panels(worlds, height=1.9)
    for world, axis in axes.items():
        draw_winners(axis, made[made["world"] == world], [*FORECASTS, "single scale"])
    figure.supxlabel("samples seen; numbers: how many pools are joined, best first")
    return figure


def draw_winners(axis, made, ways):
    """One world's choices by these ways, a row each, above the level that was the best."""
    table = made.set_index(["way", "samples_seen"])
    chosen = table["chosen"].unstack().reindex(ways)
    chosen.loc["trained"] = table["best"].groupby("samples_seen").first()
    numbers = chosen.map(LEVELS.index, na_action="ignore").astype(float)
    axis.set_xscale("linear")
    axis.imshow(numbers, cmap=ListedColormap(COLOURS.values()), vmin=0, vmax=3, aspect="auto")
    for (row, column), number in np.ndenumerate(numbers.to_numpy()):
        text = "" if np.isnan(number) else int(number) + 1
        axis.text(column, row, text, ha="center", va="center", fontsize=7)
    axis.set_yticks(range(len(numbers)), numbers.index, fontsize=7)
    labels = [f"{int(n) // 1024}k" for n in numbers.columns]
    axis.set_xticks(range(0, len(labels), 2), labels[::2], fontsize=7)


def exponents(fits, worlds=WORLDS):
    """Size exponents with 90 % intervals: of the pool's subsets alone, and of all runs."""
    figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for shift, (fit, colour) in enumerate(
        {"exponent learned": "#0072b2", "all runs": "black"}.items()
    ):
        found = fits[fits["fit"] == fit].set_index("world").loc[worlds]
        rows = np.arange(len(worlds))[::-1] - 0.25 * shift
        low, middle, high = (found[f"exponent {share}"] for share in ("5%", "50%", "95%"))
        axis.hlines(rows, low, high, color=colour)
        axis.plot(middle, rows, "o", ms=4, color=colour, label=fit)
        refused = (found["passed"] == 0).to_numpy()
        axis.plot(middle[refused], rows[refused], "o", ms=2.5, color="white")
    for value, name in ((0, "repetition alone"), (1, "theorem")):
        axis.axvline(value, color="grey", lw=0.8, ls=":")
        axis.text(value, 1.02, name, ha="center", fontsize=8, transform=axis.get_xaxis_transform())
    axis.set_yticks(np.arange(len(worlds))[::-1], [world.replace("_", " ") for world in worlds])
    axis.set_xlabel("size exponent")
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def calibration(table):
    """How often a level was the best, against how probable each fit had called it."""
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.plot([0, 1], [0, 1], color="grey", lw=0.8, ls=":")
    for (fit, beyond), rows in table.groupby(["fit", "beyond"], sort=False):
        colour, style = CALIBRATION[fit], "o--" if beyond else "o-"
        label = f"{fit}, {'larger' if beyond else 'seen'} budgets"
        axis.plot(rows["said"], rows["was"], style, ms=4, color=colour, label=label)
    axis.set(xlabel="P(best) as forecast", ylabel="share that was the best")
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def main():
    """Write the README's figure."""
    figure, axes = plt.subplots(
        2, 2, figsize=(9, 4.4), layout="constrained", height_ratios=[6, 1], sharey="row"
    )
    titles = {
        "theorem": "the combination theorem as published",
        "exponent learned": "size exponent learned (refused by the gate)",
    }
    made = decisions(["unequal"])
    for (above, below), (fit, title) in zip(axes.T, titles.items(), strict=True):
        above.set_xscale("log", base=2)
        draw_revealed(above, "unequal", fit)
        above.set_title(title, fontsize=10)
        draw_winners(below, made[made["way"] == fit].assign(way="chosen"), ["chosen"])
        below.set_xlabel("samples seen")
    axes[0, 0].set_ylabel("zero-shot error")
    axes[0, 1].legend(title="best pools joined", fontsize=8)
    figure.savefig(HERE / "revealed.png", dpi=160)


if __name__ == "__main__":
    main()

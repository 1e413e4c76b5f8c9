"""Figures as files: PNG and SVG, always the same, with whatever names they are given."""

from pathlib import Path

import made
import pytest
import xarray as xr
from drawn import BUDGETS, words

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.figures import files
from qqt_bayes.report.figures.files import write_figures
from qqt_bayes.report.figures.plots import plot_probability_best, plot_scaling_curves
from qqt_bayes.report.figures.style import figure_of


def test_all_figures_of_a_decision_are_marked(tmp_path: Path, monkeypatch):
    fit = made.fit(method="laplace", draws=20)
    seen = []
    monkeypatch.setattr(files, "save", lambda figure, stem: seen.append(figure) or (stem,))
    files.write_figures(fit, decide(fit, made.levels(), "64M,640M"), tmp_path)
    assert len(seen) == 4
    assert {figure.get_suptitle() for figure in seen} == {"Approximate posterior (laplace)"}


@pytest.mark.parametrize(
    ("levels", "budgets"),
    [(1, "64M:5B:5"), (3, "2B"), (1, "1B"), (16, "20M:8T:25"), (2, "100M,110M")],
)
def test_few_and_many_levels_and_budgets(levels: int, budgets: str, tmp_path: Path) -> None:
    fit = made.fit(pools=levels, draws=20)
    write_figures(fit, decide(fit, made.levels(levels), budgets), tmp_path)
    assert len(list(tmp_path.iterdir())) == 8


def test_a_name_may_hold_dollars(fit: xr.DataTree, tmp_path: Path) -> None:
    """Two of them would make it a formula, and here one that cannot be read."""
    names = [r"a $\frac$ b", "$y_1^$", *"345678"]
    levels = made.levels(8).assign_coords(level=names)
    figure = figure_of(plot_scaling_curves(decide(fit, levels, BUDGETS), fits=fit))
    files.save(figure, tmp_path / "figure")
    assert names[0] in words(figure)


def test_saved_as_png_and_svg_always_the_same(tmp_path: Path, decision: xr.Dataset) -> None:
    png, svg = files.save(figure_of(plot_probability_best(decision)), tmp_path / "best.of 3")
    assert (png.name, svg.name) == ("best.of 3.png", "best.of 3.svg")
    assert png.read_bytes()[:4] == b"\x89PNG"
    width = int.from_bytes(png.read_bytes()[16:20])
    assert width == 1400
    first = svg.read_bytes()
    files.save(figure_of(plot_probability_best(decision)), tmp_path / "best.of 3")
    assert svg.read_bytes() == first

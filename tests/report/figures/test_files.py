"""Figures as files: PNG, SVG and PDF, always the same, with whatever names they are given."""

import warnings
from pathlib import Path

import made
import matplotlib
import pytest
import xarray as xr
from drawn import BUDGETS, words
from made_study import HOSTILE
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.figures import files
from qqt_bayes.report.figures.files import write_figures
from qqt_bayes.report.figures.names import FORMATS, is_figure
from qqt_bayes.report.figures.plots import plot_probability_best, plot_scaling_curves
from qqt_bayes.report.figures.style import figure_of

BEGINS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
"""The first bytes of each type of file."""


def test_all_figures_of_a_decision_are_marked(tmp_path: Path, monkeypatch):
    fit = made.fit(method="laplace", draws=20)
    seen = []
    monkeypatch.setattr(files, "save", lambda figure, stem, _: seen.append(figure) or (stem,))
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


@pytest.mark.parametrize("each", FORMATS)
def test_hostile_names_are_drawn_in_every_format(
    each: str, fit: xr.DataTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are written: nothing of them is read as a formula."""
    monkeypatch.setattr(MathTextParser, "parse", lambda *_, **__: pytest.fail("a formula"))
    names = [*HOSTILE, r"$\frac$ (\) \x00 \N{ROBOT FACE}"]
    levels = made.levels(8).assign_coords(level=names)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No font of this machine has")
        written = write_figures(fit, decide(fit, levels, "64M,5B"), tmp_path, [each])
    assert {path.suffix for path in written} == {f".{each}"}
    assert set(tmp_path.iterdir()) == set(written)
    assert all(path.read_bytes().startswith(BEGINS[each]) for path in written)
    assert all(map(is_figure, written))


def test_a_pdf_is_always_the_same_and_its_letters_are_letters(
    tmp_path: Path, decision: xr.Dataset
) -> None:
    """Publishers refuse fonts of Type 3, which is what matplotlib writes by itself."""
    pdf, again = (tmp_path / f"{name}.pdf" for name in ("first", "again"))
    for path in (pdf, again):
        with matplotlib.rc_context({"pdf.fonttype": 3, "text.usetex": True}):
            files.save(figure_of(plot_probability_best(decision)), path.with_suffix(""), ["pdf"])
    content = pdf.read_bytes()
    assert content == again.read_bytes()
    assert b"/Subtype /CIDFontType2" in content
    assert b"/Subtype /Type3" not in content
    assert b"/CreationDate" not in content
    pdf.write_bytes(content.replace(b"/Creator (qqt_bayes)", b"/Creator (somebody)"))
    assert not is_figure(pdf)


def test_figures_of_other_programs_are_none(tmp_path: Path) -> None:
    for each in FORMATS:
        (tmp_path / f"empty.{each}").touch()
        Figure().savefig(tmp_path / f"theirs.{each}")
    assert not any(map(is_figure, tmp_path.iterdir()))


def test_saved_as_png_and_svg_always_the_same(tmp_path: Path, decision: xr.Dataset) -> None:
    png, svg = files.save(figure_of(plot_probability_best(decision)), tmp_path / "best.of 3")
    assert (png.name, svg.name) == ("best.of 3.png", "best.of 3.svg")
    assert png.read_bytes()[:4] == b"\x89PNG"
    width = int.from_bytes(png.read_bytes()[16:20])
    assert width == 1400
    first = svg.read_bytes()
    files.save(figure_of(plot_probability_best(decision)), tmp_path / "best.of 3")
    assert svg.read_bytes() == first

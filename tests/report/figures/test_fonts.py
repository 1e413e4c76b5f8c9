"""Names in any script in figures: with another font where one has them, else with one warning."""

import warnings
from xml.etree import ElementTree

import made
import matplotlib
import pytest
from drawn import words
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.figures import files, fonts
from qqt_bayes.report.figures.plots import plot_scaling_curves
from qqt_bayes.report.figures.style import figure_of

ODD = ["$x_1$", r"\frac{a", "a_b^c", "_hidden", "<script>&\"'", "--> x", "%s {0}", "=1+1"]
"""Names that would be formulas, mark-up or code elsewhere."""


def drawn_of(names):
    fit = made.fit(draws=20)
    levels = made.levels().assign_coords(level=names)
    return figure_of(plot_scaling_curves(decide(fit, levels, "64M,640M"), fits=fit))


@pytest.fixture
def font(tmp_path, monkeypatch):
    """A font that has two signs alone, a square for each, and is all that is installed."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 500), (500, 500), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "one", "two"])
    builder.setupCharacterMap({ord("数"): "one", ord("🤖"): "two"})
    builder.setupGlyf({".notdef": square, "one": square, "two": square})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "one", "two"), (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Two Signs", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path := tmp_path / "two.ttf")
    shipped = [each for each in fontManager.ttflist if each.name.startswith(fonts.OWN)]
    monkeypatch.setattr(fontManager, "ttflist", shipped)  # others of this machine may have them
    fontManager.addfont(path)
    yield "Two Signs"
    fonts._drawn_by.cache_clear()


def test_the_own_font_has_what_it_has():
    assert fonts.families(["top 10%", "é ß Ω Ж ≤ →"]) == (["DejaVu Sans"], [])


def test_another_font_stands_in(font, tmp_path):
    assert fonts.families(["a数", "🤖"]) == (["DejaVu Sans", font], [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png, svg = files.save(drawn_of(["数", "🤖 b", "c"]), tmp_path / "figure")
    with_sign = svg.read_bytes()
    files.save(drawn_of(["x", "🤖 b", "c"]), tmp_path / "figure")
    assert with_sign != svg.read_bytes()
    assert png.stat().st_size > 1000


def test_what_no_font_has_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_installed", list)
    with pytest.warns(UserWarning) as caught:
        figure = drawn_of(["数", "🤖", "c"])
        files.save(figure, tmp_path / "figure")
    (said,) = {str(each.message) for each in caught}
    assert said.startswith("No font of this machine has 数 (U+6570), 🤖 (U+1F916): figures show")
    assert {"数", "🤖"} <= {text.get_text() for text in figure.findobj(Text)}


def test_signs_that_are_not_drawn_need_no_font():
    assert fonts.families(["a\u200db\ufe0f", "e\u0301"]) == (["DejaVu Sans"], [])


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_drawn_as_it_is_written(tmp_path, name):
    """Whatever the user's own settings are: no mathematics, no LaTeX, no mark-up."""
    with matplotlib.rc_context({"text.usetex": True, "text.parse_math": True}):
        figure = drawn_of([name, "b", "c"])
        _, svg = files.save(figure, tmp_path / "figure")
    assert name in words(figure)
    root = ElementTree.parse(svg).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {each.tag.partition("}")[2] for each in root.iter()} <= {
        *("svg", "metadata", "RDF", "Work", "type", "format", "creator", "Agent", "title"),
        *("defs", "style", "g", "path", "use", "clipPath", "rect", "text", "tspan", "image"),
    }

"""Colours that everybody can read, by day, night and on paper: the contrast of WCAG 2.2."""

import re
from importlib.resources import files

import pytest

STYLE = files("qqt_bayes.report.page").joinpath("page.css").read_text(encoding="utf-8")
TEXT, GRAPHIC = 4.5, 3.0
"""Least contrast of text and of what is drawn (level AA)."""
WORDS = ("ink", "soft", "link", "ok", "open", "stop")
DRAWN = ("bar", "s0", "s1", "s2", "s3", "s4", "s5")


def palettes():
    """The colours of day, night and paper."""
    found = [
        dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root\{([^}]*)\}", STYLE)
    ]
    day, night, paper = found
    return {"day": day, "night": day | night, "paper": day | paper}


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(2 * x for x in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("when", ["day", "night", "paper"])
def test_contrast(when):
    colours = palettes()[when]
    for back in ("back", "card"):
        for name in WORDS:
            assert contrast(colours[name], colours[back]) >= TEXT, (name, back)
        for name in DRAWN:
            assert contrast(colours[name], colours[back]) >= GRAPHIC, (name, back)


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000", "#fff") == pytest.approx(21)

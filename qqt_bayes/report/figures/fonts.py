"""Fonts for names in any script: what the figures' own font lacks is drawn with another one.

The own font, which comes with matplotlib, has Latin, Greek and Cyrillic letters and many signs, but
no Chinese, Japanese or Korean, and no emoji.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable
from functools import cache

import xarray as xr
from matplotlib.font_manager import FontEntry, findfont, fontManager, get_font

OWN = "DejaVu Sans"
"""The font of all figures; the same on every machine."""
PREFERRED = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic"),
    *("Noto Emoji", "Segoe UI Emoji", "Segoe UI Symbol", "Symbola", "Arial Unicode MS"),
)
"""Fonts that are tried before all others, as far as they are installed."""
PLACEHOLDERS = "Last Resort"
"""How the name of a font begins that has a frame for each sign, but no sign."""
INVISIBLE = ("Cc", "Cf", "Mn", "Me", "Zs")
"""Categories of signs that leave nothing to be drawn, or only change the one before."""
MOST_NAMED = 10
"""Signs that the warning names."""


def texts_in(*found: object) -> set[str]:
    """The texts that datasets, arrays and mappings hold as names: coordinates, values, attributes.

    Examples
    --------
    >>> sorted(texts_in(xr.Dataset(coords={"level": ["a", "b"]}, attrs={"metric": "c"}), 5))
    ['a', 'b', 'c']
    """
    texts: set[str] = set()
    for each in found:
        if isinstance(each, xr.Dataset | xr.DataArray):
            variables = [*each.coords.values(), *getattr(each, "data_vars", {}).values()]
            for variable in variables:
                if variable.dtype.kind in "OU":
                    texts |= set(map(str, variable.values.ravel()))
            texts |= {value for value in each.attrs.values() if isinstance(value, str)}
        elif isinstance(each, dict):
            texts |= set(map(str, each)) | texts_in(*each.values())
    return texts


def families(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Fonts in which texts can be drawn, and the signs that none of this machine has.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    list of str
        The own font, then those that stand in for what it lacks.
    list of str
        Signs that no font has.
    """
    signs = set().union(*map(set, texts))
    lacking = {sign for sign in signs if _is_drawn(sign) and ord(sign) not in _own_signs()}
    chosen = [OWN]
    for name, path in _installed() if lacking else ():
        found = lacking & _drawn_by(path, frozenset(lacking))
        if found:
            chosen.append(name)
            lacking -= found
        if not lacking:
            break
    return chosen, sorted(lacking)


def warn_of(lacking: list[str]) -> None:
    """Say in one sentence which signs cannot be drawn; nothing if there are none."""
    if not lacking:
        return
    named = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in lacking[:MOST_NAMED])
    more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
    warnings.warn(
        f"No font of this machine has {named}{more}: figures show a frame in their place. Install "
        "a font that has them, such as Noto Sans CJK or Noto Emoji.",
        UserWarning,
        stacklevel=2,
    )


def _is_drawn(sign: str) -> bool:
    return sign not in "\n\t" and unicodedata.category(sign) not in INVISIBLE


@cache
def _own_signs() -> frozenset[int]:
    return frozenset(get_font(findfont(OWN)).get_charmap())


def _installed() -> list[tuple[str, str]]:
    """Names and files of the upright fonts of this machine, the preferred ones first."""

    def place(font: FontEntry) -> tuple[int, bool, str]:
        known = font.name in PREFERRED
        return (
            PREFERRED.index(font.name) if known else len(PREFERRED),
            font.weight != 400,
            font.name,
        )

    upright = [font for font in fontManager.ttflist if font.style == "normal" and font.name != OWN]
    return [(font.name, font.fname) for font in sorted(upright, key=place)]


@cache
def _drawn_by(path: str, wanted: frozenset[str]) -> frozenset[str]:
    """Which of some signs a font can draw; none if it holds pictures instead of outlines."""
    try:
        font = get_font(path)
        if font.family_name.startswith(PLACEHOLDERS):
            return frozenset()
        there = font.get_charmap()
        found = frozenset(sign for sign in wanted if ord(sign) in there)
        for sign in found:
            font.load_char(ord(sign))
    except Exception:  # a font that matplotlib cannot use
        return frozenset()
    return found

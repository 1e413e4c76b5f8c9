"""Numbers as parts of a sentence, with no more digits than draws can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import fill

import numpy as np
import xarray as xr
from numpy.typing import NDArray

LINE = 100
"""Characters in a line of a paragraph."""
SUFFIXES = ("", "K", "M", "B", "T")
"""Endings in steps of a thousand, for writing."""


def format_samples(samples: float, digits: int = 3) -> str:
    """A number of samples as people say it.

    Parameters
    ----------
    samples : float
    digits : int
        Significant ones.

    Examples
    --------
    >>> format_samples(1.28e9), format_samples(64e6), format_samples(999_999), format_samples(2.5)
    ('1.28B', '64M', '1M', '2.5')
    >>> format_samples(12_345_678), format_samples(12_345_678, digits=5), format_samples(7e15)
    ('12.3M', '12.346M', '7000T')
    """
    rounded = float(f"{samples:.{digits - 1}e}")
    step = 0
    while step < len(SUFFIXES) - 1 and 1000 ** (step + 1) <= rounded < np.inf:
        step += 1
    return f"{rounded / 1000**step:.15g}{SUFFIXES[step]}"


def format_epochs(epochs: float) -> str:
    """A number of epochs, with the same digits wherever it stands.

    Examples
    --------
    >>> format_epochs(104.2), format_epochs(0.5), format_epochs(1234.0)
    ('104', '0.5', '1.23K')
    """
    return format_samples(epochs, 3)


def at_most_per_cent(share: float) -> str:
    """A share below one in per cent, of two digits and rounded up: no more than that.

    Examples
    --------
    >>> at_most_per_cent(0.1), at_most_per_cent(1 / 30), at_most_per_cent(0.00201)
    ('10 %', '3.4 %', '0.21 %')
    """
    step = 10.0 ** (math.floor(math.log10(100 * share)) - 1)
    return f"{math.ceil(100 * share / step * (1 - ROUNDING)) * step:.2g} %"


CERTAIN = 0.995
"""Probability from which on draws can hardly tell it from 1; below one minus it, from 0."""
NO_DOUBT = "more than 0.99"
"""What is said of a probability of `CERTAIN` or more."""
LEAST_COST = 1e-4
"""Cost in error below which digits mean nothing."""
MOST_NAMED = 4
"""Things that a sentence names."""
ROUNDING = 1e-9
"""What a probability may lack to a hundredth and still not be rounded down to the one before."""


def chance(probability: float) -> str:
    """A probability, to two digits.

    Examples
    --------
    >>> chance(0.553), chance(0.9999), chance(0.0)
    ('0.55', 'more than 0.99', 'less than 0.01')
    """
    if probability >= CERTAIN:
        return NO_DOUBT
    return "less than 0.01" if probability < 1 - CERTAIN else f"{probability:.2f}"


def chance_at_least(probability: xr.DataArray) -> str:
    """The least of some probabilities, rounded down where there is more than one.

    Examples
    --------
    >>> chance_at_least(xr.DataArray([0.978])), chance_at_least(xr.DataArray([0.978, 0.99]))
    ('0.98', 'at least 0.97')
    """
    least = probability.min().item()
    if probability.size == 1 or least >= CERTAIN:
        return chance(least)
    return f"at least {math.floor(100 * least + ROUNDING) / 100:.2f}"


def chance_range(probability: xr.DataArray) -> str:
    """The least and the largest of some probabilities.

    Examples
    --------
    >>> chance_range(xr.DataArray([0.41, 0.62, 0.5])), chance_range(xr.DataArray(0.5))
    ('0.41 to 0.62', '0.50')
    """
    return joined_ends(chance(probability.min().item()), chance(probability.max().item()))


def cost(regret: xr.DataArray) -> str:
    """The largest of some costs in error, to two digits.

    Examples
    --------
    >>> cost(xr.DataArray(0.01234)), cost(xr.DataArray([0.3, 1e-5])), cost(xr.DataArray(2e-5))
    ('0.012', 'at most 0.3', 'less than 0.0001')
    """
    most = regret.max().item()
    if most < LEAST_COST:
        return f"less than {LEAST_COST:g}"
    return f"{'at most ' if regret.size > 1 else ''}{float(f'{most:.2g}'):g}"


def money(currency: str, amount: float) -> str:
    """An amount of money, with its currency first; small ones with cents.

    Examples
    --------
    >>> money("EUR", 1234.5), money("EUR", -50.0), money("USD", 0.5), money("EUR", -0.001)
    ('EUR 1,234', '-EUR 50.00', 'USD 0.50', 'EUR 0.00')
    """
    number = amount_of_money(amount)
    sign = "-" if number.startswith("-") else ""
    return f"{sign}{currency} {number.removeprefix('-')}"


def amount_of_money(amount: float) -> str:
    """An amount where its currency stands elsewhere.

    Examples
    --------
    >>> amount_of_money(1234.5), amount_of_money(-50), amount_of_money(-0.001)
    ('1,234', '-50.00', '0.00')
    """
    digits = 0 if abs(amount) >= 100 else 2
    sign = "-" if round(amount, digits) < 0 else ""
    return f"{sign}{abs(amount):,.{digits}f}"


def span(budgets: NDArray[np.float64]) -> str:
    """The first and the last of some budgets.

    Examples
    --------
    >>> span(np.array([64e6, 128e6, 1.28e9]))
    '64M to 1.28B'
    """
    return joined_ends(format_samples(budgets[0]), format_samples(budgets[-1]))


def spans(budgets: NDArray[np.float64], among: NDArray[np.float64]) -> str:
    """Some of many budgets: the ends of each stretch without one that is not meant.

    Examples
    --------
    >>> asked = np.array([64e6, 128e6, 256e6, 512e6, 1.024e9])
    >>> spans(asked[[0, 2, 3, 4]], asked)
    '64M and 256M to 1.02B'
    """
    place = np.searchsorted(np.sort(among), budgets)
    stretches = np.split(budgets, np.flatnonzero(np.diff(place) > 1) + 1)
    return joined([span(each) for each in stretches])


def in_lines(text: str, width: int = LINE) -> str:
    r"""Words, broken into lines where it is needed; paragraphs stay apart.

    Examples
    --------
    >>> in_lines("One.  \n\nTwo.")
    'One.\n\nTwo.\n'
    """
    blocks = text.strip().split("\n\n")
    lines = [
        fill(block, width, break_long_words=False, break_on_hyphens=False)  # of models' names
        for block in blocks
    ]
    return "\n\n".join(lines) + "\n"


def joined_ends(first: str, last: str) -> str:
    """Two ends of a range, or the one thing that they both are."""
    return first if first == last else f"{first} to {last}"


def joined(words: list[str]) -> str:
    """Some words, the first `MOST_NAMED` of them.

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"]), joined(list("abcdef"))
    ('a', 'a, b and c', 'a, b, c, d and 2 more')
    """
    if len(words) == 1:
        return words[0]
    if len(words) > MOST_NAMED:
        words = [*words[:MOST_NAMED], f"{len(words) - MOST_NAMED} more"]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def placed(labels: Iterable[str]) -> str:
    """Where a scalar of a parameter holds: its group and pool, as one name.

    Examples
    --------
    >>> placed(["arch 1", "0-10%"]), placed(["news, forums"]), placed([])
    ('arch 1 on 0-10%', 'news, forums', '')
    """
    return " on ".join(labels)


def quoted(name: str) -> str:
    """A name as part of a sentence: in quotation marks where its comma would end it.

    Examples
    --------
    >>> quoted("top 10%"), quoted("news, forums")
    ('top 10%', '"news, forums"')
    """
    return f'"{name}"' if "," in name and not name.startswith('"') else name


def shortened(text: str, most: int) -> str:
    """A text of so many characters at the most, with dots where it was cut.

    Examples
    --------
    >>> shortened("top 10%", 10), shortened("top 10%, deduplicated", 10)
    ('top 10%', 'top 10%...')
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def joined_names(names: Iterable[str]) -> str:
    """Names of the user's as part of a sentence, the first `MOST_NAMED` of them.

    Examples
    --------
    >>> joined_names(["top 10%, deduplicated", "all"])
    '"top 10%, deduplicated" and all'
    """
    return joined(list(map(quoted, names)))


def named(scalars: list[tuple[str, str]]) -> str:
    """Parameters in words, each once, with the groups or pools that are meant.

    Examples
    --------
    >>> named([("b", "0-10%"), ("tau", "arch 1 on 0-10%"), ("tau", "arch 2 on 0-10%"), ("d", "")])
    'b of 0-10%; tau of arch 1 on 0-10% and arch 2 on 0-10%; d'
    >>> named([("tau", "news, forums"), ("tau", "web")])
    'tau of "news, forums" and web'
    """
    places: dict[str, list[str]] = {}
    for name, place in scalars:
        places.setdefault(name, []).extend([quoted(place)] if place else [])
    return "; ".join(f"{name} of {joined(of)}" if of else name for name, of in places.items())


def as_written(cells: Sequence[str]) -> str:
    """A sentence about cells that were read as people write numbers, the first of their kinds.

    Examples
    --------
    >>> as_written(["'128M' as 128000000", "'128M' as 128000000", "'1,000' as 1000"])
    "3 cells are read as people write numbers: '128M' as 128000000 and '1,000' as 1000."
    >>> as_written(["'128M' as 128000000"])
    "1 cell is read as people write numbers: '128M' as 128000000."
    """
    count = "1 cell is" if len(cells) == 1 else f"{len(cells)} cells are"
    return f"{count} read as people write numbers: {joined(list(dict.fromkeys(cells)))}."

"""Numbers as people write them, such as 12.8M, 1,000,000 or 0,769: what each can mean.

A comma between digits can be a decimal one or stand between thousands. Where one cell does not say
which, the others of its column may; else it stays open, and nothing is guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SCALE = {
    "": 1.0,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "g": 1e9,
    "mrd": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "trillion": 1e12,
    "%": 0.01,
}
"""Endings that people give to numbers, with their factors."""
ENDING = "|".join(sorted(filter(None, SCALE), key=len, reverse=True))
HUMAN = re.compile(
    r"[~≈]?\s*(?P<body>\d[\d,._ '\u2019\u00a0\u2009\u202f]*|[.,]\d+)"
    r"(?P<power>e[+-]?\d{1,3}|\s*[x\u00d7*]\s*10\^\d{1,2})?"
    rf"\s*(?P<ending>{ENDING})?",
    re.ASCII | re.IGNORECASE,
)
"""About, digits with marks between them, a power of ten, an ending."""

APART = r"[ '\u2019_\u00a0\u2009\u202f]"
"""What can only stand between thousands."""
THOUSANDS = re.compile(
    rf"\d{{1,3}}({APART}\d{{3}})+([.,]\d+)?"
    r"|\d{1,3}(,\d{3}){2,}|\d{1,3}(,\d{3})+\.\d+"
    r"|\d{1,3}(\.\d{3}){2,}|\d{1,3}(\.\d{3})+,\d+",
    re.ASCII,
)
"""Digits in groups that are clearly thousands, perhaps with decimals behind them."""
OPEN = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)
"""Digits with one comma that may be either: a number that starts with 0 has no thousands."""
OPEN_POINT = re.compile(rf"[~≈]?[1-9]\d{{0,2}}\.\d{{3}}\s*({ENDING})?", re.ASCII | re.IGNORECASE)
"""The same with a point, which is in doubt only beside points between thousands."""


@dataclass(frozen=True)
class Written:
    """A number as it is written.

    Parameters
    ----------
    values : tuple of float
        What it may be: one number, or first with a comma between thousands, then with a decimal
        one.
    mark : str
        What the marks in it tell of its column: "decimal comma", "thousands comma", "thousands
        point" or "".
    """

    values: tuple[float, ...]
    mark: str = ""


def written(text: str) -> Written | None:
    """What text can mean as a number, None if it is none that people write.

    Examples
    --------
    >>> written("12.8M").values, written("~128 million").values, written("1.28 x 10^9").values
    ((12800000.0,), (128000000.0,), (1280000000.0,))
    >>> written("13,478,188,854").values, written("0,769").values, written("5,703").values
    ((13478188854.0,), (0.769,), (5703.0, 5.703))
    >>> written("12M tokens") is None, written("many") is None
    (True, True)
    """
    match = HUMAN.fullmatch(text.strip())
    if match is None:
        return None
    body = match["body"].strip()
    scale = SCALE[(match["ending"] or "").lower()]
    power = re.sub(r".*(\^|e)", "", match["power"] or "0", flags=re.IGNORECASE)
    found = _body(body)
    if found is None:
        return None
    values = tuple(float(f"{digits}e{power}") * scale for digits in found[0])
    return Written(values, found[1])


def _body(body: str) -> tuple[tuple[str, ...], str] | None:
    """Plain digits that a number without its ending can mean, and what its marks tell."""
    if re.fullmatch(r"\d+\.?\d*|\.\d+", body, re.ASCII):
        return (body,), ""
    if THOUSANDS.fullmatch(body):
        return _grouped(body)
    if OPEN.fullmatch(body):
        return (body.replace(",", ""), body.replace(",", ".")), ""
    if re.fullmatch(r"\d*,\d+", body, re.ASCII):
        return (body.replace(",", "."),), "decimal comma"
    return None


def _grouped(body: str) -> tuple[tuple[str, ...], str]:
    """Digits in groups of three; what stands once behind another mark are decimals."""
    marks = re.findall(r"\D", body)
    behind = marks[-1] if marks[-1] != marks[0] and marks[-1] in ".," else ""
    whole, _, decimals = body.rpartition(behind) if behind else (body, "", "")
    digits = re.sub(r"\D", "", whole) + (f".{decimals}" if decimals else "")
    if marks[0] == ",":
        return (digits,), "thousands comma"
    if marks[0] == ".":
        return (digits,), "thousands point"
    return (digits,), "decimal comma" if behind == "," else ""


def settle(cells: Sequence[Written | None], counts: bool) -> list[float | None]:
    """The number that each cell of a column means, None where that stays open or it is none.

    Parameters
    ----------
    cells : sequence of Written or None
    counts : bool
        Whether the column counts things, so that one comma stands between thousands unless another
        cell has a decimal one.

    Examples
    --------
    >>> settle([written("5,703"), written("4,84")], counts=False)
    [5.703, 4.84]
    >>> settle([written("5,703")], counts=False), settle([written("5,703")], counts=True)
    ([None], [5703.0])
    """
    marks = {cell.mark for cell in cells if cell is not None}
    decimal, thousands = "decimal comma" in marks, "thousands comma" in marks
    which = None if decimal and thousands else 1 if decimal else 0 if thousands or counts else None
    return [_choose(cell, which) for cell in cells]


def _choose(cell: Written | None, which: int | None) -> float | None:
    if cell is None:
        return None
    if len(cell.values) == 1:
        return cell.values[0]
    return None if which is None else cell.values[which]

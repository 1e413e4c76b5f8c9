"""What may stand above the header of a table: titles, which are left out as asked or as names show.

A title is never taken for what it is by its looks alone: either the user says how many lines to
leave out, or the first row that holds the names of all columns that are needed is the header.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from qqt_bayes.errors import InputError
from qqt_bayes.phrases import shortened

MOST_LINES = 50
"""Lines in which a header is sought: titles and remarks above a table are a few."""
MOST_CHARACTERS = 60
"""Characters of a line above the header that are said."""


@dataclass(frozen=True)
class Above:
    """How the header of a table is known that has lines above it.

    Parameters
    ----------
    skip_rows : int, optional
        Lines of a text, or rows of a sheet, above the header, blank ones counted; None if nobody
        said how many.
    is_header : callable
        Whether some names are those of a header, as all columns are among them that are needed.
    """

    skip_rows: int | None
    is_header: Callable[[Collection[str]], bool]

    def __post_init__(self) -> None:
        """Refuse what is no number of rows.

        Raises
        ------
        InputError
            If it is none.
        """
        rows = self.skip_rows
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 0):
            raise InputError(f"rows above the header: expected a whole number, 0 or more: {rows!r}")

    def place_of_header(self, rows: Iterable[Sequence[str]]) -> int:
        """The place among some rows of the one that is the header; 0 if that does not show.

        What stands above has fewer cells: rows of another table may be no titles, as where two
        files were joined.

        Parameters
        ----------
        rows : iterable of sequence of str
            Of each row, the cells that are not empty.

        Examples
        --------
        >>> above = Above(None, lambda names: "error" in names)
        >>> above.place_of_header([["May"], [], ["pool", "error"], ["a", "0.5"]])
        2
        >>> above.place_of_header([["pool", "miss"], ["a", "0.5"], ["pool", "error"]])
        0
        """
        most = 0
        for place, names in enumerate(islice(rows, MOST_LINES)):
            if self.is_header(names):
                return place if most < len(names) else 0
            most = max(most, len(names))
        return 0


def titles(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Lines above a header that hold something, each with its number, as sentences name them.

    Examples
    --------
    >>> titles([(1, "Experiment 12, exported 2026-03-01,,"), (2, " ")])
    ["row 1: 'Experiment 12, exported 2026-03-01'"]
    """
    named = [(row, " ".join(text.strip(" ,;\t\r\n").split())) for row, text in lines]
    return [f"row {row}: {shortened(text, MOST_CHARACTERS)!r}" for row, text in named if text]


def nothing_below(name: str, skip_rows: int) -> InputError:
    """The fault of a table that is left out whole."""
    rows = "row" if skip_rows == 1 else f"{skip_rows} rows"
    return InputError(f"{name}: nothing stands below the first {rows}, which are left out")

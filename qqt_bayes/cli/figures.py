"""Figures in a folder: the options that ask for them, and what is checked before any is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from qqt_bayes.cli.options import Command, together
from qqt_bayes.files import new_folder, writable
from qqt_bayes.progress import shown
from qqt_bayes.report.figures.names import FORMATS, STANDARD, TITLES, figures_in


class Figures(NamedTuple):
    """What was asked for: the folder, and the types of files.

    Attributes
    ----------
    folder : Path
    formats : tuple of str
        Some of `qqt_bayes.report.figures.names.FORMATS`.
    """

    folder: Path
    formats: tuple[str, ...]

    def prepare(self, titles: Sequence[str] = TITLES, *, overwrite: bool) -> None:
        """Make the folder if it is not there; what is in it stays, but for figures of these types.

        Raises
        ------
        InputError
            If it cannot be made or written to, or files in it would be replaced that are no
            figures.
        """
        from qqt_bayes.cli.replaced import require_figures  # h5py, which help does not need

        writable(new_folder(self.folder) / f"{titles[0]}.{self.formats[0]}")
        require_figures(figures_in(self.folder, titles, self.formats), overwrite=overwrite)

    def draw(self, write: Callable[..., Sequence[Path]], *of: object) -> None:
        """Draw into the folder by a function of `report.figures.files`, and say how many there are.

        Parameters
        ----------
        write : callable
            It takes what is drawn, the folder and the formats.
        *of
            What is drawn.
        """
        from qqt_bayes.cli.output import note  # pandas, which help does not need

        with shown("Drawing figures"):
            drawn = write(*of, *self)
        note(f"{len(drawn)} figures are in {self.folder}.")


def figures(what: str = "figures") -> Callable[[Command], Command]:
    """The options of a command that draws into a folder, which takes them as one: `figures`.

    Parameters
    ----------
    what : str
        What the folder is for, in the help.
    """
    options = together(
        click.option("--figures", metavar="DIR", help=f"Folder for {what}, as PNG and SVG."),
        click.option(
            "--figure-format",
            "figure_formats",
            type=click.Choice(FORMATS, case_sensitive=False),
            multiple=True,
            help="--figures: as such files instead, PDF for a paper; may be repeated.",
        ),
    )

    def add(command: Command) -> Command:
        @wraps(command)
        def asked(*arguments: Any, figures: str | None, figure_formats: Any, **rest: Any) -> Any:
            if figures is None and figure_formats:
                raise click.UsageError(
                    "--figure-format is for --figures, which says where figures go."
                )
            formats = tuple(dict.fromkeys(figure_formats)) or STANDARD
            wanted = None if figures is None else Figures(Path(figures), formats)
            return command(*arguments, figures=wanted, **rest)

        return options(asked)

    return add

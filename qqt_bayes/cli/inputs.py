"""What several commands read: fits and their weights, levels and budgets, and their defaults."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.cli.output import note
from qqt_bayes.decisions.candidates import nested_by_quality
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.errors import MAX_SHOWN, InputError
from qqt_bayes.files import NETCDF
from qqt_bayes.phrases import as_written, format_samples, quoted
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.progress import shown
from qqt_bayes.report.reading_text import LEFT_OUT
from qqt_bayes.tables.budgets import budgets_about, parse_budgets
from qqt_bayes.tables.composition import nested_levels, read_composition, read_sizes

if TYPE_CHECKING:
    from qqt_bayes.planning.question import Question
    from qqt_bayes.studies.folder import Saved

STACKING = "stacking"
"""The word for weights that predict left-out runs best."""
SIGNATURES = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")
"""First bytes of netCDF files: those that are HDF5, and the older kinds."""


def pairs_in(text: str) -> list[tuple[str, str, str | None]]:
    """Pairs such as imagenet=2, each as it was written, its name, and what stands behind the sign.

    That is None where there is no sign.  A pair that holds a comma stands in quotation marks.

    Examples
    --------
    >>> pairs_in('imagenet=2,"mean, of 38=1",vtab')[1:]
    [('mean, of 38=1', 'mean, of 38', '1'), ('vtab', '', None)]
    """
    found = []
    for pair in next(csv.reader([text], skipinitialspace=True), []):
        name, sign, value = (part.strip() for part in pair.rpartition("="))
        found.append((pair, name, value if sign else None))
    return found


def is_fit(path: str) -> bool:
    """Whether a file is netCDF, by its first bytes, or claims to be it."""
    start = b""
    if isfile(path):  # a pipe would be waited for
        with suppress(OSError), Path(path).open("rb") as file:
            start = file.read(8)
    return start.startswith(SIGNATURES) or Path(path).suffix.lower() in NETCDF


def files_read(runs: str, reading: Mapping[str, str | None]) -> list[str | None]:
    """The files that RUNS are read from: what no command may overwrite.

    Parameters
    ----------
    runs : str
    reading : mapping
        The other options of `qqt_bayes.cli.options.runs`.
    """
    return [runs, *(reading[name] for name in ("composition", "pools", "mapping"))]


def runs_of(source: str, reading: Mapping[str, Any]) -> xr.Dataset:
    """RUNS as a command reads them; what was taken or left out on the way is said on stderr.

    Parameters
    ----------
    source : str
    reading : mapping
        The other options of `qqt_bayes.cli.options.runs`.
    """
    from qqt_bayes.tables.runs import read_runs  # which no command on a saved fit needs

    if "=" in reading["kind"]:
        raise InputError(
            f"--kind {reading['kind']} says what each of several metrics is, for --by metric; of "
            "one metric give --kind error or --kind loss"
        )
    with shown("Reading the table"):
        runs = read_runs(source, **reading)
    note_reading(runs)
    if reading["unit"] is None and runs.attrs["unit"] != "samples":
        note(
            f"Budgets and pools are counted in {runs.attrs['unit']}, as the name of a column says; "
            "--unit gives another word."
        )
    if reading["replacement"] is None and "replacement" in runs:
        note("Samples were drawn with replacement, as column replacement says.")
    return runs


def note_reading(runs: xr.Dataset) -> None:
    """Say which columns a file beside the runs named, what was read how, and what was left out."""
    if runs.attrs["columns_from"]:
        pairs = [f"{key}={name}" for key, name in json.loads(runs.attrs["columns"]).items()]
        note(f"Columns as {runs.attrs['columns_from']} says: {', '.join(pairs)}.")
    if cells := json.loads(runs.attrs["read_as_written"]):
        note(as_written(cells))
    for attribute, words in LEFT_OUT.items():
        if rows := json.loads(runs.attrs[attribute]):
            note(f"{words}: {_counted(rows)}.")


def _counted(rows: list[str]) -> str:
    """Rows by name, and their number where these are many."""
    more = f" and {len(rows) - MAX_SHOWN} more" if len(rows) > MAX_SHOWN else ""
    return f"{len(rows)} ({', '.join(rows[:MAX_SHOWN])}{more})"


def named_by_model(paths: Sequence[str], fits: Sequence[Fit]) -> dict[str, Fit]:
    """Fits by the names of their models; by those of their files where two have one model.

    Raises
    ------
    InputError
        If a file is given twice.
    """
    names = [fit.spec.name for fit in fits]
    if len(set(names)) < len(names):
        names = [str(Path(path)) for path in paths]
    if len(set(names)) < len(names):
        raise InputError(f"a fit is given twice: {', '.join(paths)}")
    return dict(zip(names, fits, strict=True))


def read_study(path: str, read: Callable[[Path], Fit]) -> tuple[dict[str, Fit], Saved]:
    """The fits of a study's folder by the names of their models, and what else it knows.

    Parameters
    ----------
    path : str
    read : callable
        Reads a fit.

    Raises
    ------
    InputError
        If it is no whole study, or a file holds another fit than the study made.
    """
    from qqt_bayes.studies.folder import open_study, require_same  # words, which no fit needs

    study = open_study(path)
    fits = {name: read(file) for name, file in study.fits.items()}
    require_same(study, list(fits.values()))
    return fits, study


def weights_of(fits: Mapping[str, Fit], weights: str | None) -> list[float] | None:
    """Weights of fits as given, or by stacking, which is said on stderr; None for equal ones.

    Raises
    ------
    InputError
        If what is given are neither numbers nor "stacking".
    """
    if weights != STACKING:
        return numbers_of(weights, f" or {STACKING}")
    from qqt_bayes.comparison.loo import compare_laws  # heavy, and only several fits need it

    comparison = compare_laws(fits)
    stacked: list[float] = comparison["weight"].values.tolist()
    each = [f"{name} {weight:.2f}" for name, weight in zip(fits, stacked, strict=True)]
    note(f"Weights by stacking: {', '.join(each)}.")
    if comparison["bad_k"].any():
        note("They rest on scores that are not to be trusted: see `qqt compare`.")
    return stacked


def numbers_of(
    weights: str | None, other: str = "", *, name: str = "weights"
) -> list[float] | None:
    """Weights, or what else `name` says, as numbers; None where none are given.

    Raises
    ------
    InputError
        If they are no numbers; the message names what `other` word might stand there.
    """
    if weights is None:
        return None
    example = "0.7,0.3" if name == "weights" else "2,4,8"
    try:
        return [float(word) for word in weights.split(",")]
    except ValueError:
        raise InputError(
            f"{name}: expected numbers such as {example}{other}, got {weights!r}"
        ) from None


def go_on(questions: Sequence[Question] | Mapping[str, Sequence[Question]], yes: bool) -> None:
    """Refuse to go on with open questions; note them where the user says that all is so intended.

    Parameters
    ----------
    questions : sequence of Question, or mapping of str to that
        Several tables have theirs by their names.
    yes : bool

    Raises
    ------
    InputError
        With all questions in one message, unless `yes`.
    """
    of_tables = questions.values() if isinstance(questions, Mapping) else [questions]
    if not any(of_tables):
        return
    from qqt_bayes.report import questions_text

    if not yes:
        raise InputError(
            questions_text.listed(questions, questions_text.ANSWER),
            faults=[
                {"id": each.id, "of": list(each.of), "message": sentence}
                for table in of_tables
                for each, sentence in zip(table, questions_text.sentences(table), strict=True)
            ],
        )
    note(questions_text.listed(questions, questions_text.ANSWERED))


def levels_for(path: str | None, known: xr.Dataset) -> tuple[xr.DataArray, str]:
    """Levels from a table, or those that suggest themselves.

    Parameters
    ----------
    path : str or None
        Of a composition table.
    known : Dataset
        Runs, or parameters: `pool_size` (pool) and perhaps `unique_samples` (data, pool).

    Returns
    -------
    tuple of DataArray and str
        Unique samples, dims (level, pool); and which they are, in words.
    """
    if path is not None:
        return read_composition(path), f"levels of {path}"
    if "unique_samples" in known:
        sets = known["unique_samples"].rename(data="level")
        return sets, f"the {sets.sizes['level']} training sets of the runs"
    return nested_levels(known), "unions of the pools in the order of their table"


def levels_of(fit: Fit, levels: str | None) -> xr.DataArray:
    """Levels to judge, as given or the training sets of the fit's runs; says which on stderr."""
    taken, which = levels_for(levels, fit.runs)
    if levels is None:
        note(f"Levels: {which}; --levels gives others.")
    return taken


def nested(fits: Mapping[str, Fit], weights: list[float] | None, group: str | None) -> xr.DataArray:
    """Unions of pools, the best first, as `--nested` asks; says on stderr what their order is."""
    taken = nested_by_quality(fits, as_shares(weights, len(fits)), group)
    pools = ", ".join(map(quoted, taken["pool"].values.tolist()))
    note(
        "Levels: nested unions of whole pools, most of which nobody trained. Pools by the error "
        f"that fresh samples of each are expected to leave, the best first: {pools}."
    )
    return taken


def target_pools_of(scale: float | None, path: str | None) -> float | dict[str, float] | None:
    """How large the pools are that are decided about: a factor, or sizes from a file.

    Raises
    ------
    InputError
        If the file is no table of pools.
    """
    return scale if path is None else read_sizes(path)


def count_of(option: str, text: str | None) -> float | None:
    """A number of samples that an option gives, such as 50M.

    Raises
    ------
    InputError
        If it is none.
    """
    if text is None:
        return None
    try:
        (count,) = parse_budgets(text)
    except (InputError, ValueError):
        raise InputError(
            f"{option} {text!r}: expected one number of samples, such as 50M, 1.28B or 1e9"
        ) from None
    return float(count)


def budgets_for(fit: Fit, budgets: str | None) -> NDArray[np.float64]:
    """Budgets as given, or as the fit's runs suggest; says which on stderr."""
    if budgets is not None:
        return parse_budgets(budgets)
    at = budgets_about(fit.runs["samples_seen"].values)
    note(
        f"Budgets: {at.size} from {format_samples(at[0])} to {format_samples(at[-1])}; "
        "--budgets gives others."
    )
    return at

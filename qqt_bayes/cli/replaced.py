"""What a command may replace without being told to: what it wrote itself, as far as that shows.

Of fits, only one of the same runs and the same specification is: another may be hours of work.
A fit, ranks and a figure are marked as this package's, a decision or a frontier in JSON has its
keys. A CSV shows nothing: it may be anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.files import NETCDF, is_sealed, is_study, require_free, writable
from qqt_bayes.model.spec import Spec
from qqt_bayes.posterior import fit_file, netcdf
from qqt_bayes.report.figures.names import is_figure
from qqt_bayes.tables.order import hash_as_written, hash_runs

LARGEST_DECISION = 100_000_000
"""Bytes of a file that is looked into; a decision of a thousand levels has a tenth of that."""


def require_fits(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Let fits be written: over fits, or where nothing is."""
    _require(list(paths), fit_file.is_saved, "fit", overwrite=overwrite)


def require_same_fits(tables: Mapping[Path, xr.Dataset], spec: Spec, *, overwrite: bool) -> None:
    """Let fits be written over fits of the same runs and the same specification alone.

    Parameters
    ----------
    tables : mapping of Path to Dataset
        The runs of each fit, by its file.
    spec : Spec
    overwrite : bool
        Whether the user wants to replace them, whatever they are of.
    """
    for path, runs in {} if overwrite else tables.items():
        hashes = {hash_runs(runs), hash_as_written(runs)}  # the second for older fits
        fit_file.require_same(path, hashes, spec.hash)


def require_ranks(path: Path, *, overwrite: bool) -> None:
    """Let the ranks of a calibration be written: over others, or where nothing is."""
    _require([path], _is_ranks, "file of ranks", overwrite=overwrite)


def require_priors(path: Path, *, overwrite: bool) -> None:
    """Let draws from priors be written: over others, or where nothing is."""
    _require([path], _is_prior, "file of prior draws", overwrite=overwrite)


def draws_and_figure(
    output: str | None,
    plot: str | None,
    sources: Iterable[str | None],
    ours: Callable[..., None],
    what: str,
    *,
    overwrite: bool,
) -> tuple[Path | None, Path | None]:
    """The netCDF file and the figure that a command writes, checked before long work.

    Parameters
    ----------
    output, plot : str or None
        Their names, if they are wanted.
    sources : iterable of str or None
        What the command reads.
    ours : callable
        `require_ranks` or `require_priors`.
    what : str
        What the netCDF file holds.
    overwrite : bool

    Raises
    ------
    InputError
        If one cannot be written or is not to be replaced, ends otherwise, or both are one file.
    """
    if output and plot and Path(output).resolve() == Path(plot).resolve():
        raise InputError(f"{plot}: the {what} and their figure cannot be one file; name another.")
    read = list(sources)
    draws = writable(Path(output), read, NETCDF) if output else None
    figure = None
    if plot:
        from qqt_bayes.report.figures.files import ENDINGS  # matplotlib, for a figure alone

        figure = writable(Path(plot), read, ENDINGS)
    if draws:
        ours(draws, overwrite=overwrite)
    if figure:
        require_figures([figure], overwrite=overwrite)
    return draws, figure


def require_figures(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Let figures be written: over figures of this package, or where nothing is."""
    _require(list(paths), is_figure, "figure", overwrite=overwrite)


def require_decisions(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Let a decision be written: over one in JSON, or where nothing is."""
    _require_results(list(paths), _is_decision, "decision", overwrite=overwrite)


def require_frontiers(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Let a frontier be written: over one in JSON, or where nothing is."""
    _require_results(list(paths), _is_frontier, "frontier", overwrite=overwrite)


def _require_results(
    paths: list[Path], ours: Callable[[Path], bool], what: str, *, overwrite: bool
) -> None:
    """Let results be written: over some of the kind in JSON, or where nothing is."""
    require_free(paths, lambda _: True, overwrite=True)  # whatever they are, each its own
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    _require(tables, overwrite=overwrite)
    _require([path for path in paths if path not in tables], ours, what, overwrite=overwrite)


def _require(
    paths: list[Path],
    ours: Callable[[Path], bool] = lambda _: False,
    what: str = "",
    *,
    overwrite: bool,
) -> None:
    """Let files be written that are new, or ours and no part of a study, or to be replaced."""
    require_free(paths, ours, what, overwrite=overwrite)
    for path in paths:
        if path.exists() and not overwrite and is_study(path.parent):
            raise InputError(
                f"{path} is part of the study in {path.parent}, which would no longer be whole; "
                "choose another name, or --overwrite"
            )


def _is_ranks(path: Path) -> bool:
    return is_sealed(path) and netcdf.root_attributes(path).keys() >= {"spec", "legal"}


def _is_prior(path: Path) -> bool:
    from qqt_bayes.posterior.prior_predictive import LEGAL  # which other commands do not need

    return is_sealed(path) and netcdf.root_attributes(path).keys() >= {"spec", LEGAL}


def _is_decision(path: Path) -> bool:
    return _has_keys(path, {"schema", "settings", "decisions"})


def _is_frontier(path: Path) -> bool:
    return _has_keys(path, {"schema", "settings", "frontier"})


def _has_keys(path: Path, keys: set[str]) -> bool:
    """Whether a file is JSON that holds some keys."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_DECISION:
            return False
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and keys <= set(content)

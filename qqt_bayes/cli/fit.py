"""Fits that are made, saved and reported, each as soon as it is done: what `qqt fit` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.cli.inputs import files_read, go_on, runs_of
from qqt_bayes.cli.kinds import readings, runs_of_metric
from qqt_bayes.cli.output import emit, note
from qqt_bayes.cli.replaced import require_fits, require_same_fits
from qqt_bayes.comparison.splits import select_runs
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.files import NETCDF, slug, writable
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.planning.questions import questions
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.posterior.methods import mark, method_of
from qqt_bayes.posterior.prior_sensitivity import learned
from qqt_bayes.report import gate_text
from qqt_bayes.report.fit_text import prior_sentences


def report(
    runs: str,
    model: str,
    output: str,
    form: str,
    *,
    reading: dict[str, Any],
    by: str | None,
    yes: bool,
    force: bool,
    overwrite: bool,
    dask: str | None,
    **sampler: Any,
) -> None:
    """Read RUNS, fit a model to them, save the fits and print what their gates found.

    Parameters
    ----------
    runs, model, output : str
        RUNS, a model's name or file, and the file to write; that is checked before long work.
    form : {"table", "json", "csv"}
    reading : dict
        How to read RUNS: the other options of `qqt_bayes.cli.options.runs`.
    by : {"metric", "group"}, optional
        Of what each has a fit of its own.
    yes : bool
        Whether numbers that may mean something else are so intended.
    force : bool
        Whether a fit that did not pass its gate is no fault.
    overwrite : bool
        Whether files are replaced that are no fits of the same runs and model.
    dask : str or None
        Address of a scheduler to fit at.
    **sampler
        As for `qqt_bayes.fit`.

    Raises
    ------
    InputError
        If the model or RUNS has a fault, or a file cannot be written or is not to be replaced; if
        there are questions about the runs, and `yes` is not given.
    InadequateFit
        As in `fit_and_report`.
    """
    spec = load_model(model)
    tables = each_group(runs_of(runs, reading)) if by == "group" else []
    if by == "group":
        names = [table["group"].item() for table in tables]
    elif by == "metric":
        of_metrics = readings(runs, reading)
        names = list(of_metrics)
    else:
        names = [reading["metric"]]
    paths = files(output, names) if by else [output]
    for path in paths:
        writable(Path(path), [model, *files_read(runs, reading)], NETCDF)
    require_fits(map(Path, paths), overwrite=overwrite)
    if by == "metric":
        tables = [runs_of_metric(runs, of_metrics, name, reading["kind"]) for name in names]
    tables = tables or [runs_of(runs, reading)]
    require_same_fits(dict(zip(map(Path, paths), tables, strict=True)), spec, overwrite=overwrite)
    go_on({str(name): questions(table) for name, table in zip(names, tables, strict=True)}, yes)
    where = "" if dask is None else f" on {dask}"
    note(f"Fitting model {spec.name} to {tables[0].sizes['run']} runs{where} ...")
    if dask is None:
        note_compilation()
    fit_and_report(tables, spec, paths, form, force, dask, **sampler)


def each_group(runs: xr.Dataset) -> list[xr.Dataset]:
    """The runs of each group as a table of its own."""
    index = runs["group_index"].values
    return [select_runs(runs, index == place) for place in range(runs.sizes["group"])]


def note_compilation() -> None:
    """Say that the log density must be compiled first, where this machine has not done so yet."""
    from qqt_bayes.sampling.kernel.compiled import is_compiled, keeps_compiled

    if is_compiled():
        return
    if keeps_compiled():
        note("Compiling once for this machine: about ten seconds ...")
    else:
        note(
            "Compiling, for about twenty seconds each time: neither the package's folder nor the "
            "user's cache can be written. NUMBA_CACHE_DIR may name a folder that can."
        )


def files(output: str, names: list[str]) -> list[str]:
    """The file of each name, which goes before the ending.

    Raises
    ------
    InputError
        If two names would share a file.

    Examples
    --------
    >>> files("fits/a.nc", ["imagenet", "average of 38"])
    ['fits/a-imagenet.nc', 'fits/a-average-of-38.nc']
    """
    path = Path(output)
    words = [slug(name) for name in names]
    for name, word in zip(names, words, strict=True):
        if words.count(word) > 1 or not word:
            raise InputError(
                f"no file of its own can be named after {name!r}; rename it in the table"
            )
    return [str(path.with_name(f"{path.stem}-{word}{path.suffix}")) for word in words]


def fit_and_report(
    tables: list[xr.Dataset],
    spec: Spec,
    paths: list[str],
    form: str,
    force: bool,
    dask: str | None = None,
    **sampler: Any,
) -> None:
    """Fit each table, save it as soon as it is done, print what the gate found.

    Raises
    ------
    InadequateFit
        After all of them, if a fit did not pass its gate and none is forced.
    """
    several = len(tables) > 1
    reports: dict[int, tuple[pd.DataFrame, dict[str, Any]]] = {}
    failed, gates = [], {}
    for number, each in _fits(tables, spec, dask, sampler):
        path = paths[number]
        fit_file.save(each, Path(path), overwrite=True)  # what is there was checked before
        opened = Fit.of(each)
        gate, learning = opened.gate, learned(opened)
        for_people = form == "table"
        rows = gate_text.checks_at_a_glance(gate) if for_people else gate_text.checks(gate)
        rows = rows.assign(**mark(each.attrs))
        if several:
            rows.insert(0, "fit", path)
        reports[number] = rows, _content(each, path, gate, learning)
        seconds = each.attrs["compile_time"], each.attrs["sampling_time"]
        note("Prepared in {:.1f} s, sampled in {:.1f} s.".format(*seconds) + f" Saved as {path}.")
        for sentence in prior_sentences(learning):
            note(sentence)
        if gate.passed or force:
            note(gate_text.verdict(gate))
        else:
            gates[path] = gate
            failed.append(f"{gate_text.verdict(gate)}\n{path} is saved all the same.")
    frames, contents = zip(*(reports[number] for number in range(len(tables))), strict=True)
    emit(
        pd.concat(frames, ignore_index=True),
        form,
        lambda: {"fits": list(contents)} if several else contents[0],
    )
    if failed:
        raise InadequateFit("\n\n".join(failed), gates=gates)


def _content(fit: xr.DataTree, path: str, gate: Gate, learning: pd.DataFrame) -> dict[str, Any]:
    """What JSON says of a fit: its checks, its modes, and what it has learned."""
    return {
        "fit": path,
        "method": method_of(fit.attrs),
        "passed": gate.passed,
        "checks": gate_text.checks(gate).to_dict("records"),
        "modes": [asdict(mode) for mode in gate.modes],
        "log_marginal_likelihood": list(gate.log_marginal_likelihood),
        "learned": learning.to_dict("records"),
    }


def _fits(
    tables: list[xr.Dataset], spec: Spec, dask: str | None, sampler: dict[str, Any]
) -> Iterator[tuple[int, xr.DataTree]]:
    """Each fit with the number of its table, as soon as it is done."""
    several = len(tables) > 1
    if dask is not None:
        from qqt_bayes.sampling.many import fit_as_finished

        yield from fit_as_finished(tables, spec, dask, **sampler)
    elif several:
        from qqt_bayes.sampling.many import fit_many

        yield from enumerate(fit_many(tables, spec, progress=True, **sampler))
    else:
        from qqt_bayes.sampling.inference import fit

        yield 0, fit(tables[0], spec, progress=True, **sampler)

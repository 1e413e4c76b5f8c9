"""What another tool wrote, made into a table of runs: what `qqt import` does and says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qqt_bayes.cli.output import emit, note
from qqt_bayes.errors import InputError
from qqt_bayes.files import require_free, writable, write
from qqt_bayes.importers.long_table import Imported
from qqt_bayes.importers.meanings import written
from qqt_bayes.importers.needs import NeedsMore, Request
from qqt_bayes.importers.read import import_table
from qqt_bayes.importers.sheet import counted
from qqt_bayes.progress import shown
from qqt_bayes.report.records import to_csv

COMPOSITION = "composition.csv"
"""What a command that is ready to paste calls the second table of mixtures."""


def report(
    source: str,
    output: str,
    composition: str | None,
    form: str,
    *,
    overwrite: bool,
    mapping: str | None,
    **reading: Any,
) -> None:
    """Write the runs as CSV and print them; all that was derived, and what to do next, on stderr.

    Parameters
    ----------
    source, output : str
        The file or folder that is read, and the file that is written, whole or not at all.
    composition : str, optional
        Where to write what each mixture takes from each pool.
    form : {"table", "json", "csv"}
        How the runs are printed.
    overwrite : bool
        Whether a file that is there already is replaced.
    mapping, **reading
        See `qqt_bayes.import_runs`.
    """
    paths = [Path(path) for path in (output, composition) if path is not None]
    for path in paths:
        writable(path, (source, mapping), [".csv"])
    require_free(paths, overwrite=overwrite)
    files = {"output": output} | ({"composition": composition} if composition else {})
    try:
        with shown("Reading what is to be imported"):
            imported = import_table(source, mapping=mapping, **reading)
    except NeedsMore as error:
        words = error.request.text(lambda request: _command(request, files, overwrite=overwrite))
        raise InputError(words) from error
    _write(imported, output, composition)
    emit(imported.runs, form, lambda: _content(imported))
    note(f"{source}: read as {imported.what}.")
    for sentence in imported.said:
        note(sentence)
    note(f"Wrote {counted(len(imported.runs), 'run')} to {output}. Next:")
    for line in _next(imported, output, composition):
        note(f"  {line}")


def _write(imported: Imported, output: str, composition: str | None) -> None:
    """Write the composition first: without it the runs could not be read."""
    if imported.composition is None and composition is not None:
        raise InputError("--composition is written for mixtures; these runs are on single pools")
    if imported.composition is not None:
        if composition is None:
            raise InputError(
                "these runs are on mixtures, so a second table says what each takes from each "
                f"pool: add --composition {COMPOSITION}"
            )
        write(Path(composition), to_csv(imported.composition))
    write(Path(output), to_csv(imported.runs))


def _content(imported: Imported) -> dict[str, Any]:
    """What JSON says of an import."""
    content = {"what": imported.what, "kind": imported.kind, "said": list(imported.said)}
    runs = json.loads(imported.runs.to_json(orient="records"))
    taken = imported.composition
    return content | {
        "runs": runs,
        "composition": None if taken is None else taken.to_dict("records"),
    }


def _command(request: Request, files: Mapping[str, str], *, overwrite: bool) -> str:
    """The command that is ready to paste."""
    words = ["qqt", "import", request.name, "-o", files["output"]]
    given = dict(request.arguments)
    if request.columns:
        given["columns"] = written(request.columns)
    if request.is_mixed or "composition" in files:
        given["composition"] = files.get("composition", COMPOSITION)
    for name, value in given.items():
        words += [f"--{name.replace('_', '-')}", *([value] if value != "True" else [])]
    return shlex.join(words + ["--overwrite"] * overwrite)


def _next(imported: Imported, output: str, composition: str | None) -> list[str]:
    """The command that checks the runs, of each metric if several were read."""
    words = ["qqt", "check", output]
    if composition is not None:
        words += ["--composition", composition]
    elif "data" in imported.runs:
        words += ["--composition", "COMPOSITION.CSV"]
    metrics = [(["--metric", name], kind) for name, kind in imported.kinds.items()]
    return [
        shlex.join(words + metric + ["--kind", "loss"] * (kind == "loss"))
        for metric, kind in metrics or [([], imported.kind)]
    ]

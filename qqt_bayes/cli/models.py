"""One model specification, to copy and edit: what `qqt models NAME` prints."""

from __future__ import annotations

import sys

from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import load_model, model_text
from qqt_bayes.report.records import to_json_text


def show(name: str, form: str) -> None:
    """Print a shipped model: its file as it is, with comments, or its table as JSON.

    Parameters
    ----------
    name : str
    form : {"table", "json", "csv"}

    Raises
    ------
    InputError
        If there is no such model, or it is asked for as CSV.
    """
    if form == "csv":
        raise InputError("a model is no table: leave out --format csv, or take json")
    text = model_text(name)
    if form == "json":
        spec = load_model(name)
        sys.stdout.write(to_json_text({"model": spec.to_dict(), "hash": spec.hash}))
    else:
        sys.stdout.write(text)

"""Whatever befalls an export, its import is legal runs or one `InputError` that names the file."""

import json

import damage
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qqt_bayes.errors import InputError
from qqt_bayes.importers.read import import_table
from qqt_bayes.tables.runs import read_runs

CHART = pd.DataFrame(
    {"Step": [50, 100, 150]}
    | {
        f"{run} - val/loss{end}": [3.5, 3.1, last]
        for run, last in (("a", 2.9), ("b", None))
        for end in ("", "__MIN", "__MAX")
    }
)
MLFLOW = pd.DataFrame(
    {
        "run_id": ["1", "2", "3"],
        "status": ["FINISHED", "FAILED", "FINISHED"],
        "metrics.acc": [0.4, None, 0.5],
        "samples_seen": [1e6, 1e6, 2e6],
        "pool": ["x", "x", "y"],
        "unique_samples": [1e5, 1e5, 1e5],
        "config": ['{"lr": 0.1}', "{'lr': 0.2}", ""],
    }
)
WIDE = pd.DataFrame(
    {"pool": ["x", "y"], "unique_samples": [50, 40], "1K": [0.7, 0.6], "2K": [0.65, "(partial)"]}
)
MIXTURES = pd.DataFrame(
    {
        "mix": ["a", "b"],
        "web": [0.5, 0.25],
        "books": [0.5, 0.75],
        "samples_seen": [1e6, 1e6],
        "unique_samples": [1e6, 1e6],
        "error": [0.7, 0.6],
    }
)
MAPPING = pd.DataFrame({"run": ["a", "b"], "pool": "x", "unique_samples": 1000})
OPTIONS = {
    "chart": (CHART, {"samples_per_step": 512, "kind": "loss", "mapping": MAPPING}),
    "mlflow": (MLFLOW, {"columns": "accuracy=metrics.acc"}),
    "wide": (WIDE, {}),
    "mixtures": (MIXTURES, {}),
}
DOCUMENT = {
    "runs": [
        {
            "name": "a",
            "set": {"pool": "x", "unique_samples": 10},
            "samples_seen": 100,
            "error": 0.7,
        },
        {
            "name": "b",
            "set": {"pool": "y", "unique_samples": 10},
            "samples_seen": 100,
            "error": 0.6,
        },
    ]
}
HARNESS = {
    "results": {"arc": {"acc,none": 0.4, "acc_stderr,none": 0.01, "alias": "arc"}},
    "config": {"model_args": "pretrained=a"},
    "n-samples": {"arc": {"effective": 100}},
}
OFTEN = pytest.mark.parametrize("examples", [40, pytest.param(2000, marks=pytest.mark.slow)])


def survive(path, contents, options, examples):
    """An import is legal, or says what is wrong with which file."""

    @settings(max_examples=examples)
    @given(contents)
    def survives(content):
        damage.put(path, content)
        try:
            found = import_table(path, **options)
        except InputError as fault:
            assert str(path) in str(fault)
        else:
            runs = read_runs(found.runs, found.composition, kind=found.kind)
            assert runs.sizes["run"] == len(found.runs) >= 1

    survives()


@pytest.mark.parametrize("family", OPTIONS)
def test_the_undamaged_exports_are_imported(family, tmp_path):
    frame, options = OPTIONS[family]
    frame.to_csv(tmp_path / "whole.csv", index=False)
    assert len(import_table(tmp_path / "whole.csv", **options).runs) >= 2


@st.composite
def files(draw, frame):
    """A table as CSV, after accidents to its cells and perhaps to its bytes."""
    content = damage.as_csv(draw(damage.damaged_frames(frame)))
    content = content.encode(draw(st.sampled_from(damage.ENCODINGS)), "replace")
    return draw(damage.damaged_bytes(content)) if draw(st.booleans()) else content


@pytest.mark.parametrize("family", OPTIONS)
@OFTEN
def test_tables(family, examples, tmp_path):
    frame, options = OPTIONS[family]
    survive(tmp_path / "damaged.csv", files(frame), options, examples)


@st.composite
def documents(draw, document):
    """A JSON document some of whose values are others, after accidents to its bytes."""
    text = json.dumps(document)
    values = [str(value) for value in ("0.7", "0.6", "100", '"x"', "0.4") if str(value) in text]
    for _ in range(draw(st.integers(0, 2))):
        cell = draw(damage.CELLS | st.just("[" * 5000))
        text = text.replace(draw(st.sampled_from(values)), json.dumps(cell, default=repr), 1)
    content = text.encode("utf-8", "surrogatepass")
    return draw(damage.damaged_bytes(content)) if draw(st.booleans()) else content


@pytest.mark.parametrize("document", [DOCUMENT, HARNESS], ids=["document", "harness"])
@pytest.mark.parametrize("end", ["json", "jsonl"])
@OFTEN
def test_documents(document, end, examples, tmp_path):
    columns = "pool=set.pool,unique_samples=set.unique_samples" if document is DOCUMENT else None
    survive(tmp_path / f"damaged.{end}", documents(document), {"columns": columns}, examples)


ODD = {
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 100_000,
    "digits": b'{"error": ' + b"9" * 5000 + b"}",
    "binary": b"\0\1\2",
    "empty object": b"{}",
    "empty list": b"[]",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_documents_that_no_parser_likes(content, tmp_path):
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="odd"):
        import_table(path)

"""JSON documents, folders of them, and what is not recognised."""

import json

import made_exports as exports
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs

ROWS = [
    {"name": "a", "pool": "x", "unique_samples": 1000, "samples_seen": 1e4, "error": 0.75},
    {"name": "b", "pool": "x", "unique_samples": 1000, "samples_seen": 2e4, "error": 0.5},
]
FRAME = pd.DataFrame(ROWS)
MODEL = {
    "name": "c4-0.25",
    "dataset_name": "c4",
    "hyperparameters": {"tokens": 2e9, "acc": 8, "flags": ["--fsdp"]},
    "results": [{"loss": 4.25, "on": ["openlm"]}, {"loss": 3.5, "on": ["c4_val"]}],
}


@pytest.mark.parametrize(
    "document",
    [
        json.dumps(ROWS),
        json.dumps({"runs": ROWS}),
        json.dumps({row["name"]: row for row in ROWS}),
        FRAME.to_json(),
        FRAME.to_json(orient="split"),
        FRAME.to_json(orient="index"),
    ],
    ids=["list", "runs", "by name", "pandas", "split", "index"],
)
def test_runs_are_found_in_every_form_of_document(document, tmp_path):
    path = tmp_path / "runs.json"
    path.write_text(document)
    runs = import_runs(path)
    assert runs["error"].tolist() == [0.75, 0.5]
    assert runs["run"].tolist() in (["a", "b"], ["0", "1"])


@pytest.mark.parametrize("end", ["json", "jsonl"])
def test_one_nested_document_offers_its_fields(end, tmp_path):
    path = tmp_path / f"model.{end}"
    path.write_text(json.dumps(MODEL, indent=2))
    with pytest.raises(NeedsMore) as fault:
        import_runs(path)
    assert ("one JSON document, not JSON Lines" in str(fault.value)) == (end == "jsonl")
    assert "By 'on', results[0] is of 'openlm', results[1] of 'c4_val'." in str(fault.value)
    assert (
        str(fault.value)
        .splitlines()[-1]
        .endswith(
            "kind='loss', mapping='mapping.csv', "
            "columns='error=COLUMN,samples_seen=hyperparameters.tokens,pool=dataset_name')"
        )
    )


def test_a_folder_of_documents_is_a_table_of_runs(tmp_path):
    exports.write(tmp_path, {"a.json": MODEL, "b.json": MODEL | {"name": "other"}})
    runs = import_runs(
        tmp_path,
        kind="loss",
        columns="error=results[1].loss,samples_seen=hyperparameters.tokens,pool=dataset_name",
        mapping=pd.DataFrame({"dataset_name": ["c4"], "unique_samples": [1e9]}),
    )
    assert runs["run"].tolist() == ["c4-0.25", "other"]
    assert runs["error"].tolist() == [3.5, 3.5]


@pytest.mark.parametrize(
    ("name", "content", "saw"),
    [
        ("a.csv", "x,y\n1,2\n", "a table with 1 row and the columns x, y."),
        ("a.json", '{"a": [1, 2]}', "a JSON document with the keys a."),
        ("a.json", "5", "a JSON document of type int."),
        ("a.txt", "hello", "expected a file whose name ends in"),
    ],
)
def test_what_is_not_recognised_is_told_what_is_read_and_how_to_do_it_by_hand(
    name, content, saw, tmp_path
):
    exports.write(tmp_path, {name: content})
    with pytest.raises(InputError) as fault:
        import_runs(tmp_path / name)
    lines = str(fault.value).splitlines()
    assert lines[0].startswith(f"{tmp_path / name}: not recognised: {saw}")
    assert len([line for line in lines if line.startswith("  - ")]) == 8
    assert [line.strip() for line in lines[-3:]] == [
        "pool,unique_samples,samples_seen,error",
        "0-10%,12800000,128000000,0.769",
        "10-30%,25600000,128000000,0.754",
    ]


@pytest.mark.parametrize("source", [5, None, "nowhere.csv", "no\0where"])
def test_what_is_nowhere_is_a_fault(source):
    with pytest.raises(InputError):
        import_runs(source)


def test_an_empty_folder_is_said_to_be_empty(tmp_path):
    with pytest.raises(InputError, match="not recognised: a folder with nothing in it"):
        import_runs(tmp_path)

"""Folders of evaluation files: what they become, and the sentence that each damage yields."""

import json
import re

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.evaluations import read_evaluations
from qqt_bayes.tables.runs import read_runs

MAPPING = pd.DataFrame(
    {
        "path": ["top10", "small/top20", "small/eval_results-30.jsonl"],
        "pool": ["0-10%", "10-20%", "20-30%"],
        "unique_samples": 10,
        "samples_seen": [100, 100, 200],
    }
)
FILES = {
    "small/top10/eval_results.jsonl": {"imagenet1k": 0.25, "vtab": 0.5},
    "small/top20/eval_results.jsonl": {"imagenet1k": 0.125, "fairface": None},
    "small/eval_results-30.jsonl": {"imagenet1k": 0.0, "vtab": 0.5},
}


def line(key, accuracy):
    return json.dumps({"key": key, "metrics": {"main_metric": accuracy, "acc5": 0.9}})


@pytest.fixture
def folder(tmp_path):
    for name, lines in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line(*item) for item in lines.items()) + "\n")
    (tmp_path / "small/notes.txt").write_text("not an evaluation")
    return tmp_path


def test_files_and_mapping_make_a_table_of_runs(folder):
    table = read_evaluations(f"{folder}/**/eval_results*.jsonl", MAPPING, "imagenet1k")
    assert table.to_dict("list") == {
        "run": ["top10", "small/top20", "small/eval_results-30.jsonl"],
        "pool": ["0-10%", "10-20%", "20-30%"],
        "unique_samples": [10, 10, 10],
        "samples_seen": [100, 100, 200],
        "metric": ["imagenet1k"] * 3,
        "error": [0.75, 0.875, 1.0],
    }


def test_read_runs_does_the_same_in_one_step(folder):
    runs = read_runs(folder, mapping=MAPPING, metric="imagenet1k")
    table = read_evaluations(folder, MAPPING, "imagenet1k")
    assert runs.attrs["data_hash"] == read_runs(table).attrs["data_hash"]
    assert runs["error"].values.tolist() == [0.75, 0.875, 1.0]
    assert runs.attrs["metric"] == "imagenet1k"


def test_a_mapping_may_name_the_runs(folder):
    table = read_evaluations(folder, MAPPING.assign(run=["a", "b", "c"]), "imagenet1k")
    assert table["run"].tolist() == ["a", "b", "c"]


def test_one_folder_may_hold_several_files(folder):
    (folder / "small/top10/eval_results-retrieval.jsonl").write_text(line("flickr", 0.3))
    table = read_evaluations(folder, MAPPING, "imagenet1k")
    assert table["error"].tolist() == [0.75, 0.875, 1.0]


def test_faults_of_the_mapping_name_its_rows(folder, tmp_path):
    mapping = tmp_path / "mapping.csv"
    MAPPING.assign(samples_seen=[100, "12M", 100]).to_csv(mapping, index=False)
    with pytest.raises(InputError, match=r"mapping\.csv: 1 fault\n  row 3, column samples_seen"):
        read_runs(folder, mapping=mapping, metric="imagenet1k")


FIRST = "small/top10/eval_results.jsonl"
DAMAGES = [
    ("{", "row 1: not valid JSON: "),
    ("[]", "row 1: expected a JSON object, got []"),
    ("", "the file is empty"),
    (b"\xff".decode("latin-1"), "row 1: not valid JSON"),
    ('{"metrics": {"main_metric": 0.5}}', "row 1, column key: expected a name, got an empty cell"),
    ('{"key": "imagenet1k"}', "row 1, column main_metric: expected an accuracy in [0, 1), got an"),
    ('{"key": "imagenet1k", "metrics": 0.5}', "row 1, column main_metric: expected an accuracy in"),
    (line("imagenet1k", None), "row 1, column main_metric: expected an accuracy in [0, 1), got an"),
    (line("imagenet1k", "high"), "column main_metric: expected an accuracy in [0, 1), got 'high'"),
    (line("imagenet1k", 56.0), "column main_metric: expected an accuracy in [0, 1), got 56.0"),
    (line("imagenet1k", 1), "row 1, column main_metric: expected an accuracy in [0, 1), got 1"),
    (line("vtab", 0.5), "no line with key 'imagenet1k' for path 'top10'"),
    ("\n".join([line("imagenet1k", 0.5)] * 2), "row 2, column key: repeats "),
]


@pytest.mark.parametrize(("content", "sentence"), DAMAGES)
def test_each_damage_of_a_file_has_its_sentence(folder, content, sentence):
    (folder / FIRST).write_text(content)
    with pytest.raises(InputError) as caught:
        read_evaluations(folder, MAPPING, "imagenet1k")
    assert str(caught.value).startswith(f"{folder}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "metric", "sentence"),
    [
        (MAPPING, None, "holds 3 metrics; choose one of 'imagenet1k', 'vtab', 'fairface'"),
        (MAPPING, "imagenet", "1 fault\n  column key: unknown metric 'imagenet'; did you mean"),
        (MAPPING, "vtab", "1 fault\n  no line with key 'vtab' for path 'small/top20'"),
        (MAPPING.iloc[:2], "vtab", "-30.jsonl: expected one row of the mapping for it, got 0"),
        (pd.concat([MAPPING] * 2), "vtab", "expected one row of the mapping for it, got 2"),
        (MAPPING.replace("top10", "top1"), "vtab", "no file for path 'top1' of the mapping"),
        (MAPPING.replace("top10", " "), "vtab", "row 1, column path: expected a name, got an"),
        (MAPPING.drop(columns="path"), "vtab", "mapping table: 1 fault\n  missing column 'path'"),
        (MAPPING.assign(error=1), "vtab", "column 'error' comes from the evaluation files; leave"),
    ],
)
def test_each_damage_of_the_mapping_has_its_sentence(folder, mapping, metric, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_evaluations(folder, mapping, metric)


def test_a_pattern_that_matches_nothing(tmp_path):
    with pytest.raises(InputError, match=r"results\.jsonl: no file matches"):
        read_evaluations(tmp_path / "results.jsonl", MAPPING, "imagenet1k")

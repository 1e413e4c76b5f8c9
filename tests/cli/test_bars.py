"""Which commands say in a bar what they are doing, and how far it is, where it takes long."""

import json

import made
import pandas as pd
import pytest
from command import qqt

from qqt_bayes import progress
from qqt_bayes.sampling import many


@pytest.fixture
def said(monkeypatch):
    """What bars would show on a terminal: words, how much is done, of how much."""
    heard: list[tuple[str, float, float | None]] = []

    class Bar:
        def __init__(self, words):
            heard.append((words, 0.0, None))

        def update(self, *far):
            heard.append(far)

        def end(self):
            heard.append(("", 0.0, None))

    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    monkeypatch.setattr(progress, "_Bar", Bar)
    return heard


def test_compare(files, said):
    qqt("compare", files.good, files.free)
    words = [each[0] for each in said]
    assert ("Reading the fits", 1, 2) in said
    assert ("Leaving out runs", 1, 2) in said
    assert "Looking for the run that tells the laws apart" in words
    assert words[-1] == ""
    assert progress._bars == []


def test_compare_that_fits_again(files, said, monkeypatch):
    """Whose fits are made here."""
    monkeypatch.setattr(many, "fit_many", lambda tables, *_, **__: (made.fit() for _ in tables))
    qqt("compare", files.good, "--leave-out", "training-set", "--refit")
    assert ("Fitting again without some runs", 1, 3) in said


def test_import_of_a_table(said, tmp_path):
    table = tmp_path / "sweep.csv"
    table.write_text("pool,unique_samples,64M,128M\na,10000000,0.7,0.6\nb,10000000,0.8,0.7\n")
    qqt("import", table, "-o", tmp_path / "runs.csv")
    assert said[0] == ("Reading what is to be imported", 0.0, None)
    assert progress._bars == []


def test_import_of_a_folder(said, tmp_path):
    for number in range(3):
        (folder := tmp_path / "results" / f"run{number}").mkdir(parents=True)
        (folder / "results.json").write_text(
            json.dumps(
                {
                    "results": {"arc": {"acc,none": 0.4 + number / 10}},
                    "config": {"model_args": f"pretrained=run{number}"},
                }
            )
        )
    mapping = pd.DataFrame(
        {
            "run": [f"run{number}" for number in range(3)],
            "pool": "x",
            "unique_samples": 10,
            "samples_seen": [10, 20, 30],
        }
    )
    mapping.to_csv(tmp_path / "mapping.csv", index=False)
    qqt(
        *("import", tmp_path / "results", "--mapping", tmp_path / "mapping.csv"),
        *("-o", tmp_path / "runs.csv"),
    )
    assert ("Reading documents", 2, 3) in said

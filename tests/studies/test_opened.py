"""A study that is read back says what it said, to the last digit."""

import json
import re

import made
import made_study
import numpy as np
import pytest
from made_study import HOSTILE, carry_out, named

from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.phrases import in_lines
from qqt_bayes.posterior.fit_file import load
from qqt_bayes.report.records import plain, to_json
from qqt_bayes.report.results import text
from qqt_bayes.report.study_text import moved_of, summary
from qqt_bayes.studies.opened import load_study, open_whole
from qqt_bayes.tables.runs import read_runs

CASES = {
    "two laws": {},
    "one law": {"models": "utility"},
    "all rules": {"rule": "all"},
    "names": {"runs": named(HOSTILE)},
    "groups": {"runs": made.tables(groups=2), "models": "cherti"},
    "one of two groups": {
        "runs": made.tables(groups=2),
        "models": "cherti",
        "group": "arch 2",
    },
    "one of two groups that are alike": {"runs": made.tables(groups=2), "group": "arch 2"},
    "one budget": {"budgets": [1e9]},
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_is_what_was_decided(case, tmp_path):
    options = dict(CASES[case])
    tables = options.pop("runs", None)
    runs = None if tables is None else read_runs(*tables)
    made_now = carry_out(tmp_path / "study", runs, **options)
    opened = open_whole(tmp_path / "study")
    found = opened.study
    assert opened.date == made_study.DATE
    assert in_lines(summary(found)) == (tmp_path / "study" / "summary.txt").read_text()
    said = json.loads((tmp_path / "study" / "decision.json").read_text())
    assert [each._asdict() for each in opened.answers] == said.pop("answers")
    if case != "all rules":  # which level dominates which is not read back: no page shows it
        again = plain(to_json(found.decision, found.deciding) | moved_of(found))
        del again["answers"], said["schema"], said["study"]
        assert again == said
    for name, own in made_now.alone.items():
        for each in ("regret", "probability_best", "choice", "winner", "extrapolation", "gap"):
            np.testing.assert_array_equal(found.alone[name][each], own[each])
    assert found.weights == made_now.weights
    assert found.laws == list(made_now.laws)
    assert list(found.fits) == list(made_now.fits)


def test_a_study_that_follows_says_how_it_moved(tmp_path):
    runs, composition = made.tables()
    carry_out(tmp_path, read_runs(runs, composition))
    second = carry_out(
        tmp_path, read_runs(runs, composition), [64e6, 5e9], models="utility", overwrite=True
    )
    found = open_whole(tmp_path).study
    assert second.moved is not None
    assert moved_of(found)["moved"]["text"] == moved_of(second)["moved"]["text"]


def test_a_study_of_refused_fits_decided_nothing(tmp_path):
    with pytest.raises(InadequateFit):
        carry_out(tmp_path, infer=made_study.refused)
    with pytest.raises(InadequateFit, match="Nothing was decided") as refused:
        open_whole(tmp_path)
    commands = re.compile("`qqt [^`]*`")
    assert "--" not in commands.sub("", str(refused.value))  # Python's arguments, no options
    assert "--" in commands.sub("", refused.value.for_command)


@pytest.mark.parametrize("name", ["decision.json", "laws.csv", "comparison.csv"])
def test_a_table_that_was_changed_is_refused(name, tmp_path):
    carry_out(tmp_path)
    with (tmp_path / name).open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match=f"{name} was changed after the study; put back"):
        open_whole(tmp_path)


def test_what_is_no_study_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"without study\.json"):
        open_whole(tmp_path)


def test_a_folder_is_a_study_and_not_a_fit(tmp_path):
    study = carry_out(tmp_path / "study")
    again = load_study(tmp_path / "study")
    assert repr(again) == repr(study)
    assert text(again) == text(study)
    with pytest.raises(InputError, match=r"is the folder of a study: .* reads it"):
        load(tmp_path / "study")

"""`qqt log`: what was believed when, of a folder in which three studies followed on each other."""

import io
import json
from itertools import count

import made
import made_campaign
import pandas as pd
import pytest
from command import loading, qqt
from made_campaign import OPTIONS, runs_of

from qqt_bayes import study_log
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.sampling import inference
from qqt_bayes.studies import clock
from qqt_bayes.studies.history import kept
from qqt_bayes.studies.study import study
from qqt_bayes.tables.runs import read_runs

HEAVY = "arviz", "matplotlib", "numba", "nutpie", "pymc", "pytensor", "scipy"
DATES = ["2026-03-01T09:00:00Z", "2026-03-15T09:30:00Z", "2026-04-02T23:59:59Z"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign")
    times = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "fit", made_campaign.infer)
        patch.setattr(figure_files, "write_figures", lambda *_: [])
        # asked when a study begins and when it is written
        patch.setattr(clock, "now", lambda: DATES[next(times) // 2])
        for runs, budgets in ((8, [64e6, 1e9]), (9, [64e6, 1e9, 5e9]), (12, [64e6, 5e9])):
            study(runs_of(runs), made.levels(), budgets, folder, **OPTIONS)
    return folder


def test_all_studies_in_their_order(folder):
    lines = qqt("log", folder).stdout.splitlines()
    assert lines[0].split() == ["date", "runs", "budget", "choice", "P(best)", "regret", "winner"]
    rows = [line.split() for line in lines[2:]]
    assert [row[0] for row in rows] == [date[:10] for date in DATES]
    assert [row[2:4] for row in rows] == [["8", "1B"], ["9", "5B"], ["12", "5B"]]


def test_programs_read_all_of_it(folder):
    log = study_log(folder)
    printed = io.StringIO(qqt("log", folder, "--format", "csv").stdout)
    table = pd.read_csv(printed, dtype={"seeds": str})
    pd.testing.assert_frame_equal(table, log, check_dtype=False)
    content = json.loads(qqt("log", folder, "--format", "json").stdout)
    assert content["schema"] == 1
    assert [each["date"] for each in content["studies"]] == DATES
    choices = [row["choice"] for each in content["studies"] for row in each["decisions"]]
    assert choices == log["choice"].tolist()


def test_one_budget(folder):
    lines = qqt("log", folder, "--budget", "1B").stdout.splitlines()
    assert [line[:10] for line in lines[2:]] == ["2026-03-01", "2026-03-15"]
    said = qqt("log", folder, "--budget", "2B", exit_code=1)
    assert said.stderr == ("no study here was asked about 2B samples; asked were 64M, 1B and 5B\n")
    qqt("log", folder, "--budget", "1B,2B", exit_code=2)


@pytest.mark.parametrize(
    ("on", "which"),
    [
        ("2026-03-01", 0),
        ("2026-03-14", 0),
        ("2026-03-15T09:29", 0),
        ("2026-03-15T09:30", 1),
        ("2026-03-15T10:30+01:00", 1),
        ("2026-03-31", 1),
        ("2026-04-02", 2),
        ("2027-01-01", 2),
    ],
)
def test_what_was_believed_on_a_day(folder, on, which):
    """The verdict of the last study up to the end of the day, as it was given then."""
    place = [*kept(folder), folder][which]
    answer = json.loads((place / "decision.json").read_text())["answers"][0]
    result = qqt("log", folder, "--on", on)
    words = " ".join(result.stdout.split())
    moment = DATES[which][:16].replace("T", " ")
    begin = f"On {on} the latest study was that of {moment} UTC: {[8, 9, 12][which]} runs, decided"
    assert words.startswith(f"{begin} under utility (1.00). ")
    assert answer["verdict"] in words
    content = json.loads(qqt("log", folder, "--on", on, "--format", "json").stdout)
    assert (content["date"], content["on"]) == (DATES[which], on)
    assert content["answers"] == [answer]
    assert ("moved" in content) == ("Since the study of " in words) == (which > 0)


def test_a_day_before_the_first_study_is_one_sentence(folder):
    said = qqt("log", folder, "--on", "2026-02-28", exit_code=1).stderr
    assert said == (
        f"On 2026-02-28 there was no study in {folder} yet: the first is of 2026-03-01 09:00 UTC.\n"
    )
    wrong = qqt("log", folder, "--on", "March", exit_code=2).stderr
    assert "--on takes a date in UTC, such as 2026-03-31 or 2026-03-31T17:00; got March." in wrong


def test_it_imports_nothing_heavy(folder):
    done = loading(["log", str(folder)], HEAVY)
    assert done.stderr.splitlines()[-1] == ""


def test_groups(tmp_path, monkeypatch):
    """Each group has its rows, and moved or not by itself."""
    seeds = count()

    def infer(runs, spec, **_):
        return made.fit_of(runs, groups=2, model=spec, seed=next(seeds), spread=0.02)

    monkeypatch.setattr(inference, "fit", infer)
    monkeypatch.setattr(figure_files, "write_figures", lambda *_: [])
    runs = read_runs(*made.tables(groups=2))
    for _ in range(2):
        found = study(runs, made.levels(), [1e9], tmp_path, models="cherti", theorem=False)
    assert found.moved.budgets["group"].tolist() == ["arch 1", "arch 2"]
    assert found.moved.to_dict()["budgets"][1]["group"] == "arch 2"
    lines = qqt("log", tmp_path).stdout.splitlines()
    assert lines[0].split()[:4] == ["date", "runs", "group", "budget"]
    assert [line.split()[4] for line in lines[2:]] == ["1", "2"] * 2
    assert "for arch 1 at 1B samples" in (tmp_path / "summary.txt").read_text().replace("\n", " ")


def test_no_study(tmp_path):
    said = qqt("log", tmp_path, exit_code=1).stderr
    assert said == f"{tmp_path} holds no study that came to a decision\n"


def test_a_study_says_how_its_decision_moved(tmp_path, monkeypatch):
    """On standard error, in its text and in JSON, by the command that users give."""
    monkeypatch.setattr(inference, "fit", made_campaign.infer)
    monkeypatch.setattr(figure_files, "write_figures", lambda *_: [])
    runs, composition = made.tables()
    runs = runs.sort_values(["samples_seen", "data"], ignore_index=True)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    command = ["study", tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv"]
    command += ["--models", "utility", "--budgets", "64M,5B", "-o", tmp_path / "study", "--yes"]
    for number in (8, 12):
        runs.iloc[:number].to_csv(tmp_path / "runs.csv", index=False)
        result = qqt(*command, "--explain")
        assert ("Since the study of " in result.stderr) == (number == 12)
        assert ("Since the study of " in result.stdout) == (number == 12)
    content = json.loads(qqt(*command, "--format", "json").stdout)
    assert content["moved"]["text"] in result.stderr
    assert content["moved"]["text"] in content["study"]
    assert [row["budget"] for row in content["moved"]["budgets"]] == [64e6, 5e9]
    runs.iloc[:11].to_csv(tmp_path / "runs.csv", index=False)
    said = qqt(*command, exit_code=1).stderr
    assert "the table lacks 1 of its 12 runs, run 12 (top 3 at 1.28B samples, error " in said
    assert "name a new folder, or --overwrite goes on all the same and moves the earlier" in said
    qqt(*command, "--overwrite")
    lines = qqt("log", tmp_path / "study").stdout.splitlines()
    assert [line.split()[2] for line in lines[2:]] == ["8", "12", "11"]
    for place in kept(tmp_path / "study"):
        qqt("decide", place, "--budgets", "1B", "--yes")

"""A study that follows on another in its folder: nothing is lost, and what moved is said."""

import json
import os
from itertools import count

import made
import made_campaign
import numpy as np
import pytest
from made_campaign import OPTIONS, runs_of

from qqt_bayes import study_log
from qqt_bayes.errors import InadequateFit, InputError, PlausibilityWarning
from qqt_bayes.files import DRAFT
from qqt_bayes.posterior.fit_file import open_fit
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.sampling import inference
from qqt_bayes.studies import clock
from qqt_bayes.studies import study as module
from qqt_bayes.studies.folder import open_study
from qqt_bayes.studies.history import kept
from qqt_bayes.studies.log import read_log
from qqt_bayes.studies.study import study

BUDGETS = [64e6, 5e9]


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Made fits, no figures, and a clock by which every study is made a day after the last."""
    days = count(1)
    monkeypatch.setattr(inference, "fit", made_campaign.infer)
    monkeypatch.setattr(figure_files, "write_figures", lambda *_: [])
    monkeypatch.setattr(clock, "now", lambda: f"2026-03-{next(days):02d}T12:00:00Z")


def carry_out(folder, runs, budgets=BUDGETS, **options):
    return study(runs, made.levels(), budgets, folder, **OPTIONS | options)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_earlier_study_is_kept_byte_for_byte(tmp_path):
    first = carry_out(tmp_path, runs_of(8))
    assert first.moved is None
    before = files(tmp_path)
    del before["log.jsonl"]
    second = carry_out(tmp_path, runs_of(12))
    (earlier,) = kept(tmp_path)
    assert files(earlier) == before
    content = json.loads(before["study.json"])
    assert earlier.name == f"{content['date'].replace(':', '-')}-{content['data_hash'][:12]}"
    saved = open_study(earlier)
    assert list(saved.fits) == ["utility"]
    log = study_log(tmp_path)
    assert log["runs"].tolist() == [8, 8, 12, 12]
    assert log["folder"].tolist() == [*[str(earlier)] * 2, *[str(tmp_path)] * 2]
    for found, runs in ((first, 8), (second, 12)):
        rows = log[log["runs"] == runs]
        assert rows["choice"].tolist() == found.decision["choice"].values.tolist()
        np.testing.assert_allclose(rows["regret"], found.decision["choice_regret"])
    assert (tmp_path / "log.jsonl").read_text().count("\n") == 2


def test_how_the_decision_moved(tmp_path):
    """The earlier choice is judged by today's draws, at the budgets asked in both."""
    first = carry_out(tmp_path, runs_of(8))
    second = carry_out(tmp_path, runs_of(12), [5e9, 64e6, 1e9])
    rows = second.moved.budgets
    assert rows["budget"].tolist() == BUDGETS
    for row in rows.itertuples():
        then, now = (each.decision.sel(budget=row.budget) for each in (first, second))
        assert row.choice_before == then["choice"].item()
        assert row.choice == now["choice"].item()
        chances = then["probability_best"], now["probability_best"]
        assert row.probability_before == chances[0].sel(level=row.choice_before).item()
        assert row.probability_best == chances[1].sel(level=row.choice).item()
        assert row.regret_of_before == now["regret"].sel(level=row.choice_before).item()
    content = json.loads((tmp_path / "decision.json").read_text())["moved"]
    assert (content["runs_before"], content["runs_missing"]) == (8, 0)
    assert content["budgets"] == rows.drop(columns="group").to_dict("records")
    assert content["text"] in " ".join((tmp_path / "summary.txt").read_text().split())
    assert content["text"].startswith("Since the study of 2026-03-02, of 8 runs, the choice has ")


def test_the_same_study_again_leaves_no_trace(tmp_path):
    carry_out(tmp_path, runs_of(8))
    carry_out(tmp_path, runs_of(12))
    before, log = files(tmp_path), study_log(tmp_path)
    earlier = kept(tmp_path)
    again = carry_out(tmp_path, runs_of(12))
    assert again.moved.since == log["date"][0]
    assert files(tmp_path) == before
    assert kept(tmp_path) == earlier
    carry_out(tmp_path, runs_of(12), [1e9])
    assert len(read_log(tmp_path).entries) == 3


def test_studies_of_one_second_stay_in_their_order(tmp_path, monkeypatch):
    """Also where names of folders would sort otherwise."""
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T12:00:00Z")
    for runs in (6, 8, 10, 12):
        found = carry_out(tmp_path, runs_of(runs), [1e9])
        assert study_log(tmp_path)["runs"].tolist() == list(range(6, runs + 1, 2))
    assert found.moved.runs == 10


def test_a_study_that_was_refused_or_ended_early_is_kept_and_not_logged(tmp_path, monkeypatch):
    """Its fits may be hours of work; what was decided before stays what was believed."""
    carry_out(tmp_path, runs_of(6), [1e9])
    with monkeypatch.context() as patch, pytest.raises(InadequateFit):
        patch.setattr(inference, "fit", made_campaign.refused)
        carry_out(tmp_path, runs_of(8), [1e9])
    assert study_log(tmp_path)["runs"].tolist() == [6]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "published", interrupted)
        carry_out(tmp_path, runs_of(10), [1e9])
    assert study_log(tmp_path)["runs"].tolist() == [6]
    with pytest.raises(InputError, match="the table lacks 2 of its 10 runs"):
        carry_out(tmp_path, runs_of(8), [1e9])
    found = carry_out(tmp_path, runs_of(12), [1e9])
    assert found.moved.runs == 6
    assert study_log(tmp_path)["runs"].tolist() == [6, 12]
    fits = [open_fit(place / "utility.nc") for place in kept(tmp_path)]
    assert [fit.runs.sizes["run"] for fit in fits] == [6, 8, 10]


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_rows_in_another_order_are_the_same_campaign(tmp_path):
    carry_out(tmp_path, runs_of(8))
    table, composition = made.tables()
    later = made_campaign.read_runs(table.iloc[::-1], composition.iloc[::-1])
    assert carry_out(tmp_path, later).moved.missing == 0


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (lambda: runs_of(7), r"the table lacks 1 of its 8 runs, run 8 \(top 2 at 320M samples, er"),
        (lambda: runs_of(12, error=0.5), r"8 of its 8 runs have another error, run 1 \(top 1 at"),
        (lambda: runs_of(8, metric="other"), r"these are of metric other \(it was none\)"),
    ],
)
def test_a_table_that_lacks_earlier_runs_is_refused(tmp_path, monkeypatch, runs, sentence):
    carry_out(tmp_path, runs_of(8))
    before = files(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(InputError, match=sentence) as refused:
        patch.setattr(inference, "fit", lambda *_, **__: pytest.fail("it was fitted"))
        carry_out(tmp_path, runs())
    assert "overwrite=True goes on all the same and moves the earlier study" in str(refused.value)
    assert files(tmp_path) == before
    found = carry_out(tmp_path, runs(), overwrite=True)
    (earlier,) = kept(tmp_path)
    assert files(earlier) == {name: each for name, each in before.items() if name != "log.jsonl"}
    lost = found.moved is not None and found.moved.missing
    assert lost == (runs().sizes["run"] == 7)


@pytest.mark.parametrize(
    "step",
    [pytest.param(i, marks=[pytest.mark.slow] if i % 3 else []) for i in range(12)],
)
@pytest.mark.parametrize("function", ["replace", "link", "unlink"])
def test_who_is_killed_at_any_step_loses_nothing(tmp_path, monkeypatch, step, function):
    """The earlier study is whole, at the top or in the history, and the log is read."""
    carry_out(tmp_path, runs_of(8))
    before = study_log(tmp_path)
    content = files(tmp_path)
    del content["log.jsonl"]
    owner = os if function != "unlink" else type(tmp_path)
    real, calls = getattr(owner, function), count()

    def failing(*arguments, **options):
        if str(arguments[0]).endswith(DRAFT) and function == "unlink":
            return real(*arguments, **options)  # the end of a file that is written
        if next(calls) == step:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, function, failing)
        try:
            carry_out(tmp_path, runs_of(12))
        except KeyboardInterrupt:
            pass
        else:
            assert next(calls) <= step
    places = [files(place) for place in (*kept(tmp_path), tmp_path)]
    assert any(content.items() <= place.items() for place in places)
    if not json.loads((tmp_path / "study.json").read_text())["whole"]:
        with pytest.raises(InputError, match=r"; the study before it is in .*history/2026-03-02T"):
            open_study(tmp_path)
    log = study_log(tmp_path)
    columns = ["date", "runs", "budget", "choice", "probability_best"]
    assert log[columns].iloc[:2].equals(before[columns])
    carry_out(tmp_path, runs_of(12))
    assert study_log(tmp_path)["runs"].tolist() == [8, 8, 12, 12]
    assert len(kept(tmp_path)) == 1
    assert not [path for path in (tmp_path / "history").iterdir() if path.name.endswith(DRAFT)]


def edited(old, new):
    def change(folder):
        path = folder / "log.jsonl"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def forged(folder):
    """A line with a good digest, of a study that never was."""
    from qqt_bayes.studies import log

    path = folder / "log.jsonl"
    said = json.loads(path.read_text().splitlines()[0])
    said |= {"date": "2026-01-01T00:00:00Z", "belief": "0"}
    del said["digest"]
    path.write_text(path.read_text() + log._line(said))


def gone(folder):
    for path in kept(folder)[0].iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("change", "sentence", "runs"),
    [
        (edited('"runs": 8', '"runs": 80'), "line 1 was changed after it was written", [8, 12]),
        (lambda folder: (folder / "log.jsonl").write_text("[1]\n"), "line 1 was changed", [8, 12]),
        (forged, "line 3 is of a study of 2026-01-01T00:00:00Z that is kept neither", [8, 8, 12]),
        (gone, "line 1 is of a study of 2026-03-02T12:00:00Z that is kept neither", [8, 12]),
        (lambda folder: (folder / "log.jsonl").unlink(), None, [8, 12]),
        (
            lambda folder: (kept(folder)[0] / "decision.json").write_text("{}"),
            "decision.json was changed after the study",
            [8, 12],
        ),
    ],
)
def test_what_was_changed_by_hand_is_said(tmp_path, recwarn, change, sentence, runs):
    """What the log or the kept study still bears out is shown."""
    for number in (8, 12):
        carry_out(tmp_path, runs_of(number), [1e9])
    change(tmp_path)
    recwarn.clear()
    if sentence is None:
        found = study_log(tmp_path)
    else:
        with pytest.warns(PlausibilityWarning, match=sentence):
            found = study_log(tmp_path)
    assert found["runs"].tolist() == runs


def test_a_study_from_before_there_was_a_log(tmp_path):
    """Its date is that of its file; the next study logs it."""
    carry_out(tmp_path, runs_of(8), [1e9])
    (tmp_path / "log.jsonl").unlink()
    path = tmp_path / "study.json"
    content = json.loads(path.read_text())
    del content["date"], content["digest"]
    from qqt_bayes.studies import folder

    path.write_text(json.dumps(content | {"digest": folder._own_digest(content)}))
    os.utime(path, (0, 86400))
    assert study_log(tmp_path)["date"].tolist() == ["1970-01-02T00:00:00Z"]
    carry_out(tmp_path, runs_of(12), [1e9])
    assert study_log(tmp_path)["runs"].tolist() == [8, 12]
    assert (tmp_path / "log.jsonl").read_text().count("\n") == 2


def test_a_folder_without_a_study_has_no_log(tmp_path):
    with pytest.raises(InputError, match="holds no study that came to a decision"):
        study_log(tmp_path)

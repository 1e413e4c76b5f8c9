"""`qqt design`: its verdict, its table, the rows to fill in; and what it refuses."""

import json

import made
import pandas as pd
import pytest
from command import qqt
from made_study import carry_out, refused

from qqt_bayes.errors import InadequateFit
from qqt_bayes.planning.proposal import design
from qqt_bayes.posterior import fit_file
from qqt_bayes.studies import folder as folders

ASKED = ("--budget", "750M", "--allowance", "500M")


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """A fit whose levels are near each other at the target."""
    path = tmp_path_factory.mktemp("design") / "near.nc"
    fit_file.save(made.fit(draws=500, spread=0.06), path)
    return path


def test_it_prints_a_verdict_a_table_and_at_most_four_sentences(near):
    said = qqt("design", near, *ASKED).stdout
    verdict, table, bullets = said.split("\n\n")
    assert " ".join(verdict.split()).startswith("At 750M samples the choice today is top ")
    assert "train on" in table
    assert "regret left" in table
    assert 1 <= bullets.count("- ") <= 4


def test_rows_are_written_with_room_for_their_errors(files, near, tmp_path):
    """Filled in and put under the runs, they are a table that can be read."""
    path = tmp_path / "next.csv"
    qqt("design", near, *ASKED, "-o", path)
    rows = pd.read_csv(path)
    assert {"data", "samples_seen", "error"} <= {*rows.columns}
    assert rows["error"].isna().all()
    before = pd.read_csv(files.runs)
    runs = tmp_path / "runs.csv"
    pd.concat([before.drop(columns="group"), rows.assign(error=0.5)]).to_csv(runs, index=False)
    read = (runs, "--composition", files.composition)
    checked = json.loads(qqt("check", *read, "--format", "json").stdout)
    assert checked["runs"] == len(before) + len(rows)


def test_json_holds_all_that_is_known(files):
    found = json.loads(qqt("design", files.good, *ASKED, "--format", "json").stdout)
    assert {"schema", "runs", "candidates", "parameters", "expected_regret", "value"} <= set(found)
    assert found["summary"].startswith("At 750M samples the choice today is")
    assert sum(run["cost"] for run in found["runs"]) <= found["allowance"]


def test_csv_is_a_row_for_each_run(files):
    result = qqt("design", files.good, *ASKED, "--format", "csv")
    assert result.stdout.splitlines()[0].startswith("data,unique_samples,samples_seen")
    assert "At 750M samples" in result.stderr


def test_the_first_runs_come_from_a_composition_alone(files):
    said = qqt("design", files.composition, *ASKED).stdout
    assert "before any run, by the prior alone" in " ".join(said.split())
    assert "train on" in said
    assert "paid for" not in said


def test_a_prior_that_lets_losses_explode_is_refused(files):
    said = qqt("design", files.composition, *ASKED, "--kind", "loss", exit_code=1).stderr
    assert "the prior of effective-reuse is too wide to plan by" in " ".join(said.split())


def test_too_small_an_allowance_is_said(files):
    said = qqt("design", files.good, "--budget", "750M", "--allowance", "1M").stdout
    words = "No run can be made for 1M samples: the cheapest costs 23.4M samples"
    assert words in " ".join(said.split())


def test_money_is_counted_where_prices_are_given(files, tmp_path):
    fit = tmp_path / "fit.nc"
    fit_file.save(made.fit(draws=500, spread=0.06), fit)
    costs = tmp_path / "costs.toml"
    costs.write_text(
        'currency = "EUR"\nworth = 1e6\n'
        "[training]\nprice_per_million_samples = 2\nprice_per_run = 20\n"
    )
    asked = ("--budget", "750M", "--allowance", "1500", "--costs", costs)
    said = " ".join(qqt("design", fit, *asked).stdout.split())
    assert (
        "in error (its expected regret): no further run can save more than that on average, which "
        "is" in said
    )
    assert "cost (EUR)" in said
    assert (
        "- All data are taken to be paid for, because the cost file has no prices of pools." in said
    )
    assert "An error that is smaller by 0.01 being worth EUR 1,000,000, what they save is" in said
    found = json.loads(qqt("design", fit, *asked, "--format", "json").stdout)
    assert found["unit"] == "EUR"
    for run in found["runs"]:
        assert run["cost"] == pytest.approx(run["samples_seen"] / 1e6 * 2 + 20)
    assert sum(run["cost"] for run in found["runs"]) <= 1500
    assert found["data_owned"] is True
    first = qqt("design", files.composition, *asked).stdout
    assert "cost (EUR)" in " ".join(first.split())


def test_faults_of_prices_are_named(files, tmp_path):
    costs = tmp_path / "costs.toml"
    costs.write_text('currency = "EUR"\n[training]\nprice_per_run = -20\n')
    said = qqt("design", files.good, *ASKED, "--costs", costs, exit_code=1).stderr
    assert "training.price_per_run: expected a number from 0" in said
    assert "costs.toml: 2 faults" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["good", "--allowance", "1B"], 2, "A fit has no target of its own: give --budget."),
        (["good", "--budget", "1B"], 2, "Missing option '--allowance'"),
        (["composition", "--allowance", "1B"], 2, "has no target of its own: give --budget."),
        (["composition", *ASKED, "--scale", "2"], 2, "--scale is for a STUDY or FITs"),
        (["good", *ASKED, "--model", "utility"], 2, "--model is for a composition"),
        (["good", *ASKED[:2], "--allowance", "1B,2B"], 1, "allowance: expected one number, got 2"),
        (
            ["composition", *ASKED[:2], "--allowance", "1B,2B"],
            1,
            "allowance: expected one number, got 2",
        ),
        (["good", *ASKED, "--scale", "2", "--target-pools", "x"], 2, "give one"),
        (["good", *ASKED, "-o", "next.nc"], 1, "next.nc"),
        (["composition", *ASKED[:2], "--allowance", "EUR 5"], 1, "allowance: expected a number"),
        (["good", *ASKED[:2], "--allowance", "EUR 5"], 1, "allowance: expected a number of at"),
        (["bad", *ASKED], 3, ""),
    ],
)
def test_what_cannot_be_done_is_said(files, arguments, code, words):
    source, *options = arguments
    assert words in qqt("design", getattr(files, source), *options, exit_code=code).stderr


def test_another_table_is_not_replaced(files, tmp_path):
    path = tmp_path / "next.csv"
    path.write_text("mine\n")
    qqt("design", files.good, *ASKED, "-o", path, exit_code=1)
    assert path.read_text() == "mine\n"


def test_where_nothing_is_proposed_nothing_is_written(files, tmp_path):
    path = tmp_path / "next.csv"
    said = qqt("design", files.good, "--budget", "750M", "--allowance", "1M", "-o", path).stderr
    assert "No run is proposed, so" in said
    assert not path.exists()


def test_a_figure_is_drawn(near, tmp_path):
    """Its own may be drawn over, another's may not without being told to."""
    asked = ("design", near, *ASKED, "--figures", tmp_path / "figures")
    for _ in range(2):
        assert "2 figures are in" in qqt(*asked).stderr
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["plan.png", "plan.svg"]
    (tmp_path / "figures" / "plan.png").write_text("mine\n")
    assert "--overwrite" in qqt(*asked, exit_code=1).stderr
    assert (tmp_path / "figures" / "plan.png").read_text() == "mine\n"
    qqt(*asked, "--overwrite")


def margin_of(study, *options):
    said = qqt("design", study, "--allowance", "1B", "--format", "json", *options).stdout
    return json.loads(said)["margin"]


def test_the_margin_is_that_of_the_study(tmp_path):
    """The command knows it from the folder, as Python does from the study; a fit has none."""
    study = carry_out(tmp_path / "study", margin=0.01)
    assert margin_of(tmp_path / "study") == design(study, "1B").margin == 0.01
    assert margin_of(tmp_path / "study" / "utility.nc", "--budget", "5B") == 0.003


def test_an_older_study_without_a_margin_has_the_usual_one(tmp_path):
    carry_out(tmp_path, margin=0.01)
    path = tmp_path / "decision.json"
    said = json.loads(path.read_text())
    del said["settings"]["margin"]
    path.write_text(json.dumps(said))
    content = folders.begun(tmp_path)
    content["files"]["decision.json"] = folders.digest_of(path)
    folders._conclude(tmp_path, {key: x for key, x in content.items() if key != folders.DIGEST})
    assert margin_of(tmp_path) == 0.003


def test_a_study_that_decided_nothing_has_the_usual_margin(tmp_path):
    with pytest.raises(InadequateFit):
        carry_out(tmp_path / "study", infer=refused, margin=0.01)
    assert margin_of(tmp_path / "study", "--force") == 0.003


def test_a_decision_that_was_changed_by_hand_is_refused(tmp_path):
    carry_out(tmp_path)
    path = tmp_path / "decision.json"
    path.write_text(path.read_text().replace("0.003", "0.3"))
    done = qqt("design", tmp_path, "--allowance", "1B", exit_code=1)
    assert "decision.json was changed after the study" in done.stderr

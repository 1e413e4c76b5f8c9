"""`qqt decide`: its table, its words, its files and figures; and what it refuses."""

import json
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.cli import main
from qqt_bayes.cli.options import WITHOUT_TAIL
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.posterior import fit_file
from qqt_bayes.report import decision_text

BUDGETS = "64M,640M"


@pytest.mark.parametrize("field", fields(Criteria), ids=lambda field: field.name)
def test_options_have_the_defaults_of_criteria(field):
    """They are written twice, so that help does not import what decides."""
    parsed = main.decide.make_context("decide", ["fit.nc"]).params
    assert parsed[field.name] == field.default


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_sentences_are_made_once(files, monkeypatch, form):
    made_of = []
    sentences = decision_text._sentences

    def counted(decision):
        made_of.append(decision)
        return sentences(decision)

    monkeypatch.setattr(decision_text, "_sentences", counted)
    qqt("decide", files.good, "--budgets", "1B", "--format", form, "--explain")
    assert len(made_of) == (0 if form == "csv" else 1)


def test_faults_of_options_exit_with_1(files: SimpleNamespace) -> None:
    for options, sentence in (
        (("--budgets", "64 million"), "budget '64 million': expected a number of samples"),
        (("--rule", "cvr"), "did you mean 'cvar'"),
        (("--rule", "target"), "rule 'target' needs a number"),
        (("--interval", "90"), "interval: expected a number between 0 and 1, got 90"),
        (("--only-group", "ViT"), "unknown group 'ViT'"),
        (("--levels", "none.csv"), "none.csv: no such file"),
    ):
        assert sentence in qqt("decide", files.good, *options, exit_code=1).stderr


def test_decide_prints_table_and_summary(files: SimpleNamespace) -> None:
    result = qqt("decide", files.good)
    assert "Levels: the 3 training sets of the runs; --levels gives others." in result.stderr
    assert "Budgets: 13 from 64M to 5.12B; --budgets gives others." in result.stderr
    verdict, table, candidates, bullets = result.stdout.split("\n\n")
    question, answer = " ".join(verdict.split()).split(" At 5.12B samples take top 3: ")
    assert question.startswith(
        "Beware: at 5.12B samples a run would go through every candidate 133 times or more"
    )
    assert answer.startswith("it is best with probability more than 0.99")
    assert len(table.splitlines()) == 2 + 13
    heading = "budget choice P(best) P(within 0.003) error [90%] regret winner extrapolated"
    assert table.splitlines()[0].split() == heading.split()
    assert table.splitlines()[2].split()[:4] == ["64M", "top", "2", "1.00"]
    assert table.splitlines()[-1].split()[-1] == "4x"
    first = candidates.splitlines()[2]
    assert first.split()[:2] == ["top", "3"]
    assert "38.4M" in first
    assert bullets.startswith("- Why: the mean error of top 3 is ")
    explained = qqt("decide", files.good, "--explain").stdout
    assert explained.startswith(result.stdout)
    words = explained.removeprefix(result.stdout)
    assert "Levels are compared by expected error" in " ".join(words.split())
    assert max(map(len, words.splitlines())) <= 100


def test_decide_as_json_holds_the_summary(files: SimpleNamespace) -> None:
    options = ("--budgets", "64M,1.28B", "--levels", files.levels, "--format", "json")
    result = qqt("decide", files.good, *options)
    decision = json.loads(result.stdout)
    assert "Levels are compared by" in decision["summary"]
    assert [each["choice"] for each in decision["decisions"]] == ["top 2", "top 3"]
    assert result.stderr == ""


def test_decide_as_csv_holds_rows_only(files: SimpleNamespace) -> None:
    result = qqt("decide", files.good, "--budgets", "64M,1.28B", "--format", "csv")
    assert len(result.stdout.splitlines()) == 1 + 2 * 3
    assert "At 1.28B samples take top 3: it is best with probability" in result.stderr


def test_decide_by_another_rule(files: SimpleNamespace) -> None:
    options = ("--rule", "target", "--target", "0.62", "--margin", "0.01", "--interval", "0.8")
    result = qqt("decide", files.good, "--budgets", "1B", "--format", "json", *options)
    settings = json.loads(result.stdout)["settings"]
    assert settings["rule"] == "target"
    assert (settings["target"], settings["margin"], settings["interval"]) == (0.62, 0.01, 0.8)


def test_decide_by_all_rules_of_one_new_training(files: SimpleNamespace) -> None:
    asked = ("decide", files.good, "--budgets", "64M,1B", "--rule", "all", "--cvar-level", "0.8")
    shown = qqt(*asked).stdout.split("\n\n")
    heading = "budget by expected by cvar by regret by minimax-regret by cvar-regret"
    assert shown[3].splitlines()[0].split() == heading.split()
    assert "All 5 rules choose alike at every budget." in shown[4]
    content = json.loads(qqt(*asked, "--new-run", "--format", "json").stdout)
    assert content["settings"]["of"] == "one new run"
    assert [row["cvar-regret"] for row in content["choices_by_rule"]] == ["top 2", "top 3"]
    assert "one new training each" in content["summary"]
    refused = qqt("decide", files.good, "--rule", "regret", "--cvar-level", "0.8", exit_code=2)
    assert "--cvar-level is for --rule cvar, minimax-regret" in refused.stderr


def test_decide_writes_files_and_figures(files: SimpleNamespace, tmp_path: Path) -> None:
    paths = [tmp_path / "decision.csv", tmp_path / "decision.json"]
    outputs = [option for path in paths for option in ("-o", path)]
    figures = tmp_path / "new" / "figures"
    result = qqt("decide", files.good, "--budgets", "64M,1B", *outputs, "--figures", figures)
    assert len(pd.read_csv(paths[0])) == 6
    assert len(json.loads(paths[1].read_text())["decisions"]) == 2
    names = ("parameter_posteriors", "probability_best", "scaling_curves", "utility_curves")
    written = sorted(path.name for path in figures.iterdir())
    assert written == [f"{name}.{ending}" for name in names for ending in ("png", "svg")]
    assert f"8 figures are in {figures}." in result.stderr


def test_figures_of_each_group(files: SimpleNamespace, tmp_path: Path) -> None:
    qqt("decide", files.groups, "--budgets", "64M,1B", "--figures", tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"scaling_curves-arch-1.png", "scaling_curves-arch-2.svg"} <= names
    qqt("decide", files.groups, "--only-group", "arch 2", "--figures", tmp_path / "one")
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert "scaling_curves-arch-2.png" in names
    assert "scaling_curves-arch-1.png" not in names


def test_decide_needs_force_for_a_fit_that_failed(files: SimpleNamespace) -> None:
    refused = qqt("decide", files.bad, exit_code=3)
    assert refused.stdout == ""
    assert "The fit did not pass its gate." in refused.stderr
    assert "--force" in refused.stderr
    forced = qqt("decide", files.bad, "--force")
    assert "every number here may be wrong" in forced.stdout
    assert "The fit did not pass its gate." in forced.stderr


def test_decide_under_several_laws(files: SimpleNamespace) -> None:
    asked = ("decide", files.good, files.free, "--budgets", "1B", "--format", "json")
    half = "of the models utility (50% of them) and utility-free-size (50% of them)"
    assert half in json.loads(qqt(*asked).stdout)["summary"]
    result = qqt(*asked, "--weights", "stacking")
    assert "Weights by stacking: utility " in result.stderr
    given = json.loads(qqt(*asked, "--weights", "0.25,0.75").stdout)
    assert "utility (25% of them) and utility-free-size (75% of them)" in given["summary"]
    assert given["settings"]["model"] == "stack (utility 0.25, utility-free-size 0.75)"
    assert "expected numbers such as" in qqt(*asked, "--weights", "all", exit_code=1).stderr
    assert "expected 2 numbers" in qqt(*asked, "--weights", "1", exit_code=1).stderr
    refused = qqt("decide", files.good, files.bad, "--weights", "1,1", exit_code=3)
    assert "The fit did not pass its gate." in refused.stderr


def test_decide_is_marked_in_every_form(files, tmp_path):
    levels = made.levels().rename(level="data").to_series()
    levels[levels > 0].reset_index().to_csv(tmp_path / "levels.csv", index=False)
    common = ("decide", files.laplace, "--levels", tmp_path / "levels.csv", "--budgets", BUDGETS)
    written = ("-o", tmp_path / "decision.csv", "-o", tmp_path / "decision.json")
    assert made.LAPLACE_REMARK in qqt(*common, *written).stdout.replace("\n", " ")
    assert json.loads(qqt(*common, "--format", "json").stdout)["summary"].startswith(
        made.LAPLACE_REMARK
    )
    rows = qqt(*common, "--format", "csv")
    assert rows.stdout.splitlines()[1].endswith(",laplace")
    assert made.LAPLACE_REMARK in rows.stderr
    assert set(pd.read_csv(tmp_path / "decision.csv")["method"]) == {"laplace"}
    assert json.loads((tmp_path / "decision.json").read_text())["settings"]["method"] == "laplace"


def test_decide_among_subsets_of_pools(tmp_path):
    path = tmp_path / "fit.nc"
    fit_file.save(made.fit(pools=4, spread=0.05), path)
    shown = qqt("decide", path, "--subsets", "--budgets", "2M,30M", "--format", "json")
    content = json.loads(shown.stdout)
    assert [each["budget"] for each in content["decisions"]] == [2e6, 3e7]
    assert content["settings"]["subsets"] == 15
    assert {level["optimality_gap"] for level in content["decisions"][0]["levels"]} == {0.0}
    for option, *value in (["--levels", "l.csv"], ["--figures", "figures"], ["--new-run"]):
        refused = qqt("decide", path, "--subsets", option, *value, exit_code=2)
        assert f"{option} is for levels; --subsets judges subsets of pools." in refused.output


def test_decide_how_much_to_take_of_each_pool(tmp_path):
    path, out = tmp_path / "fit.nc", tmp_path / "decision.csv"
    fit_file.save(made.fit(pools=4, spread=0.05), path)
    common = ("decide", path, "--shares", "--budgets", "64M,1B", "--most-samples", "20M")
    limited = (*common, "--never", "10-20%", "--never", "30-40%", "--most-epochs", "60")
    content = json.loads(qqt(*limited, "-o", out, "--format", "json").stdout)
    assert content["settings"]["most_samples"] == 2e7
    assert content["settings"]["never"] == ["10-20%", "30-40%"]
    assert content["answers"][0]["bullets"][0].startswith("This was never trained,")
    assert content["answers"][0]["bullets"][1].startswith("Limits: at most 20M unique samples;")
    rows = pd.read_csv(out)
    chosen = rows[rows["choice"]]
    assert (chosen["takes 10-20%"] == 0).all()
    assert (chosen.filter(like="takes ").sum(axis=1) <= 2e7 * (1 + 1e-6)).all()
    shown = qqt(*limited).stdout
    assert "gain" in shown
    assert "56% of 20-30%" in shown
    assert "At 1B samples take all of 0-10%, and 7.2M of 20-30% (56 % of the pool)" in shown


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--most-samples", "20M"), 2, "--most-samples is for --shares."),
        (("--never", "0-10%"), 2, "--never is for --shares."),
        (("--shares", "--subsets"), 2, "--subsets is not for --shares, which seeks what to take"),
        (("--shares", "--nested"), 2, "--nested is not for --shares"),
        (("--shares", "--most-samples", "lots"), 1, "--most-samples 'lots': expected one number"),
        (("--shares", "--most-epochs", "nan"), 1, "most_epochs: expected a number of epochs"),
        (("--shares", "--always", "0-1%"), 1, "always: unknown pool '0-1%'"),
        (
            ("--shares", "--most-epochs", "1"),
            1,
            "data that is seen at most 1 times takes 1B",
        ),
    ],
)
def test_limits_of_shares_that_make_no_sense(files, options, code, words):
    budgets = ("--budgets", "64M,1B")
    said = qqt("decide", files.good, *budgets, *options, exit_code=code)
    assert words in " ".join(said.output.split())


def test_the_command_line_says_what_to_do_in_its_own_terms(tmp_path):
    """Python's message names arguments instead."""
    bad = made.fit(draws=50, passed=False)
    fit_file.save(bad, tmp_path / "bad.nc")
    said = qqt("decide", tmp_path / "bad.nc", "--budgets", "1B", exit_code=3).stderr
    assert "FAILED: the chains disagree: sample longer (--draws 150 --tune 150)" in said
    assert said.endswith("Use --force to go on all the same.\n")


def test_rules_without_a_tail_are_those_of_the_registry():
    assert {name for name, rule in RULES.items() if not rule.of_tail} == {*WITHOUT_TAIL}

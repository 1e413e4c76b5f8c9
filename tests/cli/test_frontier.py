"""`qqt frontier`: its tables, its three sentences, its files and figure; and what it refuses."""

import json
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
from command import qqt

from qqt_bayes.posterior import fit_file

BUDGETS = ("--budgets", "64M:5B:5")
TARGETS = ("--targets", "0.66,0.3")


def test_it_prints_tables_and_three_sentences(files: SimpleNamespace) -> None:
    result = qqt("frontier", files.good, *BUDGETS, *TARGETS)
    assert "Levels: the 3 training sets of the runs; --levels gives others." in result.stderr
    budgets, targets, words = result.stdout.split("\n\n")
    heading = "budget choice error [90%] P(best) EVPI winner extrapolated"
    assert budgets.splitlines()[0].split() == heading.split()
    assert len(budgets.splitlines()) == 2 + 5
    heading = "target level budget for P=0.5 budget for P=0.9 budget for P=0.95"
    assert targets.splitlines()[0].split() == heading.split()
    assert len(targets.splitlines()) == 2 + 2 * 4
    assert targets.splitlines()[2].split()[:3] == ["0.66", "(best", "choice)"]
    assert targets.splitlines()[6].split()[-2:] == ["never", "(floor)"]
    sentences = " ".join(words.split())
    assert sentences.startswith("With the best choice at each budget (top 2 at 64M to ")
    assert "the expected error, as a mean over trainings, goes from 0.748 at 64M to" in sentences
    assert (
        "of at most 0.3 at no budget (by the law alone these training sets do not come so low)"
        in sentences
    )
    assert "By this posterior, choosing today instead of knowing the best level" in sentences
    assert max(map(len, words.splitlines())) <= 100


def test_without_targets_there_is_no_table_of_them(files: SimpleNamespace) -> None:
    budgets, words = qqt("frontier", files.good, *BUDGETS).stdout.split("\n\n")
    assert "target" not in budgets + words


def test_json_has_rows_with_ids_for_what_is_never_reached(files: SimpleNamespace) -> None:
    asked = ("frontier", files.good, *BUDGETS, *TARGETS, "--probabilities", "0.9", "--new-run")
    result = qqt(*asked, "--format", "json")
    assert result.stderr.strip().endswith("--levels gives others.")
    content = json.loads(result.stdout)
    assert content["schema"] == 1
    assert content["settings"]["of"] == "one new run"
    assert [each["id"] for each in content["remarks"]] == [
        *("frontier", "targets", "value_of_information")
    ]
    assert len(content["frontier"]) == 5
    never = [row for row in content["targets"] if row["target"] == 0.3]
    assert {(row["reach"], row["budget"]) for row in never} == {("floor", None)}
    assert [row["level"] for row in never] == [None, "top 1", "top 2", "top 3"]
    policy = content["targets"][0]
    assert (policy["by_choice"], policy["reach"], policy["probability"]) == (True, "reached", 0.9)
    assert 64e6 < policy["budget"] < 5e9


def test_csv_and_files(files: SimpleNamespace, tmp_path: Path) -> None:
    paths = [tmp_path / "frontier.csv", tmp_path / "frontier.json"]
    outputs = [option for path in paths for option in ("-o", path)]
    figures = tmp_path / "figures"
    asked = ("frontier", files.good, *BUDGETS, *TARGETS, "--format", "csv")
    result = qqt(*asked, *outputs, "--figures", figures)
    assert result.stdout == paths[0].read_text()
    rows = pd.read_csv(paths[0])
    assert rows["part"].value_counts().to_dict() == {"frontier": 5, "target": 2 * 3 * 4}
    assert "With the best choice at each budget" in result.stderr
    assert sorted(path.name for path in figures.iterdir()) == ["frontier.png", "frontier.svg"]
    again = qqt(*asked, "-o", paths[1], "--figures", figures)  # its own JSON may be replaced
    assert again.exit_code == 0
    refused = qqt(*asked, "-o", paths[0], exit_code=1)
    assert "is there already; --overwrite replaces it" in refused.stderr
    decision = qqt("decide", files.good, *BUDGETS, "-o", paths[1], exit_code=1)
    assert "is no decision of qqt_bayes" in decision.stderr


def test_figures_of_each_group(files: SimpleNamespace, tmp_path: Path) -> None:
    qqt("frontier", files.groups, *BUDGETS, *TARGETS, "--figures", tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"frontier-arch-1.png", "frontier-arch-2.svg"} <= names


def test_accuracies(tmp_path: Path) -> None:
    fit = made.fit()
    fit.attrs["measure"] = "accuracy"
    fit_file.save(fit, tmp_path / "fit.nc")
    shown = " ".join(
        qqt("frontier", tmp_path / "fit.nc", *BUDGETS, "--targets", "0.34").stdout.split()
    )
    assert "the expected accuracy, as a mean over trainings, goes from 0.252 at 64M" in shown
    assert "The best choice reaches an accuracy of at least 0.34 with probability 0.5, 0.9" in shown


def test_faults_exit_with_the_codes_of_the_contract(files: SimpleNamespace) -> None:
    for options, sentence in (
        (("--targets", "55"), "targets: expected error rates above 0 and below 1"),
        (("--targets", "half"), "targets: expected error rates above 0 and below 1"),
        (("--probabilities", "2"), "probabilities: expected numbers above 0 and below 1"),
        (("--budgets", "64 million"), "budget '64 million': expected a number of samples"),
        (("--rule", "cvr"), "did you mean 'cvar'"),
        (("--only-group", "ViT"), "unknown group 'ViT'"),
    ):
        assert sentence in qqt("frontier", files.good, *options, exit_code=1).stderr
    refused = qqt("frontier", files.bad, exit_code=3)
    assert refused.stdout == ""
    assert "The fit did not pass its gate." in refused.stderr
    forced = qqt("frontier", files.bad, *BUDGETS, "--force")
    assert "every number here may be wrong" in " ".join(forced.stdout.split())
    both = qqt("frontier", files.good, files.free, *BUDGETS, "--weights", "1,3", "--format", "json")
    assert json.loads(both.stdout)["settings"]["weights"] == [0.25, 0.75]

"""`qqt study --by metric` and `qqt decide` over several metrics: folders, files, and faults."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import made
import numpy as np
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.cli.metrics import weights_by_metric
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.errors import InputError
from qqt_bayes.posterior import fit_file
from qqt_bayes.report.figures import files as figures
from qqt_bayes.sampling import inference

NAMES = ("imagenet top-1", "retrieval")
MODELS = "utility,utility-free-size"


def of_metric(name, seed, measure="error", **settings):
    """A made fit of one metric, with its own errors."""
    tree = made.fit(draws=60, seed=seed, spread=0.03, **settings)
    tree.attrs |= {"metric": name, "measure": measure}
    return made.rehashed(tree)


@pytest.fixture(name="fits", scope="module")
def of_fits(tmp_path_factory):
    """Files of fits of two metrics, as `qqt fit --by metric` writes them."""
    folder = tmp_path_factory.mktemp("fits")
    trees = {name: of_metric(name, seed) for seed, name in enumerate(NAMES)}
    trees["accurate"] = of_metric("retrieval", 1, "accuracy")
    trees["bad"] = of_metric("retrieval", 1, passed=False)
    trees["other trainings"] = of_metric("retrieval", 1, pools=2)
    trees["other law"] = of_metric("retrieval", 1, model="utility-free-size")
    for name, tree in trees.items():
        fit_file.save(tree, folder / f"{name}.nc")
    return SimpleNamespace(trees=trees, paths={name: folder / f"{name}.nc" for name in trees})


@pytest.fixture(name="tables", scope="module")
def of_tables(tmp_path_factory):
    """A table of runs with two metrics, and its composition."""
    folder = tmp_path_factory.mktemp("tables")
    runs, composition = made.tables()
    other = made.tables(seed=1)[0]
    both = [each.assign(metric=name) for each, name in zip((runs, other), NAMES, strict=True)]
    pd.concat(both).to_csv(folder / "runs.csv", index=False)
    composition.to_csv(folder / "composition.csv", index=False)
    return (folder / "runs.csv", "--composition", folder / "composition.csv")


def made_fit(runs, spec, **_):
    """In place of a fit that is sampled."""
    seed = NAMES.index(runs.attrs["metric"])
    tree = made.fit(draws=60, model=spec.name, seed=seed, spread=0.03)
    tree["constant_data"] = runs.drop_vars("error").drop_attrs(deep=False)
    tree["observed_data"] = runs[["error"]]
    tree.attrs |= {"metric": runs.attrs["metric"]}
    return made.rehashed(tree)


@pytest.fixture(name="studied", scope="module")
def of_studies(tables, tmp_path_factory):
    """A folder of studies by metric, and what was printed."""
    out = tmp_path_factory.mktemp("studies") / "study"
    asked = ("--by", "metric", "--models", MODELS, "--budgets", "64M,1.28B", "-o", out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "fit", made_fit)
        patch.setattr(figures, "write_figures", lambda *_: [])
        result = qqt("study", *tables, *asked, "--metric-weights", "imagenet top-1=3,retrieval=1")
    return SimpleNamespace(out=out, result=result)


@pytest.fixture(name="folder")
def of_folder(studied, tmp_path):
    """A copy of the folder of studies, which a test may change."""
    return Path(shutil.copytree(studied.out, tmp_path / "study"))


def words_of(result):
    return " ".join(result.stdout.split())


def test_fits_of_several_metrics_are_joined(fits):
    paths = [fits.paths[name] for name in NAMES]
    asked = ("--budgets", "64M,1.28B", "--metric-weights", "imagenet top-1=2,retrieval=1")
    printed = qqt("decide", *paths, *asked, "--require", "retrieval<=0.62@0.9")
    assert "Metrics: imagenet top-1, retrieval" in printed.stderr
    verdict, winners, candidates, bullets = printed.stdout.split("\n\n")
    verdict = " ".join(verdict.split())
    assert "At 1.28B samples take top 3: it is best with probability" in verdict
    assert "weights are imagenet top-1 0.67 and retrieval 0.33." in verdict
    assert "Draws of different metrics are taken as independent" in verdict
    heading, _, first, last = winners.splitlines()
    assert "on imagenet top-1 (P)" in heading
    assert "none admissible" in first
    assert last.count("top 3 (1.00)") == 3
    assert "P(retrieval<=0.62@0.9)" in candidates.splitlines()[0]
    assert bullets.count("\n- ") == 2
    found = decide_metrics(
        {name: fits.trees[name] for name in NAMES},
        made.levels(),
        [64e6, 1.28e9],
        weights={"imagenet top-1": 2, "retrieval": 1},
        constraints=["retrieval<=0.62@0.9"],
    )
    content = json.loads(
        qqt(
            *("decide", *paths, *asked, "--require", "retrieval<=0.62@0.9"),
            *("--format", "json"),
        ).stdout
    )
    assert content["schema"] == 1
    assert [each["weight"] for each in content["metrics"]] == pytest.approx([2 / 3, 1 / 3])
    assert content["constraints"][0]["metric"] == "retrieval"
    [early, late] = content["decisions"]
    assert (early["choice"], late["choice"]) == ("none_admissible", "top 3")
    assert early["regret"] is None
    assert early["choice_unconstrained"] == found["choice_unconstrained"].values[0]
    regrets = [level["regret"] for level in late["metrics"][1]["levels"]]
    np.testing.assert_allclose(regrets, found["regret"].sel(metric="retrieval", budget=1.28e9))
    kept = [level["probability_met"]["retrieval<=0.62@0.9"] for level in late["levels"]]
    np.testing.assert_allclose(kept, found["probability_met"].sel(budget=1.28e9).values[0])


def test_several_laws_of_a_metric_come_in_any_order(fits):
    paths = [fits.paths[name] for name in ("retrieval", "imagenet top-1", "other law")]
    asked = ("--budgets", "1B", "--format", "json")
    one, other = (json.loads(qqt("decide", *each, *asked).stdout) for each in (paths, paths[::-1]))
    assert one["settings"]["weights"] == [0.25, 0.25, 0.5]
    by_name = [
        {each["metric"]: each["choice"] for each in found["decisions"][0]["metrics"]}
        for found in (one, other)
    ]
    assert by_name[0] == by_name[1]


def test_it_is_written_and_replaced_as_other_decisions(fits, tmp_path):
    paths = [fits.paths[name] for name in NAMES]
    outputs = ("-o", tmp_path / "d.csv", "-o", tmp_path / "d.json", "--budgets", "1B")
    printed = qqt("decide", *paths, *outputs, "--format", "csv")
    assert (tmp_path / "d.csv").read_text() == printed.stdout
    rows = pd.read_csv(tmp_path / "d.csv", keep_default_na=False)
    assert rows.groupby(["of", "metric"]).size().to_dict() == {
        ("joint", ""): 3,
        ("metric", "imagenet top-1"): 3,
        ("metric", "retrieval"): 3,
    }
    assert "At 1B samples" in printed.stderr
    refused = qqt("decide", *paths, *outputs, exit_code=1)
    assert "d.csv is there already" in refused.stderr
    qqt("decide", *paths, "-o", tmp_path / "d.json", "--budgets", "1B")
    refused = qqt("decide", *paths, "-o", fits.paths["retrieval"], exit_code=1)
    assert "it is read, too" in refused.stderr


def test_figures_are_drawn(fits, tmp_path):
    paths = [fits.paths[name] for name in NAMES]
    drawn = qqt("decide", *paths, "--budgets", "64M,1B", "--figures", tmp_path)
    assert f"2 figures are in {tmp_path}." in drawn.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["choices_by_metric.png", "choices_by_metric.svg"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--require", "retreival<=0.6"), "did you mean 'retrieval'?"),
        (("--require", "retrieval>=0.6"), "of which less is better; write retrieval<=0.6"),
        (("--require", "retrieval<=60@0.9"), "expected a bound between 0 and 1"),
        (("--metric-weights", "retrieval=1"), "weights: none for 'imagenet top-1'"),
        (("--metric-weights", "1,2"), "expected METRIC=NUMBER, such as imagenet=2,retrieval=1"),
        (("--only-group", "ViT"), "unknown group 'ViT'"),
    ],
)
def test_faults_of_options_are_one_sentence(fits, options, sentence):
    paths = [fits.paths[name] for name in NAMES]
    refused = qqt("decide", *paths, "--budgets", "1B", *options, exit_code=1)
    assert refused.stdout == ""
    assert sentence in refused.stderr


def test_options_of_one_metric_and_of_several_are_told_apart(fits):
    paths = [fits.paths[name] for name in NAMES]
    for options in (("--subsets",), ("--nested",), ("--weights", "1,1"), ("--shares",)):
        refused = qqt("decide", *paths, *options, exit_code=2)
        assert f"{options[0]} is for one metric" in refused.stderr
    for options in (("--require", "retrieval<=0.6"), ("--metric-weights", "retrieval=1")):
        refused = qqt("decide", paths[0], *options, exit_code=2)
        assert f"{options[0]} is for several metrics" in refused.stderr


def test_fits_of_other_trainings_and_refused_fits(fits):
    first = fits.paths["imagenet top-1"]
    refused = qqt("decide", first, fits.paths["other trainings"], exit_code=1)
    assert "pool '20-30%' is in the runs of 'imagenet top-1' alone" in refused.stderr
    assert qqt("decide", first, fits.paths["bad"], exit_code=3).stdout == ""
    forced = qqt("decide", first, fits.paths["bad"], "--force", "--budgets", "1B")
    assert "every number here may be wrong" in words_of(forced)
    assert "refused: top 3" in forced.stdout
    assert "retrieval: The fit did not pass its gate." in forced.stderr


def test_accuracies_are_read_and_shown_as_such(fits):
    paths = fits.paths["imagenet top-1"], fits.paths["accurate"]
    printed = qqt("decide", *paths, "--budgets", "1.28B", "--require", "retrieval>=0.38@0.9")
    assert "on retrieval: accuracy [90%]" in printed.stdout
    assert "accuracy of retrieval at least 0.38 with probability 0.9" in words_of(printed)
    refused = qqt("decide", *paths, "--require", "retrieval<=0.62", exit_code=1)
    assert "of which more is better; write retrieval>=0.62" in refused.stderr


def test_a_study_of_each_metric_in_a_folder_of_its_own(studied):
    index = json.loads((studied.out / "metrics.json").read_text())
    assert [each["folder"] for each in index["metrics"]] == ["imagenet-top-1", "retrieval"]
    assert {path.name for path in studied.out.iterdir()} == {
        "metrics.json",
        "imagenet-top-1",
        "retrieval",
    }
    alone = json.loads((studied.out / "retrieval" / "decision.json").read_text())
    content = json.loads(
        qqt(
            "decide",
            studied.out,
            "--format",
            "json",
            "--metric-weights",
            "imagenet top-1=3,retrieval=1",
        ).stdout
    )
    own = content["decisions"][1]["metrics"][1]
    assert own["metric"] == "retrieval"
    assert own["regret"] == pytest.approx(alone["decisions"][1]["regret"], abs=1e-12)
    assert content["settings"]["weights"] == [0.375, 0.375, 0.125, 0.125]
    printed = qqt("decide", studied.out, "--metric-weights", "imagenet top-1=3,retrieval=1").stdout
    assert studied.result.stdout == printed
    assert "Metric retrieval (2 of 2):" in studied.result.stderr


def test_a_study_of_one_metric_can_be_asked_by_itself(studied):
    alone = qqt("decide", studied.out / "retrieval", "--budgets", "1B", "--format", "json")
    fits = [fit_file.load(path) for path in sorted((studied.out / "retrieval").glob("*.nc"))]
    found = decide(fits, made.levels(), [1e9])
    assert json.loads(alone.stdout)["decisions"][0]["choice"] == found["choice"].item()


def damaged(folder):
    (folder / "metrics.json").write_text("[]")


def unfinished(folder):
    path = folder / "retrieval" / "study.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"whole": False}))


def other_budgets(folder):
    path = folder / "retrieval"
    content = json.loads((path / "study.json").read_text())
    content["budgets"] = [1e9]
    from qqt_bayes.studies import folder as module

    content["digest"] = module._own_digest(content)
    (path / "study.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (damaged, "metrics.json is damaged; make it again with `qqt study`"),
        (unfinished, "retrieval holds a study that did not come to its end"),
        (lambda folder: shutil.rmtree(folder / "retrieval"), "lacks the study of metric 'retriev"),
        (other_budgets, "'imagenet top-1' and 'retrieval' are about other budgets; --budgets says"),
    ],
)
def test_a_folder_that_is_not_whole_is_one_fault(folder, damage, sentence):
    damage(folder)
    refused = qqt("decide", folder, exit_code=1)
    assert sentence in refused.stderr
    assert refused.stdout == ""


def test_other_budgets_are_no_fault_where_budgets_are_given(folder):
    other_budgets(folder)
    qqt("decide", folder, "--budgets", "1B")


def asked_again(tables, out, *options, exit_code=0):
    line = ("study", *tables, "--by", "metric", "--models", MODELS, "-o", out, *options)
    return qqt(*line, exit_code=exit_code)


def test_what_cannot_be_joined_is_refused_before_any_fit(tables, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(inference, "fit", never)
    runs = pd.read_csv(tables[0])
    few = runs[~((runs["metric"] == "retrieval") & (runs["samples_seen"] == 64e6))]
    few.to_csv(tmp_path / "few.csv", index=False)
    refused = asked_again((tmp_path / "few.csv", *tables[1:]), tmp_path / "new", exit_code=1)
    assert "'top 1' at 64M is in the runs of 'imagenet top-1' alone" in refused.stderr
    refused = asked_again(tables, tmp_path / "new", "--require", "vtab<=0.5", exit_code=1)
    assert "there is no metric 'vtab'" in refused.stderr
    assert not (tmp_path / "new").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    refused = asked_again(tables, tmp_path / "full", exit_code=1)
    assert "is no folder of studies by metric and not empty: it holds 'notes.txt'" in refused.stderr
    refused = qqt("study", *tables, "-o", tmp_path / "x", "--require", "a<=1", exit_code=2)
    assert "--require is for several metrics" in refused.stderr
    refused = asked_again(tables, tmp_path / "x", "--metric", "retrieval", exit_code=2)
    assert "--by metric reads every metric of a table" in refused.stderr


def test_studies_of_other_metrics_and_foreign_folders_stay(tables, folder, monkeypatch):
    monkeypatch.setattr(inference, "fit", made_fit)
    content = json.loads((folder / "metrics.json").read_text())
    content["metrics"].append({"metric": "vtab", "folder": "vtab"})
    (folder / "metrics.json").write_text(json.dumps(content))
    refused = asked_again(tables, folder, exit_code=1)
    assert "holds studies of other metrics: 'vtab'" in refused.stderr
    content["metrics"].pop()
    (folder / "metrics.json").write_text(json.dumps(content))
    (folder / "retrieval" / "study.json").unlink()
    refused = asked_again(tables, folder, exit_code=1)
    assert "retrieval is no folder of a study and not empty" in refused.stderr


def test_a_metric_whose_laws_are_refused_ends_with_3_after_the_others(
    tables, tmp_path, monkeypatch
):
    def refused_once(runs, spec, **settings):
        tree = made_fit(runs, spec, **settings)
        if runs.attrs["metric"] == NAMES[0]:
            tree.attrs["gate"] = made.fit(draws=60, passed=False).attrs["gate"]
        return tree

    monkeypatch.setattr(inference, "fit", refused_once)
    monkeypatch.setattr(figures, "write_figures", lambda *_: [])
    out = tmp_path / "study"
    ended = asked_again(tables, out, "--budgets", "1B", exit_code=3)
    assert ended.stdout == ""
    assert "Metric imagenet top-1: " in ended.stderr
    assert f"`qqt decide {out} --force`" in ended.stderr
    assert (out / "retrieval" / "summary.txt").exists()
    assert qqt("decide", out, exit_code=3).stdout == ""
    assert "may be wrong" in words_of(qqt("decide", out, "--force"))


def test_more_runs_follow_on_the_study_of_each_metric(tables, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "write_figures", lambda *_: [])
    runs = pd.read_csv(tables[0])
    more = runs[runs["samples_seen"] == 1.28e9].assign(samples_seen=2.56e9)
    pd.concat([runs, more.assign(error=0.99 * more["error"])]).to_csv(
        tmp_path / "more.csv", index=False
    )
    (folder / "notes.txt").write_text("mine")
    few = ("--draws", "60", "--tune", "150", "--chains", "2", "--force", "--budgets", "64M,1.28B")
    done = asked_again((tmp_path / "more.csv", *tables[1:]), folder, *few)
    for name in NAMES:
        assert f"{name}: " in done.stderr
    assert (folder / "notes.txt").read_text() == "mine"
    assert "At 1.28B samples" in qqt("decide", folder, "--force").stdout
    fewer = asked_again(tables, folder, exit_code=1)
    assert "holds a study of other runs" in fewer.stderr
    assert "At 1.28B samples" in qqt("decide", folder, "--force").stdout


@pytest.mark.parametrize(
    "command", [("frontier",), ("design", "--allowance", "1B"), ("compare",), ("log",)]
)
def test_what_takes_one_study_says_to_give_one_of_them(studied, command):
    refused = qqt(*command, studied.out, exit_code=1)
    assert "holds a study of each metric; give one of them, a folder in it" in refused.stderr


@pytest.mark.parametrize("words", ["a", "a=", "a=x", "=", "", "a=1,b"])
def test_weights_that_are_none(words):
    if words == "":
        assert weights_by_metric(words) == {}
        return
    with pytest.raises(InputError, match="expected METRIC=NUMBER"):
        weights_by_metric(words)


def test_a_weight_that_stands_twice():
    with pytest.raises(InputError, match="'a' stands there twice"):
        weights_by_metric("a=1,a=2")

import errno
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
import pytest
from click.testing import Result
from command import qqt
from places import DATA

import qqt_bayes
from qqt_bayes.cli.main import main
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.sampling import inference, many
from qqt_bayes.tables import runs

HEAVY = ("arviz", "matplotlib", "nutpie", "pymc", "pytensor")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A fit that passed its gate, one that did not, one of two groups; the tables of the first."""
    folder = tmp_path_factory.mktemp("cli")
    names = ("good.nc", "bad.nc", "groups.nc", "runs.csv", "composition.csv", "levels.csv")
    good, bad, groups, table, composition, levels = (str(folder / name) for name in names)
    fit_file.save(made.fit(), good)
    fit_file.save(made.fit(passed=False), bad)
    free = str(folder / "free.nc")
    fit_file.save(made.fit(model="utility-free-size"), free)
    fit_file.save(made.fit(groups=2, model="cherti"), groups)
    evaluated, taken = made.tables()
    evaluated.assign(note="x").to_csv(table, index=False)
    taken.to_csv(composition, index=False)
    taken[taken["data"] != "top 1"].to_csv(levels, index=False)
    return SimpleNamespace(
        folder=folder,
        good=good,
        bad=bad,
        free=free,
        groups=groups,
        runs=table,
        composition=composition,
        levels=levels,
    )


def test_version() -> None:
    assert qqt("--version").stdout == f"qqt, version {qqt_bayes.__version__}\n"


def test_every_command_explains_itself() -> None:
    assert sorted(main.commands) == [
        "calibrate",
        "check",
        "compare",
        "decide",
        "demo",
        "fit",
        "models",
        "predict",
    ]
    for name, command in main.commands.items():
        assert qqt(name, "--help").stdout.startswith("Usage: ")
        described = [option for option in command.params if option.param_type_name == "option"]
        assert all(option.help for option in described)
        assert "--format" in qqt(name, "--help").stdout


def test_models_are_listed_in_every_format() -> None:
    listed = json.loads(qqt("models", "--format", "json").stdout)["models"]
    assert [model["name"] for model in listed] == qqt_bayes.list_models()
    assert set(listed[0]) == {"name", "law", "summary"}
    assert "utility-bounded" in qqt("models").stdout
    assert qqt("models", "--format", "csv").stdout.startswith("name,law,summary\n")


def test_check_asks_whether_a_column_is_misspelt(files: SimpleNamespace, tmp_path: Path) -> None:
    table = pd.read_csv(files.runs).assign(trainings="x")
    table.to_csv(path := tmp_path / "misspelt.csv", index=False)
    said = qqt("check", path, "--composition", files.composition).stderr
    assert "Column trainings is not read; did you mean 'training'?" in said
    assert "Column note" not in said


def test_check_shows_what_a_fit_would_see(files: SimpleNamespace) -> None:
    result = qqt("check", files.runs, "--composition", files.composition)
    assert "12 runs of 3 training sets from 3 pools." in result.stderr
    assert "Columns that are not used: note." in result.stderr
    first = result.stdout.splitlines()[2].split()
    assert first == ["top", "1", "12.8M", "1", "64M", "5", "1", *first[-1:]]
    seen = json.loads(
        qqt("check", files.runs, "--composition", files.composition, "--format", "json").stdout
    )
    assert seen["runs"] == 12
    assert seen["unused_columns"] == ["note"]
    assert seen["pools"] == ["0-10%", "10-20%", "20-30%"]
    rows = seen["training_sets"]
    assert len(rows) == 12
    assert [rows[-1][name] for name in ("data", "unique_samples", "epochs", "runs")] == [
        "top 3",
        38.4e6,
        1.28e9 / 38.4e6,
        1,
    ]


def test_check_names_groups_and_what_is_left_out(tmp_path: Path) -> None:
    table, composition = made.tables(groups=2)
    table[table["data"] == "top 2"].to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "sets.csv", index=False)
    result = qqt("check", tmp_path / "runs.csv", "--composition", tmp_path / "sets.csv")
    assert "Training sets that no run is on: top 1, top 3." in result.stderr
    assert "Pools that no run takes from: 20-30%." in result.stderr
    assert "arch 2" in result.stdout


def test_a_fault_is_the_whole_output(files: SimpleNamespace, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("pool,unique_samples,samples_seen,error\na,0,1e8,0.5\na,5,1e8,50\n")
    result = qqt("check", table, exit_code=1)
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == f"{table}: 2 faults"
    assert len(result.stderr.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "none.csv"), "none.csv: no such file"),
        (("fit", "none.csv", "-o", "fit.nc"), "none.csv: no such file"),
        (("fit", "none.csv", "-o", "fit.nc", "--model", "utilty"), "did you mean 'utility'"),
        (("fit", "none.csv", "-o", "none/fit.nc"), "none/fit.nc cannot be written: there is no"),
        (("fit", "none.csv", "-o", "."), ".: expected a file to write, got a folder"),
        (("predict", "none.nc"), "There is no fit at none.nc"),
        (("predict", "none.csv", "--budgets", "1B"), "none.csv: no such file"),
        (("decide", "none.nc"), "There is no fit at none.nc"),
        (("compare", "none.nc"), "There is no fit at none.nc"),
        (("decide", "none.nc", "-o", "a.txt"), "a.txt: expected a file whose name ends in .csv or"),
    ],
)
def test_faults_exit_with_1(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = qqt(*arguments, exit_code=1)
    assert sentence in result.stderr
    assert result.stdout == ""


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


def test_wrong_usage_exits_with_2(files: SimpleNamespace) -> None:
    known = DATA / "goyal_parameters.csv"
    for arguments in (
        ("decide",),
        ("fit", files.runs),
        ("fit", files.runs, "-o", "fit.nc", "--draws", "0"),
        ("models", "--format", "xml"),
        ("predict", files.good, "--law", "utility"),
        ("predict", files.good, "--fit", "a"),
        ("predict", known, "--budgets", "1B", "--new-run"),
        ("predict", known, "--budgets", "1B", "--only-group", "a"),
        ("predict", known, "--budgets", "1B", "--interval", "0.5"),
        ("predict", known),
        ("decide", files.good, "--cvar-level", "0.5"),
        ("decide", files.good, "--weights", "1"),
        ("decide", files.good, files.free, "--subsets"),
        ("compare",),
        ("compare", files.good, "--leave-out", "pool"),
    ):
        assert "Usage: " in qqt(*arguments, exit_code=2).stderr


def test_no_source_is_overwritten(files: SimpleNamespace, tmp_path: Path) -> None:
    before = Path(files.runs).read_bytes()
    fit = ("fit", files.runs, "--composition", files.composition, "-o", files.runs)
    assert "it is read, too" in qqt(*fit, exit_code=1).stderr
    assert Path(files.runs).read_bytes() == before
    levels = tmp_path / "levels.csv"
    levels.write_bytes(Path(files.levels).read_bytes())
    decide = ("decide", files.good, "--levels", levels, "-o", levels)
    assert "it is read, too" in qqt(*decide, exit_code=1).stderr
    assert levels.read_bytes() == Path(files.levels).read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_behind_stdout(files: SimpleNamespace) -> None:
    check = [sys.executable, "-m", "qqt_bayes", "check", files.runs, "--composition"]
    with Path("/dev/full").open("w") as full:
        run = [*check, files.composition]
        result = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 1
    assert "Reading or writing failed:" in result.stderr
    assert "Traceback" not in result.stderr


def test_interrupt_exits_with_130(files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "read_runs", interrupted)
    assert qqt("check", files.runs, exit_code=130).stderr == "Interrupted.\n"


def test_a_broken_pipe_is_silent(files: SimpleNamespace) -> None:
    check = [sys.executable, "-m", "qqt_bayes", "check", files.runs, "--composition"]
    with subprocess.Popen(
        [*check, files.composition], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert "roken" not in errors
    assert "Traceback" not in errors
    assert errno.errorcode[errno.EPIPE] not in errors


def test_predict_known_parameters_reproduces_the_published_curves() -> None:
    known = ("predict", DATA / "goyal_parameters.csv", "--law", "utility-released")
    fit = ("--fit", "utility-released")
    golden = pd.read_csv(DATA / "goyal_predictions.csv")
    golden = golden[(golden["law"] == "utility-released") & (golden["samples_seen"] == 64e6)]
    result = qqt(*known, *fit, "--budgets", "64M", "--format", "json")
    rows = json.loads(result.stdout)["predictions"][: len(golden)]
    assert "Levels: nested levels of the pools in their order, best first" in result.stderr
    assert list(rows[0]) == ["level", "budget", "error"]
    assert [row["error"] for row in rows] == pytest.approx(golden["error"].tolist(), abs=1e-12)
    assert "choose one of" in qqt(*known, "--budgets", "64M", exit_code=1).stderr


def predictions(*asked: object) -> list[dict]:
    """The rows of `qqt predict --format json`."""
    rows: list[dict] = json.loads(qqt("predict", *asked, "--format", "json").stdout)["predictions"]
    return rows


def test_predict_from_a_fit(files: SimpleNamespace) -> None:
    options = ("--budgets", "64M,1.28B", "--format", "csv", "--levels", files.levels)
    lines = qqt("predict", files.good, *options).stdout.splitlines()
    assert lines[0] == "level,budget,error_median,error_lower,error_upper,error_mean"
    assert [line.split(",")[0] for line in lines[1:]] == ["top 2", "top 2", "top 3", "top 3"]
    mean, run = (predictions(files.good, "--budgets", "1B", *new) for new in ((), ("--new-run",)))
    width = [[row["error_upper"] - row["error_lower"] for row in rows] for rows in (mean, run)]
    assert sum(width[1]) > 1.2 * sum(width[0])
    decided = json.loads(qqt("decide", files.good, "--budgets", "1B", "--format", "json").stdout)
    for row, level in zip(mean, decided["decisions"][0]["levels"], strict=True):
        assert row["error_upper"] == pytest.approx(level["error_upper"], abs=1e-6)


def test_levels_beyond_the_pools_are_warned_of(files: SimpleNamespace, tmp_path: Path) -> None:
    table = pd.read_csv(files.levels)
    table.assign(unique_samples=1e3 * table["unique_samples"]).to_csv(
        levels := tmp_path / "levels.csv", index=False
    )
    asked = ("--levels", levels, "--budgets", "1B")
    words = "Beware: top 2 and top 3 take up to 1K times as much from a pool as there is"
    assert words in " ".join(qqt("decide", files.good, *asked).stdout.split())
    assert words in qqt("predict", files.good, *asked).stderr
    known = DATA / "goyal_parameters.csv"
    one = pd.read_csv(known)["pool"][0]
    levels.write_text(f"data,pool,unique_samples\nbest,{one},{2 * 12.8e6}\n")
    predicted = qqt("predict", known, "--fit", "utility-released", *asked)
    assert "Beware: best takes 2 times as much from a pool as there is" in predicted.stderr


def test_predict_from_a_fit_of_groups(files: SimpleNamespace) -> None:
    rows = qqt("predict", files.groups, "--budgets", "1B", "--format", "csv").stdout.splitlines()
    assert rows[0].startswith("group,level,")
    assert len(rows) == 7
    one = ("predict", files.groups, "--budgets", "1B", "--only-group", "arch 2")
    assert len(predictions(*one[1:])) == 3


def test_predict_refuses_a_fit_that_failed_unless_forced(files: SimpleNamespace) -> None:
    refused = qqt("predict", files.bad, exit_code=3)
    assert "The fit did not pass its gate." in refused.stderr
    assert refused.stdout == ""
    forced = qqt("predict", files.bad, "--force")
    assert "The fit did not pass its gate." in forced.stderr
    assert "error median" in forced.stdout


def test_decide_prints_table_and_summary(files: SimpleNamespace) -> None:
    result = qqt("decide", files.good)
    assert "Levels: the 3 training sets of the runs; --levels gives others." in result.stderr
    assert "Budgets: 13 from 64M to 5.12B; --budgets gives others." in result.stderr
    table, words = result.stdout.split("\n\n")
    assert len(table.splitlines()) == 2 + 13
    heading = "budget choice P(best) P(within 0.003) error [90%] regret winner extrapolated"
    assert table.splitlines()[0].split() == heading.split()
    assert table.splitlines()[2].split()[:4] == ["64M", "top", "2", "1.00"]
    assert table.splitlines()[-1].split()[-1] == "4x"
    assert words.startswith("Levels are compared by expected error")
    assert max(map(len, words.splitlines())) <= 100


def test_decide_as_json_holds_the_summary(files: SimpleNamespace) -> None:
    options = ("--budgets", "64M,1.28B", "--levels", files.levels, "--format", "json")
    result = qqt("decide", files.good, *options)
    decision = json.loads(result.stdout)
    assert decision["summary"].startswith("Levels are compared by")
    assert [each["choice"] for each in decision["decisions"]] == ["top 2", "top 3"]
    assert result.stderr == ""


def test_decide_as_csv_holds_rows_only(files: SimpleNamespace) -> None:
    result = qqt("decide", files.good, "--budgets", "64M,1.28B", "--format", "csv")
    assert len(result.stdout.splitlines()) == 1 + 2 * 3
    assert "Levels are compared by" in result.stderr


def test_decide_by_another_rule(files: SimpleNamespace) -> None:
    options = ("--rule", "target", "--target", "0.62", "--margin", "0.01", "--interval", "0.8")
    result = qqt("decide", files.good, "--budgets", "1B", "--format", "json", *options)
    settings = json.loads(result.stdout)["settings"]
    assert settings["rule"] == "target"
    assert (settings["target"], settings["margin"], settings["interval"]) == (0.62, 0.01, 0.8)


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


def test_compare_prints_laws_and_words(files: SimpleNamespace) -> None:
    result = qqt("compare", files.good, files.free)
    table, words = result.stdout.split("\n\n", 1)
    heading = ["law", "elpd", "behind", "behind se", "weight", "mean crps", "bad k"]
    assert table.splitlines()[0].split() == " ".join(heading).split()
    assert {line.split()[0] for line in table.splitlines()[2:]} == {"utility", "utility-free-size"}
    said = " ".join(words.split())
    assert said.startswith("Laws are compared by how well they predict each run from all others")
    assert "between them" in said
    assert "Combination theorem" in said
    assert max(map(len, words.splitlines())) <= 100


def test_compare_for_programs(files: SimpleNamespace) -> None:
    asked = ("compare", files.good, files.free, "--levels", files.levels, "--budgets", "1B,2B")
    content = json.loads(qqt(*asked, "--format", "json").stdout)
    assert {each["law"] for each in content["laws"]} == {"utility", "utility-free-size"}
    assert len(content["runs"]) == 2 * 12
    assert len(content["deciding_runs"]) == 12
    assert content["next_run"]["budget"] in (1e9, 2e9)
    assert content["next_run"]["level"] in ("top 2", "top 3")
    assert content["size_exponents"][0]["law"] == "utility-free-size"
    result = qqt(*asked, "--format", "csv")
    assert len(result.stdout.splitlines()) == 1 + 2 * 12
    assert result.stdout.startswith("law,run,group,data,pools,samples_seen,error,predicted_median,")
    assert "Laws are compared by" in result.stderr


def test_compare_of_one_model_twice_takes_the_names_of_files(files: SimpleNamespace) -> None:
    laws = json.loads(qqt("compare", files.good, files.bad, "--format", "json").stdout)["laws"]
    assert {each["law"] for each in laws} == {files.good, files.bad}
    assert "given twice" in qqt("compare", files.good, files.good, exit_code=1).stderr
    other = qqt("compare", files.good, files.groups, exit_code=1).stderr
    assert "are fits of different runs" in other
    assert (
        "--refit" in qqt("compare", files.good, "--leave-out", "training-set", exit_code=1).stderr
    )


def test_decide_under_several_laws(files: SimpleNamespace) -> None:
    asked = ("decide", files.good, files.free, "--budgets", "1B", "--format", "json")
    result = qqt(*asked)
    assert "Weights by stacking: utility " in result.stderr
    assert "of model stack (utility " in json.loads(result.stdout)["summary"]
    given = json.loads(qqt(*asked, "--weights", "0.25,0.75").stdout)["summary"]
    assert "stack (utility 0.25, utility-free-size 0.75)" in given
    assert "expected numbers such as" in qqt(*asked, "--weights", "all", exit_code=1).stderr
    assert "expected 2 numbers" in qqt(*asked, "--weights", "1", exit_code=1).stderr
    refused = qqt("decide", files.good, files.bad, "--weights", "1,1", exit_code=3)
    assert "The fit did not pass its gate." in refused.stderr


def fit_with(
    files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, *options: str, exit_code: int = 0, **of
) -> tuple[Result, Path, dict]:
    """`qqt fit` with a fit that is made instead of sampled."""
    asked = {}

    def infer(runs, spec, **settings):
        asked.update(settings, runs=runs.sizes["run"], model=spec.name)
        return made.fit(**of)

    monkeypatch.setattr(inference, "fit", infer)
    path = files.folder / "new.nc"
    path.unlink(missing_ok=True)
    tables = ("fit", files.runs, "--composition", files.composition, "-o", path)
    return qqt(*tables, *options, exit_code=exit_code), path, asked


def test_fit_saves_and_reports(files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--model", "utility-free-size", "--draws", "7", "--chains", "2", "--seed", "5")
    result, path, asked = fit_with(files, monkeypatch, *options, "--format", "json")
    assert asked == {
        "runs": 12,
        "model": "utility-free-size",
        "draws": 7,
        "tune": 1000,
        "chains": 2,
        "seed": 5,
        "method": "nuts",
        "low_rank": False,
        "progress": True,
    }
    said = json.loads(result.stdout)
    assert said["fit"] == str(path)
    assert said["passed"] is True
    assert said["checks"][0]["id"] == "rhat"
    assert {"parameter", "of", "contraction", "verdict"} <= set(said["learned"][0])
    assert "The fit passed its gate" in result.stderr
    assert Fit.of(fit_file.load(path)).gate.passed


def test_a_fit_for_each_metric(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_csv(files.runs)
    both = [table.assign(metric=name) for name in ("imagenet", "mean of 38")]
    pd.concat(both).to_csv(tmp_path / "runs.csv", index=False)
    asked: list[str] = []

    def infer(tables, spec, **sampler):
        for each in tables:
            asked.append(each.attrs["metric"])
            yield made.fit(passed=each.attrs["metric"] == "imagenet")

    monkeypatch.setattr(many, "fit_many", infer)
    options = ("--composition", files.composition, "--by", "metric", "-o", tmp_path / "fit.nc")
    result = qqt("fit", tmp_path / "runs.csv", *options, "--format", "json", exit_code=3)
    assert asked == ["imagenet", "mean of 38"]
    paths = [tmp_path / "fit-imagenet.nc", tmp_path / "fit-mean-of-38.nc"]
    content = json.loads(result.stdout)["fits"]
    assert [each["fit"] for each in content] == list(map(str, paths))
    assert [each["passed"] for each in content] == [True, False]
    assert [Fit.of(fit_file.load(path)).gate.passed for path in paths] == [True, False]
    assert f"{paths[1]} is saved all the same." in result.stderr
    refused = qqt("fit", tmp_path / "runs.csv", *options, "--metric", "imagenet", exit_code=2)
    assert "no --metric" in refused.output
    none = qqt("fit", files.runs, *options, exit_code=1)
    assert "metric" in none.output


def test_a_fit_that_fails_is_saved_and_exits_with_3(
    files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, path, _ = fit_with(files, monkeypatch, exit_code=3, passed=False)
    assert " FAILED: the chains disagree: sample longer (--draws 150 " in result.stderr
    assert f"{path} is saved all the same." in result.stderr
    assert not Fit.of(fit_file.load(path)).gate.passed
    fit_with(files, monkeypatch, "--force", exit_code=0, passed=False)


@pytest.mark.parametrize(
    "command",
    [
        ("decide", "{good}"),
        ("predict", "{good}"),
        ("predict", f"{DATA}/goyal_parameters.csv", "--fit", "effective-data", "--budgets", "1B"),
        ("check", "{runs}", "--composition", "{composition}"),
        ("models",),
    ],
)
def test_commands_that_do_not_sample_import_nothing_heavy(
    command: tuple[str, ...], files: SimpleNamespace
) -> None:
    arguments = [argument.format(**vars(files)) for argument in command]
    code = (
        "import sys; from qqt_bayes.cli.main import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ""


def test_compare_imports_no_pymc(files: SimpleNamespace) -> None:
    code = (
        "import sys; from qqt_bayes.cli.main import main\n"
        f"main(['compare', {files.good!r}, {files.free!r}], standalone_mode=False)\n"
        "print(*sorted({'nutpie', 'pymc', 'pytensor'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ""


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qqt_bayes", "nothing"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: qqt [OPTIONS]")

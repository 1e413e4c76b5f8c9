"""What all commands share: help, exit codes, broken pipes, and how little they import."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import loading, qqt
from places import DATA

import qqt_bayes
from qqt_bayes.cli.main import main
from qqt_bayes.tables import runs

HEAVY = ("arviz", "arviz_base", "dask", "matplotlib", "numba", "nutpie", "pymc", "pytensor")
"""What only fits, figures and a cluster need."""
MODULES_OF = {
    "--help": (*HEAVY, "h5py", "numpy", "pandas", "rich", "scipy", "xarray"),
    "decide": (*HEAVY, "h5netcdf", "pyarrow.parquet", "scipy", "qqt_bayes.sampling"),
    "frontier": (*HEAVY, "h5netcdf", "pyarrow.parquet", "scipy", "qqt_bayes.sampling"),
    "predict": (*HEAVY, "h5netcdf", "pyarrow.parquet", "scipy", "qqt_bayes.sampling"),
    "check": (*HEAVY, "h5py", "pyarrow.parquet"),
    "import": (*HEAVY, "h5py", "pyarrow.parquet"),
    "models": (*HEAVY, "h5py", "scipy"),
    "prior": HEAVY,
}
"""What a command must not import. (pandas itself imports pyarrow, but not its Parquet reader.)"""


def test_version() -> None:
    assert qqt("--version").stdout == f"qqt, version {qqt_bayes.__version__}\n"


def test_every_command_explains_itself() -> None:
    assert sorted(main.commands) == [
        "calibrate",
        "check",
        "compare",
        "decide",
        "demo",
        "design",
        "fit",
        "frontier",
        "import",
        "log",
        "models",
        "predict",
        "prior",
        "report",
        "study",
    ]
    for name, command in main.commands.items():
        assert qqt(name, "--help").stdout.startswith("Usage: ")
        described = [option for option in command.params if option.param_type_name == "option"]
        assert all(option.help for option in described)
        assert "--format" in qqt(name, "--help").stdout


def test_no_summary_of_a_command_is_clipped() -> None:
    """In a terminal of 80 columns, which is what help is written for where there is none."""
    lines = qqt("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(lines) == len(main.commands)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_models_are_listed_in_every_format() -> None:
    listed = json.loads(qqt("models", "--format", "json").stdout)["models"]
    assert [model["name"] for model in listed] == qqt_bayes.list_models()
    assert set(listed[0]) == {"name", "law", "summary"}
    assert "utility-bounded" in qqt("models").stdout
    assert qqt("models", "--format", "csv").stdout.startswith("name,law,summary\n")


@pytest.mark.parametrize("name", qqt_bayes.list_models())
def test_a_model_is_printed_to_copy(tmp_path, name):
    """With its comments; the copy is the same model under a path, and can be edited."""
    copied = qqt("models", name).stdout
    assert copied.count("\n# ") >= 3
    (tmp_path / "mine.toml").write_text(copied, encoding="utf-8")
    assert qqt_bayes.load_model(tmp_path / "mine.toml") == qqt_bayes.load_model(name)
    content = json.loads(qqt("models", name, "--format", "json").stdout)
    assert content["model"] == qqt_bayes.load_model(name).to_dict()
    assert content["hash"] == qqt_bayes.load_model(name).hash


def test_a_model_that_is_not_there_or_no_table_is_refused():
    assert "did you mean 'utility'" in qqt("models", "utilty", exit_code=1).output
    assert "a model is no table" in qqt("models", "utility", "--format", "csv", exit_code=1).output


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
        ("frontier",),
        ("frontier", files.good, "--weights", "1"),
        ("frontier", files.good, "--target", "0.5"),
        ("frontier", files.good, "--cvar-level", "0.5"),
        ("frontier", files.good, "--nested", "--levels", files.levels),
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


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("decide", "{good}"),
        ("frontier", "{good}", "--targets", "0.6"),
        ("predict", "{good}"),
        ("predict", f"{DATA}/goyal_parameters.csv", "--fit", "effective-data", "--budgets", "1B"),
        ("check", "{runs}", "--composition", "{composition}"),
        ("import", "{runs}", "-o", "{runs}.csv"),
        ("models",),
        ("prior", "{runs}", "--composition", "{composition}"),
    ],
)
def test_commands_that_do_not_sample_import_nothing_heavy(
    command: tuple[str, ...], files: SimpleNamespace
) -> None:
    arguments = [argument.format(**vars(files)) for argument in command]
    done = loading(arguments, MODULES_OF[command[0]])
    assert done.stderr.splitlines()[-1] == ""


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qqt_bayes", "nothing"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: qqt [OPTIONS]")

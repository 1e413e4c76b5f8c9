"""Command lines that nobody planned: an exit code of the contract and no traceback, whatever is
asked; and no file that was there is lost."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import click
import made
import pytest
from click.testing import CliRunner

from qqt_bayes.calibration import sbc
from qqt_bayes.cli import demo
from qqt_bayes.cli.faults import is_json
from qqt_bayes.cli.main import main
from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import load_model
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.sampling import inference, many

ODD_TEXTS = [
    *("", " ", "-", "--", "-1", "0", "1e400", "nan", "inf", "12M", "1,000", "=1+1", "a=b", "a=b=c"),
    *(",", ";", "*", "**", "[", "{}", "%s", "$x$", "\\", "'", '"', "数据", "🤖", "a\x1b[2J", "\n"),
    *(".", "..", "/", "~", "/dev/null", "/dev/zero", "/dev/full", "none.csv", "none/none.nc"),
    *("x" * 300, "utility", "stacking", "cvar", "loss", "error=error", "64M:5B:13", "1B", "b:a:1"),
]
"""What a user, a script or an attacker may type where something else was meant."""
PLAUSIBLE = {
    "runs": ["runs.csv", "metrics.csv"],
    "sources": ["good.nc", "free.nc", "groups.nc", "laplace.nc", "bad.nc"],
    "fits": ["good.nc", "free.nc"],
    "source": ["good.nc", "runs.csv", "groups.nc"],
    "composition": ["composition.csv"],
    "levels": ["levels.csv", "composition.csv"],
    "budgets": ["1B", "64M:5B:3", "1e9,2e9"],
    "model": ["utility", "cherti"],
    "models": ["utility", "utility,power-law"],
    "metric": ["imagenet"],
    "output": ["new.nc", "new.csv", "new"],
    "outputs": ["new.json", "new.csv"],
    "columns": ["error=error", "accuracy=error"],
    "weights": ["1,2", "stacking", "1"],
    "targets": ["0.62", "0.7,0.5"],
    "probabilities": ["0.5", "0.5,0.9"],
    "rule": ["expected", "cvar", "target", "regret", "all"],
}
"""What fits, by the name of a parameter: so that a command comes far before something is odd."""
SLOW = {"--dask", "--refit"}
"""Options that are left out: they wait for somebody else, or sample, which nothing here does."""


SEEDS = [pytest.param(250, seed, marks=pytest.mark.slow) for seed in range(1, 5)]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sampled and little is drawn."""

    def fit(runs, spec, **_):
        model = load_model(spec)
        if not {"a", "b"} <= set(model.parameters):  # which no fit can be made of here
            model = "utility"
        found = made.fit(model=model, draws=20)
        found.attrs["data_hash"] = runs.attrs["data_hash"]
        return found

    def refused(*_, **__):
        raise InputError("calibrations and demos take too long here")

    monkeypatch.setattr(inference, "fit", fit)
    monkeypatch.setattr(many, "fit_many", lambda tables, spec, **_: (fit(x, spec) for x in tables))
    monkeypatch.setattr(sbc, "simulation_based_calibration", refused)
    monkeypatch.setattr(demo, "study", refused)
    for name in ("write_figures", "write_frontier"):
        monkeypatch.setattr(figure_files, name, lambda *_: [])


def command_line(chance: random.Random, words: list[str]) -> list[str]:
    """A command with some of its arguments and options, and values that may fit."""
    name = chance.choice(sorted(main.commands))
    line = [name]
    for parameter in main.commands[name].params:
        many_words = parameter.nargs == -1
        if isinstance(parameter, click.Argument):
            count = chance.choice([1, 1, 1, 2 if many_words else 1, 0])
            line += [value_of(parameter, chance, words) for _ in range(count)]
        elif parameter.opts[-1] not in SLOW and chance.random() < (
            0.95 if parameter.required or parameter.name == "composition" else 0.12
        ):
            line.append(parameter.opts[0])
            if not parameter.is_flag:
                line.append(value_of(parameter, chance, words))
    return line


def value_of(parameter: click.Parameter, chance: random.Random, words: list[str]) -> str:
    """A value of a parameter: one that fits, one of its choices, a number or anything."""
    if parameter.name in PLAUSIBLE and chance.random() < 0.75:
        return chance.choice(PLAUSIBLE[parameter.name])
    if isinstance(parameter.type, click.Choice) and chance.random() < 0.8:
        return chance.choice(list(parameter.type.choices))
    if parameter.type in (click.INT, click.FLOAT) or isinstance(parameter.type, click.IntRange):
        return chance.choice(["1", "2", "3", "0.5", "-1", "0", "1e9", "nan", "x"])
    return chance.choice(words)


@pytest.fixture
def folder(files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with copies of all files, in which the command is called."""
    for path in Path(files.runs).parent.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("cheap")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("lines", "seed"), [(60, 0), *SEEDS])
def test_any_command_line_ends_well(folder: Path, lines: int, seed: int) -> None:
    chance = random.Random(seed)
    before = contents(folder)
    words = [*ODD_TEXTS, *4 * sorted(before), "new.csv", "new.nc", "new", "new.json", "new.png"]
    for number in range(lines):
        line = command_line(chance, words)
        while "--overwrite" in line:  # who says so may lose what is there
            line.remove("--overwrite")
        result = CliRunner().invoke(main, line, input="pool\n")
        assert result.exit_code in (0, 1, 2, 3), (number, line, result.output)
        assert "Traceback" not in result.output, (number, line)
        assert "A fault of qqt_bayes itself" not in result.output, (number, line, result.output)
        assert "\x1b" not in result.output, (number, line)
        if result.exit_code and is_json(line):
            found = json.loads(result.stderr.splitlines()[-1], parse_constant=pytest.fail)
            assert found["error"]["exit_code"] == result.exit_code, (number, line)
        after = contents(folder)
        own = {name for name in before if name.endswith(".nc")}  # fits may replace fits
        for name in before.keys() - own:
            assert after.get(name) == before[name], (number, line, name)
        assert not [name for name in after if "draft" in name], (number, line)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize(
    "raised",
    [KeyboardInterrupt, pytest.param(OSError(28, "No space left"), marks=pytest.mark.slow)],
)
def test_a_study_that_fails_at_any_step(folder, monkeypatch, step, raised):
    """Its folder says that it is not whole, and the same command makes it whole."""
    command = ["study", "runs.csv", "--composition", "composition.csv", "--models", "utility"]
    command += ["-o", "study", "--budgets", "1B"]
    with monkeypatch.context() as patch:
        patch.setattr("qqt_bayes.files.os.replace", failing_at(step, raised))
        failed = CliRunner().invoke(main, command)
    expected = 130 if raised is KeyboardInterrupt else 1
    assert failed.exit_code == (expected if step < STEPS else 0), failed.output
    if step < STEPS - 1:
        said = CliRunner().invoke(main, ["decide", "study"]).stderr
        assert "did not come to its end" in said or "no whole study" in said
    assert not [path for path in Path("study").iterdir() if "draft" in path.name]
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 0, again.output
    assert CliRunner().invoke(main, ["decide", "study"]).exit_code == 0


STEPS = 11
"""Files that a study of one law writes: one of them, `study.json`, three times; the log when all
is there."""


def failing_at(step: int, raised: BaseException) -> Callable[[Path, Path], None]:
    """What puts a written file in its place, but for one, where something is raised."""
    count = iter(range(10_000))

    def replace(draft, path):
        if next(count) == step:
            raise raised
        draft.rename(path)

    return replace

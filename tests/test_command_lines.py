"""Whatever stands on a command line, it ends with an exit code of the contract and a sentence."""

import shutil

import click
import made
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import qqt_bayes as qqt
from qqt_bayes.cli.main import main

FILES = (
    *("runs.csv", "composition.csv", "levels.csv", "pools.csv", "fit.nc", "other.nc"),
    *("damaged.nc", "damaged.csv", "absent.csv", "folder", ".", "-", ""),
)
WORDS = (
    *("0", "1", "-1", "1e9", "64M,1B", "1e6:1e9:3", "nan", "inf", "1e400", "x", "é", "a=b", "20"),
    *("utility", "effective-reuse", "power-law", "error", "loss", "all", "expected", "0.5,0.5"),
    *("accuracy=acc", "epochs=e", "0-10%", "metric", "group", "\0", "--", "stacking", "A,B"),
)
OUTPUTS = ("out.nc", "out.csv", "out.png", "out", "fit.nc", "runs.csv", "absent/out.nc", "")
SHORT = {"draws": "20", "tune": "20", "chains": "2", "replications": "1"}
"""Given wherever a command has the option and nothing else was drawn for it."""
LEFT_OUT = {"dask", "help", "version"}
"""A cluster is waited for; help ends before anything is read."""
CODES = {0, 1, 2, 3}


def words_of(option):
    """Words that may stand behind an option, likely ones more often."""
    if isinstance(option.type, click.Choice):
        return st.sampled_from([*option.type.choices, *option.type.choices, "x", ""])
    if option.name == "output":
        return st.sampled_from(OUTPUTS)
    if option.name in SHORT:
        return st.sampled_from([SHORT[option.name]] * 6 + ["0", "-1", "x", "1.5", ""])
    return st.sampled_from(FILES + WORDS)


@st.composite
def command_lines(draw):
    """A command with some of its options, of which some make sense."""
    name = draw(st.sampled_from(sorted(main.commands)))
    line, given = [name], set()
    for each in main.commands[name].params:
        if isinstance(each, click.Argument):
            line += draw(st.lists(st.sampled_from(FILES), min_size=0, max_size=2))
            continue
        if each.name in LEFT_OUT or not (each.required or draw(st.integers(0, 5)) == 0):
            continue
        given.add(each.name)
        line.append(draw(st.sampled_from([*each.opts, *each.secondary_opts])))
        if not each.is_flag:
            line.append(draw(words_of(each)))
    for each in main.commands[name].params:
        if each.name in SHORT and each.name not in given:
            line += [each.opts[0], SHORT[each.name]]
    return line


@pytest.fixture
def folder(tmp_path):
    """Tables and fits as users have them, some of them damaged."""
    runs, composition = made.tables()
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    composition.to_csv(tmp_path / "levels.csv", index=False)
    sizes = composition.groupby("pool", sort=False)["unique_samples"].max().reset_index()
    sizes.to_csv(tmp_path / "pools.csv", index=False)
    qqt.save(made.fit(draws=100), tmp_path / "fit.nc")
    qqt.save(made.fit(model="utility-free-size", draws=100), tmp_path / "other.nc")
    content = (tmp_path / "fit.nc").read_bytes()
    (tmp_path / "damaged.nc").write_bytes(content[: len(content) // 2])
    (tmp_path / "damaged.csv").write_text("data,samples_seen\nx,")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("examples", [15, pytest.param(500, marks=pytest.mark.slow)])
def test_any_command_line(folder, tmp_path_factory, monkeypatch, examples):
    @settings(max_examples=examples)
    @given(command_lines())
    def ends(line):
        here = tmp_path_factory.mktemp("here") / "x"
        shutil.copytree(folder, here)
        monkeypatch.chdir(here)
        result = CliRunner().invoke(main, line)
        assert result.exit_code in CODES, line
        assert result.exception is None or isinstance(result.exception, SystemExit), line
        assert "Traceback" not in result.output
        assert "A fault of qqt_bayes itself" not in result.output, result.output
        assert result.exit_code == 0 or result.stderr.strip(), line
        assert not list(here.glob(".*.qqt-draft"))
        shutil.rmtree(here.parent)

    ends()

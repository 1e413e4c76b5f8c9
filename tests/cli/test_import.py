"""`qqt import`: what it writes, what it says, and that what it proposes works."""

import json
import shlex

import pytest
from command import qqt
from made_exports import WIDE

MIXTURES = (
    "mix,web,books,total_tokens,val_loss\na,0.5,0.5,1000000000,5.1\nb,0.25,0.75,1000000000,5.3\n"
)


def pasted(said):
    """The arguments of the command on the last line of a message."""
    command, *arguments = shlex.split(said.strip().splitlines()[-1])
    assert command == "qqt"
    return arguments


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(WIDE)
    return path


def test_the_command_that_is_asked_for_writes_runs_that_check_reads(wide, tmp_path):
    asked = qqt("import", wide, "-o", tmp_path / "runs.csv", exit_code=1)
    assert asked.stdout == ""
    assert pasted(asked.stderr)[-2:] == ["--columns", "pool=filter"]
    assert not (tmp_path / "runs.csv").exists()
    written = qqt(*pasted(asked.stderr))
    assert len(written.stdout.splitlines()) == 6
    assert f"{wide}: read as a wide table." in written.stderr
    checked = qqt(*pasted(written.stderr))
    assert "4 runs of 2 training sets from 2 pools." in checked.stderr


def test_json_holds_all_that_was_said(wide, tmp_path):
    line = ("import", wide, "-o", tmp_path / "runs.csv", "--columns", "pool=filter")
    told = json.loads(qqt(*line, "--format", "json").stdout)
    assert told["what"] == "a wide table"
    assert told["kind"] == "error"
    assert len(told["said"]) == 2
    assert told["runs"][0]["samples_seen"] == 128_000_000
    assert told["composition"] is None


def test_a_file_that_is_there_is_kept(wide, tmp_path):
    (tmp_path / "runs.csv").write_text("mine")
    line = ("import", wide, "-o", tmp_path / "runs.csv", "--columns", "pool=filter")
    assert "is there already; --overwrite replaces it" in qqt(*line, exit_code=1).stderr
    assert (tmp_path / "runs.csv").read_text() == "mine"
    qqt(*line, "--overwrite")
    assert (tmp_path / "runs.csv").read_text().startswith("run,pool,unique_samples,samples_seen")


def test_mixtures_write_a_composition_beside_the_runs(tmp_path):
    (tmp_path / "mix.csv").write_text(MIXTURES)
    asked = qqt("import", tmp_path / "mix.csv", "-o", tmp_path / "runs.csv", exit_code=1)
    arguments = pasted(asked.stderr)
    assert arguments[-2:] == ["--composition", "composition.csv"]
    said = qqt(*arguments[:-2], exit_code=1).stderr
    assert "a second table says what each takes from each pool" in said
    assert not (tmp_path / "runs.csv").exists()
    written = qqt(*arguments[:-1], tmp_path / "sets.csv")
    checked = qqt(*pasted(written.stderr))
    assert "2 runs of 2 training sets from 2 pools." in checked.stderr


def test_single_pools_have_no_composition_to_write(wide, tmp_path):
    line = ("import", wide, "-o", tmp_path / "runs.csv", "--columns", "pool=filter")
    said = qqt(*line, "--composition", tmp_path / "sets.csv", exit_code=1).stderr
    assert "--composition is written for mixtures" in said
    assert not (tmp_path / "sets.csv").exists()
    assert not (tmp_path / "runs.csv").exists()


@pytest.mark.parametrize("output", ["runs.txt", "no/runs.csv", "wide.csv"])
def test_what_cannot_be_written_is_told_before_anything_is_read(wide, output):
    qqt("import", wide, "-o", wide.parent / output, exit_code=1)
    assert wide.read_text() == WIDE


def test_losses_are_read_as_losses_by_what_is_said_next(tmp_path):
    source, runs = tmp_path / "wide.csv", tmp_path / "runs.csv"
    source.write_text("pool,unique_samples,64M,128M\na,1e7,3.4,3.1\nb,1e7,3.3,3.2\n")
    written = qqt("import", source, "-o", runs, "--kind", "loss")
    assert written.stderr.splitlines()[-1].endswith("--kind loss")
    qqt(*pasted(written.stderr))
    said = qqt("check", runs, exit_code=1).stderr
    assert said.count("losses? --kind loss reads them so") == 1
    assert "got 4 numbers above 1, from 3.1 to 3.4" in said
    assert len(said.splitlines()) == 5
    assert qqt("study", runs, "-o", tmp_path / "s", exit_code=1).stderr == said


def test_runs_that_crashed_are_left_out_as_check_says(tmp_path):
    source, runs = tmp_path / "own.csv", tmp_path / "runs.csv"
    source.write_text(
        "pool,unique_samples,samples_seen,error,status\n"
        "a,1e7,1e7,0.7,ok\na,1e7,2e7,0.9,crashed\na,1e7,4e7,0.6,ok\n"
    )
    said = qqt("check", source, exit_code=1).stderr
    assert "column status: 1 run did not come to its end (row 3: crashed)" in said
    assert "`qqt import` leaves them out" in said
    written = qqt("import", source, "-o", runs)
    assert "Left out, because 'status' says that they failed: row 3." in written.stderr
    assert "2 runs of 1 training sets" in qqt(*pasted(written.stderr)).stderr

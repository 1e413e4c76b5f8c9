"""How RUNS are read: what people's own tooling writes, and the options that the messages name."""

import io
import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from command import qqt

from qqt_bayes.cli.main import main

REPEATED = """\
source,size,N_params,D_tokens,epochs,D_prime_tokens,tokens_trained,val_loss,val_loss_pred
repeat,60m,60000000,300000000,2,300000000,600000000,5.7035,5.226449
repeat,60m,60000000,300000000,4,900000000,1200000000,4.8439,4.597562
repeat,30m,30000000,300000000,2,300000000,600000000,5.6401,5.508422
"""
PLAIN = """\
pool,unique_samples,samples_seen,error
top 10%,12800000,128000000,0.769
top 20%,25600000,128000000,0.721
top 30%,38400000,1280000000,0.564
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(content: str, name: str = "runs.csv") -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def pasted(message: str) -> list[str]:
    """The options that a message names, as a shell reads them."""
    (line,) = re.findall(r"(--\S.*?)(?: says so|$| \(|: )", message, re.MULTILINE)
    return shlex.split(line)


def rows(*arguments: str | Path) -> list[dict[str, object]]:
    return json.loads(qqt("check", *arguments, "--format", "json").stdout)["training_sets"]


@pytest.mark.parametrize(
    ("content", "samples", "errors"),
    [
        (REPEATED, [6e8, 6e8, 1.2e9], [5.6401, 5.7035, 4.8439]),
        (
            PLAIN.replace("pool,", "my pool,").replace("error", "Top-1 accuracy"),
            [128e6, 128e6, 1.28e9],
            [0.231, 0.279, 0.436],
        ),
        (PLAIN.replace("samples_seen", "epochs").replace("1280000000", "2"), None, None),
    ],
)
def test_the_options_that_a_message_ends_with_work_as_they_stand(written, content, samples, errors):
    path = written(content)
    message = qqt("check", path, exit_code=1).stderr
    assert "columns=" not in message
    found = rows(path, *pasted(message))
    if samples is not None:
        assert sorted(row["samples_seen"] for row in found) == samples
        assert [row["error"] for row in sorted(found, key=lambda x: x["samples_seen"])] != []
        assert sorted(row["error"] for row in found) == pytest.approx(sorted(errors))


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (PLAIN.replace("12800000,", "12.8M,"), "--human-numbers"),
        (PLAIN + "top 30%,38400000,128000000,(partial)\n", "--drop-missing"),
        (
            "arch," + PLAIN.replace("\ntop", "\nB,top") + "L,top 10%,12800000,128000000,0.7\n",
            "--group arch",
        ),
        (
            "lr," + PLAIN.replace("\ntop", "\n1,top") + "2,top 10%,12800000,128000000,0.7\n",
            "--best",
        ),
    ],
)
def test_each_option_is_named_where_it_helps_and_helps(written, content, options):
    path = written(content)
    message = qqt("check", path, exit_code=1).stderr
    assert re.search(rf"(^|\s){options}( |$)", message, re.MULTILINE)
    qqt("check", path, *options.split())


def test_what_was_left_out_is_said(written):
    sweep = "lr," + PLAIN.replace("\ntop", "\n1,top") + "2,top 10%,12800000,128000000,0.7\n"
    said = qqt("check", written(sweep), "--best").stderr
    assert "Rows with a better run of the same cell, left out by --best: 1 (row 2)." in said
    said = qqt("check", written(PLAIN + "top 30%,38400000,1,nan\n"), "--drop-missing").stderr
    assert "left out by --drop-missing: 1 (row 5 (error: 'nan'))." in said
    said = qqt("check", written(PLAIN + "#x,5,9,0.5\n")).stderr
    assert "commented out with # and left out: 1 (row 5)." in said


def test_the_columns_that_a_file_beside_the_runs_names_are_said(written):
    path = written(PLAIN.replace("error", "miss"))
    written('[columns]\nerror = "miss"\n', "runs.toml")
    assert "Columns as runs.toml says: error=miss." in qqt("check", path).stderr


@pytest.mark.parametrize("content", [PLAIN, PLAIN.replace(",", "\t"), PLAIN.replace(",", ";")])
def test_runs_come_from_standard_input(content):
    result = CliRunner().invoke(main, ["check", "-", "--format", "json"], input=content)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["runs"] == 3
    empty = CliRunner().invoke(main, ["check", "-"], input="")
    assert (empty.exit_code, empty.stderr) == (1, "standard input: the file is empty\n")


def test_standard_input_is_read_once():
    result = qqt("fit", "-", "-o", "fit.nc", "--by", "metric", exit_code=2)
    assert "--by metric reads RUNS more than once" in result.stderr


def test_the_metric_may_be_called_otherwise(written, tmp_path):
    frame = pd.read_csv(io.StringIO(PLAIN))
    both = pd.concat([frame.assign(task=name) for name in ("a", "b")])
    path = written(both.to_csv(index=False))
    result = qqt("check", path, "--columns", "metric=task", exit_code=1)
    assert "column task (metric): holds 2 metrics; choose one of 'a', 'b'" in result.stderr
    assert len(rows(path, "--columns", "metric=task", "--metric", "b")) == 3


def test_a_document_is_told_what_reads_it(written):
    content = json.dumps({"name": "x", "results": {"loss": 3, "at": [1, 2]}}, indent=1)
    for name, what in {"model.json": "a table", "model.jsonl": "JSON Lines"}.items():
        said = qqt("check", written(content, name), exit_code=1).stderr
        assert f"one JSON document, not {what}" in said
        assert "`qqt import`" in said
        assert len(said.splitlines()) == 1


def test_json_says_how_the_table_was_read(written):
    path = written(PLAIN.replace("error", "top1"))
    options = ("--columns", "accuracy=top1", "--unit", "pairs", "--format", "json")
    seen = json.loads(qqt("check", path, *options).stdout)
    assert (seen["measure"], seen["unit"], seen["kind"]) == ("accuracy", "pairs", "error")
    assert seen["columns"] == {"accuracy": "top1"}
    assert seen["dropped_rows"] == seen["beaten_rows"] == seen["commented_rows"] == []


def test_a_unit_that_a_name_says_is_said(written):
    path = written(PLAIN.replace("samples_seen", "train_tokens"))
    named = ("--columns", "samples_seen=train_tokens")
    assert "counted in tokens, as the name of a column says" in qqt("check", path, *named).stderr
    assert "Counted in" not in qqt("check", path, *named, "--unit", "tokens").stderr


def test_numbers_as_people_write_them_are_said(written):
    path = written(PLAIN.replace("128000000,", "128M,").replace("12800000,", "12.8M,"))
    said = qqt("check", path, "--human-numbers").stderr
    cells = "'128M' as 128000000 and '12.8M' as 12800000"
    assert f"3 cells are read as people write numbers: {cells}." in said
    assert (
        "read as people write"
        not in qqt("check", written(PLAIN, "p.csv"), "--human-numbers").stderr
    )
    imported = qqt("import", path, "-o", path.parent / "long.csv", "--human-numbers").stderr
    assert "3 cells are read as people write numbers: '12.8M' as 12800000" in imported


def test_rows_that_are_left_out_are_not_said_to_be_read(written):
    path = written(PLAIN + "top 30%,38.4M,1280000000,nan\ntop 10%,12.8M,5B,0.4\n")
    said = qqt("check", path, "--human-numbers", "--drop-missing").stderr
    assert "2 cells are read as people write numbers: '5B' as 5000000000" in said


def test_such_numbers_of_the_other_tables_are_said_too(written):
    runs = written("data,samples_seen,error\na,128000000,0.7\na,256M,0.6\n")
    sets = written("data,pool,unique_samples\na,p,1.5M\n", "sets.csv")
    pools = written("pool,unique_samples\np,2M\n", "pools.csv")
    said = qqt("check", runs, "--composition", sets, "--pools", pools, "--human-numbers").stderr
    cells = "'2M' as 2000000, '1.5M' as 1500000 and '256M' as 256000000"
    assert f"3 cells are read as people write numbers: {cells}." in said

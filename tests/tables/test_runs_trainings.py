"""The column `training`: what a table may say of checkpoints, and what is made of it."""

import io
import json
import tomllib

import pandas as pd
import pytest
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.report.identifiability_text import identifiability
from qqt_bayes.tables.order import hash_runs
from qqt_bayes.tables.runs import read_runs

TABLE = """\
pool,unique_samples,samples_seen,error,seed,training
a,1e7,1e7,0.8,1,long
a,1e7,4e7,0.7,1,long
a,1e7,2e8,0.6,1,long
a,1e7,4e7,0.71,2,short
b,1e7,4e7,0.75,,
b,1e7,2e8,0.65,,
"""


def read(text=TABLE, **options):
    return read_runs(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False), **options)


def test_names_are_kept():
    runs = read()
    assert runs["training"].values.tolist() == ["long"] * 3 + ["short", "", ""]
    assert runs["training"].dims == ("run",)
    assert json.loads(runs.attrs["unused_columns"]) == []


def test_the_hash_knows_them_where_they_are():
    """A table without has the hash that it always had."""
    without = "\n".join(line.rpartition(",")[0] for line in TABLE.splitlines())
    plain = read(without)
    assert "training" not in plain
    assert plain.attrs["data_hash"] != read().attrs["data_hash"]
    assert plain.attrs["data_hash"] == hash_runs(read().drop_vars("training"))


def test_trainings_are_replicates_without_a_seed():
    text = TABLE.replace("0.71,2,short", "0.71,,short").replace(",1,long", ",,long")
    assert read(text).sizes["run"] == 6


def test_runs_of_no_training_may_not_repeat():
    with pytest.raises(InputError, match="repeats row"):
        read(TABLE + "b,1e7,4e7,0.76,,\n")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("a,1e7,2e8,0.6,1", "a,1e7,4e7,0.6,1", "column training: repeats row 2 "),
        ("a,1e7,2e8,0.6,1", "b,1e7,2e8,0.6,1", "'long' has another training set, group or seed"),
        ("a,1e7,2e8,0.6,1", "a,1e7,2e8,0.6,3", "than row 1; a training has one of each"),
        ("a,1e7,2e8,0.6,1", "a,2e7,2e8,0.6,1", "'long' has another training set"),
    ],
)
def test_a_training_is_of_one_set_at_each_budget_once(old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        read(TABLE.replace(old, new))


def test_what_a_model_makes_of_them_is_said():
    found = identifiability(read()).findings
    assert "3 runs are checkpoints of 1 training" in found["checkpoints"]
    assert "takes them as independent" in found["checkpoints"]
    assert "common = " in found["checkpoints"]
    assert "learning-rate schedule" in found["schedule"]
    table = load_model("utility").to_dict()
    table["likelihood"]["common"] = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}
    spec = Spec.from_dict(table)
    assert "independent" not in identifiability(read(), spec).findings["checkpoints"]
    alone = read("\n".join(line for line in TABLE.split("\n") if "long" not in line))
    assert "schedule" not in identifiability(alone).findings
    assert "prior" in identifiability(alone, spec).findings["no checkpoints"]


def test_the_key_that_is_named_is_one():
    """What `qqt check` says to add can be added as it stands."""
    said = identifiability(read()).findings["checkpoints"]
    line = said[said.index("common = ") : said.index("}") + 1]
    table = load_model("utility").to_dict()
    table["likelihood"] |= tomllib.loads(line)
    assert Spec.from_dict(table).likelihood.parameters["common"].distribution == "Beta"


def test_check_says_it(tmp_path):
    (tmp_path / "runs.csv").write_text(TABLE)
    result = qqt("check", tmp_path / "runs.csv")
    assert "checkpoints of 1 training" in result.stderr


def test_names_that_checkpoints_share_are_of_trainings():
    """Rows of one name at other budgets, alike in all else: the message says how to read them."""
    table = pd.read_csv(io.StringIO(TABLE)).rename(columns={"training": "run"})
    several = table[table["run"] == "long"]
    with pytest.raises(InputError, match="2 rows have the name of another run at another budget"):
        read_runs(several)
    with pytest.raises(InputError, match=r"columns=\{'training': 'run'\} if they are checkpoints"):
        read_runs(several)
    runs = read_runs(several, columns="training=run")
    assert runs["training"].values.tolist() == ["long"] * 3
    assert runs["run"].values.tolist() == ["run 1", "run 2", "run 3"]
    apart = several.assign(seed=[1, 2, 3])
    with pytest.raises(InputError, match="give each run a name of its own"):
        read_runs(apart)

"""What programs read of each command: a schema number in JSON, stable ids in JSON and CSV."""

import io
import json

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from command import qqt

from qqt_bayes.calibration import sbc
from qqt_bayes.comparison.verdicts import STATES
from qqt_bayes.planning.findings import FINDINGS
from qqt_bayes.posterior.checks import CHECKS
from qqt_bayes.report.limits_text import LIMITS
from qqt_bayes.report.records import SCHEMA
from qqt_bayes.sampling import inference, many

REMARKS = {"approximate", "forced", "only_level", "choice", "leads", "undecided", "crossovers"}
REMARKS |= {"basis", "reliability", "settle"}


def as_json(*asked, **options):
    content = json.loads(qqt(*asked, "--format", "json", **options).stdout)
    assert next(iter(content.items())) == ("schema", SCHEMA)
    return content


def as_csv(*asked, **options):
    return pd.read_csv(io.StringIO(qqt(*asked, "--format", "csv", **options).stdout))


def test_models():
    assert {"name", "law", "summary"} == set(as_json("models")["models"][0])


def test_check(files):
    found = as_json("check", *files.tables)["identifiability"]
    assert {each["id"] for each in found["found"]} <= set(FINDINGS)
    assert all(each["sentence"] in found["findings"].values() for each in found["found"])
    assert set(found["found"][0]) == {"id", "of", "values", "sentence"}


def test_predict(files):
    found = as_json("predict", files.good, "--budgets", "1B")["predictions"]
    rows = as_csv("predict", files.good, "--budgets", "1B")
    pd.testing.assert_frame_equal(pd.DataFrame(found), rows)


@pytest.mark.parametrize("several", [False, True])
def test_fit(files, monkeypatch, several):
    monkeypatch.setattr(inference, "fit", lambda *_, **__: made.fit(passed=False))
    monkeypatch.setattr(many, "fit_many", lambda tables, *_, **__: (made.fit() for _ in tables))
    tables = (files.metrics, *files.tables[1:], "--by", "metric")
    asked = ("fit", *(tables if several else files.tables), "-o", files.folder / "new.nc")
    asked = (*asked, "--overwrite")  # what is made here is of other runs than those that are read
    content = as_json(*asked, "--force")
    fits = content["fits"] if several else [content]
    assert len(fits) == 1 + several
    rows = as_csv(*asked, "--force")
    columns = ["id", "of", "name", "value", "limit", "bar", "passed", "advice"]
    assert list(rows) == ["fit"] * several + columns
    for each in fits:
        assert [*each["checks"][0]] == columns
        assert {check["id"] for check in each["checks"]} <= set(CHECKS)
        assert each["modes"] == each["log_marginal_likelihood"] == []
    assert set(rows["id"]) <= set(CHECKS)
    assert rows["bar"].dtype == float
    people = qqt(*asked, "--force").stdout
    assert people.split("\n")[0].split() == ["fit"] * several + ["name", "value", "bar", "passed"]
    assert "at most 1.01" in people


@pytest.mark.parametrize("name", ["good", "bad", "groups", "laplace"])
def test_decide(files, name, tmp_path):
    path = getattr(files, name)
    content = as_json("decide", path, "--budgets", "1B,9B", "--force", "-o", tmp_path / "d.json")
    assert json.loads((tmp_path / "d.json").read_text()) == content
    ids = [each["id"] for each in content["remarks"]]
    assert set(ids) <= REMARKS | set(LIMITS)
    assert ("forced" in ids) == (name == "bad")
    assert ("approximate" in ids) == (name == "laplace")
    assert ("group" in content["remarks"][0]) == (name == "groups")
    assert "extrapolation" in ids
    for each in content["remarks"]:
        assert each["text"] in content["summary"]
    if name != "groups":
        assert " ".join(each["text"] for each in content["remarks"]) == content["summary"]


def test_compare(files):
    content = as_json("compare", files.good, files.free)
    for each in content["verdicts"]:
        assert each["state"] in STATES[each["id"]]
        assert {"id", "of", "value", "bar", "state"} == set(each)
    assert {each["id"] for each in content["verdicts"]} == set(STATES)
    laws = {law["law"]: law["verdict"] for law in content["laws"]}
    assert sorted(laws.values())[0] == "best"
    rows = as_csv("compare", files.good, files.free)
    assert dict(zip(rows["law"], rows["verdict"], strict=True)) == laws


def test_calibrate(files, monkeypatch):
    ranks = xr.DataArray(
        np.random.default_rng(0).integers(0, 100, (40, 2)),
        {"scalar": ["a", "b"]},
        ("replication", "scalar"),
    )
    found = xr.Dataset(
        {"rank": ranks, "passed": ("replication", [True] * 40), "ess": 500 + 0 * ranks},
        attrs={"spec": json.dumps({"name": "made"}), "legal": 0.5},
    )
    monkeypatch.setattr(sbc, "simulation_based_calibration", lambda *_, **__: found)
    content = as_json("calibrate", *files.tables)
    assert content["verdict"] == "too_few_tables"
    assert content["calibrated"] is True
    assert as_csv("calibrate", *files.tables)["scalar"].tolist() == ["a", "b"]

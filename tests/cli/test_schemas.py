"""JSON Schemas of docs/schemas: valid themselves, and what commands print and tables hold fits."""

import json
import shlex
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import made
import pandas as pd
import prior_sampler
import pytest
from command import qqt
from jsonschema import Draft202012Validator
from made_exports import MIXTURES, WIDE
from made_study import carry_out, infer
from places import ROOT

from qqt_bayes.cli.faults import KINDS
from qqt_bayes.model.spec import list_models
from qqt_bayes.posterior import fit_file
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.report.records import SCHEMA
from qqt_bayes.sampling import inference, many
from qqt_bayes.tables.rows import OPTIONAL

FOLDER = ROOT / "docs" / "schemas"
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")
}
TABLES = {"runs", "composition"}
CASES = ["cherti", "datacomp_medium", "mini_clip"]
"""Case studies with tables of runs as the tool reads them."""
COSTS = """
currency = "EUR"
worth = 5_000

[training]
price_per_run = 50
price_per_million_samples = 2.5

[pools."0-10%"]
price_per_million_samples = 30

[pools."10-20%"]
owned = true

[pools."20-30%"]
price_per_million_samples = 1
"""


@pytest.fixture(name="metrics", scope="module")
def of_metrics(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Fits of two metrics of the same trainings."""
    folder, paths = tmp_path_factory.mktemp("metrics"), []
    for seed, name in enumerate(("first", "second")):
        tree = made.fit(draws=60, seed=seed, spread=0.03)
        tree.attrs |= {"metric": name}
        fit_file.save(made.rehashed(tree), folder / f"{name}.nc")
        paths.append(folder / f"{name}.nc")
    return paths


@pytest.fixture(name="parameters", scope="module")
def of_parameters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of published parameters."""
    path = tmp_path_factory.mktemp("parameters") / "parameters.csv"
    known = {"pool": ["a", "b"], "a": 0.02, "b": 0.1, "tau": 5.0, "d": 0.1, "unique_samples": 1e7}
    pd.DataFrame(known).to_csv(path, index=False)
    return path


def strict(schema: Any) -> Any:
    """The same without room for keys that it does not describe."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: strict(each) for name, each in schema.items()}
    open_to_more = "anyOf" in schema or "allOf" in schema
    if "properties" in schema and "additionalProperties" not in schema and not open_to_more:
        closed["additionalProperties"] = False
    return closed


def faults(name: str, content: object, schema: Any = None) -> list[str]:
    validator = Draft202012Validator(SCHEMAS[name] if schema is None else schema)
    return [f"{each.json_path}: {each.message}"[:300] for each in validator.iter_errors(content)]


def faults_of(name: str, text: str) -> list[str]:
    """What keeps a document from being strict JSON that its schema describes whole."""
    content = json.loads(text, parse_constant=pytest.fail)
    # a part that is described twice (`allOf`) cannot be closed
    closed = None if name in ("fit", "log") else strict(SCHEMAS[name])
    return [*faults(name, content), *faults(name, content, closed)]


def require(name: str, text: str) -> None:
    assert faults_of(name, text) == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_valid_and_says_what_it_is_of(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    if name not in TABLES:
        assert schema["properties"]["schema"]["const"] == SCHEMA
        assert "schema" in schema["required"]
    assert f"schemas/{name}.json" in (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")


def asked(files: SimpleNamespace, parameters: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What is asked of which schema, by a command line."""
    yield "decision", ("decide", files.good, "--budgets", "1B,9B")
    yield "decision", ("decide", files.good, files.free, "--budgets", "64M:5B:3", "--rule", "all")
    yield "decision", ("decide", files.groups, "--budgets", "1B")
    yield "decision", ("decide", files.laplace, "--budgets", "1B", "--new-run")
    yield "decision", ("decide", files.bad, "--budgets", "1B", "--force")
    yield "decision", ("decide", files.good, "--budgets", "1B", "--shares")
    yield "decision", ("decide", files.good, "--budgets", "1B", "--subsets")
    yield "decision", ("decide", files.good, "--budgets", "1B", "--nested")
    yield "decision", ("decide", files.free, "--budgets", "1B", "--scale", "20", "--yes")
    yield "frontier", ("frontier", files.good, "--budgets", "1B,9B", "--targets", "0.62,0.001")
    yield "frontier", ("frontier", files.groups, "--budgets", "1B,9B", "--rule", "all")
    yield "compare", ("compare", files.good, files.free)
    yield "compare", ("compare", files.good)
    yield "compare", ("compare", files.good, files.free, "--budgets", "9B")
    yield "compare", ("compare", files.groups)
    yield "check", ("check", *files.tables)
    yield "check", ("check", *files.tables, "--model", "utility", "--from", "1M")
    yield "design", ("design", files.good, "--allowance", "1B", "--budget", "5B")
    yield "design", ("design", files.composition, "--allowance", "1B", "--budget", "5B")
    yield "prediction", ("predict", files.good, "--budgets", "1B,9B", "--interval", "0.5")
    yield "prediction", ("predict", files.groups, "--budgets", "1B", "--new-run")
    yield "prediction", ("predict", parameters, "--budgets", "1B")
    yield "models", ("models",)
    for name in list_models():
        yield "model", ("models", name)
    yield "prior", ("prior", *files.tables, "--draws", "40")
    yield "prior", ("prior", *files.tables, "--kind", "loss", "--budgets", "9B", "--draws", "40")


def asked_of_money(files: SimpleNamespace, costs: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The same with prices."""
    priced = ("--costs", costs)
    more = ("--target-error", "0.65", "--enlarge", "2", "--baseline-error", "0.7")
    yield "decision", ("decide", files.good, "--budgets", "64M,1B", *priced)
    yield "decision", ("decide", files.good, "--budgets", "64M,1B", *priced, *more)
    yield "design", ("design", files.good, "--allowance", "900", "--budget", "5B", *priced)


def test_what_commands_print(files: SimpleNamespace, parameters: Path) -> None:
    found = {
        line: faults_of(name, qqt(*line, "--format", "json").stdout)
        for name, line in asked(files, parameters)
    }
    assert {line: each for line, each in found.items() if each} == {}


def test_what_commands_print_of_money(files: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "costs.toml").write_text(COSTS)
    for name, line in asked_of_money(files, tmp_path / "costs.toml"):
        require(name, qqt(*line, "--format", "json").stdout)


def test_files_hold_what_is_printed(
    files: SimpleNamespace, metrics: list[Path], tmp_path: Path
) -> None:
    """Of `-o FILE.json`: the same documents."""
    output = ("--budgets", "1B,9B", "-o", tmp_path / "a.json", "--overwrite")
    for name, line in (
        ("decision", ("decide", files.good, *output)),
        ("decision", ("decide", files.good, "--rule", "all", *output)),
        ("decision", ("decide", files.good, "--shares", *output)),
        ("decision", ("decide", files.good, "--subsets", *output)),
        ("frontier", ("frontier", files.good, "--targets", "0.62", *output)),
        ("decision_of_metrics", ("decide", *metrics, *output)),
    ):
        qqt(*line)
        require(name, (tmp_path / "a.json").read_text(encoding="utf-8"))


def test_what_decide_prints_of_several_metrics(files: SimpleNamespace, metrics: list[Path]) -> None:
    line = ("decide", *metrics, "--budgets", "64M,1.28B", "--format", "json")
    for required in ([], ["--require", "second<=0.62@0.9"], ["--rule", "cvar"]):
        require("decision_of_metrics", qqt(*line, *required).stdout)
    content = json.loads(qqt(*line, "--require", "second<=0.01").stdout)
    assert content["decisions"][0]["choice"] == "none_admissible"
    assert faults("decision_of_metrics", content) == []


def test_what_calibrate_prints(files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    prior_sampler.install(monkeypatch)
    line = ("calibrate", *files.tables, "--kind", "loss", "--model", "utility")
    require("calibration", qqt(*line, "--replications", "2", "--format", "json").stdout)


@pytest.mark.parametrize("source", [WIDE, MIXTURES])
def test_what_import_prints(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command itself proposes it."""
    monkeypatch.chdir(tmp_path)
    Path("source.csv").write_text(source)
    proposed = qqt("import", "source.csv", "-o", "runs.csv", exit_code=1).stderr
    line = shlex.split(proposed.strip().splitlines()[-1])[1:]
    require("import", qqt(*line, "--format", "json").stdout)


def test_what_report_prints_and_the_folder_of_a_study_holds(tmp_path: Path) -> None:
    carry_out(tmp_path / "study")
    line = ("report", tmp_path / "study", "-o", tmp_path / "page.md", "--format", "json")
    require("report", qqt(*line).stdout)
    require("study_folder", (tmp_path / "study" / "study.json").read_text(encoding="utf-8"))
    [logged] = (tmp_path / "study" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    require("log_line", logged)


def test_what_the_folder_of_a_study_by_metric_holds(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "fit", infer)
    monkeypatch.setattr(figure_files, "write_figures", lambda *_: [])
    asked = ("--by", "metric", "--models", "utility", "--budgets", "64M,1B", "-o", tmp_path / "all")
    table = pd.read_csv(files.metrics)
    is_average = table["metric"] == "average"
    table.loc[is_average, "error"] *= 0.95
    table.to_csv(tmp_path / "runs.csv", index=False)
    printed = qqt("study", tmp_path / "runs.csv", *files.tables[1:], *asked, "--format", "json")
    require("decision_of_metrics", printed.stdout)
    folder = tmp_path / "all"
    require("metrics_folder", (folder / "metrics.json").read_text(encoding="utf-8"))
    again = qqt("decide", folder, "--format", "json")
    require("decision_of_metrics", again.stdout)


@pytest.mark.parametrize("several", [False, True])
def test_what_fit_prints(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    monkeypatch.setattr(inference, "fit", lambda *_, **__: made.fit(passed=False))
    monkeypatch.setattr(many, "fit_many", lambda tables, *_, **__: (made.fit() for _ in tables))
    tables = (files.metrics, *files.tables[1:], "--by", "metric") if several else files.tables
    printed = qqt("fit", *tables, "-o", tmp_path / "a.nc", "--force", "--format", "json")
    require("fit", printed.stdout)


def test_what_study_and_log_print(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(runs, spec, **_):
        found = made.fit(model=spec)
        found.attrs["data_hash"] = runs.attrs["data_hash"]
        return found

    monkeypatch.setattr(inference, "fit", fit)
    folder = tmp_path / "study"
    models = ("--models", "utility,utility-free-size")
    line = ("study", *files.tables, "-o", folder, "--budgets", "1B,2B", *models)
    require("study", qqt(*line, "--format", "json").stdout)
    require("study", (folder / "decision.json").read_text(encoding="utf-8"))
    for name in ("decision", "frontier", "compare"):
        command = {"decision": "decide"}.get(name, name)
        require(name, qqt(command, folder, "--format", "json").stdout)
    require("log", qqt("log", folder, "--format", "json").stdout)
    require("log", qqt("log", folder, "--budget", "1B", "--format", "json").stdout)
    require("log", qqt("log", folder, "--on", "2100-01-01", "--format", "json").stdout)
    require("design", qqt("design", folder, "--allowance", "1B", "--format", "json").stdout)


def test_what_ends_a_command(files: SimpleNamespace, tmp_path: Path) -> None:
    for code, line in (
        (1, ("check", "none.csv")),
        (2, ("check",)),
        (3, ("decide", files.bad, "--budgets", "1B")),
    ):
        require("error", qqt(*line, "--format", "json", "--quiet", exit_code=code).stderr)
    kinds = SCHEMAS["error"]["properties"]["error"]["properties"]["kind"]["enum"]
    assert tuple(kinds) == KINDS


def test_a_schema_refuses_what_is_wrong(files: SimpleNamespace) -> None:
    """A schema that lets everything through would pass the other tests."""
    content = json.loads(qqt("decide", files.good, "--budgets", "1B", "--format", "json").stdout)
    for spoil in (
        lambda x: x.update(schema=99),
        lambda x: x["decisions"][0].pop("choice"),
        lambda x: x["decisions"][0]["levels"][0].update(probability_best=1.5),
        lambda x: x["remarks"][0].update(id=None),
    ):
        spoil(spoilt := deepcopy(content))
        assert faults("decision", spoilt)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", sorted(TABLES))
def test_rows_of_tables_that_are_shipped(case: str, name: str) -> None:
    for path in (ROOT / "case_studies" / case).rglob(f"{name}.csv"):
        frame = pd.read_csv(path, comment="#")
        for row in frame.to_dict("records")[:500]:
            present = {key: value for key, value in row.items() if not pd.isna(value)}
            assert faults(name, present) == []


def test_rows_that_are_not_read() -> None:
    row = {"samples_seen": 1e6, "error": 0.5, "pool": "a", "unique_samples": 1e5}
    assert faults("runs", row) == []
    for name, value in {"samples_seen": 0, "error": 0, "pool": "", "weight": 1e9}.items():
        assert faults("runs", row | {name: value})
    assert faults("runs", {"samples_seen": 1e6, "error": 0.5})
    assert set(SCHEMAS["runs"]["properties"]) >= OPTIONAL

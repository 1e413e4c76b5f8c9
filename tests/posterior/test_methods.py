"""What is approximate says so wherever it is shown; what is not, or is older, does not."""

import json
from pathlib import Path

import made
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.decisions import subsets
from qqt_bayes.decisions.decide import decide
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.checks import LARGEST_PARETO_K, judge
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import Gate, check
from qqt_bayes.posterior.methods import APPROXIMATE, METHODS
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.figures import files, plots
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.report.records import to_frame, to_json
from qqt_bayes.sampling import inference

BUDGETS = "64M,640M"
REMARK = (
    "Approximate posterior (laplace): a quick look, not for decisions that cost; fit with nuts."
)


@pytest.fixture(scope="module")
def fit():
    return made.fit(method="laplace", draws=20)


@pytest.fixture(scope="module")
def file(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("approximate") / "fit.nc"
    fit_file.save(fit, path)
    return path


def decided(method):
    return decide(made.fit(method=method, draws=20), made.levels(), BUDGETS)


def old(tree):
    """A fit from before there were methods."""
    content = json.loads(tree.attrs["gate"])
    del tree.attrs["method"], content["method"]
    tree.attrs["gate"] = json.dumps(content)
    return tree


# --- the gate ----------------------------------------------------------------------------------


def with_k(fit, k):
    fit = fit.copy(deep=True)
    fit["sample_stats"].attrs["pareto_k"] = k
    curve = fit["posterior_predictive"]["error"].values.reshape(-1, 12)
    return check(fit, curve, curve)


def test_an_approximation_is_judged_by_its_distance_not_by_chains(fit):
    ids = [each.id for each in with_k(fit, 0.2).checks]
    assert ids[0] == "pareto_k"
    assert not {"rhat", "ess_bulk", "ess_tail", "divergences", "bfmi"} & set(ids)
    assert with_k(fit, LARGEST_PARETO_K).checks[0].passed
    for far in (LARGEST_PARETO_K + 0.01, float("inf"), float("nan")):
        failed = with_k(fit, far)
        assert not failed.checks[0].passed
        assert "may be far from the posterior: fit with method nuts" in verdict(failed)
        assert verdict(failed).endswith(REMARK)


def test_particles_are_judged_by_agreement_of_runs():
    fit = made.fit(method="smc", chains=4, draws=30)
    fit["sample_stats"] = fit["sample_stats"].to_dataset()[["lp"]]
    curve = fit["posterior_predictive"]["error"].values.reshape(-1, 12)
    gate = check(fit, curve, curve)
    ids = {each.id for each in gate.checks}
    assert {"rhat", "ess_bulk", "ess_tail"} <= ids
    assert not {"divergences", "bfmi"} & ids
    assert not gate.passed
    assert "--draws 90" in verdict(gate)
    assert "--tune" not in verdict(gate)


def test_the_gate_of_an_approximation_says_so():
    gate = Gate((judge("pareto_k", 0.1),), "laplace")
    assert verdict(gate) == (
        "The fit passed its gate: the approximation is near the posterior, no check found fault "
        f"with the law. {REMARK}"
    )
    assert Gate.from_json(gate.to_json()) == gate


# --- all that is shown -------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_decision_knows_its_method(method):
    decision = decided(method)
    assert decision.attrs["method"] == method
    assert to_json(decision)["settings"]["method"] == method
    marked = method in APPROXIMATE
    assert (f"Approximate posterior ({method}): a quick" in summary(decision)) is marked
    assert (summary(decision) == to_json(decision)["summary"]) is True
    assert ("method" in to_frame(decision)) is marked
    if marked:
        assert set(to_frame(decision)["method"]) == {method}


def test_subsets_are_marked(fit):
    assert summary(subsets.best_subsets(fit, BUDGETS)).startswith(REMARK)


def test_what_is_older_is_of_nuts():
    fit = old(made.fit(draws=20))
    decision = decide(fit, made.levels(), BUDGETS)
    assert decision.attrs["method"] == "nuts"
    assert Fit.of(fit).gate.method == "nuts"
    assert predict(fit, made.levels(), BUDGETS).attrs["method"] == "nuts"


def test_decide_is_marked_in_every_form(file, tmp_path):
    levels = made.levels().rename(level="data").to_series()
    levels[levels > 0].reset_index().to_csv(tmp_path / "levels.csv", index=False)
    common = ("decide", file, "--levels", tmp_path / "levels.csv", "--budgets", BUDGETS)
    written = ("-o", tmp_path / "decision.csv", "-o", tmp_path / "decision.json")
    assert REMARK in qqt(*common, *written).stdout.replace("\n", " ")
    assert json.loads(qqt(*common, "--format", "json").stdout)["summary"].startswith(REMARK)
    rows = qqt(*common, "--format", "csv")
    assert rows.stdout.splitlines()[1].endswith(",laplace")
    assert REMARK in rows.stderr
    assert set(pd.read_csv(tmp_path / "decision.csv")["method"]) == {"laplace"}
    assert json.loads((tmp_path / "decision.json").read_text())["settings"]["method"] == "laplace"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_predict_is_marked_in_every_form(file, form):
    found = qqt("predict", file, "--budgets", BUDGETS, "--format", form)
    assert REMARK in found.stderr
    assert "laplace" in found.stdout


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_fit_is_marked_in_every_form(tmp_path, monkeypatch, form):
    runs, composition = made.tables()
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    monkeypatch.setattr(inference, "fit", lambda *_, method, **__: made.fit(method=method))
    tables = (tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv")
    found = qqt("fit", *tables, "-o", tmp_path / "fit.nc", "--method", "laplace", "--format", form)
    assert REMARK in found.stderr
    assert "laplace" in found.stdout


@pytest.mark.parametrize("method", METHODS)
def test_figures_are_marked(method):
    decision, fit = decided(method), made.fit(method=method, draws=20)
    drawn = [
        plots.scaling_curves(decision),
        plots.probability_best(decision),
        plots.utility_curves(Fit.of(fit).parameters),
    ]
    for figure in drawn:
        marked = figure.get_suptitle() == f"Approximate posterior ({method})"
        assert marked is (method in APPROXIMATE)


def test_all_figures_of_a_decision_are_marked(fit, tmp_path: Path, monkeypatch):
    seen = []
    monkeypatch.setattr(files, "save", lambda figure, stem: seen.append(figure) or (stem,))
    files.write_figures(fit, decided("laplace"), made.levels(), tmp_path)
    assert len(seen) == 4
    assert {figure.get_suptitle() for figure in seen} == {"Approximate posterior (laplace)"}


# --- what a method has no use for --------------------------------------------------------------


@pytest.mark.parametrize("method", [name for name in METHODS if name != "nuts"])
@pytest.mark.parametrize(
    "option", [("--tune", "1000"), ("--target-accept", "0.9"), ("--low-rank",)]
)
def test_options_of_nuts_are_refused(tmp_path, method, option):
    asked = ("fit", tmp_path / "runs.csv", "-o", tmp_path / "fit.nc", "--method", method, *option)
    assert f"{option[0]} is for --method nuts, not for {method}" in qqt(*asked, exit_code=2).stderr


def test_an_unknown_method_is_wrong_usage(tmp_path):
    asked = ("fit", tmp_path / "runs.csv", "-o", tmp_path / "fit.nc", "--method", "advi")
    assert "'advi' is not one of 'nuts', 'laplace'" in qqt(*asked, exit_code=2).stderr

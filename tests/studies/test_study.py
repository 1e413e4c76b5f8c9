"""A study from runs to a folder: what is fitted, what decides, what is written and read again."""

import json

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from command import qqt

import qqt_bayes
from qqt_bayes.decisions.decide import decide
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior.checks import check_value
from qqt_bayes.posterior.fit_file import load, open_fit, save
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.study_text import summary
from qqt_bayes.sampling import inference
from qqt_bayes.studies import study as module
from qqt_bayes.studies.folder import open_study
from qqt_bayes.studies.study import study
from qqt_bayes.tables.runs import read_runs

NAMES = {
    "comparison.csv",
    "decision.csv",
    "decision.json",
    "effective-reuse.nc",
    "laws.csv",
    "levels.csv",
    "study.json",
    "summary.txt",
    "utility-free-size.nc",
    "utility.nc",
}
FEW = {"draws": 60, "tune": 150, "chains": 2}


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


@pytest.fixture(scope="module")
def carried_out(runs, tmp_path_factory):
    """A study with few draws, whose fits the gate would not let pass: it is forced."""
    folder = tmp_path_factory.mktemp("study")
    said: list[str] = []
    found = study(runs, made.levels(), [64e6, 5e9], folder, force=True, say=said.append, **FEW)
    return found, folder, said


def test_it_decides_under_both_laws_and_reports_the_theorem(carried_out):
    found, _, said = carried_out
    assert list(found.fits) == ["effective-reuse", "utility-free-size", "utility"]
    assert found.weights == {"effective-reuse": 0.5, "utility-free-size": 0.5}
    assert found.theorem == "utility"
    assert list(found.alone) == list(found.fits)
    assert found.comparison["law"].values.tolist() == list(found.weights)
    deciding = {name: found.fits[name] for name in found.weights}
    again = decide(deciding, made.levels(), [64e6, 5e9], force=True)
    xr.testing.assert_identical(again, found.decision)
    assert sum(line.startswith("Fit model") for line in said) == 3


def test_its_folder_has_all_of_it(carried_out):
    found, folder, _ = carried_out
    names = {path.name for path in folder.iterdir()}
    assert names >= NAMES
    assert {"scaling_curves.png", "probability_best.svg"} <= names
    assert "parameter_posteriors-effective-reuse.png" in names
    assert "utility_curves-utility.svg" in names
    laws = pd.read_csv(folder / "laws.csv")
    assert laws["model"].unique().tolist() == list(found.alone)
    content = json.loads((folder / "decision.json").read_text())
    words = (folder / "summary.txt").read_text()
    assert " ".join(words.split()) == " ".join(content["study"].split())
    assert content["summary"] in content["study"]
    whole = json.loads((folder / "study.json").read_text())
    assert {law["law"] for law in whole["laws"]} == set(found.weights)
    assert whole["models"][0]["failed_checks"] == [
        check.id for check in found.fits["effective-reuse"].gate.failed
    ]
    assert whole["size_exponents"][0]["law"] == "utility-free-size"


def test_decide_takes_the_folder(carried_out):
    """Its fits, weights, levels and budgets, unless others are given."""
    found, folder, _ = carried_out
    saved = open_study(folder)
    assert (list(saved.fits), saved.weights) == (list(found.weights), [0.5, 0.5])
    np.testing.assert_array_equal(saved.budgets, [64e6, 5e9])
    result = qqt("decide", folder, "--force", "--format", "json")
    decided = json.loads(result.stdout)
    assert decided["settings"]["models"] == list(found.weights)
    for name, by in (("probability_best", "probability_best"), ("regret", "regret")):
        shown = [level[by] for each in decided["decisions"] for level in each["levels"]]
        np.testing.assert_allclose(shown, found.decision[name].T.values.ravel())
    other = qqt(
        "decide", folder, "--force", "--budgets", "1B", "--weights", "1,0", "--format", "json"
    )
    assert json.loads(other.stdout)["settings"]["weights"] == [1.0, 0.0]


def test_frontier_takes_the_folder(carried_out):
    found, folder, _ = carried_out
    asked = ("frontier", folder, "--force", "--format", "json")
    content = json.loads(qqt(*asked).stdout)
    assert content["settings"]["models"] == list(found.weights)
    assert [row["budget"] for row in content["frontier"]] == [64e6, 5e9]
    best = [row["level"] for row in content["frontier"]]
    assert best == found.decision["choice"].values.tolist()


def test_compare_takes_the_folder(carried_out):
    found, folder, _ = carried_out
    laws = json.loads(qqt("compare", folder, "--format", "json").stdout)["laws"]
    assert sorted(law["law"] for law in laws) == sorted(found.weights)


@pytest.mark.parametrize("command", ["decide", "frontier", "compare"])
def test_a_study_stands_alone(carried_out, command):
    _, folder, _ = carried_out
    refused = qqt(command, folder, folder / "utility.nc", exit_code=2)
    assert "is a folder; give one STUDY, or FITs." in refused.stderr


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "study.json").unlink(), "no whole study"),
        (lambda folder: (folder / "study.json").write_text("{"), "study.json is damaged"),
        (lambda folder: (folder / "study.json").write_text("[1]"), "study.json is damaged"),
        (
            lambda folder: (folder / "effective-reuse.nc").write_bytes(
                (folder / "utility-free-size.nc").read_bytes()
            ),
            "is not the fit of effective-reuse that this study made",
        ),
        (lambda folder: (folder / "utility-free-size.nc").unlink(), "There is no fit at"),
    ],
)
def test_a_folder_that_is_no_whole_study_is_a_fault(carried_out, tmp_path, damage, sentence):
    _, folder, _ = carried_out
    for path in folder.glob("*.*"):
        if path.suffix in (".nc", ".json", ".csv"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    damage(tmp_path)
    assert sentence in qqt("decide", tmp_path, "--force", exit_code=1).stderr


def edited(name, old, new):
    """What an editor does to a file of the folder."""

    def change(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def fitted_again(folder):
    """By another seed, to the same runs, with the same model."""
    path = folder / "utility-free-size.nc"
    tree = load(path)
    tree.attrs["seed"] = 1
    save(tree, path)


def without(*keys):
    def change(folder):
        content = json.loads((folder / "study.json").read_text())
        (folder / "study.json").write_text(
            json.dumps({name: value for name, value in content.items() if name not in keys})
        )

    return change


@pytest.mark.parametrize("command", ["decide", "compare"])
@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (edited("levels.csv", "12800000.0", "1280000.0"), "levels.csv", "was changed after the"),
        (edited("study.json", '"weight": 0.5', '"weight": 0.9'), "study.json", "was changed after"),
        (edited("study.json", "64000000.0", "65000000.0"), "study.json", "was changed after the"),
        (without("files"), "study.json", "was changed after the study"),
        (without("files", "digest"), "study.json", "is damaged"),
        (fitted_again, "utility-free-size.nc", "but not the one that this study made"),
    ],
)
def test_a_file_that_was_changed_is_named(carried_out, tmp_path, command, change, name, words):
    """With what to do about it, in one sentence, before anything is decided."""
    _, folder, _ = carried_out
    for path in folder.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    change(tmp_path)
    forced = ["--force"] if command == "decide" else []
    result = qqt(command, tmp_path, *forced, exit_code=1)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path / name} ")
    assert words in line
    assert "make it again with `qqt study`" in line
    assert ("--levels FILE takes those of another file" in line) == (name == "levels.csv")


def test_a_file_that_is_laid_out_anew_says_the_same(carried_out, tmp_path):
    _, folder, _ = carried_out
    for path in folder.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    without()(tmp_path)
    (tmp_path / "summary.txt").write_text("read by nobody")
    qqt("decide", tmp_path, "--force")


def made_fit(runs, spec, passed):
    """A made fit of the model that is asked for, with the table's own hash."""
    fit = made.fit(model=load_model(spec) if isinstance(spec, str) else spec, passed=passed)
    fit.attrs["data_hash"] = runs.attrs["data_hash"]
    return fit


@pytest.mark.parametrize(
    ("kind", "refused", "fitted"),
    [
        (
            "error",
            ["utility-free-size"],
            ["utility-free-size", "utility-bounded-free-size", "utility"],
        ),
        (
            "error",
            ["utility-free-size", "utility"],
            ["utility-free-size", "utility-bounded-free-size", "utility", "utility-bounded"],
        ),
        ("loss", ["utility-free-size"], ["utility-free-size", "utility"]),
    ],
)
def test_a_refused_law_of_error_rates_is_fitted_as_chance_bounds_it(
    monkeypatch, kind, refused, fitted
):
    """It has the share and the place of the law that it stands in for."""

    def infer(runs, spec, **_):
        return made_fit(runs, spec, passed=spec.name not in refused)

    monkeypatch.setattr(inference, "fit", infer)
    monkeypatch.setattr(module, "MODELS", ("utility-overfit", "utility-free-size"))
    found = study(read_runs(*made.tables(), kind=kind), made.levels(), [1e9])
    assert list(found.fits) == ["utility-overfit", *fitted]
    second = ["utility-bounded-free-size"] if kind == "error" else []
    assert found.weights == dict.fromkeys(["utility-overfit", *second], 1 / (1 + len(second)))
    assert found.theorem == fitted[-1]
    named = study(read_runs(*made.tables(), kind=kind), made.levels(), [1e9], models=module.MODELS)
    assert list(named.fits) == ["utility-overfit", "utility-free-size", "utility"]


def test_chains_that_are_too_short_are_made_again(runs, monkeypatch):
    """Three times as long, where nothing else is wrong; not where the law is."""
    asked = []

    def infer(runs, spec, draws, **_):
        asked.append((spec.name, draws))
        failed = "amplitude" if spec.name == "utility-overfit" else "ess_bulk"
        fit = made_fit(runs, spec, passed=True)
        checks = (check_value(failed, 10.0 if draws == 1000 else 1e3 * (failed == "ess_bulk")),)
        fit.attrs["gate"] = Gate(checks, model=spec.name).to_json()
        return fit

    monkeypatch.setattr(inference, "fit", infer)
    models = ["utility", "utility-overfit"]
    said = []
    found = study(runs, made.levels(), [1e9], models=models, theorem=False, say=said.append)
    assert asked == [("utility", 1000), ("utility", 3000), ("utility-overfit", 1000)]
    again = "Its chains are too short, and nothing else: made again, 3 times as long."
    assert [line.strip() for line in said].count(again) == 1
    assert found.weights == {"utility": 1.0}
    assert found.refused_laws == ["utility-overfit"]
    assert summary(found).startswith(
        "Beware: the fit of utility-overfit was refused, so all this rests on utility alone."
    )


def test_a_refused_law_takes_no_part(runs, tmp_path, monkeypatch):
    def infer(runs, spec, **_):
        return made_fit(runs, spec, passed=spec.name != "utility")

    monkeypatch.setattr(inference, "fit", infer)
    models = "utility", "utility-free-size"
    found = study(runs, made.levels(), [1e9], tmp_path, models=models, theorem=False)
    assert found.weights == {"utility-free-size": 1.0}
    assert list(found.refused) == ["utility"]
    assert found.comparison["law"].values.tolist() == ["utility-free-size"]
    assert "The fit of utility was refused" in (tmp_path / "summary.txt").read_text()
    saved = open_study(tmp_path)
    assert (list(saved.fits), saved.refused) == (["utility-free-size"], ["utility"])
    again = qqt("decide", tmp_path)
    assert again.stdout.startswith("Beware: the fit of utility was refused, so all this rests on")
    assert open_fit(tmp_path / "utility.nc").gate.passed is False  # saved all the same


def test_without_a_fit_that_passed_nothing_is_decided(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(inference, "fit", lambda runs, spec, **_: made_fit(runs, spec, False))
    models = "utility", "utility-free-size"
    with pytest.raises(InadequateFit, match=r"(?s)The fit of utility was refused \(.*saved in"):
        study(runs, made.levels(), [1e9], tmp_path, models=models)
    fits = {"utility.nc", "utility-free-size.nc"}
    assert {path.name for path in tmp_path.iterdir()} == {*fits, "levels.csv", "study.json"}
    assert "Use --force" in qqt("decide", tmp_path, exit_code=3).stderr
    study(runs, made.levels(), [1e9], tmp_path, models=models, force=True)  # in its own folder


def test_a_study_that_was_refused_is_decided_by_force_without_fitting_again(
    runs, tmp_path, monkeypatch
):
    """The last line names the command, which takes the levels, budgets and weights asked for."""
    monkeypatch.setattr(inference, "fit", lambda runs, spec, **_: made_fit(runs, spec, False))
    models, folder = ("utility", "utility-free-size"), tmp_path / "a study"
    with pytest.raises(InadequateFit) as refused:
        study(runs, made.levels(), [1e9], folder, models=models, weights=[3, 1])
    *_, what, last = str(refused.value).splitlines()
    assert f"The fits are saved in {folder}. What to do: " in what
    assert last.startswith(f"`qqt decide '{folder}' --force` decides on them all the same")
    forced = qqt("decide", folder, "--force", "--format", "json")
    content = json.loads(forced.stdout)
    assert content["settings"]["weights"] == [0.75, 0.25]
    assert [each["budget"] for each in content["decisions"]] == [1e9]
    assert {x["level"] for x in content["decisions"][0]["levels"]} == {"top 1", "top 2", "top 3"}
    assert content["decisions"][0]["winner"] == "undecided"


def test_a_refused_study_whose_early_runs_bend_away_says_what_to_leave_out(runs, monkeypatch):
    def infer(runs, spec, **_):
        fit = made_fit(runs, spec, passed=False)
        check = check_value("misfit_common", 9.0, of="runs below 256M")
        fit.attrs["gate"] = Gate((check,), model=spec.name).to_json()
        return fit

    monkeypatch.setattr(inference, "fit", infer)
    ways = "least_budget='256M', if enough are left; let training begin slowly with models"
    with pytest.raises(InadequateFit, match=ways):
        study(runs, made.levels(), [1e9], models=["utility", "utility-free-size"])


def test_fits_that_were_refused_for_their_laws_still_tell_ranks(runs, monkeypatch):
    def infer(runs, spec, **_):
        fit = made_fit(runs, spec, passed=False)
        of_law = spec.name == "utility"
        check = check_value("amplitude", 0.3) if of_law else check_value("divergences", 9, draws=40)
        fit.attrs["gate"] = Gate((check,), model=spec.name).to_json()
        return fit

    monkeypatch.setattr(inference, "fit", infer)
    still = r"all the same, without a winner\. Of utility: the chains agree: how training sets rank"
    with pytest.raises(InadequateFit, match=still):
        study(runs, made.levels(), [1e9], models=["utility", "utility-free-size"])


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"group": "b"}, "unknown group 'b'"),
        ({"runs": "runs.csv"}, "runs: expected a Dataset, as read_runs returns it, got str"),
        ({"models": []}, "models: expected one or more, each once, got 0"),
        ({"models": ["utility", "utility"]}, "each once, got utility, utility"),
        ({"models": ["utilty"]}, "did you mean"),
        ({"weights": [1]}, "expected 2 numbers of at least 0"),
        ({"weights": "half"}, "expected 2 numbers of at least 0"),
        ({"budgets": [0]}, "budgets: expected 1 to"),
        (
            {"levels": pd.DataFrame({"data": ["a"], "pool": ["x"], "unique_samples": 1e6})},
            "unknown",
        ),
        ({"margin": -1}, "margin"),
        ({"draws": 6}, "compared by at least 25 draws of each, got 24 of effective-reuse"),
        ({"budgets": np.geomspace(1e6, 1e9, 10_000)}, "at most 2,000 budgets are taken, got 10,"),
        (
            {"budgets": np.geomspace(1e6, 1e9, 2_000), "draws": 10_000},
            "under 80,000 draws are 480,000,000 errors",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_fitted(runs, monkeypatch, asked, sentence):
    monkeypatch.setattr(inference, "fit", lambda *_, **__: pytest.fail("it was fitted"))
    with pytest.raises(InputError, match=sentence):
        study(**({"runs": runs, "levels": made.levels(), "budgets": [1e9]} | asked))


def test_levels_and_budgets_are_those_of_the_runs_if_none_are_given(runs, monkeypatch):
    monkeypatch.setattr(inference, "fit", lambda runs, spec, **_: made_fit(runs, spec, True))
    found = qqt_bayes.study(runs, models=["utility"], theorem=False)
    assert found.decision["level"].values.tolist() == runs["data"].values.tolist()
    assert found.decision["budget"].values[[0, -1]].tolist() == [64e6, 4 * 1.28e9]

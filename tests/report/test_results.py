"""Results in Python: `qqt_bayes.table` for notebooks, `qqt_bayes.text` as the command prints it."""

import made
import pytest
import xarray as xr
from command import qqt as command

import qqt_bayes as qqt

CONSTRAINTS = ["imagenet<=0.62@0.9"]


@pytest.fixture(name="fit", scope="module")
def one_fit():
    return made.fit()


@pytest.fixture(name="decision", scope="module")
def one_decision(fit):
    return qqt.decide(fit, made.levels(), "1.28B, 64M")


def of_metrics():
    fits = {name: made.fit(seed=seed, draws=20) for seed, name in enumerate(("imagenet", "other"))}
    return qqt.decide_metrics(fits, made.levels(), "64M, 1.28B", constraints=CONSTRAINTS)


def test_a_decision_has_a_row_for_each_budget(decision):
    found = qqt.table(decision)
    assert found.index.tolist() == ["64M", "1.28B"]
    assert found.index.name == "budget"
    assert found["choice"].tolist() == decision.sortby("budget")["choice"].values.tolist()
    best = decision["probability_best"].sel(budget=64e6, level=found["choice"].iloc[0])
    assert found["P(best)"].iloc[0] == pytest.approx(best.item(), abs=5e-5)


def test_tidy_it_has_a_row_for_each_candidate_with_all_digits(decision):
    found = qqt.table(decision, tidy=True)
    assert len(found) == decision.sizes["level"] * decision.sizes["budget"]
    row = found.set_index(["budget", "level"]).loc[(1.28e9, "top 2")]
    assert row["regret"] == decision["regret"].sel(budget=1.28e9, level="top 2").item()


def test_groups_are_rows():
    found = qqt.table(qqt.decide(made.fit(groups=2, model="cherti"), made.levels(), "64M, 1.28B"))
    assert found.index.names == ["group", "budget"]
    assert found.index.tolist()[:2] == [("arch 1", "64M"), ("arch 1", "1.28B")]


def test_accuracies_are_shown_as_accuracies(decision):
    (heading,) = [name for name in qqt.table(decision) if "[90%]" in name]
    assert heading == "error [90%]"
    (heading,) = [
        name for name in qqt.table(decision.assign_attrs(measure="accuracy")) if "[90%]" in name
    ]
    assert heading == "accuracy [90%]"


def test_frontiers_metrics_and_comparisons_have_tables_too(fit):
    found = qqt.frontier(fit, made.levels(), "64M:1.28B:3", [0.6])
    assert qqt.table(found).index.tolist() == ["64M", "286M", "1.28B"]
    assert set(qqt.table(found, tidy=True)["part"]) == {"frontier", "target"}
    metrics = qqt.table(of_metrics())
    assert metrics.columns.tolist()[:3] == ["choice (P)", "on imagenet (P)", "on other (P)"]
    laws = qqt.compare_laws({"one": fit, "other": made.fit(spread=0.01)})
    assert sorted(qqt.table(laws).index) == ["one", "other"]
    assert len(qqt.table(laws, tidy=True)) == 2 * laws.sizes["run"]
    assert qqt.text(laws).startswith("Laws are compared by how well they predict each run")


def test_a_plan_has_a_row_for_each_run(fit):
    plan = qqt.design(fit, 4e9, 5e9, made.levels())
    assert len(qqt.table(plan)) == len(plan.runs)
    assert qqt.table(plan, tidy=True).equals(plan.runs)
    assert "At 5B samples the choice today is" in qqt.text(plan)


def test_of_a_fit_its_gate_is_told():
    failed = made.fit(passed=False)
    assert qqt.text(failed).startswith("The fit did not pass its gate.\n  R-hat of b: 1.2")
    assert "sample longer (draws=150, tune=150)" in qqt.text(failed)
    assert qqt.table(failed)["passed"].tolist() == [False]
    assert qqt.table(qqt.Fit.of(failed).gate, tidy=True)["id"].tolist() == ["rhat"]


SCALED = "(--scale 20, or --target-pools FILE)"
IN_PYTHON = "(target_pools=20, or a mapping of each pool to its size)"


def test_text_is_what_the_command_prints_but_for_options(fit, tmp_path):
    qqt.save(fit, tmp_path / "fit.nc")
    made.levels().rename(level="data").to_series().reset_index().query("unique_samples > 0").to_csv(
        tmp_path / "levels.csv", index=False
    )
    decision = qqt.decide(qqt.load(tmp_path / "fit.nc"), made.levels(), "64M, 1.28B")
    for option in ([], ["--explain"]):
        asked = ("decide", tmp_path / "fit.nc", "--levels", tmp_path / "levels.csv")
        printed = command(*asked, "--budgets", "64M,1.28B", *option).stdout
        told = qqt.text(decision, explain=bool(option))
        assert SCALED in " ".join(printed.split())
        assert IN_PYTHON in " ".join(told.split())
        assert "--" not in told
        words = " ".join(told.split()).replace(IN_PYTHON, SCALED)
        assert words.replace("`qqt_bayes.design`", "`qqt design`") == " ".join(printed.split())


def test_text_is_the_same_in_a_notebook_and_where_colours_are_forced(decision, monkeypatch):
    """Rich would show its tables below the cell, and write escapes for bold letters."""
    plain = qqt.text(decision)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert qqt.text(decision) == plain


@pytest.mark.parametrize("nothing", [5, "decision", xr.Dataset({"error": 1.0}), None])
def test_what_is_no_result_is_refused(nothing):
    for function in (qqt.table, qqt.text):
        with pytest.raises(qqt.InputError, match="expected a result"):
            function(nothing)


def test_sets_of_pools_and_shares_have_tables_and_texts_as_well(fit):
    subsets = qqt.best_subsets(fit, "64M, 1.28B")
    assert qqt.table(subsets).index.tolist() == ["64M", "1.28B"]
    assert "sets of whole pools" in qqt.text(subsets, explain=True)
    shares = qqt.best_shares(fit, "64M, 1.28B")
    assert qqt.table(shares).index.names == ["budget"]
    assert len(qqt.table(shares, tidy=True)) == shares.sizes["level"] * 2
    assert "64M" in qqt.text(shares)

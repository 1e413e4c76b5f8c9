"""The checks by their ids, and gates of fits that were saved before there were any."""

import json

import pytest
from places import TESTS

from qqt_bayes.posterior.checks import CHECKS, Check, check_of, check_value
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.gate_text import outcome, verdict

OLD = json.loads((TESTS / "data" / "gates_without_ids.json").read_text())

IDS = {
    "rhat",
    "ess_bulk",
    "ess_tail",
    "divergences",
    "bfmi",
    "pareto_k",
    "scatter_known",
    "scatter_declared",
    "scatter_prior",
    "amplitude",
    "misfit_common",
    "misfit_run",
    "residuals_budget",
    "residuals_repetitions",
    "residuals_training_set",
    "residuals_group",
}
"""What programs rely on: none is ever renamed."""


def test_ids_stay():
    assert set(CHECKS) == IDS


@pytest.mark.parametrize("check_id", sorted(IDS))
def test_a_value_passes_on_one_side_of_its_bar(check_id):
    kind = CHECKS[check_id]
    inside, outside = sorted([0.9 * kind.bar - 0.1, 1.1 * kind.bar + 0.1])
    if kind.limit == "at least":
        inside, outside = outside, inside
    assert check_value(check_id, inside).passed
    assert check_value(check_id, kind.bar).passed
    assert not check_value(check_id, outside).passed
    assert not check_value(check_id, float("nan")).passed


@pytest.mark.parametrize("check_id", sorted(IDS))
@pytest.mark.parametrize("of", ["", "b", "ViT-B/32 (large) of all"])
def test_a_name_without_id_is_found_again(check_id, of):
    """What older fits hold is a label with its subject, a bar in prose and advice."""
    if of and "{of}" not in CHECKS[check_id].label:
        of = ""
    new = check_value(check_id, 1.0, of)
    stored = {"name": new.name, "value": 1.0, "bar": new.bound, "passed": new.passed}
    found = check_of(stored | {"advice": "do it again"})
    assert found == Check(check_id, 1.0, new.limit, new.bar, new.passed, of, advice="do it again")


@pytest.mark.parametrize("name", OLD)
def test_gates_without_ids_are_read_and_say_what_they_said(name):
    stored, said = OLD[name]["stored"], OLD[name]["said"]
    gate = Gate.from_json(json.dumps(stored))
    assert {check.id for check in gate.checks} <= IDS
    assert [check.name for check in gate.checks] == [each["name"] for each in stored["checks"]]
    assert [check.value for check in gate.checks] == pytest.approx(
        [each["value"] for each in stored["checks"]], nan_ok=True
    )
    if not gate.rough:  # which was a reason to refuse a fit
        assert gate.passed == stored["passed"]
        assert verdict(gate) == said
    assert Gate.from_json(gate.to_json()) == gate


def test_old_gates_cover_every_id_that_they_can():
    found = {
        check.id
        for each in OLD.values()
        for check in Gate.from_json(json.dumps(each["stored"])).checks
    }
    newer = {"amplitude", "misfit_common", "misfit_run"}
    assert found >= IDS - newer - {"residuals_group", "residuals_repetitions"}


def test_a_name_that_no_version_had_stays_as_it_is():
    stored = {"name": "moon phase", "value": 0.5, "bar": "full", "passed": False, "advice": "wait"}
    gate = Gate.from_json(json.dumps({"checks": [stored]}))
    assert gate.checks[0].id == "unknown"
    assert "moon phase: 0.5 " in outcome(gate.checks[0])
    assert verdict(gate).endswith("FAILED: wait")


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {},
        {"checks": [{"name": "R-hat"}]},
        {"checks": [{"id": "rhat", "value": "x", "bar": 1, "limit": "at most", "passed": True}]},
        {"checks": [], "modes": [{}]},
    ],
)
def test_what_is_no_gate_is_refused(stored):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Gate.from_json(json.dumps(stored))

"""The gate of each method: an approximation is judged by its distance, not by its chains."""

import json

import made
import pytest

from qqt_bayes.decisions.decide import decide
from qqt_bayes.posterior.checks import LARGEST_PARETO_K, check_value
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import Gate, check
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.report.gate_text import verdict

BUDGETS = "64M,640M"


@pytest.fixture(scope="module")
def fit():
    return made.fit(method="laplace", draws=20)


def old(tree):
    """A fit from before there were methods."""
    content = json.loads(tree.attrs["gate"])
    del tree.attrs["method"], content["method"]
    tree.attrs["gate"] = json.dumps(content)
    return tree


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
        assert verdict(failed).endswith(made.LAPLACE_REMARK)


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
    gate = Gate((check_value("pareto_k", 0.1),), "laplace")
    assert verdict(gate) == (
        "The fit passed its gate: the approximation is near the posterior, no check found fault "
        f"with the law. {made.LAPLACE_REMARK}"
    )
    assert Gate.from_json(gate.to_json()) == gate


def test_what_is_older_is_of_nuts():
    fit = old(made.fit(draws=20))
    decision = decide(fit, made.levels(), BUDGETS)
    assert decision.attrs["method"] == "nuts"
    assert Fit.of(fit).gate.method == "nuts"
    assert predict(fit, made.levels(), BUDGETS).attrs["method"] == "nuts"

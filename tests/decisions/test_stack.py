"""Decisions under several laws: mixtures of their draws, and what a stack refuses."""

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide, decide_stack
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.stack import as_shares, mix
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.prediction import predict


def test_a_mixture_has_draws_by_weight() -> None:
    draws = {"chain": 2, "draw": 100}, {"chain": 4, "draw": 100}
    one, other = (
        xr.DataArray(
            np.full((*sizes.values(), 3), value), {"level": list("abc")}, (*sizes, "level")
        )
        for sizes, value in zip(draws, (1.0, 2.0), strict=True)
    )
    mixed = mix([one, other], [1, 3])
    assert dict(mixed.sizes) == {"chain": 1, "draw": 533, "level": 3}
    assert mixed.sel(level="b").mean().item() == pytest.approx(1.75, abs=1 / 533)
    assert (mix([one, other], [1, 0]) == 1).all()


def test_a_decision_under_one_law_is_that_of_a_stack_with_all_weight_on_it() -> None:
    fits = {"a": made.fit(), "b": made.fit(model="utility-free-size")}
    budgets = [64e6, 1.28e9]
    stacked = decide_stack(fits, [0, 1], made.levels(), budgets)
    alone = decide(fits["b"], made.levels(), budgets)
    for name in ("probability_best", "error", "regret", "extrapolation", "misfit"):
        xr.testing.assert_allclose(stacked[name], alone[name])
    assert stacked.attrs["model"] == "stack (a 0.00, b 1.00)"


def test_a_stack_doubts_where_its_laws_disagree() -> None:
    sure, contrary = made.fit(), made.fit()
    utility = contrary["posterior"]["b"]
    contrary["posterior"]["b"] = utility.copy(data=utility.values[..., ::-1])
    fits, budgets = {"a": sure, "b": contrary}, [10e6]
    options = {"probability": 0.9, "discrepancy": False}
    stacked = decide_stack(fits, [0.5, 0.5], made.levels(), budgets, **options)
    errors = [predict(fit, made.levels(), budgets, law_only=True) for fit in fits.values()]
    each = [judge(error, Criteria())["probability_best"] for error in errors]
    xr.testing.assert_allclose(
        stacked["probability_best"], (each[0] + each[1]) / 2, rtol=0, atol=0.03
    )
    assert np.abs(each[0] - each[1]).max() > 0.9
    assert stacked["winner"].item() == "undecided"


def test_groups_stay_apart() -> None:
    fits = {name: made.fit(groups=2, model="cherti", seed=0) for name in ("a", "b")}
    decision = decide_stack(fits, [0.5, 0.5], made.levels(), [1e9])
    assert decision["group"].values.tolist() == ["arch 1", "arch 2"]
    assert set(SAMPLE).isdisjoint(decision.coords)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1.0], "expected 2 numbers of at least 0"),
        ([1.0, -1.0], "expected 2 numbers of at least 0"),
        ([0.0, 0.0], "at least one above 0"),
    ],
)
def test_weights_that_are_none(weights: list[float], sentence: str) -> None:
    fits = {"a": made.fit(), "b": made.fit(model="utility-free-size")}
    with pytest.raises(InputError, match=sentence):
        decide_stack(fits, weights, made.levels(), [1e9])


def test_every_fit_of_a_stack_must_pass_its_gate() -> None:
    fits = {"a": made.fit(), "b": made.fit(passed=False)}
    with pytest.raises(InadequateFit):
        decide_stack(fits, [0.5, 0.5], made.levels(), [1e9])
    forced = decide_stack(fits, [0.5, 0.5], made.levels(), [1e9], force=True)
    assert (forced.attrs["gate_passed"], forced.attrs["forced"]) == (0, 1)


def test_one_weight_is_one_number() -> None:
    with pytest.raises(InputError, match="expected 1 number of at least 0, got"):
        as_shares([0.5, 0.5], 1)

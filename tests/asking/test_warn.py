"""The public functions warn once, with all questions, and then do what they do."""

import inspect
import pickle

import made
import pandas as pd
import pytest

import qqt_bayes as qqt
from qqt_bayes.asking.warn import asking
from qqt_bayes.decisions import decide as decisions
from qqt_bayes.decisions import metrics
from qqt_bayes.planning.question import Question
from qqt_bayes.sampling import inference
from qqt_bayes.studies import study as studies

ROWS = [("a", 12.8, 128, 0.6), ("a", 12.8, 1280, 0.7), ("b", 25.6, 128, 0.65)]
COLUMNS = ["pool", "unique_samples", "samples_seen", "error"]


@pytest.fixture
def runs():
    """Accuracies and millions."""
    return qqt.read_runs(pd.DataFrame(ROWS, columns=COLUMNS))


def test_a_fit_warns_of_all_questions_at_once_and_goes_on(runs):
    with pytest.warns(qqt.PlausibilityWarning, match="accuracies\\?") as caught:
        fit = qqt.fit(runs, draws=4, tune=1, chains=1, method="laplace")
    assert "posterior" in fit.children
    (warning,) = caught
    assert "are these millions?" in str(warning.message)
    assert "--yes" not in str(warning.message)
    assert warning.filename == __file__


def test_a_study_warns_before_it_fits(runs, monkeypatch):
    def no_fit(*_, **__):
        raise RuntimeError("fitted")

    monkeypatch.setattr(inference, "fit", no_fit)
    with (
        pytest.warns(qqt.PlausibilityWarning, match="an ending such as M or B missing"),
        pytest.raises(RuntimeError, match="fitted"),
    ):
        qqt.study(runs, budgets=[1.0])


def test_a_decision_warns_of_what_it_adds_and_is_the_same():
    fit = made.fit(draws=5)
    quiet = qqt.decide(fit, made.levels(), "64M, 1B")
    with pytest.warns(qqt.PlausibilityWarning, match="A budget of 64 is asked"):
        found = qqt.decide(fit, made.levels(), [64, 64e6, 1e9])
    assert found["choice"].sel(budget=64e6).item() == quiet["choice"].sel(budget=64e6).item()
    assert quiet.identical(decisions.decide(fit, made.levels(), "64M, 1B"))


def test_a_decision_over_metrics_warns_and_is_the_same():
    fits = {"imagenet": made.fit(draws=5), "retrieval": made.fit(draws=5, seed=1)}
    quiet = qqt.decide_metrics(fits, made.levels(), "64M, 1B")
    with pytest.warns(qqt.PlausibilityWarning, match="A budget of 64 is asked"):
        qqt.decide_metrics(fits, made.levels(), [64, 64e6, 1e9])
    assert quiet.identical(metrics.decide_metrics(fits, made.levels(), "64M, 1B"))


@pytest.mark.parametrize(
    ("public", "inner"),
    [
        (qqt.fit, inference.fit),
        (qqt.study, studies.study),
        (qqt.decide, decisions.decide),
        (qqt.decide_metrics, metrics.decide_metrics),
    ],
)
def test_they_have_the_signature_and_the_words_of_what_they_call(public, inner):
    assert inspect.signature(public) == inspect.signature(inner)
    assert public.__doc__ == inner.__doc__
    assert pickle.loads(pickle.dumps(public)) is public


def test_a_wrong_call_is_refused_in_the_words_of_the_function():
    def double(x: int) -> int:
        return 2 * x

    asked = asking(__name__, lambda _: [Question("case", ("a", "A"))])(double)
    with pytest.raises(TypeError, match=r"double\(\) missing 1 required positional argument: 'x'"):
        asked()
    with pytest.warns(qqt.PlausibilityWarning, match="'a' and 'A' differ in capitals"):
        assert asked(2) == 4

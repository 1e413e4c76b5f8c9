"""A calibration in words: whether it holds, and what is wrong where it does not."""

import pytest
from drawn_ranks import any_pair, conjugate, made_ranks

from qqt_bayes.report.calibration_text import fault, verdict


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"shift": 0.15}, "fits are too high"),
        ({"shift": -0.15}, "fits are too low"),
        ({"widen": 0.7}, "intervals are too narrow"),
        ({"widen": 1.4}, "intervals are too wide"),
    ],
)
def test_what_is_wrong_with_a_posterior_is_said(wrong, words):
    assert fault(conjugate(any_pair, **wrong).sel(scalar="theta")) == words


def test_a_calibrated_model_is_called_so():
    words = verdict(made_ranks(1.0))
    assert words.startswith("Model made is calibrated on this design as far as 200 tables")
    assert words.endswith("see the gate of `qqt fit`.")
    assert "intervals are too wide" in verdict(made_ranks(0.6))
    few = verdict(made_ranks(1.0, count=40))
    assert few.startswith("40 tables drawn from the priors of model made show no gross fault")

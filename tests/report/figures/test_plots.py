"""What the figures of a decision show, and that it is all there to be read."""

import made
import pytest

from qqt_bayes.decisions.decide import decide
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.methods import APPROXIMATE, METHODS
from qqt_bayes.report.figures import plots


@pytest.fixture(scope="module")
def fit():
    return made.fit(method="laplace", draws=20)


def decided(method):
    return decide(made.fit(method=method, draws=20), made.levels(), "64M,640M")


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

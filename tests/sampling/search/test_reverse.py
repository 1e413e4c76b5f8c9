"""Derivatives by the chain rule backwards are those by central differences."""

import numpy as np
import pytest

from qqt_bayes.sampling.search import reverse
from qqt_bayes.sampling.search.reverse import Traced, gradient

STEP = 1e-6
X, Y = np.array([[0.3, 0.7, 1.9], [0.5, 1.2, 2.5]]), np.array([[1.5], [0.4]])
FORMULAS = {
    "exp": lambda x, y, xp: xp.exp(-x) * y,
    "exp2": lambda x, y, xp: xp.exp2(x / y),
    "expm1": lambda x, y, xp: xp.expm1(x) / xp.expm1(-y),
    "log": lambda x, y, xp: xp.log(x) - y,
    "log1p": lambda x, y, xp: 2.0 - xp.log1p(x * np.array([1.0, 2.0, 3.0])) * y,
    "maximum": lambda x, y, xp: xp.maximum(x, 1.0) * y,
    "power": lambda x, y, xp: np.array([2.0, 3.0, 0.5]) ** x + y,
    "slice": lambda x, y, xp: x[..., 1:] * y + (x[..., 0] * y[..., 0])[..., None],
    "sum": lambda x, y, xp: (x[..., None] * np.arange(4.0) * y[..., None]).sum(-1),
    "constant over": lambda x, y, xp: 3.0 / x + y / 2.0,
    "used twice": lambda x, y, xp: x * xp.exp(x) * x,
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_every_operation_has_its_derivative(formula):
    traced = Traced(X), Traced(Y)
    result = formula(*traced, reverse)
    np.testing.assert_allclose(result.value, formula(X, Y, np))
    for place, slope in enumerate(gradient(result, list(traced))):
        for index in np.ndindex(slope.shape):
            ends = []
            for sign in (1, -1):
                moved = [X.copy(), Y.copy()]
                moved[place][index] += sign * STEP
                ends.append(formula(*moved, np).sum())
            assert slope[index] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), rel=1e-7)


def test_what_does_not_matter_has_no_slope():
    x, y = Traced(X), Traced(Y)
    assert not gradient(reverse.exp(x), [y])[0].any()

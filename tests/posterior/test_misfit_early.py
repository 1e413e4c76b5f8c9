"""Early runs that bend away from what all others follow are named by the budget after them."""

import numpy as np
import pytest

from qqt_bayes.posterior.misfit import first_after_early

BUDGETS = np.repeat(2.0 ** np.arange(8), 2)


@pytest.mark.parametrize(
    ("means", "least"),
    [
        ([0.3, 0.2, 0.05, 0.0, -0.1, -0.1, -0.1, -0.1], 4.0),
        ([-0.3, -0.1, -0.06, 0.1, 0.1, 0.1, 0.1, 0.1], 2.0),
        ([0.15, 0.3, 0.28, 0.1, -0.1, -0.1, -0.1, -0.1], 8.0),
        ([0.0] * 8, None),
        ([0.04, 0.3, -0.3, 0.1, -0.1, -0.1, -0.1, -0.1], None),  # the first is within the bar
        ([0.3, 0.3, 0.3, 0.3, 0.3, -0.9, -0.9, -0.9], None),  # too many to leave out
        ([0.3] * 8, None),
    ],
)
def test_the_budget_after_the_bend(means, least):
    """Two runs at each budget, whose mean counts."""
    residual = np.repeat(means, 2) + np.tile([0.01, -0.01], 8)
    assert first_after_early(BUDGETS, residual) == least

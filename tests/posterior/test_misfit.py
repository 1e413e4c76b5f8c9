"""Early runs that bend away from what all others follow are named by the budget after them."""

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.model.discrepancy import seen
from qqt_bayes.posterior.misfit import common_misfit, first_after_early
from qqt_bayes.tables.runs import read_runs

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


@pytest.mark.parametrize(
    ("budgets", "found"), [((1e6,), None), ((1e6, 4e6), None), ((1e6, 4e6, 16e6), 0.1)]
)
def test_a_shape_along_the_budget_needs_three_budgets(budgets, found):
    """Every law has a height, a floor and an exponent: fewer budgets show no shape of their own."""
    table = pd.DataFrame(
        [
            {"pool": name, "unique_samples": 1e6, "samples_seen": n, "error": 0.5}
            for name in "ABC"
            for n in budgets
        ]
    )
    data = seen(read_runs(table))
    assert common_misfit(data, np.full(data.cells.of_set.size, 0.1)) == pytest.approx(found)

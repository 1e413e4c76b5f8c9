"""The fit and the decision that figures are drawn of."""

import made
import pytest
import xarray as xr
from drawn import BUDGETS

from qqt_bayes.decisions.decide import decide


@pytest.fixture(scope="session")
def fit() -> xr.DataTree:
    return made.fit(pools=8, spread=0.03)


@pytest.fixture(scope="session")
def decision(fit: xr.DataTree) -> xr.Dataset:
    return decide(fit, made.levels(8), BUDGETS)

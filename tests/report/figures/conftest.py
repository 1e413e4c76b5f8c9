"""The fit and the decision that figures are drawn of."""

import made
import pytest
import xarray as xr
from drawn import BUDGETS
from matplotlib import pyplot

from qqt_bayes.decisions.decide import decide


@pytest.fixture(scope="session")
def fit() -> xr.DataTree:
    return made.fit(pools=8, spread=0.03)


@pytest.fixture(autouse=True)
def closed():
    """Figures of pyplot's are forgotten once a test is done."""
    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def decision(fit: xr.DataTree) -> xr.Dataset:
    return decide(fit, made.levels(8), BUDGETS)

"""Effective samples: from them alone follows the error that the law itself gives."""

import made
import numpy as np
import pytest
import xarray as xr
from made_reuse import fit_of_reuse

from qqt_bayes.laws.effective_samples import EFFECTIVE, effective_samples
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.level_curves import evaluate

BUDGETS = np.array([1e6, 12.8e6, 20e6, 128e6, 5e9])


def of_data(draws: int = 3) -> xr.Dataset:
    rng = np.random.default_rng(0)
    pools = made.levels(2)["pool"]
    drawn = {
        name: xr.DataArray(rng.uniform(low, high, draws), dims="draw")
        for name, low, high in (("a", 0.01, 0.05), ("b", 0.1, 0.3), ("d", 0, 0.2), ("tau", 2, 9))
    }
    sizes = xr.full_like(pools, 12.8e6, dtype=float)
    return xr.Dataset({**drawn, "size_exponent": 0.5, "pool_size": sizes})


def test_the_laws_that_have_them_are_known():
    assert set(EFFECTIVE) <= set(LAWS)
    assert {"effective-data", "effective-reuse"} <= set(EFFECTIVE)


@pytest.mark.parametrize("replacement", [False, True])
def test_of_effective_data_the_error_is_a_power_of_them(replacement):
    law, theta, levels = LAWS["effective-data"].drawn(replacement), of_data(), made.levels(2)
    found = effective_samples(law, theta, levels, BUDGETS)
    error = evaluate(law, theta, levels, BUDGETS)
    expected = (theta["a"] * found / 1e5) ** -theta["b"] + theta["d"]
    # with replacement the law integrates by nodes what is a closed form here
    close = 2e-5 if replacement else 1e-9
    np.testing.assert_allclose(error, expected.transpose(*error.dims), rtol=close)


def test_of_effective_reuse_the_error_falls_from_chance_with_them():
    fit = fit_of_reuse()
    levels = made.levels()
    found = effective_samples(fit.law, fit.parameters, levels, BUDGETS)
    error = evaluate(fit.law, fit.parameters, levels, BUDGETS)
    theta = fit.parameters
    chance, floor, above = theta["chance_error"], theta["d"], theta["A"]
    half = theta["reference"] / (((chance - floor) / above) ** (1 / theta["alpha"]) - 1)
    expected = floor + (chance - floor) * (1 + found / half) ** -theta["alpha"]
    np.testing.assert_allclose(error, expected.transpose(*error.dims), rtol=1e-9)


@pytest.mark.parametrize("model", ["effective-reuse", "effective-reuse-overfit"])
def test_fresh_samples_count_in_proportion_and_repeated_ones_less(model):
    fit = fit_of_reuse(model=model)
    found = effective_samples(
        fit.law, fit.parameters, made.levels(), np.array([1e3, 2e3, 1e9, 2e9])
    )
    gained = (found.isel(budget=[1, 3]).values / found.isel(budget=[0, 2]).values).reshape(-1, 2)
    assert np.median(gained[:, 0]) == pytest.approx(2, rel=1e-3)
    assert (gained[:, 1] < 2).all()

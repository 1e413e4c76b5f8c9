"""Weights of laws by stacking, against exact ones and those of ArviZ."""

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from arviz_stats.utils import ELPDDataLOO

from qqt_bayes.comparison.stacking import stacking_weights
from qqt_bayes.errors import InputError


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8])
def test_weights_of_laws_of_which_each_is_right_for_some_runs(share: float) -> None:
    """Where p = (1, r) or (r, 1), the optimum of share s is w = (s - r(1 - s)) / (1 - r)."""
    ratio = 0.05
    first = round(1000 * share)
    elpd = np.log([[1, ratio]] * first + [[ratio, 1]] * (1000 - first)) - 900.0
    exact = np.clip((share - ratio * (1 - share)) / (1 - ratio), 0, 1)
    assert stacking_weights(elpd) == pytest.approx([exact, 1 - exact], abs=1e-4)


def test_a_law_that_is_never_better_has_no_weight() -> None:
    elpd = np.array([[0.0, -1.0, -1000.0], [-0.5, -0.7, 0.0], [0.0, -0.1, -2.0]])
    weights = stacking_weights(elpd)
    assert weights[1] == pytest.approx(0, abs=1e-6)
    assert weights.sum() == pytest.approx(1)
    assert stacking_weights(elpd[:, :1]).tolist() == [1.0]


def test_a_law_under_which_a_run_is_impossible_has_little_weight() -> None:
    """Beside a search on a grid: the mixture's density of that run is the other law's alone."""
    elpd = np.array([*2 * [[0.0, np.log(0.1)]], [-np.inf, 0.0]])
    best, values = stacking_weights(elpd), np.linspace(0, 1, 100_001)[:-1]
    score = 2 * np.log(values + 0.1 * (1 - values)) + np.log(1 - values)
    assert best[0] == pytest.approx(values[score.argmax()], abs=1e-4)


def test_weights_are_those_of_arviz() -> None:
    elpd = np.random.default_rng(0).normal(3, 1, (40, 3))
    about = {"se": 1.0, "p": 0.0, "n_samples": 1, "n_data_points": 40, "scale": "log"}
    laws = {
        name: ELPDDataLOO(
            elpd=each.sum(), elpd_i=xr.DataArray(each), warning=False, good_k=0.7, **about
        )
        for name, each in zip("abc", elpd.T, strict=True)
    }
    theirs = arviz_stats.compare(laws, method="stacking", round_to="none")["weight"]
    assert stacking_weights(elpd) == pytest.approx(theirs.loc[list("abc")].to_numpy(), abs=1e-4)


@pytest.mark.parametrize("shift", [-2000, 2000])
def test_weights_do_not_depend_on_the_unit_of_density(shift: float) -> None:
    elpd = np.random.default_rng(0).normal(3, 1, (40, 3))
    shifted = elpd + shift * (np.arange(40) % 2)[:, None]
    assert stacking_weights(shifted) == pytest.approx(stacking_weights(elpd), abs=1e-9)


@pytest.mark.parametrize("wrong", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf]])
def test_a_run_without_a_density_is_refused(wrong: list[float]) -> None:
    with pytest.raises(InputError, match=r"but run 1 .* has"):
        stacking_weights([[0.0, 0.0], wrong])
    with pytest.raises(InputError, match="shape"):
        stacking_weights(wrong)

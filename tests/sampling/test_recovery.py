"""Studies whose truth is known: do the intervals hold it as often as they say?

The result is written to `tests/data/recovery.json`.
"""

import json

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from places import DATA

import qqt_bayes as qqt
from qqt_bayes import fit_many
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import TRAINING
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.tables.runs import read_runs

STUDIES, BLOCK, POOLS = 60, 20, 5
EPOCHS = (2, 4, 6, 8, 10)
SIZE = 12.8e6
BUDGETS = [32e6, 128e6, 512e6]
RESULT = DATA / "recovery.json"

SIGMA = 0.004


def truth(rng):
    """Five pools about the published parameters."""
    table = {
        "pool": [f"band {i + 1}" for i in range(POOLS)],
        "unique_samples": SIZE,
        "a": np.exp(rng.normal(-3.7, 0.2)),
        "b": np.exp(rng.normal(-2.1, 0.3, POOLS)),
        "d": rng.uniform(0.05, 0.2),
        "tau": np.exp(rng.normal(1.6, 0.4, POOLS)),
    }
    return qqt.read_parameters(pd.DataFrame(table))


def study(known, rng):
    """Each pool alone at five budgets, with run-to-run noise."""
    rows = [(pool, SIZE, k * SIZE, 0.5) for pool in known["pool"].values for k in EPOCHS]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    design = qqt.read_runs(pd.DataFrame(rows, columns=columns))
    return qqt.simulate_runs(known, design, noise=0.003, seed=int(rng.integers(2**31)))


def inside(draws, known):
    """Whether the central 90 % of the draws hold what is known."""
    lower, upper = draws.quantile([0.05, 0.95], ("chain", "draw"))
    return ((lower <= known) & (known <= upper)).values.ravel()


def true_errors(known, levels):
    """Error of each level at each budget under the known parameters."""
    theta = {name: known[name].values[None] for name in ("a", "b", "d", "tau")}
    theta["size_exponent"] = [[1.0]]
    errors = [
        mixture_error(LAWS["utility"], theta, taken, known["pool_size"], BUDGETS)
        for taken in levels.values
    ]
    coords = {"level": levels["level"], "budget": BUDGETS}
    return xr.DataArray(np.concatenate(errors), coords=coords)


@pytest.mark.slow
def test_errors_that_rise_again_are_told_from_those_that_do_not():
    """Twice the same design, up to 256 epochs: with kappa = 0.05, where the least error is at about
    22 epochs, and with kappa = 0. A priori kappa is below 0.08 with a probability of 95 %."""
    known = truth(np.random.default_rng(0)).assign(b=("pool", np.linspace(0.2, 0.1, POOLS)))
    rows = [
        (pool, SIZE, k * SIZE, 0.5) for pool in known["pool"].values for k in 2.0 ** np.arange(9)
    ]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    design = qqt.read_runs(pd.DataFrame(rows, columns=columns))
    runs = [
        qqt.simulate_runs(
            known.assign(kappa=("pool", np.full(POOLS, kappa))), design, law="utility-overfit"
        )
        for kappa in (0.05, 0.0)
    ]
    turning, falling = fit_many(runs, "utility-overfit")
    for fit in (turning, falling):
        assert json.loads(fit.attrs["gate"])["passed"]
        assert inside(fit["posterior"]["b"], known["b"]).mean() >= 0.6
    lower, upper = turning["posterior"]["kappa"].quantile([0.05, 0.95]).values
    assert 0.02 < lower < 0.05 < upper < 0.1
    assert falling["posterior"]["kappa"].quantile(0.95) < 0.02


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """Over all studies: pools of a study share a and d, so the cover of a few studies scatters."""
    rng = np.random.default_rng(2026)
    studies = [(known := truth(rng), study(known, rng)) for _ in range(STUDIES)]
    fits = fit_many([runs for _, runs in studies], "utility")
    rows, passed = [], 0
    for (known, _), fit in zip(studies, fits, strict=True):
        levels = qqt.nested_levels(known)
        rows.append(
            {
                "b": inside(fit["posterior"]["b"], known["b"]).mean(),
                "tau": inside(fit["posterior"]["tau"], known["tau"]).mean(),
                "error of levels": inside(
                    qqt.predict(fit, levels, BUDGETS), true_errors(known, levels)
                ).mean(),
            }
        )
        passed += json.loads(fit.attrs["gate"])["passed"]
    covered = pd.DataFrame(rows)
    shares = covered.mean()
    result = {
        "studies": STUDIES,
        "coverage of 90 % intervals": shares.round(3).to_dict(),
        f"of each {BLOCK} in turn": covered.groupby(covered.index // BLOCK)
        .mean()
        .round(3)
        .to_dict("list"),
        "passed gate": passed,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for name, share in shares.items():
        assert 0.80 <= share <= 0.98, f"90 % intervals of {name} covered the truth in {share:.0%}"


def noisy_study(*, exponent=0.0, common=0.0, seed=0, seeds=6):
    """Three pools at four budgets, several trainings each; noise as it is told."""
    rng = np.random.default_rng(seed)
    table, composition = made.tables()
    runs = []
    mean = made.curves("utility", made.truth()).ravel()
    n0 = np.prod(made.BUDGETS) ** 0.25
    deviation = SIGMA * (table["samples_seen"] / n0) ** exponent
    for each in range(seeds):
        shared = np.repeat(rng.standard_normal(3), 4)
        own = rng.standard_normal(12)
        noise = deviation * (np.sqrt(common) * shared + np.sqrt(1 - common) * own)
        names = table["data"] + f" {each}"
        runs.append(table.assign(error=mean + noise, seed=each, training=names))
    return read_runs(pd.concat(runs), composition)


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [-0.3, 0.2])
def test_the_exponent_is_recovered(exponent):
    runs = noisy_study(exponent=exponent, seed=3).drop_vars("training")
    spec = made.scattered(budget_exponent=Prior("Normal", {"mu": 0.0, "sigma": 0.25}))
    fit = qqt.fit(runs, spec, seed=1)
    assert Fit.of(fit).gate.passed
    draws = fit["posterior"]["budget_exponent"]
    assert draws.std() < 0.12
    assert abs(draws.mean() - exponent) < 2.5 * draws.std()


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.2, 0.8])
def test_the_share_of_trainings_is_recovered(common):
    """And how high a curve lies is less sure than where checkpoints count as independent runs."""
    runs = noisy_study(common=common, seed=4)
    spec = made.scattered(common=Prior("Beta", {"alpha": 2.0, "beta": 2.0}))
    fit = qqt.fit(runs, spec, seed=1)
    assert Fit.of(fit).gate.passed
    draws = fit["posterior"]["common"]
    assert abs(draws.mean() - common) < 2.5 * draws.std()
    assert draws.std() < 0.15
    assert fit["posterior"][TRAINING].dims == ("chain", "draw", "training")
    plain = qqt.fit(runs, "utility", seed=1)
    sd = [qqt.predict(x, made.levels(), [2e8], law_only=True) for x in (fit, plain)]
    sd = [x.std(("chain", "draw")).mean() for x in sd]
    assert sd[0] > 1.05 * sd[1]

"""Fits that are made, not sampled: every group of a real one, from a seeded generator, at once.

>>> tree = fit(pools=2, draws=10)
>>> dict(tree["posterior"]["b"].sizes)
{'chain': 2, 'draw': 10, 'pool': 2}
"""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.model.distributions import Likelihood, Prior
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.checks import check_value
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.tables.composition import nested_levels
from qqt_bayes.tables.order import hash_runs
from qqt_bayes.tables.runs import read_runs

SIZE = 12.8e6
"""Unique samples of each pool."""
BUDGETS = (64e6, 128e6, 320e6, 1.28e9)
"""Samples seen by the runs on each level."""
NOISE = 0.003
"""Run-to-run noise."""
AMPLITUDE = 0.003
"""Amplitude of departures from the law: next to none, since the law is the truth here."""
LAPLACE_REMARK = (
    "Approximate posterior (laplace): a quick look, not for decisions that cost; fit with nuts."
)
"""What is said wherever a number of a fit by method laplace is shown."""
HAND = xr.DataArray(
    # budget 1e6            budget 1e7
    [
        [[0.30, 0.40], [0.20, 0.60]],  # draw 0: levels a, b; then budgets
        [[0.31, 0.30], [0.20, 0.20]],  # draw 1
        [[0.50, 0.32], [0.50, 0.20]],  # draw 2
    ],
    {"draw": range(3), "budget": [1e6, 1e7], "level": ["a", "b"]},
    ("draw", "budget", "level"),
).expand_dims(chain=[0])
"""Three draws of the errors of two levels at two budgets."""


def levels(pools=3):
    """Nested levels "top 1", "top 2", ... of pools "0-10%", "10-20%", ..."""
    return nested_levels({f"{10 * i}-{10 * (i + 1)}%": SIZE for i in range(pools)})


def truth(pools=3, groups=1):
    """The parameters around which a fit is made, each over group and pool.

    Better pools have a higher utility and a shorter half-life; later groups are better throughout.
    """
    names = [f"arch {i + 1}" for i in range(groups)] if groups > 1 else ["all"]
    template = xr.DataArray(
        np.ones((groups, pools)), {"group": names, "pool": levels(pools)["pool"]}, ("group", "pool")
    )
    better = 1.1 ** np.arange(groups)[:, None]
    return xr.Dataset(
        {
            "a": 0.02 * template,
            "b": np.linspace(0.2, 0.1, pools) * better * template,
            "d": 0.1 * template,
            "tau": np.linspace(4.0, 8.0, pools) * template,
            "size_exponent": template,
            "kappa": 0.05 * template,
        }
    )


def curves(law, theta):
    """Errors of the levels at `BUDGETS`, shape (..., group, level, budget).

    Parameters
    ----------
    law : str
    theta : Dataset
        Every parameter over (..., group, pool).
    """
    shape = theta["a"].shape
    draws = {name: x.values.reshape(-1, shape[-1]) for name, x in theta.items()}
    draws["size_exponent"] = draws["size_exponent"][:, :1]
    sizes = np.full(shape[-1], SIZE)
    errors = [
        mixture_error(LAWS[law], draws, taken, sizes, BUDGETS) for taken in levels(shape[-1]).values
    ]
    return np.stack(errors, axis=1).reshape(*shape[:-1], len(errors), len(BUDGETS))


def tables(pools=3, groups=1, *, law="utility", seed=0):
    """Runs on every level at every budget, and their composition table: what a user has."""
    theta, training_sets = truth(pools, groups), levels(pools).rename(level="data")
    index = pd.MultiIndex.from_product(
        [theta["group"].values, training_sets["data"].values, BUDGETS],
        names=["group", "data", "samples_seen"],
    )
    noise = NOISE * np.random.default_rng(seed).standard_normal(len(index))
    runs = pd.DataFrame({"error": curves(law, theta).ravel() + noise}, index).reset_index()
    composition = training_sets.to_series()
    return runs, composition[composition > 0].reset_index()


def fit(
    pools=3,
    groups=1,
    model="utility",
    *,
    method="nuts",
    chains=2,
    draws=50,
    seed=0,
    spread=0.003,
    passed=True,
):
    """A fit in the format of `qqt_bayes.fit`.

    Parameters
    ----------
    pools, groups : int
    model : str, path or Spec
        Which of its parameters are random, and over what, decides what the posterior holds.
    method : str
        By which it is said to be made.
    chains, draws, seed : int
    spread : float
        Posterior standard deviation of the parameters' logarithms; 0 puts every draw on the truth.
    passed : bool
        Whether the fit passed the gate.

    Returns
    -------
    DataTree
        A copy of its own, which a test may change.
    """
    asked = (pools, groups, method, chains, draws, seed, spread, passed)
    made = _named(model, *asked) if isinstance(model, str) else _fit(load_model(model), *asked)
    return made.copy(deep=True)


@cache  # many tests ask for the same few: to make one takes as long as to copy it thirty times
def _named(model, *asked):
    return _fit(load_model(model), *asked)


def _fit(spec, pools, groups, method, chains, draws, seed, spread, passed):
    rng = np.random.default_rng(seed)
    runs = read_runs(*tables(pools, groups, law=spec.law, seed=seed))
    posterior = _draws(spec, truth(pools, groups), spread, (chains, draws), rng)
    prior = _draws(spec, truth(pools, groups), 0.3, (1, draws), rng)
    sigma = _sigma(posterior, runs)
    z = (runs["error"] - _fitted(spec, posterior, runs)) / sigma
    log_density = -(z**2) / 2 - np.log(sigma * np.sqrt(2 * np.pi))
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "posterior_predictive": _predictive(spec, posterior, runs, rng),
            "log_likelihood": xr.Dataset({"error": log_density.transpose("chain", "draw", "run")}),
            "sample_stats": _sample_stats(posterior, rng).assign(
                joint_log_likelihood=log_density.sum("run").transpose("chain", "draw")
            ),
            "prior": prior,
            "prior_predictive": _predictive(spec, prior, runs, rng),
            "observed_data": runs[["error"]].drop_attrs(deep=False),
            "constant_data": runs.drop_vars("error").drop_attrs(deep=False),
        }
    )
    tree.attrs = {
        **runs.attrs,
        "spec": json.dumps(spec.to_dict()),
        "spec_hash": spec.hash,
        "method": method,
        "seed": seed,
        "versions": json.dumps({"qqt_bayes": "made"}),
        "sampling_time": 0.1,
        "compile_time": 0.1,
        "gate": _gate(passed, method, spec, posterior, runs).to_json(),
    }
    return tree


def spec_of(tree):
    """The table of a fit's specification."""
    return json.loads(tree.attrs["spec"])


def replace_spec(tree, table):
    """Give a fit another specification, for which its posterior must do."""
    tree.attrs |= {"spec": json.dumps(table), "spec_hash": Spec.from_dict(table).hash}


def with_density(fit, density, predicted):
    """A fit with other log densities and predictions of its runs, shape (chain, draw, run)."""
    groups = {name: each.to_dataset(inherit=False) for name, each in fit.children.items()}
    for name, values in (("log_likelihood", density), ("posterior_predictive", predicted)):
        groups[name] = groups[name].assign(error=(("chain", "draw", "run"), values))
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=fit.attrs), **groups})


def law_alone(model="utility", **scatter):
    """A shipped specification without a discrepancy, with more in its likelihood."""
    return scattered(model, **scatter).law_alone()


def heavy_tailed(model="cherti"):
    """A shipped specification without a discrepancy, with Student's t as its likelihood."""
    spec = load_model(model)
    likelihood = Likelihood("StudentT", {**spec.likelihood.parameters, "nu": 5.0})
    return replace(spec.law_alone(), likelihood=likelihood)


def scattered(model="utility", **scatter):
    """A shipped specification whose likelihood says more of how far runs scatter."""
    spec = load_model(model)
    likelihood = Likelihood(spec.likelihood.distribution, {**spec.likelihood.parameters, **scatter})
    return replace(spec, likelihood=likelihood)


def with_budget_exponent(exponent):
    """A made fit whose noise grows with the budget: with one exponent under every draw."""
    tree = fit(draws=200)
    table = spec_of(tree)
    table["likelihood"]["budget_exponent"] = {"distribution": "Normal", "mu": 0.0, "sigma": 0.25}
    replace_spec(tree, table)
    tree["posterior"]["budget_exponent"] = exponent + 0 * tree["posterior"]["sigma"]
    return tree


def _draws(spec, centre, spread, shape, rng):
    """Draws of whatever has a prior: the law's parameters, the nested ones, the likelihood's."""
    draws = xr.Dataset(coords={"chain": np.arange(shape[0]), "draw": np.arange(shape[1])})

    def declare(name, prior, middle):
        """Draw about `middle`: on the log scale, but for means, which may be negative."""
        if not isinstance(prior, Prior):
            return
        middle = middle.mean(set(middle.dims) - set(prior.over)).transpose(*prior.over)
        z = xr.DataArray(
            spread * rng.standard_normal((*shape, *middle.shape)),
            dims=("chain", "draw", *prior.over),
        )
        draws[name] = middle + z if name.endswith("mu") else middle * np.exp(z)
        for key, inner in prior.parameters.items():
            centre_of_log = middle if name.endswith("mu") else np.log(middle)
            declare(
                f"{name}_{key}", inner, centre_of_log if key == "mu" else xr.full_like(middle, 0.3)
            )

    known = {"sigma": NOISE, "nu": 5.0, "amplitude": AMPLITUDE}
    middles = centre.assign({name: x * xr.ones_like(centre["a"]) for name, x in known.items()})
    for name, prior in {**spec.parameters, **spec.noise}.items():
        declare(name, prior, middles[name])
    return draws.transpose("chain", "draw", ...)


def _fitted(spec, draws, runs):
    """Mean curve at every run, dims (chain, draw, run)."""
    fixed = {name: x for name, x in spec.parameters.items() if not isinstance(x, Prior)}
    theta = truth(runs.sizes["pool"], runs.sizes["group"])
    theta = theta.assign(fixed).assign(
        {name: draws[name] for name in spec.parameters if name in draws}
    )
    theta, _ = xr.broadcast(theta, draws["chain"] * draws["draw"])
    fitted = curves(spec.law, theta.transpose("chain", "draw", "group", "pool"))
    return xr.DataArray(
        fitted.reshape(*fitted.shape[:2], -1),
        {**draws[["chain", "draw"]].coords, "run": runs["run"]},
        ("chain", "draw", "run"),
    )


def fit_of(runs, **settings):
    """A made fit that says it is of some runs of the made training sets."""
    tree = fit(**settings)
    tree["constant_data"] = runs.drop_vars("error").drop_attrs(deep=False)
    tree["observed_data"] = runs[["error"]]
    return rehashed(tree)


def rehashed(tree):
    """A fit of which the runs were changed, with the hash that they have now."""
    tree.attrs["data_hash"] = hash_runs(Fit.of(tree).runs)
    return tree


def _sigma(draws, runs):
    """Scale of the noise at every run, which stands for all likelihoods here."""
    sigma = draws.get("sigma", xr.DataArray(NOISE))
    return (
        sigma.isel(group=runs["group_index"]).drop_vars("group") if "group" in sigma.dims else sigma
    )


def _predictive(spec, draws, runs, rng):
    fitted = _fitted(spec, draws, runs)
    noise = _sigma(draws, runs) * fitted.copy(data=rng.standard_normal(fitted.shape))
    return xr.Dataset({"error": fitted + noise})


def _sample_stats(draws, rng):
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    stats = {
        "diverging": np.zeros(shape, dtype=bool),
        "energy": rng.standard_normal(shape),
        "lp": rng.standard_normal(shape),
        "n_steps": np.full(shape, 15),
        "step_size": np.full(shape, 0.3),
        "tree_depth": np.full(shape, 4),
        "acceptance_rate": rng.uniform(0.6, 1, shape),
    }
    return xr.Dataset(
        {name: (("chain", "draw"), x) for name, x in stats.items()}, draws[["chain", "draw"]].coords
    )


def _gate(passed, method, spec, posterior, runs):
    """A gate of one check, which passes or not."""
    return Gate(
        (check_value("rhat", 1.001 if passed else 1.2, of="b"),),
        method,
        model=spec.name,
        kind=runs.attrs["kind"],
        draws=posterior.sizes["draw"],
        groups=runs.sizes["group"],
    )

"""What the variables of a fit mean: `long_name` and `units` of each, as ArviZ and xarray show them.

Units are those of the table of runs: a model of tokens has its scale per 100,000 tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import TRAINING
from qqt_bayes.model.spec import Spec

NONE = "1"
"""Units of a number that has none."""
COUNTED, OF_ERROR = "{counted}", "{error}"
"""Stand for what the table counts, such as samples, and for the units of its errors."""

PARAMETERS = {
    "a": ("scale of samples", f"1 / 100,000 {COUNTED}"),
    "b": ("utility", NONE),
    "tau": ("half-life of the utility", "epochs"),
    "d": ("irreducible error", OF_ERROR),
    "size_exponent": ("power of the size with which half-lives grow", NONE),
    "kappa": ("how far utility falls below zero", NONE),
    "Q": ("log of what a fresh sample is worth", NONE),
    "r": ("log ratio of a pool's repeat limit to that expected from its quality", NONE),
    "R": ("epochs that the typical pool can be repeated before its value is used up", "epochs"),
    "zeta": ("power of the quality with which repeat limits grow", NONE),
    "g": ("power of the size with which repeat limits grow", NONE),
    "k": ("how sharply worth is lost", NONE),
    "rho": ("share of the slope that stays", NONE),
    "z2": ("how far better data keep more of their worth", NONE),
    "omega": ("log of what is lost once data are known by heart", NONE),
    "memory": ("when data are known by heart, in multiples of the repeat limit", NONE),
    "transient": ("how far above the law training begins", NONE),
    "onset": ("when training has begun, by the reference budget", NONE),
    "stretch": ("how suddenly training begins", NONE),
    "alpha": ("exponent of effective samples", NONE),
    "height": ("error above the floor at the reference budget", OF_ERROR),
    "floor": ("irreducible error", OF_ERROR),
    "sigma": ("run-to-run noise", OF_ERROR),
    "nu": ("degrees of freedom of the run-to-run noise", NONE),
    "budget_exponent": ("power of the budget with which the noise grows", NONE),
    "common": ("share of the noise that checkpoints of a training have in common", NONE),
    "amplitude": ("departure from the law, by the log of the error", NONE),
    TRAINING: ("effect of a training, by its part of the noise", NONE),
}
"""Long name and units of every parameter of a law and of its noise."""
OF_RUNS = {
    "samples_seen": ("{counted} seen", COUNTED),
    "unique_samples": ("unique {counted} that a training set takes from a pool", COUNTED),
    "pool_size": ("unique {counted} of a pool", COUNTED),
    "n_eval": ("examples of the evaluation set", "examples"),
    "rounding": ("half-width of the rounding of the error", OF_ERROR),
    "weight": ("weight", NONE),
    "seed": ("seed of the training", NONE),
    "data_index": ("position of the training set", NONE),
    "group_index": ("position of the group", NONE),
    "training": ("name of the training", NONE),
    "chance_error": ("error of chance", OF_ERROR),
    "replacement": ("whether {counted} are drawn with replacement", NONE),
    "evaluation_variance": ("variance of the evaluation", "({error})^2"),
}
"""The same of the table of runs."""
OF_SAMPLER = {
    "lp": "log density of the posterior",
    "logp": "log density of the posterior",
    "energy": "energy of the Hamiltonian",
    "energy_error": "error of the energy",
    "diverging": "whether the trajectory diverged",
    "n_steps": "gradient steps",
    "depth": "depth of the tree",
    "step_size": "step size",
    "mean_tree_accept": "mean acceptance rate along the tree",
    "joint_log_likelihood": "log density of all errors together",
    "log_marginal_likelihood": "log of the marginal likelihood of a chain",
}
"""Long names of the commonest statistics of samplers; others are called as they are."""
ERRORS = {
    "posterior_predictive": "error of a run predicted from the posterior, given the other runs",
    "prior_predictive": "error of a run predicted from the prior",
    "prior_at_budgets": "error of one training predicted from the prior",
    "observed_data": "error that was measured",
}
"""What the errors of the runs are, by their group."""
LOG_DENSITY = "log density of the error of a run, given those of all other runs"


def described(fit: xr.DataTree, spec: Spec) -> xr.DataTree:
    """The fit with a long name and units on every variable.

    Parameters
    ----------
    fit : DataTree
        Whose attribute `unit`, if there is one, says what its table counts.
    spec : Spec
        The specification that was fitted.
    """
    units = {
        "counted": str(fit.attrs.get("unit", "samples")),
        "error": "loss" if fit.attrs["kind"] == "loss" else "error rate",
    }
    parameters = dict(_of_parameters(spec))
    meanings: dict[str, Mapping[str, tuple[str, str]]] = {
        "posterior": parameters,
        "prior": parameters,
        "log_prior": {n: (f"log density of the prior of {n}", NONE) for n in parameters},
        "log_likelihood": {"error": (LOG_DENSITY, NONE)},
        "sample_stats": {n: (words, NONE) for n, words in OF_SAMPLER.items()},
        "constant_data": OF_RUNS,
        **{group: {"error": (words, OF_ERROR)} for group, words in ERRORS.items()},
    }

    def with_meanings(data: xr.Dataset, known: Mapping[str, tuple[str, str]]) -> xr.Dataset:
        found = {}
        for name, variable in data.data_vars.items():
            words, unit = known.get(str(name), (str(name).replace("_", " "), NONE))
            own = {"long_name": words.format(**units), "units": unit.format(**units)}
            found[name] = variable.assign_attrs(own)
        return data.assign(found)

    groups: dict[str, Any] = {
        name: with_meanings(child.to_dataset(inherit=False), meanings.get(name, {}))
        for name, child in fit.children.items()
    }
    made = xr.DataTree.from_dict({"/": fit.to_dataset(inherit=False), **groups})
    made.attrs = fit.attrs
    return made


def _of_parameters(spec: Spec) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every random number of a model, after those that its prior has."""
    known = {} if LAWS[spec.law].own else PARAMETERS  # whose parameters may mean anything
    for name, value in spec.parameters.items():
        yield from _nested(name, value, *known.get(name, (name, NONE)))
    for name, value in spec.noise.items():
        words, unit = PARAMETERS.get(name, (name, NONE))
        yield from _nested(name, value, words, unit)
    yield TRAINING, PARAMETERS[TRAINING]


def _nested(
    name: str, value: float | Prior, words: str, unit: str
) -> Iterator[tuple[str, tuple[str, str]]]:
    """A random number and those of its prior: a log-normal's are of a logarithm, without units."""
    if not isinstance(value, Prior):
        return
    scaled = value.distribution != "LogNormal"
    for key, inner in value.parameters.items():
        own = unit if scaled and key in ("mu", "sigma") else NONE
        yield from _nested(
            f"{name}_{key}", inner, f"{key} of the {value.distribution} prior of {name}", own
        )
    yield name, (words, unit)

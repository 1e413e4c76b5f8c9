"""A fit of the law of effective reuse that nothing was sampled for: draws of its prior."""

import made

from qqt_bayes.model.spec import load_model
from qqt_bayes.planning.before_runs import fit_before_runs
from qqt_bayes.posterior.fit import Fit


def fit_of_reuse(pools: int = 3, names: list[str] | None = None, model="effective-reuse") -> Fit:
    """A fit of runs on all levels at `made.BUDGETS`; pools and levels may have other names."""
    sets = made.levels(pools).rename(level="data")
    if names is not None:
        sets = sets.assign_coords(pool=names, data=names)
    return fit_before_runs(load_model(model), sets, list(made.BUDGETS), kind="error", seed=0)

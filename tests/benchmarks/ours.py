"""What is measured: the package, through the functions that its users and modules call."""

from typing import Any

import pymc as pm
import xarray as xr
from draws import Sampled, Settings, named

import qqt_bayes as qqt
from qqt_bayes.model.build import build
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.search.profile import find_coordinates


def sample(runs: xr.Dataset, settings: Settings, **options: Any) -> Sampled:
    """Posterior by `qqt_bayes.fit`, at the acceptance rate of its own."""
    fit = qqt.fit(
        runs,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        seed=settings.seed,
        **options,
    )
    stats = fit["sample_stats"] if "sample_stats" in fit.children else {}
    return Sampled(
        named({name: draws.values for name, draws in fit["posterior"].items()}),
        compile_seconds=fit.attrs["compile_time"],
        sampling_seconds=fit.attrs["sampling_time"],
        steps=float(stats["n_steps"].mean()) if "n_steps" in stats else float("nan"),
        divergences=int(stats["diverging"].sum()) if "diverging" in stats else 0,
    )


def declared(runs: xr.Dataset, spec: str) -> pm.Model:
    """The model on collapsed nodes, sampled as declared."""
    return build(Problem(qqt.load_model(spec), runs))


def in_coordinates(runs: xr.Dataset, spec: str) -> pm.Model:
    """The model on collapsed nodes, in the coordinates that `fit` samples it in."""
    problem = Problem(qqt.load_model(spec), runs)
    draws = prior_draws(problem, seed=0)
    return build(problem, find_coordinates(problem, draws))

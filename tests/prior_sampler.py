"""A sampler of calibrations that returns the prior, whatever the runs say."""

import json

import numpy as np
import xarray as xr

from qqt_bayes.calibration import sbc
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.inference import labelled


def install(monkeypatch):
    """Replace the sampler of `simulation_based_calibration`; the seeds that it is given.

    Parameters do not tell that it is wrong; what depends on the data does.
    """
    priors, seeds = {}, []

    def from_the_prior(runs, spec, *, seed, draws, chains, **_):
        seeds.append(seed)
        if spec.name not in priors:
            priors[spec.name] = prior_draws(Problem(spec, runs), seed=0)
        prior = priors[spec.name]
        some = np.random.default_rng(seed).permutation(len(prior["a"]))[: chains * draws]
        few = {name: x[some] for name, x in prior.items()}
        posterior = labelled(Problem(spec, runs), few, chains)
        diverging = xr.zeros_like(posterior["a"], dtype=bool)
        groups = {"posterior": posterior, "sample_stats": xr.Dataset({"diverging": diverging})}
        fit = xr.DataTree.from_dict(groups)
        fit.attrs["gate"] = json.dumps({"passed": False})
        return fit

    monkeypatch.setattr(sbc, "fit", from_the_prior)
    return seeds

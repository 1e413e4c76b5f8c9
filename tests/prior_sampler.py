"""A sampler of calibrations that returns the prior, whatever the runs say."""

import numpy as np
import xarray as xr

from qqt_bayes.calibration import sbc
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.sampling.inference import labelled


def install(monkeypatch):
    """Replace the sampler of `simulation_based_calibration`; the seeds that it is given.

    Parameters do not tell that it is wrong; what depends on the data does.
    """
    priors, seeds = {}, []

    def from_the_prior(problem, settings):
        seeds.append(settings.seed)
        name = problem.spec.name
        if name not in priors:
            priors[name] = prior_draws(problem, seed=0)
        prior, count = priors[name], settings.chains * settings.draws
        some = np.random.default_rng(settings.seed).permutation(len(prior["a"]))[:count]
        few = {name: x[some] for name, x in prior.items()}
        posterior = labelled(problem, few, settings.chains)
        energy = xr.zeros_like(posterior["a"]) + posterior["draw"]
        stats = xr.Dataset({"diverging": energy < 0, "energy": energy})  # the gate refuses a drift
        return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})

    monkeypatch.setattr(sbc, "posterior_draws", from_the_prior)
    return seeds

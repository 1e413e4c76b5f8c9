"""The ways of predicting that are compared, and fits of their models that are kept on disk."""

import json
from hashlib import sha256
from pathlib import Path

import pandas as pd

import qqt_bayes as qqt
from qqt_bayes.comparison.held_out import HeldOut, baselines, score_fits
from qqt_bayes.files import write
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.studies.laws import BOUNDED, MODELS, THEOREM, fit_laws

UTILITY = "utility-free-size"
KEPT = Path(__file__).parent.parent.parent / "build" / "held_out"
REUSE, STUDY, STACKED, BOTH = "effective-reuse", "study", "study, stacked", "both"
BOUNDED_TOO, EXACT, CHOSEN = "both, bounded", "theorem", "chosen before"
WAYS = (REUSE, STUDY, STACKED, BOTH, BOUNDED_TOO, UTILITY, EXACT, CHOSEN)
FEW = (REUSE, STUDY)
"""The ways that the horizon and the designs are measured by."""


def models_of(kind, chosen):
    """The models of each way for runs of a kind, by its name; `chosen` are those of `CHOSEN`."""
    bounded = BOUNDED[UTILITY] if kind == "error" else UTILITY
    return {
        REUSE: (REUSE,),
        STUDY: MODELS,
        STACKED: MODELS,
        BOTH: MODELS,
        BOUNDED_TOO: (REUSE, bounded),
        UTILITY: (UTILITY,),
        EXACT: (THEOREM,),
        CHOSEN: (chosen,),
    }


def fitted(runs, model, settings):
    """`qqt.fit` with a memory on disk: what was fitted before is read."""
    spec = load_model(model)
    other = json.dumps([settings, qqt.__version__]).encode()
    keys = [spec.hash, runs.attrs["data_hash"], sha256(other).hexdigest()]
    path = KEPT / ("-".join([spec.name, *(key[:12] for key in keys)]) + ".nc")
    if path.exists():
        return qqt.load(path)
    fit = qqt.fit(runs, spec, **settings)
    qqt.save(fit, path)
    return fit


def kept_baselines(runs, **options):
    """The baselines of a set; what was computed before is read."""
    words = json.dumps([runs.attrs["data_hash"], options, qqt.__version__])
    name = sha256(words.encode()).hexdigest()[:12]
    paths = [KEPT / f"baselines-{name}-{table}.csv" for table in HeldOut._fields]
    if not all(path.exists() for path in paths):
        for path, table in zip(paths, baselines(runs, **options), strict=True):
            write(path, table.to_csv(index=False))
    return HeldOut(*map(pd.read_csv, paths))


def by_ways(early, late, choices, ways, settings):
    """Scores of held-out runs by each of some ways, and a row about the fits of each.

    Parameters
    ----------
    early, late : Dataset
        Runs to fit and runs to predict.
    choices : list of Question
    ways : mapping of str to sequence of str
        Models by the name of the way.
    settings : dict
        Of the sampler.

    Returns
    -------
    list of HeldOut, DataFrame
    """
    found, about = [], []
    for way, models in ways.items():
        if way in (STUDY, STACKED):
            some = used_by_study(models, early, settings)
        else:
            some = {name: Fit.of(fitted(early, name, settings)) for name in models}
        weights = None
        if way == STACKED and len(some) > 1:
            weights = qqt.compare_laws(some)["weight"].values
        found.append(score_fits(some, late, choices, weights=weights, way=way))
        about.append({"way": way, **describe(some, weights)})
    return found, pd.DataFrame(about)


def used_by_study(models, runs, settings):
    """The fits that a study decides by; all of them if none passed its gate."""

    def make(spec, times):
        length = {name: times * settings[name] for name in ("draws", "tune")}
        return Fit.of(fitted(runs, spec.name, settings | length))

    instead = BOUNDED if runs.attrs["kind"] == "error" else {}
    fits = fit_laws({name: load_model(name) for name in models}, make, instead=instead)
    of_laws = {
        name: fit for name, fit in fits.items() if not (name in instead and not fit.gate.passed)
    }
    return {name: fit for name, fit in of_laws.items() if fit.gate.passed} or of_laws


def describe(fits, weights):
    """What the gate says of the fits of a way, and what they cost."""
    times = [fit.attrs["compile_time"] + fit.attrs["sampling_time"] for fit in fits.values()]
    failed = [check for fit in fits.values() for check in fit.gate.failed]
    return {
        "model": ", ".join(fits),
        "passed": all(fit.gate.passed for fit in fits.values()),
        "weights": "" if weights is None else ", ".join(f"{share:.2f}" for share in weights),
        "failed": "; ".join(f"{check.id} {check.of}: {check.value:.3g}" for check in failed),
        "ids": " ".join(dict.fromkeys(check.id for check in failed)),
        "runs": next(iter(fits.values())).runs.sizes["run"],
        "seconds": round(sum(times)),
    }

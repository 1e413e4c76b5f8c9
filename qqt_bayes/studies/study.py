"""From a table of runs to a decision that rests on several laws: what `qqt study` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.comparison.loo import compare_laws, require_draws
from qqt_bayes.comparison.theorem import size_exponents
from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.fit import Fit, require_group
from qqt_bayes.posterior.fit_file import save
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, require_affordable
from qqt_bayes.report.python_text import for_python
from qqt_bayes.report.study_text import nothing_decided
from qqt_bayes.studies.campaign import published
from qqt_bayes.studies.folder import fit_path, write_refused
from qqt_bayes.studies.laws import BOUNDED, LONGER, MODELS, THEOREM, fit_laws, silent
from qqt_bayes.studies.place import prepared
from qqt_bayes.tables.budgets import budgets_about
from qqt_bayes.tables.runs import require_runs


def study(
    runs: xr.Dataset,
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    out: str | PathLike[str] | None = None,
    *,
    models: Spec | str | Sequence[Spec | str] | None = None,
    theorem: Spec | str | Literal[False] | None = None,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    criteria: Criteria | None = None,
    group: str | None = None,
    force: bool = False,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    target_accept: float | None = None,
    progress: bool = False,
    overwrite: bool = False,
    say: Callable[[str], None] = silent,
    **fields: Unpack[CriteriaFields],
) -> Study:
    """Fit several laws to a table of runs, compare them, and decide on them together.

    A fit that does not pass its gate takes no part; the study says so. Where that is the paper's
    law, fitted to error rates by default, the same law bounded by chance is fitted in its place.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    levels : DataArray, path or DataFrame, optional
        What to decide between, see `read_composition`; the training sets of the runs if not given.
    budgets : number, array_like or str, optional
        Samples seen; if not given, from the least of the runs to four times the largest.
    out : path, optional
        Folder to write to: fits, decision, comparison, text and figures, see
        `qqt_bayes.studies.folder`. A fit is written as soon as it is made. A study of more runs,
        all the earlier ones among them, follows on the one that is there, which moves to the
        history of the folder; see `qqt_bayes.study_log`.
    models : Spec, str, or sequence of them, optional
        The laws that decide together; `MODELS` if not given.
    theorem : Spec, str or False, optional
        A model to report beside them, without a share in the decision; `THEOREM` if not given, and
        none if False.
    weights : array_like, shape (model,), optional
        Shares of the draws that are of each law; equal ones if not given.
    target_pools, criteria, group, fields
        As for `decide`.
    force : bool
        Let fits take part that did not pass their gates.
    draws, tune, chains, seed, target_accept, progress
        As for `fit`. A fit whose chains are only too short is made again, three times as long.
    overwrite : bool
        Replace files in the folder that have the names of a study's, whoever wrote them; if not
        given, only those of an earlier study of the same models and of no other runs than these.
        An earlier study moves to the history in any case.
    say : callable
        Called with a sentence at each step.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If a level, a budget, a model or an option is not one, or the folder cannot be written or
        holds files that are not to be replaced.
    InadequateFit
        If no law's fit passed its gate and `force` is not given. With `out`, the fits, the levels
        and the budgets are saved by then, so that `qqt decide` can go on with them.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> study = qqt.study(
    ...     runs, budgets="640M, 2B", models="utility", theorem=False, draws=600, tune=600
    ... )
    >>> study.decision["choice"].values.tolist()
    ['top 30%', 'top 30%']
    """
    criteria = Criteria.of(criteria, fields)
    require_runs(runs)
    by_default = models is None and runs.attrs["kind"] == "error" and not force
    models = MODELS if models is None else models
    models = [models] if isinstance(models, str | Spec) else list(models)
    specs = _specs(models, THEOREM if theorem is None else theorem)
    require_draws(draws * chains, next(iter(specs)))
    require_group(group, runs["group"].values.tolist())
    if levels is None:
        levels = runs["unique_samples"].rename(data="level")
    compared = as_levels(levels, runs["pool"].values.tolist(), known="the runs")
    if target_pools is not None:
        compared = scaled(compared, runs["pool_size"], target_pools)
    samples = budgets_about(runs["samples_seen"].values) if budgets is None else as_budgets(budgets)
    counted = isinstance(draws, int) and isinstance(chains, int)  # a fit refuses other things
    groups = 1 if group is not None else runs.sizes["group"]
    each = draws * chains if counted else 1
    require_affordable(compared.sizes["level"], samples.size, each * len(models), groups)
    shares = dict(zip(list(specs)[: len(models)], as_shares(weights, len(models)), strict=True))
    instead = BOUNDED if by_default else {}
    folder = None
    if out is not None:
        question = runs, list(specs.values()), list(instead.values())
        folder = prepared(Path(out), *question, overwrite=overwrite)
    sampler: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains, "seed": seed}
    sampler |= {"target_accept": target_accept, "progress": progress}

    def make(spec: Spec, times: int) -> Fit:
        from qqt_bayes.sampling import inference

        length = {name: times * sampler[name] for name in ("draws", "tune")}
        tree = inference.fit(runs, spec, **sampler | length)
        if folder is not None:
            save(tree, fit_path(folder, spec.name), overwrite=True)
        return Fit.of(tree)

    fits = fit_laws(specs, make, instead=instead, longer=1 if force else LONGER, say=say)
    for name, other in BOUNDED.items():
        if name in shares and other in fits:
            shares[other] = shares.pop(name)
    of_theorem = None if len(specs) == len(models) else list(fits)[-1]
    usable = {name: fit for name, fit in fits.items() if force or fit.gate.passed}
    if not any(shares.get(name) for name in usable):
        if folder is not None:
            write_refused(fits, shares, of_theorem, compared, samples, folder)
        gates = {name: fits[name].gate for name in shares}
        words = nothing_decided(gates, "" if folder is None else str(folder))
        raise InadequateFit(for_python(words), gates=gates, for_command=words)
    say(f"Decide between {compared.sizes['level']} levels at each budget.")
    options: dict[str, Any] = {"group": group, "force": force}
    found = _decided(fits, usable, shares, of_theorem, compared, samples, criteria, options)
    if folder is not None:
        say("Write the decision, its text and the figures.")
        found = published(found, folder)
    return found


def _decided(
    fits: Mapping[str, Fit],
    usable: Mapping[str, Fit],
    shares: Mapping[str, float],
    of_theorem: str | None,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    criteria: Criteria,
    options: dict[str, Any],
) -> Study:
    """What the usable fits say, each alone and those of the laws that have a share together."""
    alone = {
        name: decide(fit, levels, budgets, criteria, **options) for name, fit in usable.items()
    }
    taking_part = {name: fit for name, fit in usable.items() if shares.get(name)}
    parts = as_shares([shares[name] for name in taking_part], len(taking_part))
    if len(taking_part) == 1:
        joint = alone[next(iter(taking_part))]
    else:
        joint = decide(taking_part, levels, budgets, criteria, weights=parts, **options)
    return Study(
        fits=dict(fits),
        laws=list(shares),
        theorem=of_theorem,
        weights=dict(zip(taking_part, parts.tolist(), strict=True)),
        levels=levels,
        decision=joint,
        alone=alone,
        comparison=compare_laws(taking_part),
        exponents=size_exponents(taking_part),
    )


def _specs(models: Sequence[Spec | str], theorem: Spec | str | Literal[False]) -> dict[str, Spec]:
    """Specifications by name: those of the laws, and then the theorem's if it is none of them.

    Raises
    ------
    InputError
        If there is no law, or two have one name.
    """
    loaded = [load_model(model) for model in models]
    names = [spec.name for spec in loaded]
    if not loaded or len(set(names)) < len(names):
        raise InputError(f"models: expected one or more, each once, got {', '.join(names) or '0'}")
    specs = dict(zip(names, loaded, strict=True))
    if theorem is not False:
        beside = load_model(theorem)
        specs.setdefault(beside.name, beside)
    return specs

"""What a design can teach, in sentences: one for each finding of `qqt_bayes.planning`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import xarray as xr

from qqt_bayes.model.spec import DEFAULT_MODEL, Spec
from qqt_bayes.phrases import (
    ROUNDING,
    at_most_per_cent,
    format_samples,
    joined,
    joined_ends,
    named,
    quoted,
)
from qqt_bayes.planning.findings import FORECAST_BUDGETS, Finding
from qqt_bayes.planning.identifiability import Assessment, assess
from qqt_bayes.posterior.meanings import PARAMETERS

COMMON = 'common = { distribution = "Beta", alpha = 2.0, beta = 2.0 }'
"""What a model can say of checkpoints: about half, and anything from next to nothing to all."""


class Identifiability(Assessment):
    """What a design can teach under a model, in numbers, ids and words.

    Beside what `qqt_bayes.planning.identifiability.Assessment` has:

    Attributes
    ----------
    findings : dict of str to str
        A sentence for each of `found`, by a short name.
    ridges : list of dict
        Directions that stay open: `parameters`, in words, and `left`, the standard deviation along
        them in units of the prior's.
    """

    @property
    def findings(self) -> dict[str, str]:
        """A sentence for each finding, by a short name; of several with one id, numbered."""
        count: Counter[str] = Counter()
        sentences = {}
        for finding in self.found:
            count[finding.id] += 1
            number = f" {count[finding.id]}" if finding.id == "inseparable_pools" else ""
            sentences[SHORT_NAMES[finding.id] + number] = sentence(finding, self.model)
        return sentences

    @property
    def ridges(self) -> list[dict[str, Any]]:
        """Directions that stay open, with their parameters in words."""
        return [
            {"parameters": [named(list(side)) for side in ridge.sides], "left": ridge.left}
            for ridge in self.open_ridges
        ]

    def to_dict(self) -> dict[str, Any]:
        """All of it as numbers and text, `found` with the sentence of each finding."""
        return {
            "model": self.model,
            "epochs": self.epochs,
            "found": [
                asdict(finding) | {"sentence": sentence(finding, self.model)}
                for finding in self.found
            ],
            "findings": self.findings,
            "contraction": self.contraction.to_dict("records"),
            "ridges": self.ridges,
            "forecast": self.forecast.to_dict("records"),
            "draws": self.draws,
        }


def identifiability(
    runs: xr.Dataset, spec: Spec | str = DEFAULT_MODEL, *, seed: int = 0
) -> Identifiability:
    """Say what a table of runs can teach before it is fitted.

    Its errors are used for two things: whether the priors expect such errors at all, and whether
    they rise with the budget.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec or str
        A specification, or the name or path of one.
    seed : int
        Of the draws of the prior.

    Raises
    ------
    InputError
        If the specification has a fault or does not serve this kind of table.

    Examples
    --------
    >>> import pandas as pd
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["a", "b"], "unique_samples": 1e7, "samples_seen": 8e6,
    ...                       "error": 0.7})
    >>> found = identifiability(read_runs(table), "utility")
    >>> print(found.findings["one budget"])
    All runs are at one budget (8M): errors at other budgets are not identified; a fit takes them
    from its prior and its law.
    >>> print(found.findings["no repetition"])
    No run goes beyond one epoch: half-lives (tau) will be what the prior says. None has seen more
    than 80 % of its training set: are unique_samples and samples_seen counted in one unit?
    """
    return Identifiability(**vars(assess(runs, spec, seed=seed)))


def sentence(finding: Finding, model: str) -> str:
    """A finding in words, under the model of that name."""
    said = replace(finding, of=tuple(map(quoted, finding.of)))
    return SENTENCES[finding.id](said, model)


def _repetition(finding: Finding, model: str) -> str:
    """For how many epochs pools are seen, from the least repeated to the most."""
    least, most = finding.values["least"], finding.values["most"]
    if np.isclose(least, most):
        return f"Each pool is seen for at most {_epochs(most)}."
    first, last = finding.of
    return f"Pools are seen for at most {_epochs(least)} ({first}) to {most:.3g} ({last})."


def _epochs(count: float) -> str:
    """A number of epochs, in the singular where it is shown as 1."""
    return f"{(shown := f'{count:.3g}')} epoch{'s' * (shown != '1')}"


def _one_budget(finding: Finding, model: str) -> str:
    """That all runs are at one budget, so that none teaches how error falls."""
    ends = joined_ends(*(format_samples(finding.values[name]) for name in ("least", "most")))
    return (
        f"All runs are at one budget ({ends}): errors at other budgets are not identified; a fit "
        "takes them from its prior and its law."
    )


def _narrow_budgets(finding: Finding, model: str) -> str:
    """That budgets span too little to tell floor from scale."""
    return (
        f"Budgets span a factor of {finding.values['factor']:.2g}, less than ten: floor and scale "
        "trade against each other, and errors at larger budgets depend on both, so how well these "
        "will be known is not said here."
    )


def _groups_at_one_budget(finding: Finding, model: str) -> str:
    """Which groups have one budget, and what tells there how error falls."""
    if finding.values["all_groups"]:
        return (
            "Each group has one budget: budget and group cannot be told apart, and how error falls "
            "is taken from the prior and from what the groups share."
        )
    each = " each" if len(finding.of) > 1 else ""
    return (
        f"All runs of {_subjects(finding)} are at one budget{each}: how error falls is taken "
        "from other groups and the prior."
    )


def _checkpoints(finding: Finding, model: str) -> str:
    """How many runs are checkpoints of one training, and what the model makes of their noise."""
    runs, trainings, common, learned = (
        finding.values[name] for name in ("runs", "trainings", "common", "learned")
    )
    if learned:
        shared = f"Model {model} learns how much of their noise they share (common)."
    elif common is not None:
        shared = f"Model {model} takes a share of {common:g} of their noise as common."
    else:
        shared = (
            f"Model {model} takes them as independent, so it is surer of how high a curve lies "
            f"than it should be; a copy of it with the line `{COMMON}` under [likelihood] would "
            "learn what they share."
        )
    return (
        f"{runs} runs are checkpoints of {trainings} training{'s' * (trainings > 1)}: their errors "
        f"lie above or below the curve together. {shared}"
    )


def _rise(finding: Finding, model: str) -> str:
    """The training set whose error rises with the budget, and between which budgets."""
    data, *group = finding.of
    of = f"{data} ({group[0]})" if group else data
    least, most = (f"{finding.values[name]:.3g}" for name in ("least", "most"))
    before, after = (format_samples(finding.values[f"{name}_at"]) for name in ("least", "most"))
    return (
        f"The error of {of} rises from {least} at {before} to {most} at {after}: by chance, or by "
        "too much repetition, which only the laws of effective-reuse-overfit and utility-overfit "
        "follow (qqt compare tells)."
    )


def _subjects(finding: Finding) -> str:
    """What a finding is about, by name."""
    return joined(list(finding.of))


def _no_repetition(finding: Finding, model: str) -> str:
    """That no data were repeated; whether sizes are in another unit, if none were seen whole."""
    most = finding.values["most"]
    what = "half-lives (tau)" if finding.values["half_lives"] else "what repetition costs"
    words = f"No run goes beyond one epoch: {what} will be what the prior says."
    if most > 1 - ROUNDING:  # one pass of fresh data is a design
        return words
    return (
        f"{words} None has seen more than {at_most_per_cent(most)} of its training set: are "
        "unique_samples and samples_seen counted in one unit?"
    )


def _pools_not_repeated(finding: Finding, model: str) -> str:
    """Which pools no run repeats."""
    return (
        f"No run repeats {_subjects(finding)}: the half-life there is the prior's or other pools'."
    )


def _inseparable_pools(finding: Finding, model: str) -> str:
    """Which pools occur in fixed combinations only."""
    return (
        f"The runs never separate {_subjects(finding)}: their utilities (b) appear in fixed "
        "combinations only, and the prior alone tells one from another."
    )


def _unexpected_errors(finding: Finding, model: str) -> str:
    """How many errors the priors do not expect, and which of them most."""
    error, lower, upper = (f"{finding.values[name]:.3g}" for name in ("error", "lower", "upper"))
    return (
        f"The priors of model {model} do not expect such errors: {finding.values['outside']} of "
        f"{finding.values['runs']} runs are outside their 90 % intervals (the noise aside), "
        f"{finding.of[0]} most, with {error} instead of {lower} to {upper}. What follows is of "
        "tables that they expect: take a model that is made for yours, or a copy of this one with "
        "other priors."
    )


def _prior_dominated(finding: Finding, model: str) -> str:
    """Which parameters the runs are expected to leave to the prior."""
    scalars = [(_in_words(name), place) for name, place in finding.values["scalars"]]
    return (
        f"The runs are expected to leave these parameters to the prior: {named(scalars)} (where "
        "their true values are typical of it, they are narrowed by a tenth at most)."
    )


def _in_words(name: str) -> str:
    """What a parameter is, and its name; the name alone of one that only the user's law has."""
    return f"{PARAMETERS[name][0]} ({name})" if name in PARAMETERS else name


def _ridge(finding: Finding, model: str) -> str:
    """Parameters of which the runs teach a combination only, and how much stays open."""
    sides = [[(_in_words(name), place) for name, place in side] for side in finding.values["sides"]]
    parameters = joined([named(side) for side in sides])
    return (
        f"{parameters[0].upper()}{parameters[1:]} trade against each other: along that direction "
        f"the runs are expected to leave a spread of {finding.values['left']:.2g} prior standard "
        "deviations."
    )


def _forecast(finding: Finding, model: str) -> str:
    """How well the error of a training set will be known at the largest budget and beyond."""
    (largest, *_), (now, *later) = finding.values["budgets"], finding.values["sd"]
    pairs = zip(later, FORECAST_BUDGETS[1:], strict=True)
    words = [f"{x:.2g} at {factor:g} times that" for x, factor in pairs]
    return (
        f"If law and priors hold, the error of {finding.of[0]} will be known to {now:.2g} "
        f"(standard deviation) at {format_samples(largest)}, {joined(words)}; decisions add what "
        "the law may miss."
    )


def _always(words: str) -> Callable[[Finding, str], str]:
    """A sentence that no number changes."""
    return lambda finding, model: words


SENTENCES: dict[str, Callable[[Finding, str], str]] = {
    "repetition": _repetition,
    "one_budget": _one_budget,
    "narrow_budgets": _narrow_budgets,
    "groups_at_one_budget": _groups_at_one_budget,
    "checkpoints": _checkpoints,
    "no_checkpoints": _always(
        "No two runs are of one training: what such runs have in common (common) will be what the "
        "prior says."
    ),
    "schedule": _always(
        "A checkpoint inside a learning-rate schedule has a higher error than a run that was "
        "trained to its budget, and hides what repetition costs: keep those that end a schedule, "
        "or whose learning rate is constant."
    ),
    "rise": _rise,
    "no_repetition": _no_repetition,
    "pools_not_repeated": _pools_not_repeated,
    "one_size": _always(
        "No half-life is seen in repeated training sets of different sizes: size_exponent will be "
        "what the prior says."
    ),
    "inseparable_pools": _inseparable_pools,
    "unexpected_errors": _unexpected_errors,
    "prior_dominated": _prior_dominated,
    "ridge": _ridge,
    "forecast": _forecast,
    "unknown": _always(
        "How much these runs can teach is not quantified: hardly any draw of the prior gives "
        "errors that a table may hold at these budgets, the table is very large, or the model "
        "fixes every parameter of its law."
    ),
}
"""The sentence of each finding, from its subjects and numbers and the name of the model."""

SHORT_NAMES = {key: key.replace("_", " ") for key in SENTENCES} | {
    "prior_dominated": "prior-dominated"
}
"""The key under which `Identifiability.findings` lists the sentence of each id: those of before."""

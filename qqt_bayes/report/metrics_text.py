"""A decision over several metrics in words: a verdict, and at most three sentences about it.

They say where metrics are in conflict and what that costs each, what the constraints exclude, and
which levels no other one dominates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.metric_views import joint_view
from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.phrases import chance, chance_at_least, cost, format_samples, joined
from qqt_bayes.report.decision_text import cautions
from qqt_bayes.report.limits_text import larger
from qqt_bayes.report.measures import ACCURACY, judged, measure, unit
from qqt_bayes.report.spoken import spoken
from qqt_bayes.report.verdict_text import Answer, answers, proxies
from qqt_bayes.report.winner_text import FOR_WINNER, winners

INDEPENDENT = (
    "Draws of different metrics are taken as independent, because each metric has a fit of its own."
)
"""What is assumed wherever metrics are joined."""


def answers_of_metrics(found: xr.Dataset) -> list[Answer]:
    """The answer at the largest budget of a decision over several metrics, for each group.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    """
    told = in_each_group([spoken(found).sortby("budget")])
    return [_answer(group, own) for group, (own,) in told]


def remarks_on_metrics(found: xr.Dataset) -> list[dict[str, str]]:
    """What is said of the largest budget, each sentence with the id of what it says.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.

    Returns
    -------
    list of dict
        `group` (if there are several), `id` and `text`. The ids: `none_admissible` or `choice`,
        `weights`, `conflict` or `agreement`, `required`, `pareto`.
    """
    return [
        {**({"group": group} if group else {}), "id": each, "text": text}
        for group, (own,) in in_each_group([spoken(found).sortby("budget")])
        for each, text in _sentences(own)
    ]


def before_verdict(found: xr.Dataset) -> list[str]:
    """What has to be known before the verdict on one group, budgets ascending."""
    view = joint_view(found)
    return [*(text for _, text in cautions(view)), *larger(view), *proxies(view)]


def _answer(group: str, found: xr.Dataset) -> Answer:
    """The answer for one group, budgets ascending."""
    first = before_verdict(found)
    said = dict(_sentences(found))
    opening = [name for name in (NONE, "choice", "weights") if name in said]
    verdict = " ".join(said.pop(name) for name in opening)
    return Answer(group, first, verdict, list(said.values()))


def _sentences(found: xr.Dataset) -> Iterator[tuple[str, str]]:
    """What is said of one group, each sentence with its id."""
    last = found.isel(budget=-1)
    if last["joint_choice"].item() == NONE:
        yield (
            NONE,
            f"{_where(last)} no level keeps to what is required, so that none is chosen.",
        )
    else:
        [of_joint] = answers(joint_view(found.isel(budget=[-1])))
        kept, words = last["admissible"].sum().item(), of_joint.verdict
        if kept == 1 < last.sizes["level"]:
            words += f" One of {last.sizes['level']} levels keeps to what is required."
        elif kept < last.sizes["level"]:
            words += f" Only the {kept} of {last.sizes['level']} levels count that keep to what is"
            words += " required."
        yield "choice", words
    if found.sizes["metric"] > 1:
        yield "weights", f"{_weights(found)} {INDEPENDENT}"
        yield _conflict(last)
    if found.sizes["constraint"]:
        yield "required", _required(last)
    if found.sizes["metric"] > 1 and found.sizes["level"] > 1:
        yield "pareto", _pareto(last)


def _weights(found: xr.Dataset) -> str:
    """What each metric weighs in the sum."""
    metrics = found["metric"].values.tolist()
    shares = found["weight"].values.tolist()
    if max(shares) - min(shares) < 1e-12:
        how = f"the {len(metrics)} metrics weigh the same"
    else:
        pairs = [f"{metric} {share:.2f}" for metric, share in zip(metrics, shares, strict=True)]
        how = f"weights are {joined(pairs)}"
    counted = set(found["kind"].values[found["weight"].values > 0].tolist())
    words = {"loss": "Losses", "error": "Errors"}
    what = words[counted.pop()] if len(counted) == 1 else "Errors and losses"
    return f"{what} of {judged(found.attrs)} are added as they are; {how}."


def _conflict(last: xr.Dataset) -> tuple[str, str]:
    """Which metrics would choose otherwise, and what the joint choice costs each of them."""
    joint = str(last["joint_choice"].item())
    own = dict(zip(last["metric"].values.tolist(), last["choice"].values.tolist(), strict=True))
    if joint == NONE:
        return "conflict", f"{_own_choices(own)}."
    other = {metric: choice for metric, choice in own.items() if choice != joint}
    if not other:
        return "agreement", (
            f"No conflict: each metric's own rule would take {joint}, too{_undecided(last)}."
        )
    costs = [
        f"{cost(last['cost_by_metric'].sel(metric=metric))} in {_measure(last, metric)} of {metric}"
        for metric in other
    ]
    words = _own_choices(other, among=len(own))
    return (
        "conflict",
        f"Conflict: {words[0].lower()}{words[1:]}; taking {joint} is expected to cost "
        f"{joined(costs)}.",
    )


def _undecided(last: xr.Dataset) -> str:
    """In brackets, which metrics name no winner by themselves, and P(best) of their choice."""
    each = []
    for metric in last["metric"].values.tolist():
        own = last.sel(metric=metric)
        [state] = winners({name: [own[name].item()] for name in FOR_WINNER}, last.attrs)
        if state not in own["level"].values:
            best = own["probability_best"].sel(level=str(own["choice"].item())).item()
            each.append(f"{metric}: {state}, {chance(best)}")
    return f" ({'; '.join(each)})" if each else ""


def _own_choices(own: Mapping[str, str], among: int = 0) -> str:
    """What metrics would choose by themselves; `among` how many there are, if not these alone.

    Examples
    --------
    >>> _own_choices({"imagenet": "top 2", "vtab": "top 3"}, among=3)
    'By themselves, imagenet would take top 2 and vtab top 3'
    >>> _own_choices({"imagenet": "top 2", "vtab": "top 2"})
    'By itself, every metric would take top 2'
    """
    choices = list(dict.fromkeys(own.values()))
    if len(choices) == 1 and len(own) > 1 and among in (0, len(own)):
        return f"By itself, every metric would take {choices[0]}"
    (first, choice), *others = own.items()
    each = [f"{first} would take {choice}", *(f"{name} {other}" for name, other in others)]
    return f"By {'themselves' if others else 'itself'}, {joined(each)}"


def _required(last: xr.Dataset) -> str:
    """Which constraint excludes which level, and whether that changes the choice."""
    each = []
    for constraint in last["constraint"].values:
        met = last["probability_met"].sel(constraint=constraint)
        out = met.values < met["required"].item() - 1e-12
        words = _in_words(met, last)
        if not out.any():
            each.append(f"{words} is kept by every level ({chance_at_least(met)})")
        elif out.all():
            nearest = str(met["level"].values[int(np.argmax(met.values))])
            most = chance(met.max().item())
            each.append(f"{words} excludes every level ({nearest} is nearest: {most})")
        else:
            kept = [
                f"{name} ({chance(probability)})"
                for name, probability in zip(met["level"].values[out], met.values[out], strict=True)
            ]
            each.append(f"{words} excludes {joined(kept)}")
    joint, free = str(last["joint_choice"].item()), str(last["choice_unconstrained"].item())
    effect = ""
    if joint == NONE:
        effect = f" If nothing were required, the rule would take {free}."
    elif joint != free:
        mean = last["joint_error_mean"]
        less = mean.sel(level=joint) - mean.sel(level=free)
        effect = (
            f" If nothing were required, the rule would take {free}, whose expected "
            f"{measure(last.attrs)} is {cost(less)} less."
        )
    elif (~last["admissible"]).any():
        effect = " This does not change the choice."
    brackets = " (in brackets, with which probability it is kept)"
    return f"Required{brackets}: {'; '.join(each)}.{effect}"


def _pareto(last: xr.Dataset) -> str:
    """Which levels are not dominated in expected errors, and how sure that is."""
    front = last.isel(level=np.flatnonzero(last["pareto"].values))
    order = np.argsort(-front["probability_on_front"].values, kind="stable")
    names = [
        f"{front['level'].values[i]} ({chance(front['probability_on_front'].values[i])})"
        for i in order
    ]
    if len(names) == 1:
        return (
            f"Pareto set (in brackets, with which probability): {names[0]} alone; by expected "
            "errors, no other level is better on any metric."
        )
    return (
        f"Pareto set (in brackets, with which probability): {joined(names)}; by expected errors, "
        "no level is as good as one of them on every metric and better on one."
    )


def _in_words(met: xr.DataArray, last: xr.Dataset) -> str:
    """A constraint in words, in what was measured."""
    metric, bound = str(met["bound_on"].item()), met["bound"].item()
    kind = _measure(last, metric)
    limit = f"at least {1 - bound:.6g}" if kind == ACCURACY else f"at most {bound:.6g}"
    return f"{kind} of {metric} {limit} with probability {met['required'].item():g}"


def _measure(last: xr.Dataset, metric: str) -> str:
    return str(last["measure"].sel(metric=metric).item())


def _where(last: xr.Dataset) -> str:
    return f"At {format_samples(last['budget'].item())} {unit(last.attrs)}"

"""What a gate found in sentences, with what to do on the command line about each check that failed.

Everything is made from the ids and numbers of `qqt_bayes.posterior.gate.Gate`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd

from qqt_bayes.phrases import joined_names, quoted
from qqt_bayes.posterior.checks import CHECKS, EARLY_RUNS, TOO_SHORT, Check
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.fit_text import remark
from qqt_bayes.report.modes_text import evidence, modes

STILL = (
    " The chains {agree}: how training sets rank at the budgets that were trained can be read so. "
    "What lies beyond rests on a law that does not describe the runs."
)
NEARLY = 1.05
"""R-hat up to which chains that are too short agree well enough for ranks."""
NO_OTHER = (
    "how training sets rank at the budgets that were trained is then what these runs tell (--force)"
)
LONGER = 3
"""Times as many draws to take where they were too few."""
OTHER_MODELS = {
    "error": {
        "effective-reuse": "effective-reuse",
        "effective-reuse-onset": "effective-reuse-onset (a slow start)",
        "effective-reuse-overfit": "effective-reuse-overfit (errors that rise again)",
        "utility-free-size": "utility-free-size",
        "utility-bounded": "utility-bounded (errors near chance)",
        "utility-overfit": "utility-overfit (errors that rise again)",
        "effective-data": "effective-data",
    },
    "loss": {
        "effective-reuse": "effective-reuse",
        "effective-reuse-onset": "effective-reuse-onset (a slow start)",
        "effective-reuse-overfit": "effective-reuse-overfit (losses that rise again)",
        "utility-free-size": "utility-free-size",
        "data-constrained": "data-constrained",
        "utility-overfit": "utility-overfit (losses that rise again)",
    },
}
"""Models to try where one does not describe runs of a kind: how a sentence names each."""
SLOW_START = "effective-reuse-onset"
"""The model to try where early runs bend away."""


def verdict(gate: Gate, tried: Collection[str] = ()) -> str:
    """What a gate found: whether it was passed, what failed and what to do, how many modes.

    Models in `tried` are fitted to the same runs anyhow, and not named as ones to try.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> print(verdict(Gate((check_value("divergences", 3, draws=1000),), draws=250)))
    The fit did not pass its gate.
      divergent draws: 3 (at most 1) FAILED: parts of the posterior were not reached: raise
      --target-accept, or take a simpler model
    """
    approximate = remark({"method": gate.method})
    if gate.passed:
        agree = "the approximation is near the posterior" if approximate else "the chains agree"
        passed = f"The fit passed its gate: {agree}, no check found fault with the law."
        if gate.rough:
            how = "; ".join(_briefly(check, gate) for check in gate.rough)
            passed = f"The fit is rough, though no check found fault with the law. {how}."
        lines = [f"{passed} {approximate}".strip()]
    else:
        failed = [f"  {_briefly(check, gate)}" for check in gate.failed + gate.rough]
        law = any(map(_wants_other_law, gate.failed))
        todo = f"  What to do: {other_law(gate, tried)}." if law else ""
        lines = ["The fit did not pass its gate.", *failed, todo, approximate]
    found = [modes(gate), evidence(gate.log_marginal_likelihood), gate.note]
    return "\n".join(filter(None, [*lines, " ".join(filter(None, found))]))


def refused(name: str, gate: Gate) -> str:
    """That the fit of a model was refused, with the checks that it failed, in short.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> refused("utility", Gate((check_value("rhat", 1.3, of="tau"),)))
    'The fit of utility was refused (R-hat of tau 1.3, at most 1.01)'
    """
    failed = [f"{each.name} {value(each)}, {each.bound}" for each in gate.failed]
    return f"The fit of {name} was refused ({'; '.join(failed)})"


def refusal(gate: Gate) -> str:
    """What the command line says of a fit that it does not go on with."""
    return f"{verdict(gate)}\nUse --force to go on all the same.{still(gate)}"


def still(gate: Gate) -> str:
    """What a fit that was refused for its law can be used for; empty where its draws are wrong."""
    of_chains = [check for check in gate.failed if check.question != "law"]
    if not of_chains:
        return STILL.format(agree="agree")
    if len(of_chains) == len(gate.failed):
        return ""
    short = all(check.id in TOO_SHORT for check in of_chains)
    near = all(check.value <= NEARLY for check in of_chains if check.id == "rhat")
    return STILL.format(agree="nearly agree") if short and near else ""


def line(check: Check, gate: Gate) -> str:
    """One check: its value, its bar, whether it passed and what to do if it did not."""
    return outcome(check) if check.passed else f"{outcome(check)}: {advice(check, gate)}"


def outcome(check: Check) -> str:
    """One check without advice: its value, its bar and whether it passed.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> outcome(check_value("rhat", 1.3, of="tau")), outcome(check_value("bfmi", 0.8))
    ('R-hat of tau: 1.3 (at most 1.01) FAILED', 'E-BFMI: 0.8 (at least 0.3) ok')
    """
    verdict = "ok" if check.passed else "rough" if check.is_approximate else "FAILED"
    return f"{check.name}: {value(check)} ({check.bound}) {verdict}"


def value(check: Check) -> str:
    """The value of a check, with as many digits as tell it from its bar.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> value(check_value("rhat", 1.3)), value(check_value("rhat", 1.01000021))
    ('1.3', '1.0100002')
    """
    shown = (f"{check.value:.{digits}g}" for digits in range(4, 17))
    return next((text for text in shown if float(text) != check.bar), f"{check.value:.4g}")


def advice(check: Check, gate: Gate) -> str:
    """What to do about a check that failed.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> check = check_value("residuals_budget", 0.001)
    >>> advice(check, Gate((check,), model="utility", kind="loss"))
    'the law does not describe these runs; try effective-reuse or effective-reuse-onset ...'
    """
    of_law = other_law(gate) if _wants_other_law(check) else ""
    return "; ".join(filter(None, [_own_advice(check, gate), of_law]))


def _own_advice(check: Check, gate: Gate) -> str:
    """The advice without what is the same for all checks that judge the law."""
    return check.advice or ADVICE.get(check.id, _unknown)(check, gate)


def _wants_other_law(check: Check) -> bool:
    """Whether another law may pass the check; old fits hold that advice in their own words."""
    return check.id in OF_THE_LAW and not check.advice


def _briefly(check: Check, gate: Gate) -> str:
    """A check that did not pass, with its own advice alone."""
    return f"{outcome(check)}: {_own_advice(check, gate)}"


def other_law(gate: Gate, tried: Collection[str] = ()) -> str:
    """Which laws to try where one does not describe the runs, and what is left if none does."""
    early = any(check.id == "misfit_common" and check.of for check in gate.failed)
    left = [
        words
        for name, words in OTHER_MODELS[gate.kind].items()
        if name not in {gate.model, *tried} and not (early and name == SLOW_START)
    ]
    first = "leave out the early runs, or let them begin slowly; else " if early else ""
    groups = (
        "; where groups differ, a model with parameters over group (cherti has some), or a table "
        "for each group"
        if gate.groups > 1
        else ""
    )
    if not left:
        return f"{first}no shipped law describes these runs{groups}; {NO_OTHER}"
    return f"{first}try {' or '.join(left)}{groups}; if they are refused, too, {NO_OTHER}"


def mend(gates: Mapping[str, Gate]) -> str:
    """What to do where the fit of every law to some runs was refused, as a part of a sentence.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> early = check_value("misfit_common", 9.0, of="runs below 64M")
    >>> mend({"utility": Gate((early,)), "effective-reuse-onset": Gate((early,))})
    'leave out the early runs with --from 64M, if enough are left; take another law ...'
    """
    failed = [check for gate in gates.values() for check in gate.failed]
    ways = []
    early = [x.of for x in failed if x.id == "misfit_common" and x.of]
    if early:
        least = early[0].removeprefix(EARLY_RUNS)
        ways.append(f"leave out the early runs with --from {least}, if enough are left")
    if early and SLOW_START not in gates:
        ways.append(f"let training begin slowly with --models {SLOW_START}")
    if any(check.question == "convergence" for check in failed):
        draws = LONGER * max(gate.draws for gate in gates.values())
        ways.append(f"sample longer (--draws {draws} --tune {draws})")
    if any(check.id == "divergences" for check in failed):
        ways.append("take shorter steps (--target-accept 0.95)")
    if runs := list(dict.fromkeys(x.of for x in failed if x.id == "misfit_run" and x.of)):
        ways.append(f"look whether the rows of {joined_names(runs)} are right")
    if any(map(_wants_other_law, failed)):
        kind = next(iter(gates.values())).kind
        others = [name for name in OTHER_MODELS[kind] if name not in {*gates, SLOW_START}]
        ways.append(f"take another law with --models, such as {' or '.join(others)}")
    return "; ".join(ways) or "fit again with this version"


def checks(gate: Gate) -> pd.DataFrame:
    """A row for each check.

    Returns
    -------
    DataFrame
        Columns `id` and `of` (its subject), `name` (both in words), `value`, `limit` ("at most" or
        "at least"), `bar`, `passed`, and `advice` (empty where it passed).
    """
    return pd.DataFrame(
        {
            "id": check.id,
            "of": check.of,
            "name": check.name,
            "value": check.value,
            "limit": check.limit,
            "bar": check.bar,
            "passed": check.passed,
            "advice": "" if check.passed else advice(check, gate),
        }
        for check in gate.checks
    )


def checks_at_a_glance(gate: Gate) -> pd.DataFrame:
    """The same for people: columns `name`, `value`, `bar` (with its side) and `passed`."""
    return checks(gate)[["name", "value", "passed"]].assign(bar=[x.bound for x in gate.checks])[
        ["name", "value", "bar", "passed"]
    ]


def _more_draws(check: Check, gate: Gate) -> str:
    draws = LONGER * gate.draws
    if gate.method == "nuts":
        return f"sample longer (--draws {draws} --tune {draws}), or take a simpler model"
    return f"take more draws (--draws {draws}), or method nuts"


def _disagree(check: Check, gate: Gate) -> str:
    if np.isnan(check.value):
        return (
            "chains cannot be compared: there is one, or its draws are few or do not move: run "
            "several (--chains 4), and longer"
        )
    return f"the chains disagree: {_more_draws(check, gate)}"


def _diverged(check: Check, gate: Gate) -> str:
    return "parts of the posterior were not reached: raise --target-accept, or take a simpler model"


def _far(check: Check, gate: Gate) -> str:
    return "the approximation may be far from the posterior: fit with method nuts"


def _wrong(check: Check, gate: Gate) -> str:
    return "the law does not describe these runs"


def _early(check: Check, gate: Gate) -> str:
    if not check.of:
        return _wrong(check, gate)
    least = check.of.removeprefix(EARLY_RUNS)
    ways = [f"leave them out with --from {least}, if enough are left"]
    if gate.model != SLOW_START:
        ways.insert(0, f"try {SLOW_START}, which lets training begin slowly")
    return (
        "they bend away from what all others follow, as runs do in which training has hardly "
        f"begun: {', or '.join(ways)}"
    )


def _noisy(check: Check, gate: Gate) -> str:
    of = f" of {quoted(check.of)}" if check.of else ""
    return (
        f"runs{of} scatter by {check.sigma:.2g} about their curves, more than the prior of the "
        "noise takes for chance: the law does not describe them, or, where runs are so noisy, give "
        "replicates, n_eval, or a model whose likelihood.sigma allows it"
    )


def _unexplained(check: Check, gate: Gate) -> str:
    return (
        f"no other run explains those of {quoted(check.of)}: look whether error, samples and "
        "training set of that row are right"
    )


def _unknown(check: Check, gate: Gate) -> str:
    """What to do about a check that only another version of the package knows."""
    return "fit again with this version"


ADVICE: dict[str, Callable[[Check, Gate], str]] = {
    "rhat": _disagree,
    "ess_bulk": _more_draws,
    "ess_tail": _more_draws,
    "divergences": _diverged,
    "bfmi": _more_draws,
    "pareto_k": _far,
    "scatter_known": _wrong,
    "scatter_declared": _wrong,
    "scatter_prior": _noisy,
    "amplitude": _wrong,
    "misfit_common": _early,
    "misfit_run": _unexplained,
    "residuals_budget": _wrong,
    "residuals_repetitions": _wrong,
    "residuals_training_set": _wrong,
    "residuals_group": _wrong,
}
"""What to do about each check that failed, by its id."""
OF_THE_LAW = {name for name, kind in CHECKS.items() if kind.question == "law"} - {"misfit_run"}
"""Checks that another law may pass; single runs that nothing explains are looked at themselves."""

"""The modes of a posterior, and what sequential Monte Carlo says of a model, in words."""

from __future__ import annotations

from collections import Counter

import numpy as np

from qqt_bayes.phrases import quoted
from qqt_bayes.posterior.gate import Gate, Mode

MAX_MODES = 4
"""Modes that a sentence shows one by one, or kinds of modes where several read alike."""


SMC = "qqt fit RUNS --model MODEL --method smc -o FIT"
"""The command that weighs modes; `qqt study` has no other method than its own."""


def modes(gate: Gate) -> str:
    """What to say of several modes; empty of one.

    Examples
    --------
    >>> two = Mode("d", "", 0.1, 0.1, (1.0, 0.5)), Mode("d", "", 0.4, 0.9, (0.0, 0.5))
    >>> print(modes(Gate((), "smc", modes=two)))
    The posterior has 2 modes: d 0.1 (75 % of the draws, chain by chain 100, 50; weight by Laplace's
    method about 0.1) and d 0.4 (25 % of the draws, chain by chain 0, 50; weight by Laplace's method
    about 0.9).
    """
    found = gate.modes
    if len(found) < 2:
        return ""
    words = f"The posterior has {len(found)} modes: {_each(found)}."
    if gate.method != "nuts":
        return words
    if gate.chains_agree and _crossed(found):
        return (
            f"{words} The chains cross between them and agree (R-hat), so that these shares, of a "
            "few draws of each chain, are rough estimates of what each mode weighs."
        )
    return f"{words} Chains seldom cross, so their shares are no weights: {SMC} weighs modes."


def _crossed(found: tuple[Mode, ...]) -> bool:
    """Whether chains went to and fro between all of the modes.

    A chain with a part of its draws in a mode went into it or out of it. One that did so may have
    done it once and for all, on its way to where it stays: two at least do so for each mode.
    """
    return all(sum(0 < share < 1 for share in mode.shares) >= 2 for mode in found)


def _each(found: tuple[Mode, ...]) -> str:
    """Modes in words, those that read alike once, and the number of those that are not shown.

    Examples
    --------
    >>> print(_each((Mode("d", "", 0.1, 0.1, (0.1,)),) * 20))
    20 of d 0.1 (10 % of the draws each, chain by chain 10; weight by Laplace's method about 0.1)
    """
    texts = Counter(map(_mode, found))
    words = [
        text
        if count == 1
        else f"{count} of {text.replace(' of the draws,', ' of the draws each,', 1)}"
        for text, count in texts.items()
    ]
    others = sum(list(texts.values())[MAX_MODES:])
    *most, last = words[:MAX_MODES] + ([f"{others} more"] if others else [])
    return f"{', '.join(most)} and {last}" if most else last


def _mode(mode: Mode) -> str:
    of = f" of {quoted(mode.of)}" if mode.of else ""
    each = ", ".join(f"{100 * share:.0f}" for share in mode.shares)
    return (
        f"{mode.parameter}{of} {mode.value:.3g} ({100 * np.mean(mode.shares):.0f} % of the draws, "
        f"chain by chain {each}; weight by Laplace's method about {mode.weight:.2g})"
    )


def evidence(log_marginal_likelihood: tuple[float, ...]) -> str:
    """What sequential Monte Carlo says of the model as a whole; empty of other methods.

    Examples
    --------
    >>> evidence((-10.0, -10.5)), evidence(())
    ('Log marginal likelihood -10.2 (run by run -10.0, -10.5).', '')
    """
    if not log_marginal_likelihood:
        return ""
    each = ", ".join(f"{value:.1f}" for value in log_marginal_likelihood)
    return f"Log marginal likelihood {np.mean(log_marginal_likelihood):.1f} (run by run {each})."

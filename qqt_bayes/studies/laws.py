"""Which laws a study fits, and how it goes on where a fit is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.checks import TOO_SHORT
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report import gate_text

MODELS = ("effective-reuse", "utility-free-size")
"""The laws of a study: one that forecasts best, and the paper's with its size exponent learned."""
THEOREM = "utility"
"""The paper's law with the exponent of its combination theorem, fitted beside them."""
BOUNDED = {"utility-free-size": "utility-bounded-free-size", "utility": "utility-bounded"}
"""What stands in for a law of error rates whose fit is refused, if no models are named: the same
law bounded by chance. Without the bound it gives errors near chance to no plausible parameters."""
LONGER = 3
"""How many times as long a fit is made again whose chains are only too short."""


def silent(_: str) -> None:
    """Say nothing."""


def fit_laws(
    specs: Mapping[str, Spec],
    make: Callable[[Spec, int], Fit],
    *,
    instead: Mapping[str, str],
    longer: int = LONGER,
    say: Callable[[str], None] = silent,
) -> dict[str, Fit]:
    """A fit of each law, made again if only too short, and of what stands in for a refused one.

    Parameters
    ----------
    specs : mapping of str to Spec
    make : callable
        Makes the fit of a specification, with so many times the draws that were asked for.
    instead : mapping of str to str
        The model that is fitted beside one whose fit is refused.
    longer : int
        How many times as long a fit is made again; 1 for never.
    say : callable
        Called with a sentence at each step.

    Returns
    -------
    dict of str to Fit
        Refused ones, too; what stands in for one follows it.
    """
    fits: dict[str, Fit] = {}
    tried = {*specs, *instead.values()}
    waiting = list(specs.values())
    while waiting:
        spec = waiting.pop(0)
        say(f"Fit model {spec.name} ...")
        fit = make(spec, 1)
        say(_made(fit, tried))
        if longer > 1 and not fit.gate.passed and {c.id for c in fit.gate.failed} <= TOO_SHORT:
            again = f"made again, {longer} times as long"
            say(f"    Its chains are too short, and nothing else: {again}.")
            fit = make(spec, longer)
            say(_made(fit, tried))
        fits[spec.name] = fit
        if spec.name in instead and not fit.gate.passed:
            say("    It was refused, so the same law bounded by chance is fitted beside it.")
            waiting.insert(0, load_model(instead[spec.name]))
    return fits


def _made(fit: Fit, tried: Collection[str]) -> str:
    """How long a fit took, and what its gate says."""
    seconds = fit.attrs["compile_time"] + fit.attrs["sampling_time"]
    return f"    Made in {seconds:.1f} s. {gate_text.verdict(fit.gate, tried)}"

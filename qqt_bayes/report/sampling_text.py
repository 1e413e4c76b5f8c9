"""Sentences about how the draws of fits were made, from what their sampler recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from qqt_bayes.phrases import joined, joined_ends
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.how_drawn import (
    COMPILED,
    DECLARED,
    DISAGREEMENT,
    DIVERGENCES,
    HowDrawn,
)

WAYS = {
    "nuts": "the No-U-Turn sampler{nutpie}, in {chains} chains of {draws} draws{tune}",
    "laplace": "Laplace's approximation of the posterior, of which {all} draws were taken",
    "pathfinder": "the Pathfinder approximation of the posterior, of which {all} draws were taken",
    "smc": "sequential Monte Carlo, in {chains} independent runs of {draws} particles",
}
"""How draws were made, by the method of inference."""
OTHER_WAY = "method {method}, of which {all} draws were taken"
"""The same of a method that only another version of the package knows."""
COMPILED_BY_US = (
    "Log density and gradient{of} are those that qqt_bayes compiles with Numba; they are tested "
    "against the same model as it is declared in PyMC, which took no part in the sampling."
)
COMPILED_OWN = (
    "Log density and gradient{of} are those that qqt_bayes compiles with Numba, with the law and "
    "its derivatives as the user's code gives them."
)
COMPILED_FROM_PYMC = (
    "Log density and gradient{of} are those that nutpie compiles from the declaration of the model "
    "in PyMC{pymc}."
)
REASONS = {DIVERGENCES: "a draw diverged", DISAGREEMENT: "the chains disagreed"}
"""For what a pass is repeated."""
TIMES = {1: "once", 2: "twice"}
"""How often, in words."""


def sampler(fits: Mapping[str, Fit]) -> str:
    """How the draws of some fits were made, as the end of a sentence such as "drawn by".

    Parameters
    ----------
    fits : mapping of str to Fit
        By the names of their models; all by one method, as those of a study are.
    """
    each = list(fits.values())
    first, sizes = each[0], [fit.posterior.sizes for fit in each]
    tuned = [how.tune for how in map(HowDrawn.of, each) if how.tune is not None]
    words = WAYS.get(first.method, OTHER_WAY)
    seeds = joined([str(seed) for seed in sorted({fit.seed for fit in each})])
    return (
        words.format(
            method=first.method,
            nutpie=_version(" of nutpie", first, "nutpie"),
            chains=_range(size["chain"] for size in sizes),
            draws=_range(size["draw"] for size in sizes),
            all=_range(fit.draws for fit in each),
            tune=f" after {_range(tuned)} tuning steps each" if tuned else "",
        )
        + f" (seed {seeds})"
    )


def computation(fits: Mapping[str, Fit]) -> str:
    """Whose log density was used, at what acceptance rate, and what was drawn anew, as sentences.

    Parameters
    ----------
    fits : mapping of str to Fit
        By the names of their models.
    """
    how = {name: HowDrawn.of(fit) for name, fit in fits.items()}
    said = _densities(fits, how)
    if next(iter(fits.values())).method == "nuts":
        said += [_acceptance(how), *_particular(how)]
    return " ".join(filter(None, said))


def _densities(fits: Mapping[str, Fit], how: Mapping[str, HowDrawn]) -> list[str]:
    """Where log densities came from, as far as fits say so."""
    of_source: dict[str, list[str]] = {}
    for name, fit in fits.items():
        compiled = COMPILED_OWN if fit.law.own else COMPILED_BY_US
        words = {COMPILED: compiled, DECLARED: COMPILED_FROM_PYMC}.get(how[name].density or "")
        if words:
            of_source.setdefault(words, []).append(name)
    pymc = _version("", next(iter(fits.values())), "pymc")
    return [words.format(of=_of(found, fits), pymc=pymc) for words, found in of_source.items()]


def _acceptance(how: Mapping[str, HowDrawn]) -> str:
    """The acceptance rates that steps aimed at, and whether draws were made anew for others."""
    rates: dict[float, list[str]] = {}
    for name, each in how.items():
        if each.target_accept is not None:
            rates.setdefault(each.target_accept, []).append(name)
    if not rates:
        return ""
    parts = [
        f"{rate:g} for {joined(names)}" if len(rates) > 1 else f"{rate:g}"
        for rate, names in sorted(rates.items())
    ]
    said = f"The target acceptance rate was {joined(parts)}"
    settings = {(each.repeated_for, each.targets[:1]) for each in how.values()}
    (repeated_for, first), *others = settings
    if others or not repeated_for:
        return f"{said}."
    reasons = " or ".join(REASONS[each] for each in repeated_for)
    if not (repeats := _repeats(how)):
        return f"{said}; had {reasons}, all chains would have been drawn anew with a higher one."
    return (
        f"{said}: it began at {first[0]:g}, and as long as {reasons}, all chains were drawn anew "
        f"with a higher one ({repeats})."
    )


def _repeats(how: Mapping[str, HowDrawn]) -> str:
    """How often which fits were drawn anew; empty if none was."""
    times: dict[int, list[str]] = {}
    for name, each in how.items():
        times.setdefault(len(each.targets) - 1, []).append(name)
    needed = [
        TIMES.get(count, f"{count} times") + (f" for {joined(names)}" if len(how) > 1 else "")
        for count, names in sorted(times.items())
        if count
    ]
    return joined(needed) if needed else ""


def _particular(how: Mapping[str, HowDrawn]) -> list[str]:
    """What is said only where it is so: draws that were left out, and other mass matrices."""
    said = []
    for count in sorted({each.kept_of for each in how.values()} - {1}):
        found = [name for name, each in how.items() if each.kept_of == count]
        said.append(f"One of {count} draws was kept{_for(found, how)}.")
    if wide := [name for name, each in how.items() if each.low_rank]:
        said.append(f"The mass matrix{_of(wide, how)} learned correlations (low rank).")
    return said


def _of(found: Sequence[str], among: Collection[str]) -> str:
    """Of which fits a sentence is, unless it is of all."""
    return "" if len(found) == len(among) else f" of {joined(list(found))}"


def _for(found: Sequence[str], among: Collection[str]) -> str:
    """For which fits a sentence holds, unless it holds for all."""
    return "" if len(found) == len(among) else f" for {joined(list(found))}"


def _version(before: str, fit: Fit, package: str) -> str:
    """A package with the version that made a fit; without one if the fit does not say."""
    version = fit.versions.get(package)
    return f"{before} {version}" if version else before


def _range(numbers: Iterable[int]) -> str:
    """The least and the largest of some counts."""
    known = sorted(numbers)
    return joined_ends(f"{known[0]:,}", f"{known[-1]:,}")

"""How draws were made, in sentences that say what a fit recorded and no more."""

import json

import made
import made_law
import pytest

from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.how_drawn import (
    COMPILED,
    DECLARED,
    DENSITY,
    DISAGREEMENT,
    DIVERGENCES,
    of_passes,
)
from qqt_bayes.report.sampling_text import COMPILED_BY_US, COMPILED_OWN, computation, sampler

BOTH = [DIVERGENCES, DISAGREEMENT]


def fit(*, targets=(), tune=500, reasons=BOTH, density=None, model="utility", **attributes):
    method = attributes.pop("method", "nuts")
    tree = made.fit(model=model, method=method, chains=4, draws=1000)
    tree.attrs["versions"] = json.dumps({"nutpie": "0.16.1", "pymc": "6.4.0"})
    tree["sample_stats"].attrs |= attributes
    if targets:
        tree["sample_stats"].attrs |= of_passes(list(targets), tune, list(reasons))
    if density:
        tree["sample_stats"].attrs[DENSITY] = density
    return Fit.of(tree)


def test_a_default_fit():
    fits = {"utility": fit(targets=[0.9, 0.97], density=COMPILED)}
    assert sampler(fits) == (
        "the No-U-Turn sampler of nutpie 0.16.1, in 4 chains of 1,000 draws after 500 tuning steps "
        "each (seed 0)"
    )
    assert computation(fits) == (
        f"{COMPILED_BY_US.format(of='')} The target acceptance rate was 0.97: it began at 0.9, and "
        "as long as a draw diverged or the chains disagreed, all chains were drawn anew with a "
        "higher one (once)."
    )
    assert "PyMC, which took no part in the sampling" in computation(fits)


def test_fits_that_were_drawn_anew_are_named():
    fits = {
        "a": fit(targets=[0.9]),
        "b": fit(targets=[0.9, 0.97]),
        "c": fit(targets=[0.9, 0.97, 0.99], tune=1000, kept_of=4),
    }
    assert "after 500 to 1,000 tuning steps" in sampler(fits)
    said = computation(fits)
    assert "was 0.9 for a, 0.97 for b and 0.99 for c: it began at 0.9" in said
    assert "(once for b and twice for c). One of 4 draws was kept for c." in said


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"targets": [0.9]},
            "The target acceptance rate was 0.9; had a draw diverged or the chains disagreed, all "
            "chains would have been drawn anew with a higher one.",
        ),
        (
            {"targets": [0.9, 0.97], "reasons": BOTH[:1]},
            "as long as a draw diverged, all chains were drawn anew with a higher one (once).",
        ),
        ({"targets": [0.8], "reasons": []}, "The target acceptance rate was 0.8."),
        ({"target_accept": 0.97}, "The target acceptance rate was 0.97."),
    ],
)
def test_only_what_was_recorded_is_said(options, expected):
    said = computation({"utility": fit(**options)})
    assert said.endswith(expected)
    assert "Numba" not in said


def test_an_older_fit_says_nothing_that_it_did_not_record():
    fits = {"utility": fit()}
    assert computation(fits) == ""
    assert sampler(fits).endswith("in 4 chains of 1,000 draws (seed 0)")


def test_what_pymc_compiled_is_said_to_be():
    fits = {"a": fit(density=COMPILED), "b": fit(density=DECLARED)}
    said = computation(fits)
    assert COMPILED_BY_US.format(of=" of a") in said
    assert (
        "of b are those that nutpie compiles from the declaration of the model in PyMC 6.4.0."
        in said
    )


def test_the_derivatives_of_an_own_law_are_its_authors():
    with made_law.registered(derivatives=made_law.slopes) as law:
        own = fit(density=COMPILED)
        object.__setattr__(own, "spec", made_law.spec())
        assert own.law.own
        assert law.own
        assert computation({"fading": own}) == COMPILED_OWN.format(of="")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("laplace", "Laplace's approximation of the posterior, of which 4,000 draws were taken"),
        ("smc", "sequential Monte Carlo, in 4 independent runs of 1,000 particles"),
    ],
)
def test_other_methods_have_neither_tuning_nor_nutpie(method, expected):
    fits = {"utility": fit(method=method, density=COMPILED)}
    assert sampler(fits) == f"{expected} (seed 0)"
    assert computation(fits) == COMPILED_BY_US.format(of="")


def test_correlations_in_the_mass_matrix_are_said():
    settings = json.dumps({"adaptation": "low_rank"})
    said = computation({"utility": fit(targets=[0.9], inference_library_settings=settings)})
    assert said.endswith("The mass matrix learned correlations (low rank).")

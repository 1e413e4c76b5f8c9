"""What a sampler recorded of its draws is read back, and what older fits lack is not made up."""

import json

import made
import pytest

from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, save
from qqt_bayes.posterior.how_drawn import (
    COMPILED,
    DENSITY,
    DISAGREEMENT,
    DIVERGENCES,
    HowDrawn,
    of_passes,
)


def recorded(**attributes):
    tree = made.fit()
    tree["sample_stats"].attrs |= attributes
    return tree


@pytest.mark.parametrize("targets", [[0.8], [0.9, 0.97]])
@pytest.mark.parametrize("reasons", [[], [DIVERGENCES], [DIVERGENCES, DISAGREEMENT]])
def test_what_is_recorded_is_read_from_a_file(tmp_path, targets, reasons):
    tree = recorded(**{DENSITY: COMPILED}, **of_passes(targets, 500, reasons))
    save(tree, tmp_path / "fit.nc")
    expected = HowDrawn(COMPILED, 500, targets[-1], tuple(targets), tuple(reasons))
    assert HowDrawn.of(Fit.of(tree)) == expected
    assert HowDrawn.of(Fit.of(load(tmp_path / "fit.nc"))) == expected


def test_an_older_fit_says_what_nutpie_recorded():
    settings = {"adaptation": "low_rank", "settings": {"num_tune": 300}}
    tree = recorded(target_accept=0.97, inference_library_settings=json.dumps(settings))
    assert HowDrawn.of(Fit.of(tree)) == HowDrawn(tune=300, target_accept=0.97, low_rank=True)


def test_of_a_fit_that_recorded_nothing_nothing_is_known():
    tree = made.fit()
    assert HowDrawn.of(Fit.of(tree)) == HowDrawn()

"""The models that come with the package: each loads, says what it is, and gives its reasons."""

import json
import re

import pytest
from places import MODELS

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import Spec, list_models, load_model

DECLARATION = re.compile(r"\[parameters\.|\w+ = \{ distribution|size_exponent = |nu = 5.0")


def test_models_named():
    assert list_models() == [
        "cherti",
        "data-constrained",
        "effective-data",
        "effective-reuse",
        "effective-reuse-onset",
        "effective-reuse-overfit",
        "power-law",
        "utility",
        "utility-bounded",
        "utility-bounded-free-size",
        "utility-free-size",
        "utility-overfit",
        "utility-released",
        "utility-unpooled",
    ]
    assert {load_model(name).law for name in list_models()} == set(LAWS)


@pytest.mark.parametrize("name", list_models())
class TestModel:
    """Every model that comes with the package."""

    def test_says_what_it_is(self, name):
        spec = load_model(name)
        assert spec.name == name
        assert re.fullmatch(r"[A-Z][^\n]{20,90}\.", spec.summary)
        assert spec.references
        assert all("arXiv:" in reference for reference in spec.references)

    def test_comes_back_from_its_table(self, name):
        spec = load_model(name)
        back = Spec.from_dict(json.loads(json.dumps(spec.to_dict())))
        assert (back, back.hash) == (spec, spec.hash)

    def test_gives_its_reasons(self, name):
        """A comment stands above every prior and every number that fixes a parameter."""
        spec = load_model(name)
        lines = (MODELS / f"{name}.toml").read_text().splitlines()
        declared = [i for i, line in enumerate(lines) if DECLARATION.match(line)]
        assert len(declared) == count(spec.parameters) + count(spec.noise)
        for i in declared:
            assert lines[i - 1].startswith("# "), lines[i]


def count(values):
    """Priors, nested ones included, and numbers that stand where a prior could."""
    priors = [value for value in values.values() if isinstance(value, Prior)]
    inner = [{k: v for k, v in p.parameters.items() if isinstance(v, Prior)} for p in priors]
    return len(values) + sum(map(count, inner))

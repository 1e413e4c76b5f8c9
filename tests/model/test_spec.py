"""Specifications as values: by name, from a file or made in Python, and their hashes."""

from dataclasses import replace

import made
import numpy as np
import pytest
from made_spec import SOUND

from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import (
    DISCREPANCY,
    DISTRIBUTIONS,
    DOMAINS,
    LIKELIHOODS,
    REFERENCE_BUDGET,
    Prior,
)
from qqt_bayes.model.spec import Spec, list_models, load_model


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path, str(tmp_path)):
        with pytest.raises(InputError, match=f"^the specification cannot be read: {path}: "):
            load_model(path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Utilty", r"^there is no model 'Utilty'; did you mean 'utility'\?$"),
        ("xyz", "^there is no model 'xyz'; expected one of cherti, .*, or a path$"),
        ("", "^there is no model ''; expected one of"),
    ],
)
def test_unknown_model(name, sentence):
    with pytest.raises(InputError, match=sentence):
        load_model(name)


def test_models_are_inside_the_package_or_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr("qqt_bayes.files.PACKAGE", tmp_path / "package")
    inside, beside = tmp_path / "package" / "models", tmp_path / "models"
    with pytest.raises(InputError, match=f"no model specification .* in {inside} nor in {beside}:"):
        list_models()
    for folder, name in ((beside, "second"), (inside, "first")):
        folder.mkdir(parents=True)
        (folder / f"{name}.toml").write_text(SOUND)
        assert list_models() == [name]
        assert load_model(name).name == "sound"


def test_a_specification_as_a_value(write):
    spec = load_model(write(SOUND))
    assert list(spec.parameters) == list(LAWS["utility"].parameters)
    assert (spec.summary, spec.references, spec.size_reference) == ("", (), None)
    assert spec.parameters["d"] == 0.1
    assert spec.parameters["a"] == Prior("LogNormal", {"mu": -4.0, "sigma": 2.0})
    assert spec.parameters["b"].over == ("group", "pool")
    assert spec.parameters["b"].parameters["mu"].over == ("group",)
    assert spec.parameters["tau"].support == (0.0, float("inf"))
    assert spec.likelihood.parameters["nu"] == 5.0
    assert load_model(str(write(SOUND))) == load_model(spec) == spec


def test_a_specification_made_in_python_is_checked(write):
    spec = load_model(write(SOUND))
    with pytest.raises(InputError, match=r"^sound: 1 fault\n  parameters.d: .* got -1 \(int\)$"):
        load_model(replace(spec, parameters={**spec.parameters, "d": -1}))


@pytest.mark.parametrize("mu", [2.5, Prior("Normal", {"mu": 2.5, "sigma": 1.0})])
def test_a_prior_by_the_reference_budget_moves_its_centre(mu):
    prior = Prior("LogNormal", {"mu": mu, "sigma": 2.0}, ("group",), REFERENCE_BUDGET)
    given = load_model("utility")
    spec = load_model(replace(given, parameters={**given.parameters, "a": prior}))
    assert Spec.from_dict(spec.to_dict()) == spec
    moved = spec.at(64e6).parameters["a"]
    centre = moved.parameters["mu"]
    number = centre.parameters["mu"] if isinstance(mu, Prior) else centre
    assert number == pytest.approx(2.5 - np.log(640))
    assert (moved.parameters["sigma"], moved.over, moved.per) == (2.0, ("group",), "")
    assert spec.at(64e6).at(1e5) == spec.at(64e6)


@pytest.mark.parametrize(("name", "over", "can"), [("k", "pool", "group"), ("Q", "group", "pool")])
def test_effective_reuse_has_pools_that_differ_in_two_parameters(name, over, can):
    given = load_model("effective-reuse").to_dict()
    given["parameters"][name] = {**given["parameters"][name], "over": over}
    with pytest.raises(InputError, match=f"{name}.over: cannot be '{over}' here; can be {can}"):
        Spec.from_dict(given)


def test_hash_depends_on_meaning_only(write):
    spec = load_model(write(SOUND))
    turned = dict(reversed(spec.to_dict().items()))
    turned["parameters"] = dict(reversed(turned["parameters"].items()))
    reformatted = SOUND.replace("sigma = 2 }", "sigma = 2.0 }  # why").replace("mu = 5", "mu = 5e0")
    windows = b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()
    for other in (
        Spec.from_dict(turned),
        load_model(write(reformatted)),
        load_model(write(windows)),
    ):
        assert (other, other.hash) == (spec, spec.hash)
    changed = load_model(write(SOUND.replace("mu = 5", "mu = 6")))
    assert (changed == spec, changed.hash == spec.hash) == (False, False)


def test_every_parameter_has_a_domain():
    shapes = [*DISTRIBUTIONS.values(), *LIKELIHOODS.values(), DISCREPANCY]
    names = {name for shape in shapes for name in (*shape.required, *shape.optional)}
    assert names.union(*(law.parameters for law in LAWS.values())) == set(DOMAINS)


def test_a_specification_that_does_not_say_keeps_its_table():
    table = load_model("utility").to_dict()
    assert set(table["likelihood"]) == {"distribution", "sigma"}
    more = made.scattered(budget_exponent=0.1, common=0.5)
    assert Spec.from_dict(more.to_dict()) == more
    assert more.hash != load_model("utility").hash

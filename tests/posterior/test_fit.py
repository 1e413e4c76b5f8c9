"""An open fit: what it holds, and that one question reads each part of it once."""

from collections import Counter
from dataclasses import replace

import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior import fit as opened
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.tables.runs import read_runs

BUDGETS = [64e6, 1e9, 5e9]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each part of a fit is read."""
    counts: Counter[str] = Counter()

    def counting(name, function):
        def counted(*args, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        return counted

    monkeypatch.setattr(opened, "_runs", counting("runs", opened._runs))
    monkeypatch.setattr(opened, "law_parameters", counting("parameters", opened.law_parameters))
    for name, owner, method in (("specification", Spec, "from_dict"), ("gate", Gate, "from_json")):
        function = counting(name, getattr(owner, method))
        monkeypatch.setattr(owner, method, staticmethod(function))
    return counts


ONCE = {"specification": 1, "runs": 1, "parameters": 1, "gate": 1}


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit: qqt.decide(fit, made.levels(), BUDGETS),
        lambda fit: qqt.decide(fit, made.levels(), BUDGETS, group="arch 1"),
        lambda fit: qqt.predict(fit, made.levels(), BUDGETS, new_run=True),
        lambda fit: qqt.best_subsets(fit, BUDGETS, group="arch 2"),
        qqt.learned,
    ],
    ids=["decide", "decide for one group", "predict", "best_subsets", "learned"],
)
def test_one_question_reads_each_part_of_a_fit_once(counted, ask):
    fit = made.fit(groups=2, draws=30)
    counted.clear()
    ask(fit)
    assert counted == ONCE


def test_a_stack_reads_each_fit_once(counted):
    fits = {name: made.fit(model=name, draws=30) for name in ("utility", "utility-free-size")}
    counted.clear()
    qqt.decide_stack(fits, [0.5, 0.5], made.levels(), BUDGETS)
    assert counted == dict.fromkeys(ONCE, 2)


def test_an_open_fit_is_taken_as_it_is(counted):
    fit = Fit.of(made.fit(draws=30))
    counted.clear()
    assert Fit.of(fit) is fit
    qqt.decide(fit, made.levels(), BUDGETS)
    assert not counted


def test_what_is_open_answers_as_what_is_not():
    tree = made.fit(draws=30)
    decided = (qqt.decide(fit, made.levels(), BUDGETS) for fit in (tree, Fit.of(tree)))
    assert next(decided).identical(next(decided))


def test_a_thinned_fit_has_equidistant_draws_in_posterior_and_parameters():
    fit = Fit.of(made.fit(draws=50))
    few = fit.thinned(30)
    assert few.posterior["b"].identical(fit.posterior["b"][:, ::4])
    assert few.parameters["b"].identical(fit.parameters["b"][:, ::4])
    assert few.runs is fit.runs
    assert fit.posterior.sizes["draw"] == 50


def test_a_fit_says_what_it_is_of():
    fit = Fit.of(made.fit(groups=2, pools=2, draws=5, seed=3))
    assert (fit.groups, fit.pools) == (["arch 1", "arch 2"], ["0-10%", "10-20%"])
    assert (fit.kind, fit.method, fit.seed, fit.law.name) == ("error", "nuts", 3, "utility")
    assert "qqt_bayes" in fit.versions
    assert fit.one_group(None) is None
    assert fit.one_group("arch 2") == "arch 2"
    with pytest.raises(InputError, match="unknown group 'arch 3'; did you mean 'arch 2'"):
        fit.one_group("arch 3")


@pytest.mark.parametrize("fit", [None, "fit.nc", {}])
def test_what_is_no_fit_is_refused(fit):
    with pytest.raises(InputError, match=r"expected a fit, as qqt_bayes\.fit or qqt_bayes\.load"):
        Fit.of(fit)


def test_a_path_is_told_what_reads_it():
    with pytest.raises(InputError, match=r"got str \(fit\.nc\); read a file by qqt_bayes\.load"):
        Fit.of("fit.nc")


@pytest.fixture(scope="module")
def fit():
    return made.fit(draws=10)


def test_require():
    good, bad = made.fit(draws=5), made.fit(draws=5, passed=False)
    Fit.of(good).require_passed()
    Fit.of(bad).require_passed(force=True)
    words = r"(?s)did not pass its gate: R-hat of b is 1.2 .*sample longer.*force=True goes on"
    with pytest.raises(InadequateFit, match=words) as refused:
        Fit.of(bad).require_passed()
    assert refused.value.gate == Fit.of(bad).gate
    assert Fit.of(good).gate.passed
    assert not Fit.of(bad).gate.passed


def test_specification(fit):
    assert Fit.of(fit).spec == load_model("utility")


def test_table_of_runs(fit):
    """Identical but for what read_runs says of the columns and pools that it left out."""
    table, original = Fit.of(fit).runs, read_runs(*made.tables())
    xr.testing.assert_equal(table, original)
    assert table.attrs.items() <= original.attrs.items()


def test_parameters(fit):
    """The random ones as they are, the fixed one over chain and draw, the pools' own sizes."""
    found = Fit.of(fit).parameters
    assert set(found.data_vars) == {"a", "b", "d", "tau", "size_exponent", "pool_size"}
    for name in ("a", "b", "d", "tau"):
        xr.testing.assert_equal(found[name].variable, fit["posterior"][name].variable)
    assert dict(found["size_exponent"].sizes) == {"chain": 2, "draw": 10}
    assert (found["size_exponent"] == 1).all()
    assert found["pool_size"].dims == ("pool",)
    assert (found["pool_size"] == made.SIZE).all()
    assert found["group"].values.tolist() == ["all"]


@pytest.mark.parametrize("name", ["size_exponent", "kappa"])
def test_parameters_that_are_inferred(name):
    fit = made.fit(model="utility-overfit", draws=5)
    found = Fit.of(fit).parameters[name]
    xr.testing.assert_equal(found.variable, fit["posterior"][name].variable)


def test_parameters_of_power_law():
    """Repetition costs nothing, whatever the size."""
    found = Fit.of(made.fit(model="power-law", draws=5)).parameters
    assert "kappa" not in found
    assert np.isposinf(found["tau"]).all()
    assert (found["size_exponent"] == 0).all()


def test_size_reference():
    """Half-lives are quoted at the same size for all pools."""
    spec = replace(load_model("utility"), size_reference=1e6)
    found = Fit.of(made.fit(model=spec, draws=5)).parameters
    assert found["pool_size"].dims == ("pool",)
    assert (found["pool_size"] == 1e6).all()

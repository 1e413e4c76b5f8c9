"""Every variable of a fit says what it is, in the units of its table."""

import made
import pytest
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.spec import list_models, load_model
from qqt_bayes.posterior.meanings import NONE, PARAMETERS, described
from qqt_bayes.sampling.inference import fit
from qqt_bayes.tables.runs import read_runs

QUICK = {"draws": 50, "method": "laplace", "chains": 1}


@pytest.fixture(scope="module", params=["error", "loss"])
def found(request):
    tables = made.tables(groups=2)
    runs = read_runs(*tables, kind=request.param)
    return fit(runs.assign_attrs(unit="tokens"), "utility", **QUICK)


def test_every_variable_has_a_name_and_units(found):
    for group in found.children.values():
        for name, variable in group.data_vars.items():
            assert variable.attrs["long_name"], name
            assert variable.attrs["units"], name


def test_units_are_those_of_the_table(found):
    of_error = {"error": "error rate", "loss": "loss"}[found.attrs["kind"]]
    posterior, runs = found["posterior"], found["constant_data"]
    assert posterior["a"].attrs["units"] == "1 / 100,000 tokens"
    assert posterior["tau"].attrs["units"] == "epochs"
    assert posterior["b_mu"].attrs["units"] == NONE
    assert runs["samples_seen"].attrs == {"long_name": "tokens seen", "units": "tokens"}
    for group, name in (
        *(("posterior", "d"), ("prior", "sigma"), ("observed_data", "error")),
        *(("posterior_predictive", "error"), ("prior_predictive", "error")),
    ):
        assert found[group][name].attrs["units"] == of_error


def test_what_a_prior_has_a_prior_for_is_in_its_units():
    spec = made.scattered()
    table = spec.to_dict()
    table["parameters"]["d"] = {
        "distribution": "TruncatedNormal",
        "lower": 0.0,
        "mu": 0.1,
        "sigma": {"distribution": "HalfNormal", "sigma": 0.1},
    }
    spec = type(spec).from_dict(table)
    posterior = xr.Dataset({"d_sigma": ((), 0.1)})
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = {"kind": "error"}
    about = described(tree, spec)["posterior"]["d_sigma"].attrs
    assert about == {
        "long_name": "sigma of the TruncatedNormal prior of d",
        "units": "error rate",
    }


def test_every_parameter_of_a_law_has_words():
    names = {name for law in LAWS.values() for name in law.parameters}
    names |= {name for model in list_models() for name in load_model(model).noise}
    assert names <= set(PARAMETERS)

"""Known parameters: what a sound table becomes, and the sentence for each fault."""

import re

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.tables.parameters import read_parameters

PARAMETERS = """fit,pool,a,b,tau,d,unique_samples
utility,0-10%,0.02,0.16,6.5,0.1,10
utility,10-20%,0.03,0.12,,0,20
rival,0-10%,0.02,0.18,inf,0.1,10
"""


def text(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_text(content)
    return path


def test_parameters_of_one_fit(tmp_path):
    parameters = read_parameters(text(tmp_path, PARAMETERS), fit="utility")
    assert parameters["pool"].values.tolist() == ["0-10%", "10-20%"]
    values = {name: variable.values.tolist() for name, variable in parameters.items()}
    assert values == {
        "a": [0.02, 0.03],
        "b": [0.16, 0.12],
        "tau": [6.5, np.inf],
        "d": [0.1, 0.0],
        "kappa": [0.0, 0.0],
        "pool_size": [10.0, 20.0],
    }
    assert {name: x.attrs["units"] for name, x in parameters.items()}["tau"] == "epochs"


def test_parameters_without_half_life(tmp_path):
    table = pd.DataFrame({"pool": ["x"], "a": 1.0, "b": 1.0, "d": 0.0, "unique_samples": 5})
    assert read_parameters(table)["tau"].item() == np.inf


def test_parameters_that_overfit():
    table = pd.DataFrame({"pool": ["x", "y"], "a": 1.0, "b": 1.0, "d": 0.0, "unique_samples": 5})
    assert read_parameters(table.assign(kappa=["0.1", ""]))["kappa"].values.tolist() == [0.1, 0.0]
    with pytest.raises(InputError, match="row 1, column kappa: expected a kappa of at least 0, go"):
        read_parameters(table.assign(kappa=-0.1))


@pytest.mark.parametrize(
    ("old", "new", "fit", "sentence"),
    [
        ("", "", None, "1 fault\n  column fit: holds 2 fits; choose one of 'utility', 'rival'"),
        ("", "", "utilty", "1 fault\n  column fit: unknown fit 'utilty'; did you mean 'utility'?"),
        ("fit,", "law,", "utility", "missing column 'fit'"),
        (
            "0.16",
            "-0.16",
            "utility",
            "row 2, column b: expected a utility above 0, got -0.16; write exp",
        ),
        ("6.5", "0", "utility", "row 2, column tau: expected a half-life above 0, got 0"),
        ("0.02", "", "utility", "row 2, column a: expected a scale above 0, got an empty cell"),
        ("0.02", "inf", "utility", "row 2, column a: expected a scale above 0, got 'inf'"),
        ("10-20%", "0-10%", "utility", "row 3, column pool: repeats row 2"),
        ("a,b,tau,d", "a,beta,tau,d", "utility", "missing column 'b'"),
    ],
)
def test_faults_of_parameters(tmp_path, old, new, fit, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_parameters(text(tmp_path, PARAMETERS.replace(old, new, 1)), fit=fit)


OTHER = pd.DataFrame({"pool": ["x"], "unique_samples": 1e9, "A": 500.0, "alpha": 0.35, "B": 2000.0})
OTHER = OTHER.assign(beta=0.37, E=1.9, R_D=15.4, R_N=5.3)


def test_parameters_of_another_form_are_told_how_these_follow():
    with pytest.raises(InputError) as caught:
        read_parameters(OTHER)
    message = str(caught.value)
    assert "did you mean" not in message
    assert "1 fault\n  missing columns a, b, d and tau: these are parameters of another" in message
    for part in ("a = 1e5 B^(-1/beta), b = beta, d = E + A / N^alpha, tau = R_D log 2",):
        assert part in message
    with pytest.raises(InputError, match="missing column d: these are"):
        read_parameters(OTHER.drop(columns="R_D").assign(a=1.0, b=1.0))
    with pytest.raises(InputError, match="missing column 'unique_samples'"):
        read_parameters(OTHER.drop(columns="unique_samples"))


def test_what_follows_is_the_same_law():
    size, seen = 1e9, 2e8
    o = OTHER.iloc[0]
    a, b, d = 1e5 * o["B"] ** (-1 / o["beta"]), o["beta"], o["E"] + o["A"] / size ** o["alpha"]
    table = pd.DataFrame({"pool": ["x"], "a": a, "b": b, "d": d, "unique_samples": 1e9})
    level = pd.DataFrame({"data": ["x"], "pool": ["x"], "unique_samples": [1e9]})
    known = predict_known(read_parameters(table), level, [seen]).item()
    assert known == pytest.approx(d + o["B"] / seen ** o["beta"])

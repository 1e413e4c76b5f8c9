"""A fit on disk: whole or not at all; faults of files in one sentence each."""

from dataclasses import replace

import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, save
from qqt_bayes.tables.runs import read_runs


@pytest.fixture(scope="module")
def fit():
    return made.fit(draws=10)


def refusal(path, match):
    """The one sentence with which `load` refuses a file, which it names."""
    with pytest.raises(InputError, match=match) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- load --------------------------------------------------------------------------------------


def test_round_trip(fit, tmp_path):
    save(fit, tmp_path / "fit.nc")
    xr.testing.assert_identical(load(tmp_path / "fit.nc"), fit)
    assert names(tmp_path) == ["fit.nc"]


def test_loaded_fit_lets_go_of_its_file(fit, tmp_path):
    """What was loaded can be saved over the file that it came from."""
    path = tmp_path / "fit.nc"
    save(fit, path)
    save(load(path), path)
    xr.testing.assert_identical(load(path), fit)


def test_missing_file(tmp_path):
    refusal(tmp_path / "fit.nc", r"There is no fit at .*fit\.nc; `qqt fit RUNS -o ")


def test_folder(tmp_path):
    refusal(tmp_path, "There is no fit at ")


@pytest.mark.parametrize("content", [b"", b"run,error\n1,0.5\n"], ids=["empty", "text"])
def test_not_netcdf(tmp_path, content):
    path = tmp_path / "fit.nc"
    path.write_bytes(content)
    refusal(path, "cannot be read as a fit: it is not netCDF, or damaged")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_truncated(fit, tmp_path, share):
    path = tmp_path / "fit.nc"
    save(fit, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refusal(path, "cannot be read as a fit: it is not netCDF, or damaged")


def test_foreign(tmp_path):
    path = tmp_path / "weather.nc"
    xr.Dataset({"rain": ("day", [1.0, 2.0])}).to_netcdf(path, engine="h5netcdf")
    refusal(
        path,
        "is netCDF but not a fit of qqt_bayes: it lacks posterior, observed_data, constant_data, "
        "spec, gate, kind; give a file",
    )


def test_fit_of_another_program(fit, tmp_path):
    """Every group, but none of the attributes."""
    foreign = fit.copy()
    foreign.attrs = {}
    foreign.to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    refusal(tmp_path / "other.nc", "not a fit of qqt_bayes: it lacks spec, gate, kind;")


# --- save --------------------------------------------------------------------------------------


def test_a_fit_that_cannot_be_written(fit, tmp_path):
    with pytest.raises(InputError, match="cannot be written: there is no folder"):
        save(fit, tmp_path / "absent" / "fit.nc")
    assert names(tmp_path) == []


def test_damage_shows(fit, tmp_path):
    """A bit of one draw: the sum of the draws tells."""
    save(fit, path := tmp_path / "fit.nc")
    content = bytearray(path.read_bytes())
    content[content.find(fit["posterior"]["sigma"].values.tobytes()) + 3] ^= 1
    path.write_bytes(content)
    refusal(path, "not netCDF, or damaged")


@pytest.mark.parametrize("damage", [{"gate": "{"}, {"gate": "[]"}, {"spec": "{"}, {"spec": "{}"}])
def test_attributes_that_are_damaged(fit, tmp_path, damage):
    broken = fit.copy()
    broken.attrs = fit.attrs | damage
    save(broken, tmp_path / "fit.nc")
    with pytest.raises(InputError, match=r"damaged|specification"):
        load(tmp_path / "fit.nc")


def test_a_fit_without_a_parameter(fit, tmp_path):
    broken = fit.copy()
    broken["posterior"] = fit["posterior"].to_dataset().drop_vars("b")
    save(broken, tmp_path / "fit.nc")
    refusal(tmp_path / "fit.nc", "damaged; make it again with `qqt fit`")


def test_new_fit_takes_the_place_of_the_old(fit, tmp_path):
    path = tmp_path / "fit.nc"
    save(fit, path)
    newer = made.fit(draws=5)
    save(newer, path)
    xr.testing.assert_identical(load(path), newer)


# --- the gate's word ---------------------------------------------------------------------------


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


# --- what a fit holds --------------------------------------------------------------------------


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


def test_a_fit_keeps_its_trainings(tmp_path):
    fit, path = made.fit(draws=5), tmp_path / "fit.nc"
    fit["constant_data"]["training"] = xr.DataArray(["x"] * 4 + [""] * 8, dims="run")
    qqt.save(fit, path)
    kept = Fit.of(qqt.load(path)).runs["training"]
    assert kept.values.tolist() == ["x"] * 4 + [""] * 8
    fit["constant_data"]["training"] = xr.DataArray(["x", "y", "z"], dims="pool")
    qqt.save(fit, path)
    with pytest.raises(InputError, match="a part of the fit is damaged"):
        qqt.load(path)

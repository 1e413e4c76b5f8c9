"""A fit on disk: whole or not at all; faults of files in one sentence each."""

import made
import pytest
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit, save
from qqt_bayes.tables.order import hash_as_written, hash_runs


@pytest.fixture(scope="module")
def fit():
    return made.fit(draws=10)


def refusal(path, match):
    """The one sentence with which either reader refuses a file, which it names."""
    for read in (load, open_fit):
        with pytest.raises(InputError, match=match) as caught:
            read(path)
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
    refusal(tmp_path, "expected a file, got a folder")


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
        "spec, spec_hash, gate, kind, metric, data_hash; give a file",
    )


def test_fit_of_another_program(fit, tmp_path):
    """Every group, but none of the attributes."""
    foreign = fit.copy()
    foreign.attrs = {}
    foreign.to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    refusal(tmp_path / "other.nc", "not a fit of qqt_bayes: it lacks spec, spec_hash, gate, kind, ")


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


def test_a_fit_from_before_tables_had_one_order_is_read(tmp_path):
    """Its hash is of its runs as they were written, their names among them."""
    fit, path = made.fit(draws=5), tmp_path / "fit.nc"
    fit.attrs["data_hash"] = hash_as_written(Fit.of(fit).runs)
    save(fit, path)
    assert load(path).attrs["data_hash"] == fit.attrs["data_hash"]


def test_a_fit_keeps_its_trainings(tmp_path):
    fit, path = made.fit(draws=5), tmp_path / "fit.nc"
    fit["constant_data"]["training"] = xr.DataArray(["x"] * 4 + [""] * 8, dims="run")
    fit.attrs["data_hash"] = hash_runs(Fit.of(fit).runs)
    save(fit, path)
    kept = Fit.of(load(path)).runs["training"]
    assert kept.values.tolist() == ["x"] * 4 + [""] * 8
    fit["constant_data"]["training"] = xr.DataArray(["x", "y", "z"], dims="pool")
    save(fit, path)
    with pytest.raises(InputError, match="a part of the fit is damaged"):
        load(path)


def test_a_fit_opened_for_a_decision_holds_the_same(fit, tmp_path):
    """Of fewer groups."""
    save(fit, path := tmp_path / "fit.nc")
    whole, needed = Fit.of(load(path)), open_fit(path)
    assert set(needed.datasets) == {"posterior", "observed_data", "constant_data"}
    for name, each in needed.datasets.items():
        xr.testing.assert_identical(each, whole.datasets[name])
    xr.testing.assert_identical(needed.runs, whole.runs)
    xr.testing.assert_identical(needed.parameters, whole.parameters)
    assert (needed.spec, needed.gate, needed.attrs) == (whole.spec, whole.gate, whole.attrs)


def test_what_was_measured_and_counted_is_saved(tmp_path):
    """And a fit that was saved before these were kept has what it would have had."""
    fit = made.fit(draws=5)
    fit.attrs |= {"measure": "accuracy", "unit": "tokens"}
    save(fit, tmp_path / "fit.nc")
    opened = Fit.of(load(tmp_path / "fit.nc"))
    assert (opened.measure, opened.unit, opened.kind) == ("accuracy", "tokens", "error")
    del fit.attrs["measure"], fit.attrs["unit"]
    assert (Fit.of(fit).measure, Fit.of(fit).unit) == ("error", "samples")

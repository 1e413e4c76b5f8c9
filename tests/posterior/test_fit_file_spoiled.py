"""A fit whose parts are spoiled is refused; and loading one executes nothing."""

import json
import pickle
from pathlib import Path

import h5py
import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit, save
from qqt_bayes.posterior.netcdf import to_bytes


@pytest.fixture(scope="module")
def fit():
    return made.fit(draws=5)


def refused(folder):
    """Whether either reader says in one sentence that the fit is damaged."""
    for read in (load, open_fit):
        with pytest.raises(InputError, match="a part of the fit is damaged") as caught:
            read(folder / "fit.nc")
        assert "\n" not in str(caught.value)
    return str(folder / "fit.nc") in str(caught.value)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def spoiled(fit, group, change):
    """The fit with one group changed."""
    broken = fit.copy()
    broken[group] = change(fit[group].to_dataset())
    return broken


@pytest.mark.parametrize(
    ("group", "change"),
    [
        ("constant_data", lambda x: x.rename(pool="xx")),
        ("constant_data", lambda x: x.assign(weight=1.0)),
        ("constant_data", lambda x: x.assign(group_index=x["group_index"] * np.nan)),
        ("constant_data", lambda x: x.assign(data_index=x["data_index"] + 1)),
        ("constant_data", lambda x: x.assign(data_index=x["data_index"] - 1)),
        ("constant_data", lambda x: x.assign(pool_size=0 * x["pool_size"])),
        ("constant_data", lambda x: x.assign(samples_seen=np.nan * x["samples_seen"])),
        ("constant_data", lambda x: x.assign(unique_samples=np.nan * x["unique_samples"])),
        ("constant_data", lambda x: x.assign(n_eval=xr.full_like(x["n_eval"], -5.0))),
        ("constant_data", lambda x: x.assign(rounding=np.nan * x["rounding"])),
        ("constant_data", lambda x: x.assign(unique_samples=0 * x["unique_samples"])),
        ("constant_data", lambda x: x.assign(samples_seen=2 * x["samples_seen"])),
        ("constant_data", lambda x: x.isel(data=[0])),
        ("observed_data", lambda x: x.assign(error=np.nan * x["error"])),
        ("observed_data", lambda x: x.assign(error=1e300 + x["error"])),
        ("observed_data", lambda x: x.assign(error=x["error"].roll(run=1))),
        ("observed_data", lambda x: x.isel(run=[0])),
        ("observed_data", lambda x: x.isel(run=[])),
        ("posterior", lambda x: x.assign(b=np.nan * x["b"])),
        ("posterior", lambda x: x.assign(a=-x["a"])),
        ("posterior", lambda x: x.assign(tau=x["tau"] + np.inf)),
        ("posterior", lambda x: x.assign(sigma=x["sigma"].astype(str))),
        ("posterior", lambda x: x.drop_vars("sigma")),
        ("posterior", lambda x: x.isel(draw=[])),
        ("posterior", lambda x: x.isel(pool=0, drop=True)),
    ],
)
def test_parts_that_are_spoiled(fit, tmp_path, group, change):
    """Where a forecast would fail, or be of something else, the file is refused."""
    save(spoiled(fit, group, change), tmp_path / "fit.nc")
    assert refused(tmp_path)


HOSTILE = [
    "__import__('pathlib').Path('hostile').touch()",
    "null",
    "[" * 100_000,
]


@pytest.mark.parametrize("name", ["spec", "gate"])
@pytest.mark.parametrize("text", HOSTILE, ids=["python", "null", "deep"])
def test_loading_executes_nothing(fit, tmp_path, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    broken = fit.copy()
    broken.attrs = fit.attrs | {name: text}
    save(broken, "fit.nc")
    assert refused(tmp_path)
    assert names(tmp_path) == ["fit.nc"]


class Hostile:
    """What makes a file where it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path("hostile"),)


def test_pickles_and_code_are_only_text(fit, tmp_path, monkeypatch):
    """In an attribute, in the specification's own text and among the values."""
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(Hostile())
    tree = fit.copy()
    made.replace_spec(tree, made.spec_of(fit) | {"summary": HOSTILE[0]})
    tree.attrs["pickle"] = np.frombuffer(pickled, np.uint8)
    tree["sample_stats"] = (
        fit["sample_stats"].to_dataset().assign(pickle=("byte", [pickled.hex(), HOSTILE[0]]))
    )
    save(tree, "fit.nc")
    found = load("fit.nc")
    assert found.attrs["pickle"].tobytes() == pickled
    assert Fit.of(found).spec.summary == HOSTILE[0]
    assert found["sample_stats"]["pickle"].values.tolist() == [pickled.hex(), HOSTILE[0]]
    assert names(tmp_path) == ["fit.nc"]
    pickle.loads(pickled)
    assert names(tmp_path) == ["fit.nc", "hostile"]


@pytest.mark.parametrize("change", ["passed", "value"])
def test_a_gate_is_judged_by_its_values(fit, tmp_path, change):
    broken, gate = fit.copy(), json.loads(fit.attrs["gate"])
    gate["checks"][0] |= {"passed": False} if change == "passed" else {"value": 99.0}
    broken.attrs = fit.attrs | {"gate": json.dumps(gate)}
    save(broken, tmp_path / "fit.nc")
    assert refused(tmp_path)


def test_a_specification_is_the_one_that_was_fitted(fit, tmp_path):
    broken = fit.copy()
    broken.attrs = fit.attrs | {"spec": fit.attrs["spec"].replace('"mu": ', '"mu": 1')}
    save(broken, tmp_path / "fit.nc")
    assert refused(tmp_path)


def external(file, folder):
    (folder / "secret").write_bytes(np.full(8, 0.25).tobytes())
    del file["posterior/sigma"]
    where = [(str(folder / "secret"), 0, 64)]
    file["posterior"].create_dataset("sigma", (1, 8), "f8", external=where)


def linked(file, folder):
    with h5py.File(folder / "other.nc", "w") as other:
        other["sigma"] = np.full((4, 5), 0.25)
    del file["posterior/sigma"]
    file["posterior/sigma"] = h5py.ExternalLink(str(folder / "other.nc"), "sigma")


def virtual(file, folder):
    del file["posterior/sigma"]
    layout = h5py.VirtualLayout((4, 5), "f8")
    layout[:] = h5py.VirtualSource(str(folder / "other.nc"), "sigma", (4, 5))
    file["posterior"].create_virtual_dataset("sigma", layout)


def larger(file, folder):
    """Ten gigabytes of zeros take no room."""
    file["posterior"].create_dataset("zeros", (10**5, 10**4), "f8", chunks=(1000, 1000))


def circular(file, folder):
    file["posterior/again"] = file["posterior"]


@pytest.mark.parametrize("craft", [external, linked, virtual, larger, circular])
def test_what_lies_elsewhere_is_not_read(fit, tmp_path, craft):
    """Nor what claims to be larger than the file could be."""
    (tmp_path / "fit.nc").write_bytes(to_bytes(fit))
    with h5py.File(tmp_path / "fit.nc", "r+") as file:
        craft(file, tmp_path)
    for read in (load, open_fit):
        with pytest.raises(InputError, match="cannot be read as a fit"):
            read(tmp_path / "fit.nc")


def test_groups_of_others_are_not_loaded(fit, tmp_path):
    tree = fit.copy()
    tree["extra"] = fit["posterior"].to_dataset()
    save(tree, tmp_path / "fit.nc")
    assert "extra" not in load(tmp_path / "fit.nc")

"""A fit whose parts are spoiled is refused; and loading one executes nothing."""

import pickle
from pathlib import Path

import made
import numpy as np
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import load, open_fit, save


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
        ("constant_data", lambda x: x.isel(data=[0])),
        ("observed_data", lambda x: x.assign(error=np.nan * x["error"])),
        ("observed_data", lambda x: x.isel(run=[0])),
        ("observed_data", lambda x: x.isel(run=[])),
        ("posterior", lambda x: x.assign(b=np.nan * x["b"])),
        ("posterior", lambda x: x.assign(a=-x["a"])),
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

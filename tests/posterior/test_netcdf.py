"""NetCDF through h5py: the same trees as xarray writes and reads, of whatever a tree may hold."""

import io

import h5py
import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.posterior.netcdf import from_bytes, to_bytes


def everything() -> xr.DataTree:
    """Numbers, truths, words, dates, missing values, dimensions without coordinates, groups."""
    data = xr.Dataset(
        {
            "number": (("draw", "pool"), [[1.0, np.nan], [2.0, -0.0]], {"units": "samples"}),
            "whole": ("draw", np.array([1, 2], dtype=np.uint16)),
            "true": ("draw", [True, False]),
            "word": ("pool", np.array(["a", "größer"], dtype=object)),
            "scalar": 3.0,
            "nameless": (("other", "draw"), [[1, 2]] * 3),
            "empty": ("none", np.zeros(0)),
        },
        {"draw": [0, 1], "pool": ["x", "y $"], "day": ("day", np.array(["2024-02-29"], "M8[ns]"))},
        {
            "one": 1,
            "few": np.array([1.5, 2.5]),
            "text": "a\nb",
            "names": ["chain", "draw"],
        },
    )
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"spec": "{}"}), "a": data, "a/b": data})


@pytest.mark.parametrize("tree", [everything(), made.fit(draws=5)], ids=["everything", "fit"])
def test_trees_are_what_xarray_makes_of_them(tree: xr.DataTree) -> None:
    ours, theirs = to_bytes(tree), bytes(tree.to_netcdf(engine="h5netcdf"))
    with xr.open_datatree(io.BytesIO(theirs), engine="h5netcdf") as opened:
        expected = opened.load()
    with xr.open_datatree(io.BytesIO(ours), engine="h5netcdf") as opened:
        found = [opened.load(), from_bytes(ours), from_bytes(theirs)]
    for each in found:
        xr.testing.assert_identical(each, expected)
        for node, other in zip(each.subtree, expected.subtree, strict=True):
            types, others = (
                {name: (x.dims, x.dtype) for name, x in dataset.variables.items()}
                for dataset in (node, other)
            )
            assert types == others


def test_only_the_groups_that_are_asked_for_are_read() -> None:
    content = to_bytes(made.fit(draws=5))
    assert sorted(from_bytes(content, ["posterior", "absent"]).children) == ["posterior"]


def test_a_scale_names_the_axes_that_refer_to_it() -> None:
    """As the format has it, so that any program finds the coordinates."""
    with h5py.File(io.BytesIO(to_bytes(everything()))) as file:
        number = file["a/number"]
        assert [axis[0].name for axis in number.dims] == ["/a/draw", "/a/pool"]
        assert file["a/nameless"].dims[0][0].attrs["NAME"].startswith(b"This is a netCDF dimension")

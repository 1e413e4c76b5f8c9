"""NetCDF files in memory, written and read through h5py: a fit in a tenth of xarray's time.

A netCDF-4 file is an HDF5 file in which every dimension has a *scale*, the dataset of its
coordinate, and the axes of every other dataset refer to their scales.  xarray's own writer and
reader look scales up anew for each axis of each variable; here each is touched once.  Other
programs read what is written, and what a value means (a missing one, a truth, a date) is left to
xarray, which says it with attributes.

Source: NetCDF-4 file format specification,
https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html
"""

from __future__ import annotations

import io
from collections.abc import Collection, Hashable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

BOOKS = {
    *("CLASS", "NAME", "DIMENSION_LABELS", "DIMENSION_LIST", "REFERENCE_LIST"),
    *("_NCProperties", "_Netcdf4Coordinates", "_Netcdf4Dimid"),
}
"""Attributes with which HDF5 and netCDF keep their books; they are no part of what was saved."""
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable."
"""Start of the name of the scale of a dimension without coordinates."""
MOST_TIMES = 100
"""Bytes of all values at most, for each byte of the file: other programs compress draws to a third
and constants to a hundredth; what claims to be larger is made to fill the memory."""
MOST_NESTED = 8
"""Groups inside one another at most."""


def to_bytes(tree: xr.DataTree) -> bytes:
    """A tree as the content of a netCDF file."""
    memory = io.BytesIO()
    with h5py.File(memory, "w", track_order=True) as file:
        _write(file, tree, {})
    return memory.getvalue()


def from_bytes(content: bytes, names: Collection[str] | None = None) -> xr.DataTree:
    """The tree of a netCDF file: all of it, or those of the named groups that are there.

    Raises
    ------
    Exception
        Anything that HDF5 raises, if the content is no HDF5 file or a damaged one; ValueError if it
        refers to other files, or claims to be much larger than it is.

    Examples
    --------
    >>> tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"b": ("draw", [0.1, 0.2])})})
    >>> from_bytes(to_bytes(tree)).identical(tree)
    True
    """
    with h5py.File(io.BytesIO(content)) as file:
        _require_own(file, [MOST_TIMES * len(content)])
        tree = {"/": _read(file)}
        for name in file if names is None else names:
            if isinstance(group := file.get(name), h5py.Group):
                tree |= dict(_datasets(group))
        return xr.DataTree.from_dict(tree)


def _require_own(group: h5py.Group, left: list[int], depth: int = 0) -> None:
    """Refuse values that lie in other files, links, and more bytes than are left; recursively."""
    if depth > MOST_NESTED:
        raise ValueError("groups are nested too deep")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is a link")
        each = group[name]
        if isinstance(each, h5py.Group):
            _require_own(each, left, depth + 1)
        elif isinstance(each, h5py.Dataset):
            left[0] -= each.nbytes
            if each.external or each.is_virtual or left[0] < 0:
                raise ValueError(f"{name} lies in another file, or is larger than this one")


def root_attributes(path: Path) -> dict[str, Any]:
    """The attributes of a netCDF file by name; none of what is damaged or something else."""
    try:
        # another process may hold its own lock on what it has just put there
        with h5py.File(path, locking=False) as file:
            return _attributes(file)
    except Exception:  # HDF5 can raise anything
        return {}


def _write(group: h5py.Group, node: xr.DataTree, scales: dict[Hashable, h5py.Dataset]) -> None:
    """Write a node: the scales of its dimensions but for its parents', what refers to them, groups.

    Parameters
    ----------
    group : Group
    node : DataTree
    scales : dict
        Of the dimensions of its parents.
    """
    dataset = node.to_dataset(inherit=False)
    variables, attributes = xr.conventions.encode_dataset_coordinates(dataset)
    variables, attributes = xr.conventions.cf_encoder(variables, attributes)
    group.attrs.update(attributes)
    stored = {name: _stored(group, name, each) for name, each in variables.items()}
    for dim, size in dataset.sizes.items():
        if dim in stored:
            scales = scales | {dim: stored[dim]}
            stored[dim].make_scale(dim)
        elif dim not in scales:
            scales = scales | {dim: group.create_dataset(dim, (size,), "f4")}
            scales[dim].make_scale(f"{NO_VARIABLE}{size:10d}")
    for name, variable in variables.items():
        if name not in dataset.sizes:
            for axis, dim in enumerate(variable.dims):
                stored[name].dims[axis].attach_scale(scales[dim])
    for name, child in node.children.items():
        _write(group.create_group(name, track_order=True), child, scales)


def _stored(group: h5py.Group, name: str, variable: xr.Variable) -> h5py.Dataset:
    """Write the values of a variable and its attributes."""
    values = variable.values
    if values.dtype.kind in "OU":
        made = group.create_dataset(name, data=values.astype(object), dtype=h5py.string_dtype())
    else:
        made = group.create_dataset(name, data=values)
    made.attrs.update(variable.attrs)
    return made


def _datasets(group: h5py.Group) -> Iterator[tuple[str, xr.Dataset]]:
    """Read a group and those inside it; each with its path."""
    yield group.name, _read(group)
    for each in group.values():
        if isinstance(each, h5py.Group):
            yield from _datasets(each)


def _read(group: h5py.Group) -> xr.Dataset:
    """Read the variables and the attributes of a group."""
    variables = {
        name: _variable(name, each)
        for name, each in group.items()
        if isinstance(each, h5py.Dataset)
        and not each.attrs.get("NAME", b"").startswith(NO_VARIABLE.encode())
    }
    return xr.decode_cf(xr.Dataset(variables, attrs=_attributes(group)))


def _variable(name: str, stored: h5py.Dataset) -> xr.Variable:
    """Read a variable with the names of its dimensions, which are those of their scales."""
    dims = [name] if stored.is_scale else [axis[0].name.rpartition("/")[2] for axis in stored.dims]
    text = h5py.check_string_dtype(stored.dtype) is not None
    values = stored.asstr()[()] if text else stored[()]
    return xr.Variable(dims, values, _attributes(stored), {"dtype": str} if text else {})


def _attributes(stored: h5py.HLObject) -> dict[str, Any]:
    """Attributes as they were saved."""
    values = {name: stored.attrs[name] for name in stored.attrs if name not in BOOKS}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """An attribute's value: one entry as a scalar, several texts as a list."""
    if not isinstance(value, np.ndarray):
        return value
    if value.size == 1:
        return value.ravel()[0]
    return value.tolist() if value.dtype.kind == "O" else value

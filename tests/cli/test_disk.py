"""Disks that are full and files that are not ours, through the command line: one sentence each."""

import errno
import os
from pathlib import Path

import made
import pytest
import xarray as xr
from command import qqt

from qqt_bayes.posterior import fit_file


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    path = tmp_path_factory.mktemp("disk") / "fit.nc"
    fit_file.save(made.fit(draws=5), path)
    return path


def sentence(*arguments):
    """The one line with which a command exits with 1, and that nothing else is printed."""
    result = qqt(*arguments, exit_code=1)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def full(path, data):
    """A disk that takes half of the content."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("option", ["--output", "--figures"])
def test_a_full_disk(fit, tmp_path, monkeypatch, option):
    target = tmp_path / ("decision.csv" if option == "--output" else "figures")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        result = qqt("decide", fit, "--budgets", "100M", option, target, exit_code=1)
    (line,) = result.stderr.splitlines()[-1:]
    assert line.startswith(str(target))
    assert line.endswith("cannot be written: No space left on device")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_folder_below_a_file(fit, tmp_path):
    (file := tmp_path / "file").touch()
    decide = ("decide", fit, "--budgets", "100M")
    assert sentence(*decide, "-o", file / "d.csv").startswith(f"{file}/d.csv cannot be written: ")
    words = f"{file}/figures: the folder cannot be made: Not a directory"
    assert sentence(*decide, "--figures", file / "figures").startswith(words)


@pytest.mark.parametrize("command", ["predict", "decide", "frontier"])
def test_fits_that_are_none(fit, tmp_path, command):
    whole = fit.read_bytes()
    cut, flipped, foreign = (tmp_path / name for name in ("cut.nc", "flipped.nc", "foreign.nc"))
    cut.write_bytes(whole[: len(whole) // 2])
    flipped.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    xr.Dataset({"rain": ("day", [1.0, 2.0])}).to_netcdf(foreign, engine="h5netcdf")
    damaged = "cannot be read as a fit: it is not netCDF, or damaged"
    for path, words in (
        (cut, damaged),
        (flipped, damaged),
        (foreign, "is netCDF but not a fit of qqt_bayes"),
    ):
        assert sentence(command, path).startswith(f"{path} {words}")

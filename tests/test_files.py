"""Files are written whole or not at all, and never over something that must stay."""

import errno
import os
from pathlib import Path

import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.files import shipped, writable, write


def half(raised):
    """A way to write that stops in the middle."""

    def write_bytes(path, data):
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise raised

    return write_bytes


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), InputError),
        (KeyboardInterrupt, KeyboardInterrupt),
    ],
)
def test_an_earlier_file_stays_whole(tmp_path, monkeypatch, raised, expected):
    path = tmp_path / "decision.csv"
    write(path, "before")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half(raised))
        with pytest.raises(expected, match="No space left" if expected is InputError else None):
            write(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    write(path, b"after")
    assert path.read_text() == "after"


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    for path, words in (
        (tmp_path / "absent" / "fit.nc", "there is no folder"),
        (tmp_path / "file" / "fit.nc", "there is no folder"),
        (tmp_path, "got a folder"),
        (Path(os.devnull), "it is a device"),
        (tmp_path / ("a" * 300), "too long"),
    ):
        with pytest.raises(InputError, match=words):
            writable(path)
        with pytest.raises(InputError, match=words):
            write(path, "")
    assert Path(os.devnull).is_char_device()


def test_a_source_is_not_overwritten(tmp_path):
    runs = tmp_path / "runs.csv"
    runs.write_text("data")
    other = tmp_path / "other" / ".." / "runs.csv"
    (tmp_path / "other").mkdir()
    for source in (runs, other):
        with pytest.raises(InputError, match="it is read, too"):
            writable(runs, [None, "no such file", str(source)])
    assert writable(tmp_path / "fit.nc", [str(runs), "*.jsonl", "no such file"])


def test_what_is_shipped_is_inside_the_package_or_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr("qqt_bayes.files.PACKAGE", tmp_path / "package")
    inside, beside = tmp_path / "package" / "runs", tmp_path / "runs"
    inside.mkdir(parents=True)  # a folder without what it should hold is passed over
    with pytest.raises(InputError, match=f"^no table in {inside} nor in {beside}: install the pac"):
        shipped("runs", "*.csv", "table")
    for folder in (beside, inside):
        folder.mkdir(exist_ok=True)
        (folder / "runs.csv").touch()
        assert shipped("runs", "*.csv", "table") == folder

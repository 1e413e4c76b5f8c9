"""What befalls files: strategies that damage bytes and tables, for any reader.

>>> moves(b"abc", [("cut", 1, 0, b"")])
b'a'
"""

import gzip
import json

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

FOREIGN = (
    b"",
    b" \r\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"PK\x03\x04 a workbook",
    b"PAR1PAR1",
    b"\x1f\x8b\x08\0 a gzip archive",
    b"\x89HDF\r\n\x1a\n\0\0",
    b"CDF\x01\0\0\0\0",
    b"%PDF-1.7",
    b"<html><body>404</body></html>",
    b"{}",
    b"[]\n",
    b"null",
    b"[table]\nkey = 1\n",
    b"a,b\n1,2\n",
)
"""Contents that are no table, or none of ours."""
CELLS = (
    st.sampled_from(["", " ", "NA", "nan", "inf", "-inf", "-1", "0", "1", "0.5", "1e300", "1e400"])
    | st.sampled_from(["12M", "1,5", "1_0", "\u0661", "1\x1f", "a" * 500, "9" * 5000])
    | st.sampled_from(["é", "\0", '"', "\n", "\r", "\ud800", b"\xff"])
    | st.sampled_from([0, -1, 10**400, 1e-320, float("nan"), float("inf"), -0.0])
    | st.sampled_from([None, True, [1], {"a": 1}])
)
"""What a cell may hold instead."""
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1", "cp037")

_PLACE = st.integers(0, 10**9)
BYTE_MOVES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "delete", "overwrite", "repeat"]),
        _PLACE,
        st.integers(0, 64),
        st.binary(max_size=8) | st.just(b"\xff" * 64),
    ),
    min_size=1,
    max_size=4,
)


def moves(content, steps):
    """The content after some accidents."""
    content = bytearray(content)
    for what, place, length, noise in steps:
        i = place % (len(content) + 1)
        match what:
            case "flip":
                content[i : i + 1] = bytes(byte ^ (1 << length % 8) for byte in content[i : i + 1])
            case "cut":
                del content[i:]
            case "insert":
                content[i:i] = noise
            case "delete":
                del content[i : i + length]
            case "overwrite":
                content[i : i + len(noise)] = noise
            case "repeat":
                content[i:i] = content[i : i + length]
    return bytes(content)


def put(path, content):
    """Write a file that is new: to empty one that is there, ext4 waits for the disk each time."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def damaged_bytes(content):
    """A file's content after some accidents, or another one's."""
    return BYTE_MOVES.map(lambda steps: moves(content, steps)) | st.sampled_from(FOREIGN)


@st.composite
def damaged_frames(draw, frame):
    """A table with other cells, rows and columns, each column of objects."""
    frame = frame.astype(object).copy()
    for _ in range(draw(st.integers(0, 3))):
        row, column = draw(st.integers(0, len(frame) - 1)), draw(st.integers(0, frame.shape[1] - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "column", "drop", "again", "rename"])):
            case "cell":
                cells = frame.iloc[:, column].tolist()
                cells[row] = draw(CELLS)
                frame.isetitem(column, pd.Series(cells, dtype=object, index=frame.index))
            case "column":
                cells = pd.Series([draw(CELLS)] * len(frame), dtype=object, index=frame.index)
                frame.isetitem(column, cells)
            case "drop":
                frame = frame.drop(columns=frame.columns[column])
            case "again":
                frame = pd.concat([frame, frame.iloc[:, [column]]], axis=1)
            case "rename":
                names = list(frame.columns)
                names[column] = draw(st.sampled_from(["", " ", "x", names[0], names[-1].upper()]))
                frame.columns = names
        if not frame.shape[1]:
            break
    rows = draw(st.lists(st.integers(0, len(frame) - 1), max_size=len(frame) + 2))
    return frame.iloc[rows] if draw(st.booleans()) else frame


def as_csv(frame, separator=","):
    """A CSV's text as pandas writes it."""
    return frame.to_csv(index=False, sep=separator)


def packed(text):
    """Text as a gzip archive of it, the same at any time of day."""
    return gzip.compress(text.encode("utf-8", "surrogatepass"), mtime=0)


def as_json(frame):
    """A list of the objects that `as_json_lines` writes."""
    return f"[{','.join(as_json_lines(frame).splitlines())}]"


def as_json_lines(frame):
    """An object for each row, with whatever its cells hold."""
    names = [str(name) for name in frame.columns]
    rows = (
        dict(zip(names, cells, strict=True)) for cells in frame.itertuples(index=False, name=None)
    )
    return "".join(json.dumps(row, default=repr) + "\n" for row in rows)


def as_parquet(frame):
    """Columns of one type each, of text where the cells' types differ."""
    arrays = [_array(frame.iloc[:, i].tolist()) for i in range(frame.shape[1])]
    sink = pa.BufferOutputStream()
    names = [str(name) for name in frame.columns]
    pa.parquet.write_table(pa.Table.from_arrays(arrays, names=names), sink)
    return sink.getvalue().to_pybytes()


def _array(cells):
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError, UnicodeError):
        return pa.array([ascii(cell) for cell in cells])

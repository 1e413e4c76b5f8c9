"""Whatever befalls a file, its reader gives something legal with every row, or one `InputError`."""

import csv
import gzip
import io
import json
import re
import tomllib
from copy import deepcopy

import damage
import made
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from places import MODELS

from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import Spec, list_models, load_model
from qqt_bayes.posterior.fit_file import load, save
from qqt_bayes.posterior.netcdf import to_bytes
from qqt_bayes.sampling.inference import fit
from qqt_bayes.tables.composition import read_composition, read_sizes
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs

SIZES = pd.DataFrame({"pool": ["NA", "null"], "unique_samples": [50, 40]})
COMPOSITION = pd.DataFrame(
    {
        "data": ["both", "both", "one"],
        "pool": ["NA", "null", "null"],
        "unique_samples": [10, 40, 4.5],
    }
)
RUNS = pd.DataFrame(
    {
        "data": ["both", "both", None, None],
        "pool": [None, None, "NA", "null"],
        "unique_samples": [None, 50, 10, 20],
        "samples_seen": [100, 1e3, 100, 1e12],
        "error": [0.8, 0.7, 0.75, 1.0],
        "n_eval": [50_000, None, 2, None],
        "rounding": [0, 0.005, None, None],
        "weight": [1, 0.5, None, None],
        "training": ["x", "x", None, "y"],
    }
)
PARAMETERS = pd.DataFrame(
    {
        "pool": ["NA", "null"],
        "a": 0.02,
        "b": [0.2, 0.1],
        "tau": [4.0, None],
        "d": 0.1,
        "kappa": [0.0, 0.01],
        "unique_samples": [50, 40],
    }
)


def runs(path):
    found = read_runs(path, COMPOSITION)
    assert ((found["error"] > 0) & (found["error"] <= 1)).all()
    assert np.isfinite(found[["samples_seen", "unique_samples", "pool_size", "weight"]]).all()
    assert (found["unique_samples"].sum("pool") >= 1).all()
    assert (found[["data_index", "group_index"]].to_array() >= 0).all()
    return found.sizes["run"]


def composition(path, pools=None):
    taken = read_composition(path, pools=pools)
    assert np.isfinite(taken).all()
    assert (taken.sum("pool") >= 1).all()
    return int((taken > 0).sum())


def levels(path):
    return composition(path, SIZES)


def pools(path):
    sizes = read_sizes(path)
    assert all(name and 1 <= size < np.inf for name, size in sizes.items())
    return len(sizes)


def parameters(path):
    found = read_parameters(path)
    assert not found.isnull().to_array().any()
    assert np.isfinite(found.drop_vars("tau").to_array()).all()
    return found.sizes["pool"]


READERS = {runs: RUNS, composition: COMPOSITION, levels: COMPOSITION} | {
    pools: SIZES,
    parameters: PARAMETERS,
}
WRITERS = {
    "csv": damage.as_csv,
    "tsv": lambda frame: damage.as_csv(frame, "\t"),
    "csv.gz": lambda frame: damage.packed(damage.as_csv(frame)),
    "jsonl": damage.as_json_lines,
    "json": damage.as_json,
    "parquet": damage.as_parquet,
}
MARKS = {b"\xff\xfe\0\0": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
OFTEN = pytest.mark.parametrize("examples", [40, pytest.param(2000, marks=pytest.mark.slow)])


def rows(suffix, content):
    """Rows of a file by another count; a CSV's blank records are none."""
    if suffix == "parquet":
        return pq.read_metadata(pa.BufferReader(content)).num_rows
    if suffix.endswith(".gz"):
        content = gzip.decompress(content)
    marked = [encoding for mark, encoding in MARKS.items() if content.startswith(mark)]
    text = content.decode([*marked, "utf-8-sig"][0])
    if suffix == "json" and text.lstrip().startswith("["):
        return len(json.loads(text))
    if suffix in ("json", "jsonl"):
        return sum(bool(line.strip()) for line in text.split("\n"))
    lines = (
        line for line in io.StringIO(text, newline="") if not re.match(r"#(?!\s*[,;\t])", line)
    )
    records = csv.reader(lines, delimiter="\t" if suffix == "tsv" else ",")
    return sum(any(map(str.strip, cells)) for cells in records) - 1


@st.composite
def files(draw, frame, suffix):
    """A table's file after some accidents to its cells, its encoding or its bytes."""
    content = WRITERS[suffix](draw(damage.damaged_frames(frame)))
    if isinstance(content, str):
        encoding = draw(st.sampled_from(damage.ENCODINGS))
        content = content.encode(encoding, "surrogatepass" if "utf" in encoding else "replace")
    return draw(damage.damaged_bytes(content)) if draw(st.booleans()) else content


def survive(path, contents, read, holds, examples):
    """Whatever a file holds, its reader names it in an `InputError`, or gives what `holds`."""

    @settings(max_examples=examples)
    @given(contents)
    def survives(content):
        damage.put(path, content)
        try:
            found = read(path)
        except InputError as fault:
            assert str(path) in str(fault)
        else:
            holds(found, content)

    survives()


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("read", READERS)
@OFTEN
def test_tables(read, suffix, examples, tmp_path):
    def holds(count, content):
        assert count == rows(suffix, content)

    survive(tmp_path / f"damaged.{suffix}", files(READERS[read], suffix), read, holds, examples)


@OFTEN
def test_workbooks(examples, tmp_path):
    """Their text is packed, so that accidents to bytes do what accidents to cells would."""
    openpyxl = pytest.importorskip("openpyxl")
    path, book = tmp_path / "damaged.xlsx", openpyxl.Workbook()
    for row in [RUNS.columns.tolist(), *RUNS.astype(object).where(RUNS.notna(), None).to_numpy()]:
        book.active.append(list(row))
    book.save(path)

    def holds(count, content):
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        filled = (any(cell is not None for cell in row) for row in sheet.values)
        assert count == sum(filled) - 1

    survive(path, damage.damaged_bytes(path.read_bytes()), runs, holds, examples)


@st.composite
def tables_of_specifications(draw):
    """A shipped specification with some keys gone, renamed or of another value."""
    table = load_model(draw(st.sampled_from(list_models()))).to_dict()
    for _ in range(draw(st.integers(0, 3))):
        inner = table
        while inner:
            key = draw(st.sampled_from(sorted(inner)))
            if not isinstance(inner[key], dict) or draw(st.booleans()):
                break
            inner = inner[key]
        if not inner:
            continue
        match draw(st.sampled_from(["value", "drop", "rename", "nest"])):
            case "value":
                inner[key] = deepcopy(draw(damage.CELLS))
            case "drop":
                del inner[key]
            case "rename":
                inner[draw(st.sampled_from(["", "mu", "over", "distribution", "x"]))] = inner.pop(
                    key
                )
            case "nest":
                inner[key] = {"distribution": deepcopy(draw(damage.CELLS)), "mu": inner[key]}
    return table


def legal(spec):
    """A specification survives its own table, which is plain JSON."""
    assert Spec.from_dict(json.loads(json.dumps(spec.to_dict(), allow_nan=False))) == spec
    assert len(spec.hash) == 64


@OFTEN
def test_specifications(examples):
    @settings(max_examples=examples)
    @given(tables_of_specifications())
    def survives(table):
        try:
            spec = Spec.from_dict(table)
        except InputError as fault:
            assert str(fault)
        else:
            legal(spec)

    survives()


@OFTEN
def test_files_of_specifications(examples, tmp_path):
    def holds(spec, content):
        assert spec.to_dict().keys() >= tomllib.loads(content.decode("utf-8-sig")).keys()
        legal(spec)

    contents = damage.damaged_bytes((MODELS / "utility.toml").read_bytes())
    survive(tmp_path / "damaged.toml", contents, load_model, holds, examples)


@OFTEN
def test_fits(examples, tmp_path):
    path, tree = tmp_path / "damaged.nc", made.fit(draws=5)
    save(tree, path)

    def holds(found, _):
        assert found.identical(tree)

    survive(path, damage.damaged_bytes(path.read_bytes()), load, holds, examples)


@pytest.mark.filterwarnings("ignore:.* does not end with the digest")
@pytest.mark.parametrize("examples", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_fits_without_a_seal(examples, tmp_path):
    """What its runs and draws vouch for is what was fitted, whichever bytes are damaged."""
    path, few = tmp_path / "damaged.nc", {"draws": 20, "tune": 20, "chains": 2}
    tree = fit(read_runs(*made.tables(pools=2)), made.law_alone(), method="laplace", **few)

    def holds(found, _):
        for name in ("posterior", "observed_data"):
            xr.testing.assert_allclose(found[name].to_dataset(), tree[name].to_dataset())

    survive(path, damage.damaged_bytes(to_bytes(tree)), load, holds, examples)

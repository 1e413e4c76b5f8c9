"""`qqt calibrate`: scalars and a verdict, and what is refused before it fits."""

import io
import json
from types import SimpleNamespace

import made
import numpy as np
import pandas as pd
import prior_sampler
import pytest
import xarray as xr
from command import qqt
from matplotlib.image import imread

from qqt_bayes.calibration.sbc import LOG_LIKELIHOOD
from qqt_bayes.report.calibration_text import verdict


@pytest.fixture
def sampled(monkeypatch):
    """Seeds given to a sampler that returns the prior."""
    return SimpleNamespace(seeds=prior_sampler.install(monkeypatch))


@pytest.fixture
def tables(tmp_path):
    """RUNS and its composition, as files."""
    paths = [tmp_path / name for name in ("runs.csv", "composition.csv")]
    for path, table in zip(paths, made.tables(), strict=True):
        table.to_csv(path, index=False)
    return paths


def calibrate(tables, *more, replications=2, **expected):
    """The command on losses, of which nearly all are legal."""
    runs, composition = tables
    shared = ("--composition", composition, "--kind", "loss", "--replications", replications)
    shared += () if "--model" in more else ("--model", "utility")
    return qqt("calibrate", runs, *shared, *more, **expected)


def test_the_command_prints_scalars_and_a_verdict(tables, sampled, tmp_path):
    """The prior is what this sampler returns, and the verdict says so; yet the exit code is 0."""
    ranks, figure = tmp_path / "ranks.nc", tmp_path / "ranks.png"
    said = calibrate(tables, "-o", ranks, "--plot", figure, replications=40)
    assert "inside alone" in said.stdout.splitlines()[0]
    words = " ".join(said.stdout.split())
    assert "Model utility is not calibrated on this design: 1 of 22 scalars leave" in words
    assert f"({LOG_LIKELIHOOD}: " in words
    assert "40 of 40 fits did not pass their gate" in words
    found = xr.load_dataset(ranks)
    assert verdict(found).split() == words[words.index("Model utility") :].split()
    assert imread(figure).shape[2] == 4
    group = xr.load_datatree(ranks)["prior_sbc"].to_dataset(inherit=False)
    np.testing.assert_allclose(
        100 * group["b[0-10%]"].values[0] - 0.5, found["rank"].sel(scalar="b[0-10%]")
    )


def test_programs_get_all_digits(tables, sampled):
    content = json.loads(calibrate(tables, "--format", "json", "--seed", 3).stdout)
    assert content["calibrated"] is False
    assert content["settings"]["seed"] == 3
    rows = pd.read_csv(io.StringIO(calibrate(tables, "--format", "csv", "--seed", 3).stdout))
    pd.testing.assert_frame_equal(pd.DataFrame(content["scalars"]), rows)


@pytest.mark.parametrize(
    ("more", "exit_code", "words"),
    [
        (["--plot", "ranks.jpg"], 1, "expected a file whose name ends in .png or .svg or .pdf"),
        (["-o", "no such folder/ranks.nc"], 1, "there is no folder"),
        (["-o", "x.png", "--plot", "x.png"], 1, "cannot be one file"),
        (["--model", "utility-bounded"], 1, "its law is for error rates"),
        (["--model", "none"], 1, "there is no model 'none'"),
        (["--replications", 0], 2, "--replications"),
    ],
)
def test_the_command_refuses_before_it_fits(tables, sampled, more, exit_code, words):
    assert words in calibrate(tables, *more, exit_code=exit_code).output
    assert not sampled.seeds

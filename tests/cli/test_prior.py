"""`qqt prior`: what a model expects of a design, as a table, words, a file and a figure."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from command import qqt
from matplotlib.image import imread


def prior(files, *more, model="utility", **expected):
    return qqt("prior", *files.tables, "--model", model, "--draws", 200, *more, **expected)


def test_the_command_prints_a_table_and_sentences(files):
    said = prior(files, "--budgets", "64M,5B").stdout
    assert said.splitlines()[0].split() == ["data", "budget", "error", "[90%]", "illegal", "runs"]
    assert len([line for line in said.splitlines() if line.startswith("top ")]) == 6
    words = " ".join(said.split())
    assert "Before it sees an error, model utility has" in words
    assert "no table may hold" in words


def test_programs_get_all_digits(files):
    content = json.loads(prior(files, "--format", "json").stdout)
    assert content["schema"] == 1
    assert sum(content["runs"].values()) == 12
    assert 0 < content["legal_draws"] < 1
    rows = pd.read_csv(io.StringIO(prior(files, "--format", "csv").stdout))
    pd.testing.assert_frame_equal(pd.DataFrame(content["prior"]), rows, check_dtype=False)
    np.testing.assert_allclose(rows["budget"].unique(), [64e6, 1.28e9, 4 * 1.28e9])


def test_draws_and_figure_are_written_and_replaced(files, tmp_path):
    draws, figure = tmp_path / "prior.nc", tmp_path / "prior.png"
    for _ in range(2):  # they are replaced by their like
        prior(files, "-o", draws, "--plot", figure)
    assert imread(figure).shape[2] == 4
    found = xr.load_datatree(draws)
    assert found["prior_predictive"]["error"].sizes["draw"] == 200
    draws.write_bytes(b"something else")
    assert "--overwrite" in prior(files, "-o", draws, exit_code=1).stderr
    prior(files, "-o", draws, "--overwrite")


def test_a_copied_model_is_edited_and_used(files, tmp_path):
    path = tmp_path / "mine.toml"
    text = qqt("models", "utility").stdout
    path.write_text(text.replace("mu = -2.0, sigma = 0.7", "mu = -4.0, sigma = 0.1"), "utf-8")
    edited, shipped = (
        json.loads(prior(files, "--format", "json", model=model).stdout)["prior"]
        for model in (path, "utility")
    )
    # next to no utility: errors hardly fall, and the interval is narrower
    width = [rows[1]["error_upper"] - rows[1]["error_lower"] for rows in (edited, shipped)]
    assert width[0] < width[1]


@pytest.mark.parametrize(
    ("more", "exit_code", "words"),
    [
        (["--plot", "prior.jpg"], 1, "expected a file whose name ends in .png or .svg or .pdf"),
        (["-o", "no such folder/prior.nc"], 1, "there is no folder"),
        (["-o", "x.png", "--plot", "x.png"], 1, "cannot be one file"),
        (["--kind", "loss", "--model", "utility-bounded"], 1, "its law is for error rates"),
        (["--model", "none"], 1, "there is no model 'none'"),
        (["--budgets", "none"], 1, "budget 'none': expected a number of samples"),
        (["--draws", 0], 2, "--draws"),
    ],
)
def test_what_cannot_be_done_is_refused(files, more, exit_code, words):
    assert words in prior(files, *more, exit_code=exit_code).output

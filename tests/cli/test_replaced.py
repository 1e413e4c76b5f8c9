"""Outputs never destroy: what a command writes to, refuses to replace, and replaces when told."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import made
import numpy as np
import pytest
import xarray as xr
from command import qqt
from matplotlib.figure import Figure

from qqt_bayes.calibration import sbc
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior import fit_file
from qqt_bayes.report.figures import files as figure_files
from qqt_bayes.report.figures.files import write_figure
from qqt_bayes.sampling import inference

MINE = "pool,unique_samples\nmine,5\n"
SWEEP = "pool,unique_samples,64M,128M\na,10000000,0.7,0.6\nb,10000000,0.8,0.7\n"
RANKS = xr.Dataset(
    {
        "rank": (("replication", "scalar"), np.tile(np.arange(40), (2, 1)).T),
        "passed": ("replication", [True] * 40),
        "ess": (("replication", "scalar"), np.full((40, 2), 500.0)),
    },
    {"scalar": ["a", "b"]},
    {"spec": json.dumps({"name": "made"}), "legal": 0.5},
)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits and calibrations that are made, not sampled; one small figure of each decision."""

    def fit(runs, spec, **_):
        found = made.fit(model=load_model(spec) if isinstance(spec, str) else spec, draws=20)
        found.attrs["data_hash"] = runs.attrs["data_hash"]
        return found

    def write_figures(fits, decision, folder, formats=("png", "svg")):
        paths = [folder / f"scaling_curves.{each}" for each in formats]
        for path in paths:
            write_figure(Figure(figsize=(1, 1)), path)
        return paths

    monkeypatch.setattr(inference, "fit", fit)
    monkeypatch.setattr(figure_files, "write_figures", write_figures)
    monkeypatch.setattr(sbc, "simulation_based_calibration", lambda *_, **__: RANKS)


def command_of(name: str, files: SimpleNamespace, folder: Path, output: str | Path) -> list:
    """A command that writes to `output`."""
    (sweep := folder / "sweep.csv").write_text(SWEEP)
    runs = [*files.tables, "--model", "utility"]
    return {
        "fit": ["fit", *runs, "-o", output],
        "calibrate": ["calibrate", *runs, "-o", output],
        "plot": ["calibrate", *runs, "--plot", output],
        "decide": ["decide", files.good, "--budgets", "1B", "-o", output],
        "figures": ["decide", files.good, "--budgets", "1B", "--figures", output],
        "import": ["import", sweep, "-o", output],
        "study": ["study", *files.tables, "--models", "utility,utility-free-size", "-o", output],
    }[name]


OUTPUTS = [
    ("fit", "new.nc", True),
    ("calibrate", "new.nc", True),
    ("plot", "new.png", True),
    ("plot", "new.svg", True),
    ("decide", "new.json", True),
    ("decide", "new.csv", False),
    ("import", "new.csv", False),
]
"""Commands, files that they write, and whether such a file is known as the tool's own."""


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(("name", "output", "known"), OUTPUTS)
def test_a_file_of_somebody_else_stays(files, tmp_path, name, output, known):
    path = tmp_path / output
    path.write_text(MINE)
    command = command_of(name, files, tmp_path, path)
    refused = qqt(*command, exit_code=1)
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"{path} is there already")
    assert line.endswith("; --overwrite replaces it")
    assert path.read_text() == MINE
    qqt(*command, "--overwrite")
    assert path.read_bytes() != MINE.encode()
    qqt(*command, exit_code=0 if known else 1)
    qqt(*command, "--overwrite")


@pytest.mark.usefixtures("cheap")
def test_a_fit_of_something_else_stays(files, tmp_path):
    """Of other runs, or of another model; what was asked the same is answered anew."""
    path = tmp_path / "fit.nc"
    ask = ["fit", *files.tables, "--model", "utility", "-o", path]
    qqt(*ask)
    before = path.read_bytes()
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("".join(Path(files.runs).read_text().splitlines(keepends=True)[:-1]))
    other_runs = ["fit", fewer, *files.tables[1:], "--model", "utility", "-o", path]
    other_model = ["fit", *files.tables, "--model", "utility-free-size", "-o", path]
    both = ["fit", fewer, *files.tables[1:], "--model", "utility-free-size", "-o", path]
    for command, what in (
        (other_runs, "other runs"),
        (other_model, "another model"),
        (both, "other runs and another model"),
    ):
        refused = qqt(*command, exit_code=1)
        assert refused.stdout == ""
        assert f"{path} is there already and is a fit of {what}; name another" in refused.stderr
        assert refused.stderr.endswith("file, or --overwrite replaces it\n")
        assert path.read_bytes() == before
    shuffled = tmp_path / "shuffled.csv"
    head, *rows = Path(files.runs).read_text().splitlines(keepends=True)
    shuffled.write_text("".join([head, *rows[::-1]]))
    qqt("fit", shuffled, *files.tables[1:], "--model", "utility", "-o", path, "--draws", "30")
    qqt(*other_runs, "--overwrite")
    qqt(*ask, exit_code=1)


@pytest.mark.usefixtures("cheap")
def test_fits_of_something_else_stay(files, tmp_path):
    """Those of each metric are looked at before any is made."""
    ask = ["fit", files.metrics, *files.tables[1:], "--by", "metric", "--model", "utility"]
    ask += ["-o", tmp_path / "fit.nc"]
    qqt(*ask)
    other = made.fit(model="utility-free-size", draws=5)
    fit_file.save(other, tmp_path / "fit-imagenet.nc", overwrite=True)
    before = content(tmp_path)
    refused = qqt(*ask, exit_code=1).stderr
    assert "fit-imagenet.nc is there already and is a fit of other runs and another mo" in refused
    assert content(tmp_path) == before


ENDINGS = {
    "fit": ("new.csv", "ends in .nc or .netcdf or .h5 or .hdf5"),
    "calibrate": ("new.csv", "ends in .nc or .netcdf or .h5 or .hdf5"),
    "plot": ("new.jpg", "ends in .png or .svg or .pdf"),
    "decide": ("new.nc", "ends in .csv or .json"),
    "import": ("new.json", "ends in .csv"),
}


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_each_output_has_its_endings(files, tmp_path, name, more):
    output, words = ENDINGS[name]
    said = qqt(*command_of(name, files, tmp_path, tmp_path / output), *more, exit_code=1).stderr
    assert said == f"{tmp_path / output}: expected a file whose name {words}\n"
    assert not (tmp_path / output).exists()


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("name", ["study", "figures"])
def test_a_folder_is_not_called_as_a_file(files, tmp_path, name):
    said = qqt(*command_of(name, files, tmp_path, tmp_path / "new.csv"), exit_code=1).stderr
    assert said.splitlines()[-1].endswith(
        "expected a folder to write to, and its name ends as a file's"
    )
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.usefixtures("cheap")
def test_a_file_of_another_kind_stays(files, tmp_path):
    """Also one that this tool wrote: ranks over a fit, a fit over ranks."""
    ranks, fit = tmp_path / "ranks.nc", tmp_path / "fit.nc"
    qqt(*command_of("fit", files, tmp_path, fit))
    qqt(*command_of("calibrate", files, tmp_path, ranks))
    said = qqt(*command_of("calibrate", files, tmp_path, fit), exit_code=1).stderr
    assert "is there already and is no file of ranks of qqt_bayes" in said
    said = qqt(*command_of("fit", files, tmp_path, ranks), exit_code=1).stderr
    assert "is there already and is no fit of qqt_bayes" in said
    assert xr.load_dataset(ranks)["rank"].equals(RANKS["rank"])


@pytest.mark.usefixtures("cheap")
def test_a_file_that_is_read_only_stays_whatever_is_said(files, tmp_path):
    path = tmp_path / "decision.csv"
    path.write_text(MINE)
    path.chmod(0o444)
    command = command_of("decide", files, tmp_path, path)
    assert "it is read-only" in qqt(*command, "--overwrite", exit_code=1).stderr
    assert path.read_text() == MINE


def test_an_input_stays_whatever_is_said(files, tmp_path):
    """By whatever name it is called."""
    (levels := tmp_path / "levels.csv").write_text(Path(files.levels).read_text())
    (sizes := tmp_path / "sizes.csv").write_text("pool,unique_samples\n0-10%,1\n")
    os.link(levels, other := tmp_path / "same.csv")
    for option, source, output in (
        ("--levels", levels, levels),
        ("--levels", levels, other),
        ("--target-pools", sizes, sizes),
    ):
        command = ("decide", files.good, option, source, "-o", output, "--overwrite")
        assert "it is read, too" in qqt(*command, exit_code=1).stderr
    assert levels.read_text() == Path(files.levels).read_text()


def test_two_outputs_are_two_files(files, tmp_path):
    twice = ("-o", tmp_path / "a.csv", "-o", tmp_path / "." / "a.csv", "--overwrite")
    said = qqt("decide", files.good, *twice, exit_code=1).stderr
    assert "cannot be written twice; name a file for each" in said
    mixed = ("import", files.runs, "-o", tmp_path / "a.csv", "--composition", tmp_path / "a.csv")
    assert "cannot be written twice" in qqt(*mixed, exit_code=1).stderr


@pytest.mark.usefixtures("cheap")
def test_figures_of_somebody_else_stay(files, tmp_path):
    figures = tmp_path / "figures"
    command = command_of("figures", files, tmp_path, figures)
    qqt(*command)
    qqt(*command)
    Figure().savefig(figures / "scaling_curves.png")
    (figures / "notes.txt").write_text("mine")
    said = qqt(*command, exit_code=1).stderr
    assert f"{figures}/scaling_curves.png is there already and is no figure of qqt_bayes" in said
    qqt(*command, "--overwrite")
    qqt(*command)
    assert (figures / "notes.txt").read_text() == "mine"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.usefixtures("cheap")
class TestAStudy:
    """A folder of a study is replaced by one of the same runs and models; no other folder is."""

    def command(self, files, folder, *more, models="utility"):
        return ("study", *files.tables, "--models", models, "-o", folder, *more)

    def test_made_again(self, files, tmp_path):
        folder = tmp_path / "study"
        command = self.command(files, folder, "--budgets", "1B")
        qqt(*command)
        before = content(folder)
        qqt(*self.command(files, folder, "--budgets", "2B"))
        assert content(folder)["decision.csv"] != before["decision.csv"]
        qqt("decide", folder)

    @pytest.mark.parametrize("name", ["notes.txt", "levels.csv", "utility.nc"])
    def test_a_folder_that_is_none(self, files, tmp_path, name):
        (tmp_path / name).write_text("mine")
        said = qqt(*self.command(files, tmp_path), exit_code=1).stderr
        assert f"is no folder of a study and not empty: it holds '{name}'" in said
        assert "--overwrite replaces what has the names of a study's files" in said
        assert content(tmp_path) == {name: b"mine"}
        qqt(*self.command(files, tmp_path, "--overwrite"))
        assert (content(tmp_path)[name] == b"mine") == (name == "notes.txt")

    def test_another_study(self, files, tmp_path):
        folder = tmp_path / "study"
        qqt(*self.command(files, folder))
        before = content(folder)
        other = ("study", files.metrics, "--metric", "average", *files.tables[1:], "-o", folder)
        for command in (self.command(files, folder, models="utility-free-size"), other):
            said = qqt(*command, exit_code=1).stderr
            assert f"{folder} holds a study by utility, and this one is by " in said
        assert content(folder) == before
        qqt(*self.command(files, folder, "--overwrite", models="utility-free-size"))

    @pytest.mark.parametrize(
        "name", ["levels.csv", "summary.txt", "utility.nc", "scaling_curves.png", "study.json"]
    )
    def test_changed_by_hand(self, files, tmp_path, name):
        folder = tmp_path / "study"
        qqt(*self.command(files, folder))
        (folder / name).write_text("mine")
        before = content(folder)
        said = qqt(*self.command(files, folder), exit_code=1).stderr
        assert "--overwrite" in said
        assert name == "study.json" or f"not as the earlier one wrote them: '{name}'" in said
        assert content(folder) == before
        qqt(*self.command(files, folder, "--overwrite"))

    def test_what_it_does_not_write_stays(self, files, tmp_path):
        folder = tmp_path / "study"
        qqt(*self.command(files, folder))
        (folder / "notes.txt").write_text("mine")
        (folder / "scaling_curves_mine.png").write_text("mine")
        qqt(*self.command(files, folder))
        qqt(*self.command(files, folder, "--overwrite"))
        assert content(folder)["notes.txt"] == content(folder)["scaling_curves_mine.png"] == b"mine"

    @pytest.mark.parametrize("name", ["utility.nc", "decision.json"])
    def test_no_part_of_it_is_replaced_by_another_command(self, files, tmp_path, name):
        folder = tmp_path / "study"
        qqt(*self.command(files, folder))
        before = content(folder)
        command = {"utility.nc": "fit", "decision.json": "decide"}[name]
        command = command_of(command, files, tmp_path, folder / name)
        assert f"is part of the study in {folder}" in qqt(*command, exit_code=1).stderr
        own = ("decide", folder, "-o", folder / "levels.csv", "--overwrite")
        assert "it is read, too" in qqt(*own, exit_code=1).stderr
        assert content(folder) == before

    def test_its_levels_are_read_and_replaced_by_none(self, files, tmp_path):
        folder = tmp_path / "study"
        qqt(*self.command(files, folder))
        command = self.command(files, folder, "--levels", folder / "levels.csv", "--overwrite")
        assert "levels.csv cannot be written: it is read, too" in qqt(*command, exit_code=1).stderr

    def test_one_that_was_interrupted_is_made_again(self, files, tmp_path, monkeypatch):
        folder = tmp_path / "study"
        with monkeypatch.context() as patch:
            patch.setattr(figure_files, "write_figures", interrupted)
            qqt(*self.command(files, folder), exit_code=130)
        assert "did not come to its end" in qqt("decide", folder, exit_code=1).stderr
        qqt(*self.command(files, folder))
        qqt("decide", folder)


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.usefixtures("cheap")
def test_the_demo_fills_no_folder_of_somebody_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    said = qqt("demo", "-o", ".", exit_code=1).stderr
    assert ". is no folder of a study and not empty: it holds 'README.md'" in said
    assert content(tmp_path) == {"README.md": b"mine"}


def test_save_replaces_fits_alone(tmp_path):
    """In Python, too; but any name will do."""
    fit = made.fit(draws=5)
    fit_file.save(fit, tmp_path / "fit")
    fit_file.save(fit, tmp_path / "fit")
    with pytest.raises(fit_file.InputError, match="is a fit of another model; name another file"):
        fit_file.save(made.fit(model="utility-free-size", draws=5), tmp_path / "fit")
    (tmp_path / "mine.csv").write_text(MINE)
    with pytest.raises(
        fit_file.InputError, match=r"and is no fit of .*; overwrite=True replaces it"
    ):
        fit_file.save(fit, tmp_path / "mine.csv")
    assert (tmp_path / "mine.csv").read_text() == MINE
    fit_file.save(fit, tmp_path / "mine.csv", overwrite=True)
    fit.to_netcdf(tmp_path / "own.nc", engine="h5netcdf")  # which may hold more than a fit
    with pytest.raises(fit_file.InputError, match="is there already"):
        fit_file.save(fit, tmp_path / "own.nc")

"""`--figures` and `--plot`: which files are drawn, by the option or by the ending of a name."""

from pathlib import Path
from types import SimpleNamespace

import made
import pytest
import xarray as xr
from command import qqt
from made_study import HOSTILE

from qqt_bayes.posterior import fit_file
from qqt_bayes.report.figures.names import is_figure

CURVES = ["parameter_posteriors", "probability_best", "scaling_curves", "utility_curves"]


def lines(files: SimpleNamespace) -> dict[str, tuple[tuple[object, ...], list[str]]]:
    """Commands that draw into a folder, and the titles of what they draw."""
    return {
        "decide": (("decide", files.good, "--budgets", "64M,1B"), CURVES),
        "frontier": (("frontier", files.good, "--budgets", "64M,1B"), ["frontier"]),
        "design": (("design", files.good, "--allowance", "1B", "--budget", "5B"), ["plan"]),
    }


@pytest.mark.parametrize("name", ["decide", "frontier", "design"])
@pytest.mark.parametrize("formats", [["pdf"], ["svg", "pdf", "svg"]])
def test_a_folder_holds_the_types_that_were_asked_for(
    files: SimpleNamespace, tmp_path: Path, name: str, formats: list[str]
) -> None:
    line, titles = lines(files)[name]
    asked = [word for each in formats for word in ("--figure-format", each)]
    said = qqt(*line, "--figures", tmp_path / "drawn", *asked).stderr
    drawn = sorted((tmp_path / "drawn").iterdir())
    expected = sorted(f"{title}.{each}" for title in titles for each in set(formats))
    assert [path.name for path in drawn] == expected
    assert all(map(is_figure, drawn))
    assert f"{len(drawn)} figures are in {tmp_path / 'drawn'}." in said


def test_of_several_metrics_too(tmp_path: Path) -> None:
    for seed, name in enumerate(("first", "second")):
        tree = made.fit(draws=20, seed=seed, spread=0.03)
        tree.attrs |= {"metric": name}
        fit_file.save(made.rehashed(tree), tmp_path / f"{name}.nc")
    fits = (tmp_path / "first.nc", tmp_path / "second.nc")
    asked = ("--figures", tmp_path / "drawn", "--figure-format", "PDF")
    qqt("decide", *fits, "--budgets", "64M,1B", *asked)
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == ["choices_by_metric.pdf"]


@pytest.mark.parametrize("name", ["decide", "frontier", "design"])
def test_a_type_without_a_folder_is_wrong_usage(files: SimpleNamespace, name: str) -> None:
    line, _ = lines(files)[name]
    said = qqt(*line, "--figure-format", "pdf", exit_code=2).stderr
    assert "--figure-format is for --figures, which says where figures go." in said


def test_only_files_of_those_types_are_replaced(files: SimpleNamespace, tmp_path: Path) -> None:
    """And only those that this package drew."""
    mine = [tmp_path / f"frontier.{each}" for each in ("png", "pdf")]
    for path in mine:
        path.write_text("mine")
    line = (*lines(files)["frontier"][0], "--figures", tmp_path)
    refused = qqt(*line, "--figure-format", "pdf", exit_code=1).stderr
    assert "frontier.pdf is there already and is no figure of qqt_bayes" in refused
    mine[1].unlink()
    for _ in range(2):  # the second time over its own
        qqt(*line, "--figure-format", "pdf")
    assert mine[0].read_text() == "mine"


def test_the_ending_of_a_name_decides(files: SimpleNamespace, tmp_path: Path) -> None:
    for name, begin in {"a.pdf": b"%PDF", "a.SVG": b"<?xml", "a.png": b"\x89PNG"}.items():
        line = ("prior", *files.tables, "--draws", "40", "--plot", tmp_path / name)
        qqt(*line)
        assert (tmp_path / name).read_bytes().startswith(begin)
        qqt(*line)  # over its own


def test_groups_of_any_name_have_a_file_each(tmp_path: Path) -> None:
    tree = made.fit(groups=2, model="cherti", draws=20)
    names = [HOSTILE[0], "$x^2$, \\frac, ../../a"]
    parts = {name: each.to_dataset(inherit=False) for name, each in tree.children.items()}
    renamed = {
        name: each.assign_coords(group=names) if "group" in each.dims else each
        for name, each in parts.items()
    }
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=tree.attrs), **renamed})
    fit_file.save(made.rehashed(tree), tmp_path / "fit.nc")
    line = ("frontier", tmp_path / "fit.nc", "--budgets", "64M,1B", "--targets", "0.7")
    qqt(*line, "--figures", tmp_path / "drawn", "--figure-format", "pdf")
    drawn = list((tmp_path / "drawn").iterdir())
    assert len(drawn) == 2
    assert all(path.suffix == ".pdf" and is_figure(path) for path in drawn)

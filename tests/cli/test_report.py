"""`qqt report`: a page of a study's folder, in each form, and what it refuses."""

import json

import made_study
import pytest
from command import loading, qqt
from made_study import carry_out

import qqt_bayes as qqt_api
from qqt_bayes.errors import InadequateFit

HEAVY = (
    "arviz",
    "dask",
    "matplotlib",
    "numba",
    "nutpie",
    "pymc",
    "pytensor",
    "pandas.io.formats.style",
)
"""What takes longer to import than a page to write."""
COSTS = """
currency = "EUR"
[training]
price_per_million_samples = 1.0
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "study"
    carry_out(folder)
    return folder


def test_a_page_is_written_and_named(study, tmp_path):
    for ending in (".html", ".md", ".tex"):
        page = tmp_path / f"page{ending}"
        done = qqt("report", study, "-o", page)
        assert done.stdout == ""
        assert done.stderr.startswith(f"{page} holds the study, ")
        assert "At 5B samples" in page.read_text()
    said = json.loads(qqt("report", study, "-o", page, "--format", "json").stdout)
    assert said == {"schema": 1, "report": str(page), "bytes": page.stat().st_size}
    table = qqt("report", study, "-o", page, "--format", "csv").stdout
    assert table == f"report,bytes\n{page},{page.stat().st_size}\n"


def test_the_same_study_gives_the_same_bytes(study, tmp_path):
    """From the folder and from memory, but for when it was made, which memory does not know."""
    for ending in (".html", ".md", ".tex"):
        first, again, memory = (tmp_path / f"{x}{ending}" for x in ("first", "again", "memory"))
        qqt("report", study, "-o", first)
        qqt("report", study, "-o", again)
        qqt_api.report(carry_out(None), memory)
        assert first.read_bytes() == again.read_bytes()
        dated, undated = (
            each.read_text().replace(r"\allowbreak{}", "") for each in (first, memory)
        )
        assert dated.replace(f" Made {made_study.DATE}.", "") == undated


def test_no_page_waits_for_what_only_fits_and_figures_need(study, tmp_path):
    done = loading(["report", str(study), "-o", "page.html"], HEAVY, tmp_path)
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == ""


def test_prices_add_a_column(study, tmp_path):
    costs, page = tmp_path / "costs.toml", tmp_path / "page.md"
    costs.write_text(COSTS)
    qqt("report", study, "-o", page, "--costs", costs)
    assert "| cost (EUR) |" in page.read_text()
    assert r"| **5,000** |" in page.read_text()


def test_an_allowance_shows_what_runs_are_worth(study, tmp_path):
    page = tmp_path / "page.md"
    qqt("report", study, "-o", page, "--allowance", "1B")
    assert "the choice today is top 3" in page.read_text()
    assert "## Next runs worth their price" in page.read_text()


def test_runs_are_proposed_for_one_of_several_groups(tmp_path):
    study, page = tmp_path / "study", tmp_path / "page.md"
    carry_out(study, **made_study.STUDIES["groups"]())
    line = ("report", study, "-o", page, "--allowance", "1B")
    done = qqt(*line, exit_code=1)
    assert done.stderr.endswith(
        "runs are proposed for one of them: choose one, such as --only-group 'arch 1'\n"
    )
    assert not page.exists()
    qqt(*line, "--only-group", "arch 2")
    assert "the choice today is" in page.read_text()
    done = qqt(*line[:-2], "--only-group", "arch 2", exit_code=1)
    assert done.stderr == (
        "--only-group 'arch 2' chooses the group that runs are proposed for: say what they may "
        "cost, such as --allowance 2B, or leave it out\n"
    )


def test_only_a_page_is_replaced(study, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("mine")
    done = qqt("report", study, "-o", page, exit_code=1)
    assert done.stderr == (
        f"{page} is there already and is no report of qqt_bayes; --overwrite replaces it\n"
    )
    assert page.read_text() == "mine"
    qqt("report", study, "-o", page, "--overwrite")
    qqt("report", study, "-o", page)


def test_a_page_may_stand_in_the_folder_of_its_study(study):
    page = study / "page.html"
    qqt("report", study, "-o", page)
    qqt("report", study, "-o", page)
    qqt("decide", study)
    page.unlink()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("page.pdf", "page.pdf: expected a file whose name ends in .html or .md or .tex"),
        ("none/page.html", "none/page.html cannot be written: there is no folder"),
        ("study/decision.json", "decision.json cannot be written: it is read, too"),
    ],
)
def test_a_file_that_cannot_be_written(study, tmp_path, name, sentence):
    target = study.parent / name if name.startswith("study") else tmp_path / name
    assert sentence in qqt("report", study, "-o", target, exit_code=1).stderr


def test_what_is_no_study(tmp_path):
    done = qqt("report", tmp_path, "-o", tmp_path / "page.html", exit_code=1)
    assert f"{tmp_path} is a folder without study.json" in done.stderr
    (tmp_path / "metrics.json").write_text("{}")
    done = qqt("report", tmp_path, "-o", tmp_path / "page.html", exit_code=1)
    assert "metrics.json is damaged; make it again with `qqt study`" in done.stderr
    done = qqt("report", tmp_path / "none", "-o", tmp_path / "page.html", exit_code=1)
    assert done.stderr.endswith("none: expected the folder of a study, and there is none\n")
    done = qqt("report", tmp_path / "metrics.json", "-o", tmp_path / "page.html", exit_code=1)
    assert "expected the folder of a study, and got a file" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_study_that_decided_nothing(tmp_path):
    with pytest.raises(InadequateFit):
        carry_out(tmp_path / "study", infer=made_study.refused)
    page = tmp_path / "page.html"
    done = qqt("report", tmp_path / "study", "-o", page, exit_code=3)
    assert "Nothing was decided" in done.stderr
    assert "--force` decides on them" in done.stderr
    assert not page.exists()

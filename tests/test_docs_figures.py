"""The code of docs/figures.md runs, in its order, and its pictures are there and small."""

import re

import made
import matplotlib
import pandas as pd
import pytest
from made_reuse import fit_of_reuse
from matplotlib import pyplot
from places import ROOT

import qqt_bayes as qqt
from qqt_bayes.decisions.study import Study

PAGE = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
LARGEST = 100_000


@pytest.fixture(name="names")
def what_a_reader_has():
    fit, levels = made.fit(), made.levels()
    decision = qqt.decide(fit, levels, "64M,640M,1.28B")
    study = Study(
        fits={"utility": qqt.Fit.of(fit), "effective-reuse": fit_of_reuse()},
        theorem=None,
        laws=["utility"],
        weights={"utility": 1.0},
        levels=levels,
        decision=decision,
        alone={"utility": decision},
        comparison=qqt.compare_laws({"utility": fit}),
        exponents=pd.DataFrame(),
    )
    runs = qqt.Fit.of(fit).runs
    yield {"runs": runs, "fit": fit, "levels": levels, "decision": decision, "study": study}
    pyplot.close("all")


def test_the_code_of_the_page_runs(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(matplotlib.rcParams)
    for block in BLOCKS:
        exec(compile(block, "docs/figures.md", "exec"), names)
    assert (tmp_path / "curves.pdf").read_bytes()[:4] == b"%PDF"
    assert dict(matplotlib.rcParams) == before


def test_the_page_names_every_figure():
    named = set(re.findall(r"`(plot_\w+)`", PAGE))
    assert named == {name for name in qqt.__all__ if name.startswith("plot_")}
    assert all(f"qqt.{name}(" in "".join(BLOCKS) for name in named)


def test_its_pictures_are_small():
    for picture in re.findall(r"\]\((figures/\S+\.png)\)", PAGE):
        assert (ROOT / "docs" / picture).stat().st_size < LARGEST

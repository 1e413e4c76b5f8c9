"""Figures as files: PNG and SVG, always the same, with whatever names they are given."""

from pathlib import Path

import made

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.figures import files


def test_all_figures_of_a_decision_are_marked(tmp_path: Path, monkeypatch):
    fit = made.fit(method="laplace", draws=20)
    seen = []
    monkeypatch.setattr(files, "save", lambda figure, stem: seen.append(figure) or (stem,))
    files.write_figures(fit, decide(fit, made.levels(), "64M,640M"), made.levels(), tmp_path)
    assert len(seen) == 4
    assert {figure.get_suptitle() for figure in seen} == {"Approximate posterior (laplace)"}

"""The Python of the pages of docs/ that are made to be copied runs as it stands."""

import re
import shutil

import matplotlib as mpl
import pytest
from places import ROOT

from qqt_bayes.laws.law import LAWS

PAGES = ("arviz", "models", "own_law")


def blocks(page):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    pytest.importorskip("graphviz", reason="the extra `docs` has the graphviz of docs/arviz.md")
    shutil.copytree(
        ROOT / "case_studies/datacomp_medium", tmp_path / "case_studies/datacomp_medium"
    )
    monkeypatch.chdir(tmp_path)
    names = {}
    for law in ("logistic",):  # what docs/own_law.md registers is forgotten again
        monkeypatch.setitem(LAWS, law, None)
        del LAWS[law]
    with mpl.rc_context({"backend": "Agg"}):
        for block in blocks(page):
            exec(compile(block, f"docs/{page}.md", "exec"), names)
        mpl.pyplot.close("all")

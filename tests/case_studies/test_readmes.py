"""Decimal numbers in the READMEs of case studies stand in the outputs of their notebooks."""

import re

import nbformat
import pytest
from places import CASE_STUDIES

STUDIES = ("cherti", "datacomp_scales", "language_models")
DECIMAL = re.compile(r"(?<![\w.:])-?\d+\.\d+\b(?!\.\d)")
"""A number with decimals, but for references (arXiv:2304.14108) and numbers with a unit (12.8M)."""


def shown(study):
    """Every number that the notebook prints, without its sign."""
    notebook = nbformat.read(CASE_STUDIES / study / f"{study}.ipynb", as_version=4)
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", [])]
    texts = [str(each.get("text", "")) for each in outputs]
    data = [each.get("data", {}) for each in outputs]
    texts += [each.get("text/html", each.get("text/plain", "")) for each in data]
    return [abs(float(number)) for text in texts for number in re.findall(r"-?\d+\.?\d*", text)]


@pytest.mark.parametrize("study", STUDIES)
def test_its_numbers_are_those_of_its_notebook(study):
    readme = (CASE_STUDIES / study / "README.md").read_text(encoding="utf-8")
    told = [number.lstrip("-") for number in DECIMAL.findall(readme)]
    found = shown(study)
    assert told

    def stands(number):
        """Whether some printed number rounds to it: half a unit of its last digit."""
        half = 0.5 * 10.0 ** -len(number.partition(".")[2])
        return any(abs(float(number) - each) <= half * 1.001 for each in found)

    assert [number for number in told if not stands(number)] == []

"""The page on paper: no heading stands alone, and no sheet is half empty."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from browser import BROWSER, needs_browser

READER = shutil.which("pdftotext")
LEAST_FULL = 0.55
"""Share of a sheet's height down to which there is something, but for the last sheet."""
NEXT_LINE = 20.0
"""Points down to which the line after a heading of a budget stands."""


@pytest.fixture(scope="module")
def printed(page, tmp_path_factory):
    """A function from the name of a study to its page as a PDF."""
    folder = tmp_path_factory.mktemp("paper")

    def made(name):
        target = folder / f"{name.replace(' ', '-')}.pdf"
        if not target.exists():
            line = [
                BROWSER,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-pdf-header-footer",
            ]
            address = page(name)[1].as_uri()
            line += [f"--print-to-pdf={target}", address]
            subprocess.run(line, capture_output=True, check=True, timeout=300)
        return target

    return made


def sheets(path):
    """Of each sheet its height and its lines, each with its text and its left, upper, lower end."""
    done = subprocess.run([READER, "-bbox-layout", path, "-"], capture_output=True, check=True)
    found = []
    for sheet in ElementTree.fromstring(done.stdout).iterfind(".//{*}page"):
        lines = [
            (
                " ".join(word.text for word in line),
                *(float(line.get(end)) for end in ("xMin", "yMin", "yMax")),
            )
            for line in sheet.iterfind(".//{*}line")
        ]
        found.append((float(sheet.get("height")), lines))
    return found


@needs_browser
@pytest.mark.skipif(READER is None, reason="NO POPPLER: nobody saw where lines stand on paper")
@pytest.mark.parametrize("name", ["two laws", "groups", "many"])
def test_no_sheet_is_half_empty_and_no_budget_stands_alone(printed, name):
    *full, last = sheets(printed(name))
    for height, lines in full:
        assert max(end for *_, end in lines) >= LEAST_FULL * height
    headings = 0
    for _, lines in (*full, last):
        for text, left, top, _ in lines:
            if re.fullmatch(r"[\d.]+[KMB] samples", text):
                headings += 1
                below = [
                    x for _, x, y, _ in lines if 0 < y - top <= NEXT_LINE and abs(x - left) < 9
                ]
                assert below, text
    assert headings >= 3


@needs_browser
@pytest.mark.skipif(READER is None, reason="NO POPPLER: nobody saw what is on paper")
def test_paper_says_what_each_level_holds(printed):
    """It is no narrow screen, of which the table of levels leaves that out."""
    lines = [text for _, each in sheets(printed("two laws"))[:1] for text, *_ in each]
    assert any("what is in it" in text for text in lines)


@needs_browser
@pytest.mark.skipif(READER is None, reason="NO POPPLER: nobody saw the code on paper")
def test_code_is_printed_line_by_line(printed):
    """Rows of a table in LaTeX can be copied from paper as they are."""
    lines = [text for _, each in sheets(printed("long names")) for text, *_ in each]
    columns = ("level", r"\raggedright what is in it", "epochs", "P(best)", r"error {[}90\%{]}")
    assert rf"\raggedright {' & '.join(columns)} & regret \\" in lines
    assert r"\bottomrule" in lines

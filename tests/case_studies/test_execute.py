"""The notebooks that are executed: seven, each in a test file that has the name of its study."""

from pathlib import Path

from places import CASE_STUDIES

NOTEBOOKS = sorted(CASE_STUDIES.glob("*/*.ipynb"))


def test_there_are_seven_case_studies() -> None:
    names = {
        "cherti",
        "datacomp_medium",
        "datacomp_scales",
        "language_models",
        "mini_clip",
        "planning",
        "tmars_published",
    }
    assert {path.parent.name for path in NOTEBOOKS} == names


def test_every_notebook_has_its_test() -> None:
    for path in NOTEBOOKS:
        test = Path(__file__).with_name(f"test_{path.parent.name}.py")
        assert f'notebooks.check("{path.stem}")' in test.read_text(encoding="utf-8")

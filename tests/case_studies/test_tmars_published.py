"""The notebook of `case_studies/tmars_published`."""

import notebooks


def test_its_notebook_comes_to_the_expected_numbers() -> None:
    notebooks.check("tmars_published")

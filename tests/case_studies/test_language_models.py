"""The notebook of `case_studies/language_models`."""

import notebooks


def test_its_notebook_comes_to_the_expected_numbers() -> None:
    notebooks.check("language_models")

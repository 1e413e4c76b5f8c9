"""The notebook of `case_studies/datacomp_scales`."""

import notebooks


def test_its_notebook_comes_to_the_expected_numbers() -> None:
    notebooks.check("datacomp_scales")

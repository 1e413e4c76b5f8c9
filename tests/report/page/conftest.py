"""Pages of made studies, each made once."""

import pytest
from made_study import STUDIES, carry_out

from qqt_bayes.studies.page import report


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """A function from the name of a study, and an ending, to its folder and its page."""
    folder, known = tmp_path_factory.mktemp("pages"), set()

    def made_page(name, ending=".html"):
        study = folder / name.replace(" ", "-")
        if name not in known:
            carry_out(study, **STUDIES[name]())
            known.add(name)
        path = study.with_suffix(ending)
        return study, path if path.exists() else report(study, path)

    return made_page

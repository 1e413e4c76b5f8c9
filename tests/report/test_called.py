"""`qqt_bayes.report` is a public function and a package at once, in every order of imports."""

import subprocess
import sys
from inspect import signature

import pytest
from made_study import carry_out

import qqt_bayes as qqt
from qqt_bayes.studies import page

ORDERS = [
    "import qqt_bayes as qqt; said = qqt.report; import qqt_bayes.report.records",
    "import qqt_bayes.report.records; import qqt_bayes as qqt; said = qqt.report",
    "from qqt_bayes import report as said; import qqt_bayes as qqt, qqt_bayes.report.records",
    "import qqt_bayes.studies.page; import qqt_bayes as qqt; said = qqt.report",
    "import qqt_bayes.report.records as records; import qqt_bayes as qqt; said = qqt.report",
]


@pytest.mark.parametrize("order", ORDERS)
def test_both_are_there_in_any_order(order):
    code = (
        f"{order}\n"
        "from qqt_bayes.report import study_text\n"
        "import qqt_bayes.report.records as records\n"
        "assert said is qqt.report and callable(said)\n"
        "assert said.records is records and said.study_text is study_text\n"
        "try: said('nowhere', 'page.html')\n"
        "except qqt.InputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "nowhere: expected the folder of a study, and there is none\n"


def test_what_is_no_study_is_refused(tmp_path):
    with pytest.raises(qqt.InputError, match=r"expected a study, as qqt_bayes\.study returns it"):
        qqt.report({"a": 1}, tmp_path / "page.md")


def test_it_is_the_function(tmp_path):
    assert signature(qqt.report) == signature(page.report)
    study = carry_out(None)
    path = qqt.report(study, tmp_path / "page.md")
    assert path.read_text().startswith("<!-- Report of qqt_bayes -->")

"""Units in the names of columns: they go into the mapping that is offered, and into questions."""

import re

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.planning.questions import questions
from qqt_bayes.report.questions_text import sentence
from qqt_bayes.tables.intake.headers import in_units, power_of
from qqt_bayes.tables.runs import read_runs

RUNS = pd.DataFrame(
    {
        "Tokens (B)": [1.2, 8.4, 2.4],
        "unique tokens (M)": [600, 600, 900],
        "source": ["web", "web", "books"],
        "err": [0.5, 0.4, 0.45],
    }
)
OFFER = "samples_seen=Tokens (B)*1e9"


@pytest.mark.parametrize(
    ("name", "power"),
    [
        *(("Tokens (B)", 9), ("Tokens [bn]", 9), ("samples (millions)", 6), ("pairs (K)", 3)),
        *(("Tokens (in billions)", 9), ("tokens, in trillions", 12), ("seen_in_millions", 6)),
        *(("Tokens", 0), ("loss (bits)", 0), ("Avg. acc (%)", 0), ("mixture (best)", 0)),
        *(("(B)", 0), ("Tokens (GPU)", 0), ("samples (train)", 0), ("model (tiny)", 0)),
    ],
)
def test_a_unit_is_an_ending_and_nothing_else(name, power):
    assert power_of(name) == power


def test_cells_that_say_their_unit_themselves_are_not_multiplied():
    assert in_units("Tokens (B)", ["1.2B", "8.4B"]) == "Tokens (B)"
    assert in_units("Tokens (B)", [1.2e9]) == "Tokens (B)"
    assert in_units("Tokens (B)", ["1,2", ""]) == "Tokens (B)*1e9"


def test_what_check_offers_reads_the_table_in_its_unit():
    with pytest.raises(InputError) as fault:
        read_runs(RUNS)
    [advice] = [each for each in fault.value.advice if "columns" in each.arguments]
    assert advice.arguments["columns"]["samples_seen"] == OFFER.partition("=")[2]
    runs = read_runs(RUNS, columns=advice.arguments["columns"])
    assert runs["samples_seen"].values.tolist() == [1.2e9, 8.4e9, 2.4e9]
    assert runs["unique_samples"].sum("pool").values.tolist() == [6e8, 9e8]


def test_what_import_offers_has_the_unit():
    with pytest.raises(NeedsMore, match=re.escape("Tokens (B)*1e9")) as fault:
        import_runs(RUNS)
    assert import_runs(RUNS, columns=fault.value.request.columns)["samples_seen"][0] == 1.2e9


def test_a_composition_and_runs_of_one_name_keep_their_columns():
    sets = pd.DataFrame({"mix": ["a", "b"], "bucket": ["x", "x"], "Tokens (B)": [0.6, 0.3]})
    runs = pd.DataFrame({"mix": ["a", "b"], "Tokens (B)": [1.2, 2.4], "err": [0.5, 0.4]})
    with pytest.raises(InputError) as fault:
        read_runs(runs, sets)
    [advice] = [each for each in fault.value.advice if "columns" in each.arguments]
    read = read_runs(runs, sets, columns=advice.arguments["columns"])
    assert read["samples_seen"].values.tolist() == [1.2e9, 2.4e9]
    assert read["unique_samples"].values.tolist() == [[6e8], [3e8]]


def test_the_question_says_what_the_header_says():
    columns = "samples_seen=Tokens (B),unique_samples=unique tokens (M),pool=source,error=err"
    [asked, *_] = questions(read_runs(RUNS, columns=columns))
    assert asked.id == "millions"
    assert asked.values["power"] == 6
    assert "write *1e6 behind it (--columns 'unique_samples=COLUMN*1e6')" in sentence(asked)

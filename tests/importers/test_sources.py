"""What lies at a path: tables with decimal commas, records in cells, folders of documents."""

import made_exports as exports
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers import sources
from qqt_bayes.tables.table import Table


def test_decimal_commas_are_read_where_the_table_has_them(monkeypatch):
    table = Table(
        "sheet.csv", {"error": ["0,769", "0,5"], "pool": ["a,b", "c"]}, ["row 2", "row 3"]
    )
    table.decimal_commas = True
    monkeypatch.setattr(sources, "read_table", lambda source, role, above: table)
    found = sources.find("sheet.csv")
    assert found.table.columns == {"error": ["0.769", "0.5"], "pool": ["a,b", "c"]}
    assert found.said == ("Decimals stand behind commas.",)


def test_records_in_cells_are_laid_flat():
    frame = pd.DataFrame({"run": ["a", "b"], "config": ['{"lr": {"max": 1}}', "{'wd': 2}"]})
    assert sources.find(frame).table.columns == {
        "run": ["a", "b"],
        "config.lr.max": [1, None],
        "config.wd": [None, 2],
    }


def test_a_folder_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILES", 1)
    exports.write(tmp_path, {"a.json": {"a": 1}, "b/c.json": {"a": 1}})
    with pytest.raises(InputError, match="expected at most 1 files, got 2"):
        sources.documents_in(tmp_path, "**/*.json")

"""A decision as a table and as JSON, whose numbers are those of the decision."""

import json

import numpy as np

from qqt_bayes.report.records import SCHEMA, to_text


def test_what_is_no_number_is_null():
    content = {"a": [np.nan, np.inf, 1.5], "b": {"c": np.float32(-np.inf)}}
    assert json.loads(to_text(content)) == {
        "schema": SCHEMA,
        "a": [None, None, 1.5],
        "b": {"c": None},
    }

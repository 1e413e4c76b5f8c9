"""Error rates above 1: one question for the whole column, by what such numbers usually are."""

import numpy as np

from qqt_bayes.errors import Advice
from qqt_bayes.tables.cells import Floats, Mask
from qqt_bayes.tables.table import Table

MOST = 0.5
"""Share of the numbers above 1 beyond which it is the column that means something else, not a few
cells that were mistyped."""
FEWEST = 2
"""Such numbers that make a column: of one its row is named."""
HIGHEST_LOSS = 20.0
"""Losses per token lie below: guessing among a vocabulary of 250,000 costs 12.5 nats."""
PER_CENT = 100.0
PERCENT = "accuracies in per cent"
"""What numbers above 1 that the user calls accuracies are."""


def judge_errors(table: Table) -> Mask:
    """Note that the error rates or accuracies of a column are none, and ask what they are.

    Nothing is noted if there is but one, or if they are not most of the column's numbers.

    Parameters
    ----------
    table : Table
        Runs, to be read as error rates.

    Returns
    -------
    array of bool, shape (row,)
        Rows with numbers above 1, of which all has been said.

    Examples
    --------
    >>> table = Table("runs.csv", {"error": ["63.1", "66.9"]}, ["row 2", "row 3"])
    >>> judge_errors(table)
    array([ True,  True])
    >>> table.check()
    Traceback (most recent call last):
        ...
    qqt_bayes.errors.InputError: runs.csv: 1 fault
      column error: expected error rates in (0, 1], got 2 numbers above 1, from 63.1 to 66.9
      error rates in per cent? columns={'error%': 'error'} divides them by 100
      accuracies in per cent? columns={'accuracy%': 'error'} makes error rates of them
    """
    none = np.zeros(len(table), dtype=bool)
    is_accuracy = "accuracy" in table.given
    if "error" not in table.columns or ("error" in table.derived and not is_accuracy):
        return none
    values = table.read(table.columns["error"], counts=False)
    above = np.isfinite(values) & (values > 1)
    if above.sum() < FEWEST or above.sum() <= MOST * np.isfinite(values).sum():
        return none
    column, found = table.called.get("error", "error"), values[above]
    expected = "accuracies in [0, 1)" if is_accuracy else "error rates in (0, 1]"
    table.note(
        f"column {column}: expected {expected}, got {len(found)} numbers above 1, from "
        f"{found.min():g} to {found.max():g}"
    )
    meant = _meant(table, column, found)
    table.hints += [each for each in meant if not is_accuracy or PERCENT in each.sentence]
    return above


def _meant(table: Table, column: str, values: Floats) -> list[Advice]:
    """What numbers above 1 may be, the likeliest first, with what reads them so."""
    others = {key: name for key, name in table.given.items() if key not in ("error", "accuracy")}

    def called(key: str) -> dict[str, object]:
        return {"columns": others | {key: column}}

    losses = {"columns": table.given} if table.given else {}
    loss = Advice("losses? {} reads them so", {**losses, "kind": "loss"})
    per_cent = [
        Advice("error rates in per cent? {} divides them by 100", called("error%")),
        Advice(f"{PERCENT}? {{}} makes error rates of them", called("accuracy%")),
    ]
    most = values.max()
    if most <= HIGHEST_LOSS:
        return [loss, *per_cent]
    if most <= PER_CENT:
        return per_cent
    return [loss, Advice("perplexities? {} takes their log", called("ppl"))]

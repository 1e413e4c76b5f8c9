"""Tables in Markdown, for pages that are written, not edited."""

import numpy as np
import pandas as pd


def as_table(table: pd.DataFrame, *, empty: str = "None.") -> str:
    """A table as Markdown.

    Parameters
    ----------
    table : DataFrame
    empty : str
        What stands for a table without rows.

    Examples
    --------
    >>> print(as_table(pd.DataFrame({"set": ["one", "two"], "crps": [0.01234, np.nan]})))
    | set | crps |
    | --- | --- |
    | one | 0.0123 |
    | two | - |
    """
    if table.empty:
        return empty
    lines = [list(table.columns), ["---"] * table.shape[1]]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _cell(value: object) -> str:
    """A number with three digits that count; anything else as it is."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    return "-" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

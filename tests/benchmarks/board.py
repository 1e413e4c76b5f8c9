"""What a run of the benchmarks measured, as tables in Markdown."""

import os
import platform
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

PACKAGES = ("qqt_bayes", "pymc", "nutpie", "numba", "numpy")


@dataclass(frozen=True)
class Bar:
    """Something to be reached: at most, or at least, a number."""

    what: str
    number: float
    unit: str = "times"
    at_least: bool = False

    def met(self, measured: float) -> bool:
        """Whether it was reached."""
        return measured >= self.number if self.at_least else measured <= self.number

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.number:.3g} {self.unit}"


BARS = {
    "fit, CPU": Bar(
        "five pools, `qqt fit` from table to saved fit in a fresh process, over the textbook in "
        "PyMC, CPU",
        1 / 6,
    ),
    "fit": Bar("the same on the clock", 3, "s"),
    "first fit, CPU": Bar("the same with empty caches, over PyMC with empty caches, CPU", 1 / 2),
    "first fit": Bar("the same on the clock", 12, "s"),
    "fit, grid": Bar("`qqt fit` of five pools over a grid search in plain Python, CPU", 1),
    "refit": Bar("a further fit of five pools in the same process", 0.6, "s"),
    "gradient, five pools": Bar("a gradient over PyTensor's: five pools", 1 / 3),
    "gradient, DataComp": Bar("the same: DataComp small and medium", 1 / 3),
    "gradient, 500 pools": Bar("the same: 500 pools with 25,000 runs", 1 / 3),
    "epochs": Bar("a gradient at a million epochs over one at ten", 8),
    "five pools": Bar(
        "min bulk-ESS per second of sampling, five pools of five points, over the best peer that "
        "converged (median study)",
        10,
        at_least=True,
    ),
    "five pools, worst": Bar("the same, worst study", 10, at_least=True),
    "medium": Bar("the same, DataComp medium, over the textbook in PyMC", 30, at_least=True),
    "calibration": Bar("simulation-based calibration of five pools, 200 replications", 90, "s"),
    "demo": Bar("`qqt demo`", 15, "s"),
    "decide": Bar("`qqt decide` of the demo's fit over the imports that it cannot do without", 2),
    "subsets": Bar(
        "1,023 subsets, 4,000 draws, 64 budgets, over the bare products and exponentials", 3
    ),
    "memory": Bar("the same, peak memory", 1.5, "GiB"),
}


@dataclass
class Board:
    """Collects figures while the benchmarks run.

    Attributes
    ----------
    bars : dict
        What was measured for each of `BARS`, and a remark.
    tables : dict of list of dict
        Rows by title.
    load : float
        How many processes were running when it began.
    """

    bars: dict[str, tuple[float, str]] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    def measured(self, bar: str, number: float, remark: str = "") -> None:
        """What a bar is held against."""
        assert bar in BARS
        self.bars[bar] = number, remark

    def add(self, table: str, **row: Any) -> None:
        """A row of a table."""
        self.tables[table].append(row)

    def markdown(self) -> str:
        """All of it, to be read."""
        machine = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load at the start": round(self.load, 1),
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        }
        where = ", ".join(f"{name} {value}" for name, value in machine.items())
        blocks = ["# Benchmarks", "Written by `make bench`; do not edit.", where, "## Bars"]
        blocks.append(table([self._bar(name) for name in BARS]))
        for title, rows in self.tables.items():
            blocks += [f"## {title}", table(rows)]
        return "\n\n".join(blocks) + "\n"

    def _bar(self, name: str) -> dict[str, str]:
        bar, (number, remark) = BARS[name], self.bars.get(name, (None, ""))
        return {
            "what": bar.what,
            "measured": "not measured" if number is None else f"{cell(number)} {bar.unit}",
            "bar": str(bar),
            "met": "-" if number is None else "yes" if bar.met(number) else "no",
            "remark": remark,
        }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as Markdown, columns in the order of their appearance."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[cell(row.get(name, "-")) for name in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: Any) -> str:
    """A number with three digits that count, whole above a hundred; anything else as it is."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

"""What a run of the benchmarks measured, as tables in Markdown and as JSON."""

import json
import os
import platform
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("qqt_bayes", "pymc", "nutpie", "numpyro", "jax", "pystan", "numpy")


@dataclass(frozen=True)
class Bar:
    """Something to be reached: at least, or at most, a number."""

    what: str
    number: float
    unit: str
    at_least: bool = True

    def met(self, measured: float) -> bool:
        """Whether it was reached."""
        return measured >= self.number if self.at_least else measured <= self.number

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.number:g} {self.unit}"


BARS = {
    "five pools": Bar(
        "min bulk-ESS per second of sampling, five pools of five points, over the best peer that "
        "converged (median study)",
        10,
        "times",
    ),
    "five pools, worst": Bar("the same, worst study", 10, "times"),
    "medium": Bar(
        "min bulk-ESS per second of sampling, DataComp medium, over the textbook in PyMC",
        30,
        "times",
    ),
    "gradient": Bar("a gradient of DataComp small and medium, written out over ours", 10, "times"),
    "grid": Bar(
        "full posterior of five pools, fresh process and warm cache, over a grid search with NumPy",
        1,
        "times",
        at_least=False,
    ),
    "grid, math": Bar(
        "the same over a grid search with numbers and `math`", 1, "times", at_least=False
    ),
    "epochs": Bar("a gradient at a million epochs over one at ten", 8, "times", at_least=False),
    "refit": Bar("refit of a compiled model, five pools", 1.5, "s", at_least=False),
    "subsets": Bar(
        "1,023 subsets, 4,000 draws, 64 budgets, over the bare products and exponentials",
        3,
        "times",
        at_least=False,
    ),
    "memory": Bar("the same, peak memory", 1.5, "GiB", at_least=False),
    "calibration": Bar("simulation-based calibration, 200 replications", 480, "s", at_least=False),
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
    """

    bars: dict[str, tuple[float, str]] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, str] = field(default_factory=dict)
    load: tuple[float, ...] = field(default_factory=os.getloadavg)

    def measured(self, bar: str, number: float, remark: str = "") -> None:
        """What a bar is held against."""
        assert bar in BARS
        self.bars[bar] = number, remark

    def add(self, table: str, **row: Any) -> None:
        """A row of a table."""
        self.tables[table].append(row)

    def beside(self, table: str, row: dict[str, Any], column: str, seconds: float) -> None:
        """A cell of a table whose rows are the sizes of a problem and whose columns are kinds."""
        found = next((each for each in self.tables[table] if row.items() <= each.items()), None)
        if found is None:
            self.tables[table].append(found := dict(row))
        found[column] = seconds

    def write(self, folder: Path) -> None:
        """`results.md` and `results.json`."""
        (folder / "results.md").write_text(self.markdown(), encoding="utf-8")
        (folder / "results.json").write_text(self.json(), encoding="utf-8")

    def machine(self) -> dict[str, Any]:
        """Where and when."""
        return {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load at the start": round(self.load[0], 1),
            "python": platform.python_version(),
            **{name: version_of(name) for name in PACKAGES},
        }

    def json(self) -> str:
        """All of it."""
        bars = {
            bar.what: {
                "measured": self.bars.get(name, (None,))[0],
                "bar": str(bar),
                "met": bar.met(self.bars[name][0]) if name in self.bars else None,
                "remark": self.bars.get(name, ("", ""))[1],
            }
            for name, bar in BARS.items()
        }
        everything = {"machine": self.machine(), "bars": bars, "tables": self.tables}
        return json.dumps(everything, indent=1) + "\n"

    def markdown(self) -> str:
        """All of it, to be read."""
        machine = ", ".join(f"{name} {value}" for name, value in self.machine().items())
        blocks = ["# Benchmarks", f"Written by `make bench`; do not edit.\n\n{machine}", "## Bars"]
        blocks.append(table([self._bar(name) for name in BARS]))
        for title, rows in self.tables.items():
            blocks += [f"## {title}", self.notes.get(title, ""), table(rows)]
        return "\n\n".join(filter(None, blocks)) + "\n"

    def _bar(self, name: str) -> dict[str, str]:
        bar, (number, remark) = BARS[name], self.bars.get(name, (None, ""))
        verdict = "-" if number is None else "yes" if bar.met(number) else "no"
        measured = "not measured" if number is None else f"{cell(number)} {bar.unit}"
        return {
            "what": bar.what,
            "measured": measured,
            "bar": str(bar),
            "met": verdict,
            "remark": remark,
        }


def version_of(package: str) -> str:
    """Its version, or that it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


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

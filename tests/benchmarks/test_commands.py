"""The command line on DataComp: the demo from tables to figures, then a decision on its fit."""

from pathlib import Path

import process
from board import Board

TITLE = "The command line: fresh processes, seconds"
REPEATS = 5
"""Starts of short commands, of which the median counts."""
IMPORTS = "import numpy, pandas, xarray, h5py"
"""What a script cannot do without that reads such a file and makes a table of it."""


def test_commands(board: Board, tmp_path: Path) -> None:
    caches, folder = tmp_path / "caches", tmp_path / "demo"
    module = ["-m", "qqt_bayes"]
    lines = {
        "qqt decide, on its fit": [*module, "decide", folder / "fit.nc", "--budgets", "1B"],
        f'python -c "{IMPORTS}"': ["-c", IMPORTS],
    }
    # what is set up once for a machine: the compiled density, matplotlib's list of fonts
    process.run(*module, "demo", "-o", tmp_path / "before", caches=caches)
    demo = process.run(*module, "demo", "-o", folder, caches=caches)
    assert (folder / "decision.csv").is_file()
    costs = {
        name: [process.run(*line, caches=caches) for _ in range(REPEATS)]
        for name, line in lines.items()
    }
    typical = {"qqt demo": demo} | {name: process.typical(each) for name, each in costs.items()}
    for command, cost in typical.items():
        board.add(TITLE, command=command, CPU=cost.cpu, clock=cost.wall)
    decide, imports = (typical[name] for name in lines)
    board.measured("demo", demo.wall)
    remark = f"{decide.wall:.2g} s over {imports.wall:.2g} s; in CPU {decide.cpu / imports.cpu:.2g}"
    board.measured("decide", decide.wall / imports.wall, remark)

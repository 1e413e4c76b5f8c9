"""Execute the case studies' notebooks in place: `python case_studies/execute.py [FOLDER ...]`.

With `--check` the files stay as they are: a notebook has to run, to come to the numbers in its
`expected.json`, and to show what its outputs in the repository show.
"""

import argparse
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
from fresh import stale
from nbclient import NotebookClient

HERE = Path(__file__).parent
HANGING = 2 * 3600
"""Seconds after which a cell, or a kernel that starts, is taken to hang for ever.  The longest cell
takes two minutes on an idle machine: a busy one does not come near."""


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in a folder and return it with its outputs."""
    about = {"metadata": {"path": folder}}
    client = NotebookClient(notebook, timeout=HANGING, startup_timeout=HANGING, resources=about)
    return client.execute()


def main() -> None:
    """Execute the notebooks of the named case studies, or of all; fail if outputs are stale."""
    found: list[str] = []
    parser = argparse.ArgumentParser(description="Execute the case studies' notebooks.")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="all, if none is named")
    parser.add_argument(
        "--check", action="store_true", help="compare the outputs, do not write them"
    )
    given = parser.parse_args()
    for path in sorted(HERE.glob("*/*.ipynb")):
        if not given.folders or path.parent.name in given.folders:
            print(f"Executing {path.relative_to(HERE)} ...", flush=True)
            old = nbformat.read(path, as_version=4)
            notebook = execute(deepcopy(old), path.parent)
            if given.check:
                found += [f"{path.relative_to(HERE)}, {line}" for line in stale(old, notebook)]
                continue
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)  # time stamps
            nbformat.write(notebook, path)
    if found:
        advice = "If that is meant: python case_studies/execute.py FOLDER"
        sys.exit("\n".join(["Outputs in the repository are stale.", *found, advice]))


if __name__ == "__main__":
    main()

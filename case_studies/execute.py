"""Execute the case studies' notebooks in place: `python case_studies/execute.py [FOLDER ...]`.

With `--check` the files stay as they are: what matters is that a notebook runs and comes to the
numbers in its `expected.json`.
"""

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
HANGING = 2 * 3600
"""Seconds after which a cell, or a kernel that starts, is taken to hang for ever.  The longest cell
takes two minutes on an idle machine: a busy one does not come near."""


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in its own folder and return it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    about = {"metadata": {"path": path.parent}}
    client = NotebookClient(notebook, timeout=HANGING, startup_timeout=HANGING, resources=about)
    return client.execute()


def main() -> None:
    """Execute the notebooks of the named case studies, or of all."""
    parser = argparse.ArgumentParser(description="Execute the case studies' notebooks.")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="all, if none is named")
    parser.add_argument("--check", action="store_true", help="do not write the outputs")
    given = parser.parse_args()
    for path in sorted(HERE.glob("*/*.ipynb")):
        if not given.folders or path.parent.name in given.folders:
            print(f"Executing {path.relative_to(HERE)} ...", flush=True)
            notebook = execute(path)
            if given.check:
                continue
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)  # time stamps
            nbformat.write(notebook, path)


if __name__ == "__main__":
    main()

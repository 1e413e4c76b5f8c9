"""Execute the case studies' notebooks in place: `python case_studies/execute.py [FOLDER ...]`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in its own folder and return it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": path.parent}})
    return client.execute()


def main(folders: list[str]) -> None:
    """Execute the notebooks of the named case studies, or of all."""
    for path in sorted(HERE.glob("*/*.ipynb")):
        if not folders or path.parent.name in folders:
            print(f"Executing {path.relative_to(HERE)} ...", flush=True)
            notebook = execute(path)
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)  # time stamps
            nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])

"""What is shipped: the models and the demo's runs are in wheel and sdist, and work from there."""

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable, Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from places import ROOT

import qqt_bayes

MODELS = {path.stem for path in (ROOT / "models").glob("*.toml")}
BIN = "Scripts" if os.name == "nt" else "bin"

OPTIONAL = {"distributed": "distributed", "openpyxl": "excel"}
"""Packages that are imported where an option asks for them, and the extra that declares each."""
USED_UNSEEN = {"arviz", "h5netcdf"}
"""Dependencies that this package does not import itself: ArviZ is what fits are summarised and
plotted with, as the case studies do; h5netcdf is what xarray reads a saved fit through."""

# Written so that this file does not name what it forbids.
FORBIDDEN = {
    "a package index": r"pypi[.](org|python)|pythonhosted[.]|index-ur[l]|/simpl[e]/|find-link[s]",
    "a path of one machine": r"/(root|work)/[.\w]|/opt/pyp[i]|/tmp/ipykerne[l]|\.pyenv/versions/\d",
}


def run(*command: str | Path, cwd: Path) -> str:
    """The command's standard output; its whole output in the failure if it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, target: str, folder: Path) -> Path:
    """Build one distribution with the locked hatchling: nothing is fetched."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    (built,) = folder.iterdir()
    return built


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, which borrows this one's third-party packages."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / BIN / "python"
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    # A folder named in a .pth file comes last, and its own .pth files are not read: the editable
    # install stays out of sight.
    site = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder


def test_wheel_holds_package_models_and_the_demo_runs(wheel: Path) -> None:
    shipped = {name for name in names(wheel) if ".dist-info/" not in name}
    assert all(name.startswith("qqt_bayes/") for name in shipped)
    assert {f"qqt_bayes/models/{model}.toml" for model in MODELS} <= shipped
    assert "qqt_bayes/case_studies/datacomp_medium/runs.csv" in shipped
    assert "qqt_bayes/py.typed" in shipped  # without it no type checker reads the annotations
    parts = ("page.html.jinja", "page.css", "page.js")
    assert {f"qqt_bayes/report/page/{part}" for part in parts} <= shipped
    data = {Path(name).suffix for name in shipped if "/case_studies/" in name}
    assert data <= {".csv", ".json", ".md"}


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Templates and tables that modules read, too, and nothing of an earlier build."""
    listed = run(
        "git", "ls-files", "--cached", "--others", "--exclude-standard", "qqt_bayes", cwd=ROOT
    )
    package = {name for name in listed.splitlines() if (ROOT / name).is_file()}
    beside = {name for name in names(wheel) if re.match("qqt_bayes/(models|case_studies)/", name)}
    assert {name for name in names(wheel) if ".dist-info/" not in name} - beside == package


def test_metadata_have_what_a_recipe_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        found = Parser().parsestr(archive.read(name).decode())
        scripts = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert found["Version"] == qqt_bayes.__version__
    assert found["License-Expression"] == "Apache-2.0"
    assert found["License-File"] == "LICENSE"
    assert found["Requires-Python"] == ">=3.12"
    assert {"notebooks", "distributed", "docs", "excel"} <= set(found.get_all("Provides-Extra"))
    assert "qqt = qqt_bayes.__main__:run" in scripts


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert names(build(source, "wheel", tmp_path / "wheel")) == names(wheel)


def test_installed_command_says_its_version(fresh: Path, tmp_path: Path) -> None:
    printed = run(fresh / BIN / "qqt", "--version", cwd=tmp_path)
    assert printed == f"qqt, version {qqt_bayes.__version__}\n"


@pytest.mark.slow
def test_installed_command_does_its_main_job(fresh: Path, tmp_path: Path) -> None:
    asked = ("demo", "-o", "demo", "--draws", "300", "--tune", "300", "--format", "json")
    decided = json.loads(run(fresh / BIN / "qqt", *asked, cwd=tmp_path))
    assert decided["decisions"]
    assert (tmp_path / "demo" / "scaling_curves.svg").exists()


def test_installed_command_lists_the_models_it_ships(fresh: Path, tmp_path: Path) -> None:
    printed = run(fresh / BIN / "qqt", "models", "--format", "json", cwd=tmp_path)
    assert MODELS
    assert {model["name"] for model in json.loads(printed)["models"]} == MODELS


def test_installed_package_is_the_wheel_and_not_this_working_copy(
    fresh: Path, tmp_path: Path
) -> None:
    code = (
        "import qqt_bayes; print(qqt_bayes.__file__); print(qqt_bayes.load_model('utility').name)"
    )
    place, name = run(fresh / BIN / "python", "-c", code, cwd=tmp_path).splitlines()
    assert Path(place).resolve().is_relative_to(fresh.resolve())
    assert name == "utility"


def imported(path: Path) -> Iterator[str]:
    """Top-level names of all that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            yield node.module.split(".")[0]


def distributions(requirements: Iterable[str]) -> set[str]:
    """Their names, as Python imports them."""
    found = (re.match(r"[\w.-]+", each) for each in requirements)
    return {match.group().replace("-", "_") for match in found if match}


def test_every_package_that_is_imported_is_declared_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = (ROOT / "qqt_bayes").rglob("*.py")
    used = {name for path in modules for name in imported(path)}
    used -= sys.stdlib_module_names | {"qqt_bayes"}
    assert used - OPTIONAL.keys() == distributions(project["dependencies"]) - USED_UNSEEN
    for package, extra in OPTIONAL.items():
        assert package in used & distributions(project["optional-dependencies"][extra])


def test_version_is_the_same_wherever_it_is_written() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, re.MULTILINE) == [qqt_bayes.__version__]
    (released,) = re.findall(r"^date-released: (\S+)$", citation, re.MULTILINE)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, second, *_ = re.findall(r"^## (.*)$", changes, re.MULTILINE)
    assert (first, second) == ("Unreleased", f"{qqt_bayes.__version__} - {released}")


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        "requirements-bench.lock",
        "requirements-distributed.lock",
        "requirements-docs.lock",
        "requirements-mini-clip.lock",
        "requirements-pipeline.lock",
    ],
)
def test_lock_pins_and_hashes_every_package(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^(\w.*(?:\n +--hash=.*)+)", lock, re.MULTILINE)
    starts = re.findall(r"^[^\s#].*", lock, re.MULTILINE)
    assert len(entries) == len(starts)
    assert all(re.match(r"[\w.-]+==\S+ ", entry) for entry in entries)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_of_the_project_names(what: str) -> None:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    files = [path for name in listed.splitlines() if (path := ROOT / name).is_file()]
    assert files
    texts = {path: data for path in files if b"\0" not in (data := path.read_bytes())}
    pattern = re.compile(FORBIDDEN[what].encode())
    found = [
        f"{path.relative_to(ROOT)}: {hit.group().decode()}"
        for path, data in texts.items()
        for hit in pattern.finditer(data)
    ]
    assert found == []

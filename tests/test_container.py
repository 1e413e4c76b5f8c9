"""The Dockerfile, without Docker: what it copies is there, and its steps work as they stand."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import made
import pytest
from places import ROOT

from qqt_bayes.posterior import fit_file

ENVIRONMENT = "/opt/qqt"
"""Where the image has its packages."""
LOCKED = "requirements-pipeline.lock"


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction of the Dockerfile with its words."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        name, _, words = line.partition(" ")
        yield name, words.strip()


def all_of(name: str) -> list[str]:
    return [words for each, words in instructions() if each == name]


def copied() -> list[tuple[list[str], str]]:
    """Sources and target of what comes from this folder."""
    here = [words.split() for words in all_of("COPY") if not words.startswith("--from")]
    return [(words[:-1], words[-1]) for words in here]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a path through: the last pattern that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        parents = [str(each) for each in Path(path).parents][:-1]
        if pattern and not line.startswith("#"):
            names = [path, *parents]
            if any(
                fnmatch.fnmatch(name, pattern)
                for name in names
                if name.count("/") <= pattern.count("/")
            ):
                sent = line.startswith("!")
    return sent


def test_what_is_copied_is_there_and_sent() -> None:
    sources = [source for sources, _ in copied() for source in sources]
    assert {LOCKED, "pyproject.toml", "qqt_bayes", "models"} <= {
        Path(each).name for each in sources
    }
    for source in sources:
        path = ROOT / source
        assert path.exists()
        assert is_sent(source)
    assert is_sent("qqt_bayes/cli/main.py")
    assert is_sent("case_studies/datacomp_medium/runs.csv")
    for name in ("tests", ".git", "case_studies/mini_clip", "requirements.lock", ".env"):
        assert not is_sent(name)


def test_it_is_slim_and_runs_without_rights() -> None:
    build, last = all_of("FROM")
    assert build.split()[0] == last
    assert last.endswith("-slim")
    assert all_of("ENTRYPOINT") == ['["qqt"]']
    (user,) = all_of("USER")
    assert int(user) > 0
    order = [name for name, _ in instructions()]
    assert order.index("USER") > max(i for i, name in enumerate(order) if name == "RUN")
    assert "ADD" not in order
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert not re.search(r"(?i)secret|token|password|curl|wget", text)
    (locked,) = (words for words in all_of("RUN") if LOCKED in words)
    assert "--require-hashes --no-deps" in locked


def test_its_lock_is_a_part_of_the_lock() -> None:
    """The image has what was tested, and all that the package needs."""

    def entries(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([\w.-]+)(==\S+)", text, re.MULTILINE))

    part, whole = entries(LOCKED), entries("requirements.lock")
    assert part.items() <= whole.items()
    assert {"numpy", "pymc", "nutpie", "hatchling"} <= part.keys()
    assert not {"pytest", "ruff", "mypy", "ipykernel"} & part.keys()


@pytest.mark.slow
def test_its_steps_work_and_what_they_make_decides(tmp_path: Path) -> None:
    """But for fetching the locked packages, which are borrowed from here."""
    source, environment = tmp_path / "source", tmp_path / "environment"
    source.mkdir()
    variables = {key: x for key, x in os.environ.items() if not key.startswith("PYTHON")}
    variables |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    steps = list(instructions())
    for name, words in steps[: next(i for i in range(len(steps))[::-1] if steps[i][0] == "FROM")]:
        if name == "COPY":
            *sources, target = words.split()
            for each in sources:
                if (ROOT / each).is_dir():
                    shutil.copytree(ROOT / each, source / target)
                else:
                    shutil.copy(ROOT / each, source / target)
        elif name == "RUN" and LOCKED in words:
            places = {"base": str(environment), "platbase": str(environment)}
            site = sysconfig.get_path("purelib", vars=places)
            Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        elif name == "RUN":
            step = words.replace(ENVIRONMENT, str(environment))
            subprocess.run(["sh", "-ec", step], cwd=source, env=variables, check=True)
    shutil.rmtree(source)
    folder = tmp_path / "data"
    folder.mkdir()
    fit_file.save(made.fit(), folder / "fit.nc")
    (name,) = json.loads(all_of("ENTRYPOINT")[0])
    command = [
        environment / "bin" / name,
        "decide",
        "fit.nc",
        "--budgets",
        "1B",
        "--format",
        "json",
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": f"{environment}/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["decisions"][0]["choice"]

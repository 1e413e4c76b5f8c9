"""The names of `import qqt_bayes`: loaded when first used, with types that checkers see."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import made
import pytest
from places import ROOT

import qqt_bayes as qqt
from qqt_bayes.posterior.fit_file import save

MYPY = """
[mypy]
ignore_missing_imports = true
# No public signature is asserted in terms of other packages, and to read them takes far longer.
follow_imports = skip

# What is imported is read for its types, not checked again: `make lint` does that.
[mypy-qqt_bayes.*,xarray.*]
follow_imports = silent
"""


def imports_for_checkers() -> dict[str, str]:
    """Public name to module below the package, as written under `if TYPE_CHECKING`."""
    tree = ast.parse((ROOT / "qqt_bayes" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.asname or alias.name: statement.module.removeprefix("qqt_bayes.")
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }


def test_checkers_and_users_load_the_same_names_from_the_same_modules() -> None:
    assert imports_for_checkers() == qqt._MODULE_OF
    assert sorted(qqt.__all__) == sorted({"__version__", *qqt._MODULE_OF})
    assert dir(qqt) == sorted(qqt.__all__)


# `report` is a package that is called, see tests/report/test_called.py
@pytest.mark.parametrize("name", sorted(qqt._MODULE_OF.keys() - {"report"}))
def test_a_public_name_is_what_its_module_defines(name: str) -> None:
    found = getattr(qqt, name)
    assert found.__name__ == name
    assert found.__module__ == f"qqt_bayes.{qqt._MODULE_OF[name]}"


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'qqt_bayes' has no attribute 'decides'"):
        qqt.decides  # noqa: B018 it is asked for to fail


def test_a_type_checker_sees_every_public_name_with_its_signature(tmp_path: Path) -> None:
    (tmp_path / "mypy.ini").write_text(MYPY, encoding="utf-8")
    lines = ["import qqt_bayes as qqt", *(f"reveal_type(qqt.{name})" for name in qqt.__all__)]
    (tmp_path / "user.py").write_text("\n".join([*lines, "qqt.decides\n"]), encoding="utf-8")
    line = [sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "user.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    *revealed, misspelt, summary = done.stdout.splitlines()
    assert summary == "Found 1 error in 1 file (checked 1 source file)", done.stdout + done.stderr
    assert 'Module has no attribute "decides"; maybe "decide"?' in misspelt
    types = {
        name: text.partition("Revealed type is ")[2].strip('"')
        for name, text in zip(qqt.__all__, revealed, strict=True)
    }
    assert types.pop("__version__") == "str"
    assert all(text.startswith("def (") for text in types.values()), types
    tree, table = "xarray.core.datatree.DataTree", "xarray.core.dataset.Dataset"
    known = f"qqt_bayes.decisions.study.Study | {tree} | qqt_bayes.posterior.fit.Fit"
    assert types["decide"].startswith(f"def (fit: {known} | ")
    assert "probability: float =, margin: float =" in types["decide"]
    assert types["decide"].endswith(f"-> {table}")
    assert types["fit"].startswith(f"def (runs: {table}, spec: qqt_bayes.model.spec.Spec | str =,")
    assert types["fit"].endswith(f"-> {tree}")
    assert types["InputError"].endswith("-> qqt_bayes.errors.InputError")


def test_deciding_on_a_saved_fit_imports_no_pymc(tmp_path: Path) -> None:
    save(made.fit(draws=5), tmp_path / "fit.nc")
    script = (
        "import sys, qqt_bayes as qqt\n"
        "print(*sorted(name for name in sys.modules if name.startswith('qqt_bayes.')))\n"
        "fit = qqt.load('fit.nc')\n"
        "print(qqt.decide(fit, qqt.nested_levels(fit['constant_data']), '64M').sizes['level'])\n"
        "print(*sorted({'nutpie', 'pymc', 'pytensor'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["", "3", ""]

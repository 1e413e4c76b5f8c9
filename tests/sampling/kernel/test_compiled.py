"""The compiled functions: what their cache depends on, and what happens where there is none."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba import types

from qqt_bayes.sampling import kernel
from qqt_bayes.sampling.kernel import compiled


def test_the_cache_changes_with_every_source_of_the_kernel(tmp_path, monkeypatch):
    """Numba itself looks at the file of the function alone, not at those of what it calls."""
    sources = Path(inspect.getfile(kernel)).parent.glob("*.py")
    for path in sources:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    before = compiled._sources()
    for path in sorted(tmp_path.glob("*.py")):
        text = path.read_bytes()
        path.write_bytes(text + b"\n")
        assert compiled._sources() != before
        path.write_bytes(text)
    assert compiled._sources() == before


def test_without_a_folder_for_a_cache_the_density_is_compiled_all_the_same(monkeypatch):
    asked = []

    def cfunc(signature, cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function 'density': no locator available for file")
        return own(signature, **options)

    own = numba.cfunc
    monkeypatch.setattr(numba, "cfunc", cfunc)
    assert compiled._callback(types.int64(types.int64), lambda x: x + 1).ctypes(2) == 3
    assert asked == [True, False]


def test_what_is_in_the_cache_is_known(monkeypatch):
    compiled.functions()
    assert compiled.is_compiled()
    sources = compiled._sources()
    monkeypatch.setattr(compiled, "_sources", lambda: sources + 1)
    assert not compiled.is_compiled()


def test_nothing_is_kept_where_there_is_no_folder_for_a_cache(monkeypatch):
    def cache(function):
        raise RuntimeError("cannot cache function 'expand': no locator available for file")

    monkeypatch.setattr(compiled, "FunctionCache", cache)
    assert not compiled.is_compiled()


@pytest.mark.parametrize("executable", ["", sys.executable])
def test_a_second_process_leaves_its_part_in_the_cache(tmp_path, executable):
    """Or fails to start, and nothing else happens."""
    code = f"""
import sys
from qqt_bayes.sampling.kernel import compiled
sys.executable = {executable!r}
with compiled._in_another_process():
    pass
kept = compiled.FunctionCache(compiled._set_values(compiled._sources()))
found = kept.load_overload(compiled.SET_VALUES, compiled.cpu_target.target_context)
print(found is not None, compiled.is_compiled())
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(executable != ""), "False"]


def test_another_fault_of_compilation_is_not_passed_over(monkeypatch):
    def cfunc(signature, **options):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(numba, "cfunc", cfunc)
    with pytest.raises(RuntimeError, match="out of memory"):
        compiled._callback(types.int64(types.int64), lambda x: x + 1)


def test_numba_still_compiles_after_what_is_in_the_cache_was_loaded():
    """Loading leaves its context without what it must know to compile, until it has to."""
    compiled.functions()  # now they are in the cache
    code = """
import numba
from qqt_bayes.sampling.kernel.compiled import functions, is_compiled
assert is_compiled()
functions()
print(numba.njit(lambda x: sum([x, x]))(2))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "4\n"

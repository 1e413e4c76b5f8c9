"""The compiled functions: what their cache depends on, and what happens where there is none."""

import inspect
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


def test_another_fault_of_compilation_is_not_passed_over(monkeypatch):
    def cfunc(signature, **options):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(numba, "cfunc", cfunc)
    with pytest.raises(RuntimeError, match="out of memory"):
        compiled._callback(types.int64(types.int64), lambda x: x + 1)

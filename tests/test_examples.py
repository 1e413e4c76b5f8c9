"""Every public function shows what it does by an example that is executed."""

import doctest
import inspect
from importlib import import_module

import pytest

import qqt_bayes as qqt
from qqt_bayes.studies import page

FUNCTIONS = [name for name in qqt.__all__ if inspect.isfunction(getattr(qqt, name))] + ["report"]
"""`report` is a room of the package, too, which is called."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_that_is_executed(name: str) -> None:
    """As pytest finds it: in the module that defines the function, whoever wraps it."""
    function = page.report if name == "report" else inspect.unwrap(getattr(qqt, name))
    place = f"{function.__module__}.{function.__name__}"
    found = doctest.DocTestFinder().find(import_module(function.__module__))
    (example,) = (each for each in found if each.name == place)
    calls = "".join(line.source for line in example.examples if not skipped(line))
    assert f"{name}(" in calls


def skipped(line: doctest.Example) -> bool:
    """Whether a line is shown only."""
    return line.options.get(doctest.SKIP, False)


def test_there_are_functions_to_hold_to_this() -> None:
    assert {"decide", "fit", "read_runs"} <= set(FUNCTIONS)

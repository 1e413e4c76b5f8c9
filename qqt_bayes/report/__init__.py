"""Results as words, tidy tables and pages.

The only room that makes sentences for users and, in `figures`, that imports matplotlib.  Called, it
writes a study as a page: see `qqt_bayes.studies.page.report`.
"""

import sys
from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """A room that can be called: `qqt_bayes.report` is both a package and a public function.

    Python binds a package's name in its parent whenever it is imported first, over whatever stands
    there, so that a function of this name would be lost by some orders of imports and hide the
    package in others. One object that is both is right in every order.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        return _function()(*args, **options)

    @property
    def __signature__(self) -> Signature:
        return signature(_function())


def _function() -> Any:
    """The public function, of a room above this one: it is found when it is called."""
    return import_module("qqt_bayes.studies.page").report


sys.modules[__name__].__class__ = _Called

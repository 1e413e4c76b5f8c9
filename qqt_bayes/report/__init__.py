"""Results as words, tidy tables and pages.

The only room that makes sentences for users and, in `figures`, that imports matplotlib.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """A room that can be called: `qqt_bayes.report` is both a package and a public function.

    Python binds a package's name in its parent whenever it is imported first, over whatever stands
    there, so that a function of this name would be lost by some orders of imports and hide the
    package in others. One object that is both is right in every order.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        return import_module("qqt_bayes.studies.page").report(*args, **options)


sys.modules[__name__].__class__ = _Called

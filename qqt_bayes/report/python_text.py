"""Sentences for who works in Python: arguments in place of the command's options."""

from __future__ import annotations

import re

from qqt_bayes.report.comparison_text import UNTIL_REFITTED
from qqt_bayes.report.modes_text import SMC
from qqt_bayes.report.proof_text import WHICH_RUNS
from qqt_bayes.report.study_text import OTHER_WEIGHTS
from qqt_bayes.report.verdict_text import SCALED

INSTEAD = {
    SCALED: "(target_pools=20, or a mapping of each pool to its size)",
    UNTIL_REFITTED: "until `qqt_bayes.compare_laws(..., refit=True)` replaces them",
    WHICH_RUNS: "`qqt_bayes.design` says which runs lower the expected regret most",
    SMC: 'qqt_bayes.fit(..., method="smc")',
    OTHER_WEIGHTS: "`qqt_bayes.decide` takes others (weights=)",
    "--from": "--least-budget",  # what `read_runs` calls it
    "(--force)": "(force=True)",
}
"""What is said in Python in place of a command, or of options that are called otherwise there."""
COMMAND = re.compile("(`qqt [^`]*`)")
"""A whole command, which stays as it is."""
WITH_NUMBER = re.compile(r"(?<![\w-])--([a-z][a-z-]*) (\d[\w.]*)")
"""An option with its number."""
ALONE = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
"""An option, which does not begin inside a name."""


def for_python(words: str) -> str:
    """A sentence with Python's arguments where it names options.

    Examples
    --------
    >>> for_python("sample longer (--draws 1500 --tune 1500), or raise --target-accept")
    'sample longer (draws=1500, tune=1500), or raise target_accept'
    >>> for_python("leave them out with --from 64M; take another law with --models")
    "leave them out with least_budget='64M'; take another law with models"
    >>> for_python("`qqt decide study --force` decides on them")
    '`qqt decide study --force` decides on them'
    """
    for said, meant in INSTEAD.items():
        words = words.replace(said, meant)
    parts = COMMAND.split(words)
    parts[::2] = map(_spelled, parts[::2])
    return "".join(parts)


def _spelled(words: str) -> str:
    """The same of what is no whole command."""
    words = re.sub(r"(--[a-z-]+ \d+) (?=--)", r"\1, ", words)
    return ALONE.sub(lambda found: _name(found[1]), WITH_NUMBER.sub(_argument, words))


def _argument(found: re.Match[str]) -> str:
    """An option and its number as an argument; 64M is text there."""
    number = found[2].rstrip(".")
    value = number if re.fullmatch(r"[\d.]+", number) else repr(number)
    return f"{_name(found[1])}={value}{found[2][len(number) :]}"


def _name(option: str) -> str:
    return option.replace("-", "_")

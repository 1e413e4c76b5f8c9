"""Faults that the user can mend, and the sentences that say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from reprlib import repr as in_short
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qqt_bayes.posterior.gate import Gate

CONTROL = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]")
"""What would move a terminal, or turn its line around; ends of lines are none."""
MAX_SHOWN = 20
"""How many faults, or names, one message shows."""

MAX_COMPARED = 2_000_000
"""Pairs of characters that are compared to find the word that was meant: tenths of a second. Some
twenty thousand names of columns, or of longer words fewer."""
SHORTEST_ALIKE = 0.4
"""Share of a word's length below which nothing looks like it."""


def as_arguments(arguments: Mapping[str, object]) -> str:
    """Arguments as a call in Python spells them.

    Examples
    --------
    >>> as_arguments({"kind": "loss", "best": True})
    "kind='loss', best=True"
    """
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


@dataclass(frozen=True)
class Advice:
    """What to do about a fault, with the arguments that do it, as a rule those of `read_runs`.

    Parameters
    ----------
    sentence : str
        With "{}" where the arguments are spelled.
    arguments : mapping of str to object
    options : mapping of str to object, optional
        The same by the names of the command line's options, where they are called otherwise there.

    Examples
    --------
    >>> str(Advice("{} keeps the least error", {"best": True}))
    'best=True keeps the least error'
    """

    sentence: str
    arguments: Mapping[str, object]
    options: Mapping[str, object] | None = None

    def __str__(self) -> str:
        """The sentence, for Python."""
        return self.sentence.replace("{}", as_arguments(self.arguments))

    def said(self, spelled: Callable[[Mapping[str, object]], str]) -> str:
        """The sentence, its options spelled by a function of them."""
        return self.sentence.replace("{}", spelled(self.options or self.arguments))


class InputError(ValueError):
    """A fault in what the user gave; its message is the command line's whole output (exit 1).

    Attributes
    ----------
    advice : tuple of Advice
        Parts of the message that name arguments, for whoever spells these otherwise.
    faults : tuple of mapping
        For programs: each fault with its `message` and its `id`, where faults have ids that stay.
    """

    def __init__(
        self,
        message: str,
        advice: Iterable[Advice] = (),
        faults: Iterable[Mapping[str, object]] = (),
    ) -> None:
        super().__init__(message)
        self.advice = tuple(advice)
        self.faults = tuple(faults)

    def said(self, spelled: Callable[[Mapping[str, object]], str]) -> str:
        """The message, with the arguments in its advice spelled by a function of them.

        Examples
        --------
        >>> advice = Advice("try {}", {"best": True})
        >>> InputError(f"row 3: {advice}", [advice]).said(lambda arguments: " ".join(arguments))
        'row 3: try best'
        """
        message = str(self)
        for advice in self.advice:
            message = message.replace(str(advice), advice.said(spelled))
        return message


class UnknownLaw(InputError):
    """A fit that is whole, but whose law this process does not know, or knows as another one."""


class InadequateFit(RuntimeError):
    """A fit that did not converge, or whose law does not describe the runs (exit 3).

    Attributes
    ----------
    gate : Gate or None
        All checks of the fit, by id with value and bar; `qqt_bayes.report.gate_text.verdict` says
        them in sentences, with what to do about each.
    gates : dict of str to Gate
        Those of several fits, by the names of their models or files; `gate` is then None.
    for_command : str
        The message with the command's options, where that names arguments of Python.
    """

    def __init__(
        self,
        message: str,
        gate: Gate | None = None,
        gates: Mapping[str, Gate] | None = None,
        for_command: str = "",
    ) -> None:
        super().__init__(message)
        self.gate = gate
        self.gates = dict(gates or {})
        self.for_command = for_command or message


class PlausibilityWarning(UserWarning):
    """Numbers that may mean something else than they were taken for; see `qqt_bayes.questions`."""


def suggest(word: str, choices: Iterable[str]) -> str:
    """Ending of a sentence about an unknown word: the choice that looks most like it, if any.

    Parameters
    ----------
    word : str
    choices : iterable of str

    Examples
    --------
    >>> "unknown law 'utilty'" + suggest("utilty", ["utility", "power-law"])
    "unknown law 'utilty'; did you mean 'utility'?"
    >>> suggest("spline", ["utility", "power-law"])
    ''
    """
    lowered = {choice.lower(): choice for choice in _comparable(word, choices)}
    near = get_close_matches(word.lower(), lowered, n=1)
    return f"; did you mean {lowered[near[0]]!r}?" if near else ""


def _comparable(word: str, choices: Iterable[str]) -> Iterator[str]:
    """The first choices that may look like a word, as many as are compared in a moment."""
    left = MAX_COMPARED
    for choice in choices:
        if not SHORTEST_ALIKE <= (len(choice) + 1) / (len(word) + 1) <= 1 / SHORTEST_ALIKE:
            continue
        left -= len(word) * len(choice)  # what comparing the two takes
        if left < 0:
            return
        yield choice


def shown(value: object) -> str:
    """A value as part of a sentence, in short.

    Examples
    --------
    >>> shown([1, "a"]), shown(10**5000)
    ("[1, 'a']", 'a number of thousands of digits')
    """
    try:
        return in_short(value)
    except ValueError:  # Python refuses to write whole numbers of more than 4,300 digits
        return "a number of thousands of digits"


def printable(text: str) -> str:
    r"""Text whose control characters are written out, so that it cannot move a terminal.

    Examples
    --------
    >>> print(printable("a\x1b[2J b\n"), end="")
    a\x1b[2J b
    """
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def listed(names: Iterable[str]) -> str:
    """Names as part of a sentence, the first `MAX_SHOWN` of them.

    Examples
    --------
    >>> listed(["top 10%", "top 20%"])
    "'top 10%', 'top 20%'"
    >>> listed(map(str, range(22))).endswith("'19' and 2 more")
    True
    """
    names = list(names)
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(map(repr, names[:MAX_SHOWN])) + more


def alternatives(word: str, choices: Iterable[str]) -> str:
    """Ending of a sentence about an unknown word: the likeliest choice, else all of them.

    Examples
    --------
    >>> "unknown metric 'vtab'" + alternatives("vtab", ["imagenet", "average-38"])
    "unknown metric 'vtab'; expected one of 'imagenet', 'average-38'"
    """
    choices = list(choices)
    expected = (
        f"expected one of {listed(choices)}" if choices else "there is nothing to choose from"
    )
    return suggest(word, choices) or f"; {expected}"


def fault_list(title: str, faults: Iterable[str], total: int) -> str:
    """All faults of one thing in one message, the first `MAX_SHOWN` of them in words.

    Parameters
    ----------
    title : str
        The thing, such as the name of a file.
    faults : iterable of str
        A sentence each; only those that are shown are drawn from it.
    total : int
        How many faults there are.

    Examples
    --------
    >>> print(fault_list("runs.csv", ["row 2: empty", "row 9: empty"], total=2))
    runs.csv: 2 faults
      row 2: empty
      row 9: empty
    """
    lines = [f"{title}: {total} fault{'s' if total != 1 else ''}", *islice(faults, MAX_SHOWN)]
    if total > MAX_SHOWN:
        lines.append(f"... and {total - MAX_SHOWN} more")
    return "\n  ".join(lines)


def faults_in(message: str) -> list[str]:
    """The faults that a message lists, as `fault_list` wrote them; without a list, all of it.

    Examples
    --------
    >>> faults_in(fault_list("runs.csv", ["row 2: empty", "row 9: empty"], total=2))
    ['row 2: empty', 'row 9: empty']
    >>> faults_in("none.csv: no such file")
    ['none.csv: no such file']
    """
    found: list[str] = []
    left = 0
    for line in message.splitlines():
        heading = re.search(r": (\d+) faults?$", line)
        if left and line.startswith("  "):
            found.append(line.strip())
            left -= 1
        elif heading:
            left = min(int(heading[1]), MAX_SHOWN)
    return found or [message]

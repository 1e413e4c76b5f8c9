"""A progress bar on standard error for what takes long, only where somebody looks at a terminal.

A command says what it is doing (`shown`); loops below say how far they are (`track`, `steps`),
whether anybody asked or not.  The bar comes after two seconds, so that quick work leaves no trace.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS_BEFORE = 2.0
"""What is done sooner shows no bar."""


class _Bar:
    """What is being done and how far it is; drawn once it has taken long."""

    def __init__(self, words: str) -> None:
        self.words, self.done = words, 0.0
        self.total: float | None = None
        self.lock = threading.Lock()
        self.is_over = False
        self.drawn: Any = None
        self.task: Any = None
        self.timer = threading.Timer(SECONDS_BEFORE, self.draw)
        self.timer.daemon = True
        self.timer.start()

    def draw(self) -> None:
        """Draw the bar, unless the work is over; a thread of its own keeps the clock running."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        with self.lock:
            if self.is_over:
                return
            words = TextColumn("{task.description}", markup=False)
            self.drawn = Progress(
                words,
                BarColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,  # which carries the result
            )
            self.task = self.drawn.add_task(self.words, total=self.total, completed=self.done)
            self.drawn.start()

    def update(self, words: str, done: float, total: float | None) -> None:
        """Say how far the work is."""
        with self.lock:
            self.words, self.done, self.total = words, done, total
            if self.drawn is not None:
                self.drawn.update(self.task, description=words, completed=done, total=total)

    def end(self) -> None:
        """Take the bar away."""
        self.timer.cancel()
        with self.lock:
            self.is_over = True
            if self.drawn is not None:
                self.drawn.stop()


_bars: list[_Bar] = []
"""The bar of the command that is running, if it has one."""


_silent = False
"""Whether no bar is to be drawn, wherever somebody looks."""


def silence(silent: bool) -> None:
    """Draw no bars any more, or draw them again."""
    global _silent  # noqa: PLW0603  standard error is one for the process, too
    _silent = silent


def is_silent() -> bool:
    """Whether no bar is to be drawn."""
    return _silent


def is_terminal() -> bool:
    """Whether standard error is a terminal, so that somebody sees a bar."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def shown(words: str) -> Iterator[None]:
    """Show what is being done, as long as it is done, if it takes long and somebody looks.

    Parameters
    ----------
    words : str
        Such as "Reading the table"; no text of the user's, which might control the terminal.
    """
    if _bars or _silent or not is_terminal():
        yield
        return
    bar = _Bar(words)
    _bars.append(bar)
    try:
        yield
    finally:
        _bars.remove(bar)
        bar.end()


def track[Item](items: Collection[Item], words: str) -> Iterable[Item]:
    """Go through items and say how far that is.

    Examples
    --------
    >>> list(track([1, 2], "Counting"))
    [1, 2]
    """
    bar = _own_bar()
    return items if bar is None else _tracked(items, words, bar)


def _tracked[Item](items: Collection[Item], words: str, bar: _Bar) -> Iterator[Item]:
    for number, item in enumerate(items):
        bar.update(words, number, len(items))
        yield item
    bar.update(words, len(items), len(items))


def steps(words: str) -> Callable[[float], None]:
    """A function that takes the share of the work that has been done since its last call."""
    bar = _own_bar()
    done = 0.0

    def advance(share: float) -> None:
        nonlocal done
        done += share
        if bar is not None:
            bar.update(words, done, 1.0)

    return advance


def _own_bar() -> _Bar | None:
    """The bar, if this is the thread that it is of: others work on parts of the same."""
    is_main = threading.current_thread() is threading.main_thread()
    return _bars[0] if _bars and is_main else None

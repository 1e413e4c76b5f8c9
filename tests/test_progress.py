"""Bars: on standard error, only in a terminal, only after a while, and gone at the end."""

import io
import threading
from contextlib import redirect_stderr

import pytest

from qqt_bayes import progress
from qqt_bayes.progress import shown, steps, track


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No timer: the test draws the bar when it wants it."""
    monkeypatch.setattr(progress, "SECONDS_BEFORE", 3600.0)


def draw() -> None:
    progress._bars[0].draw()


def test_work_that_is_soon_done_leaves_no_trace(screen, at_once):
    with redirect_stderr(screen), shown("Reading"):
        assert list(track([1, 2, 3], "Counting")) == [1, 2, 3]
    assert screen.getvalue() == ""
    assert progress._bars == []


def test_long_work_says_what_it_does_and_how_far_it_is(screen, at_once):
    with redirect_stderr(screen), shown("Judging [red]levels"):
        bar = progress._bars[0]
        for _ in track(["a", "b"], "Counting"):
            draw() if bar.drawn is None else None
        assert (bar.done, bar.total, bar.words) == (2, 2, "Counting")
        advance = steps("Stepping")
        advance(0.25)
        advance(0.25)
        assert (bar.done, bar.total, bar.words) == (0.5, 1.0, "Stepping")
        bar.drawn.refresh()
    assert "Counting" in screen.getvalue()
    assert "Stepping" in screen.getvalue()


def test_the_timer_draws_the_bar(screen, monkeypatch):
    drawn = threading.Event()
    monkeypatch.setattr(progress, "SECONDS_BEFORE", 0.0)
    monkeypatch.setattr(progress._Bar, "draw", lambda bar: drawn.set())
    with redirect_stderr(screen), shown("Reading"):
        assert drawn.wait(3600)


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["a file", "closed"])
def test_no_bar_where_nobody_looks(stream):
    with redirect_stderr(stream), shown("Reading"):
        assert progress._bars == []
        assert list(track([1], "Counting")) == [1]
        steps("Stepping")(1.0)


def test_there_is_one_bar_and_a_fault_takes_it_away(screen, at_once):
    def fail() -> None:
        with redirect_stderr(screen), shown("Outer"), shown("Inner"):
            assert [bar.words for bar in progress._bars] == ["Outer"]
            draw()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert progress._bars == []


def test_what_is_drawn_too_late_is_not_drawn(screen, at_once):
    with redirect_stderr(screen), shown("Reading"):
        bar = progress._bars[0]
    bar.draw()
    assert screen.getvalue() == ""


def test_other_threads_leave_the_bar_alone(screen, at_once):
    with redirect_stderr(screen), shown("Judging"):
        thread = threading.Thread(target=lambda: list(track([1, 2], "Counting")))
        thread.start()
        thread.join()
        assert progress._bars[0].total is None


def test_standard_output_carries_the_result_alone(screen, at_once, capsys):
    with redirect_stderr(screen), shown("Reading"):
        draw()
        print("result")
    assert capsys.readouterr().out == "result\n"

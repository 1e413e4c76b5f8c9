"""The one place that asks what time it is: in UTC, to the second, whatever the time zone."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The present moment, such as "2026-03-14T09:30:00Z"."""
    return written(datetime.now(UTC))


def of_file(seconds: float) -> str:
    """The moment at which a file was written, in the same form.

    Examples
    --------
    >>> of_file(0.9)
    '1970-01-01T00:00:00Z'
    """
    return written(datetime.fromtimestamp(seconds, UTC))


def written(moment: datetime) -> str:
    """A moment as it is written everywhere here: texts in this form sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

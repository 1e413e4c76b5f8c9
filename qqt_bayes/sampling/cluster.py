"""Call a function on the workers of a Dask cluster, and keep what is finished whatever dies.

This module knows Dask and not what is called.  Dask is imported only when a cluster is asked for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from qqt_bayes.errors import InputError, fault_list, listed
from qqt_bayes.sampling.scheduler import require_scheduler

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
"""A scheduler should answer within so many seconds."""
MAX_SECONDS_WITHOUT_ANSWER = 60.0
"""How long a scheduler may take to say which workers it has, before it is taken to be gone."""
MAX_SECONDS_WITHOUT_WORKER = 60.0
"""What is left is given up after so many seconds without any worker."""
SECONDS_BETWEEN_RESULTS, SECONDS_BETWEEN_CHECKS = 0.05, 1.0
"""Seconds between two looks for a result, and between two for workers."""
RETRIES = 1
"""How often a call that failed is made again; one whose worker died goes to another in any case."""


class Unfinished(InputError):
    """Says what a cluster could not do; `finished` holds results not yet yielded, by number."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.finished: dict[int, Any] = {}


def as_finished[Item, Result](
    call: Callable[[Item], Result],
    items: Collection[Item],
    address: str,
    packages: Collection[str] = (),
) -> Iterator[tuple[int, Result]]:
    """Call a function with each item on a cluster and yield numbered results as they come.

    Results travel to this process while it works on earlier ones. What a worker had not finished
    when it died is done again by another.

    Parameters
    ----------
    call : callable
        It can be pickled, and returns no tuple: Dask gives back a failure as a tuple.
    items : collection
    address : str
        Address of the scheduler, such as ``tcp://host:8786``; ``tls://host:8786`` with the
        certificates that Dask's own configuration names.
    packages : collection of str
        Packages that workers must have in the versions that are installed here.

    Raises
    ------
    InputError
        If Dask is not installed, no scheduler answers, or versions differ.
    Unfinished
        After all that could be done: if items failed, or no worker or scheduler was left.
    """
    with _connected(address) as client:
        workers = _Workers(client, address, packages)
        workers.check()
        futures = [client.submit(call, item, pure=False, retries=RETRIES) for item in items]
        numbers = {future.key: number for number, future in enumerate(futures)}
        failed: dict[int, BaseException] = {}
        for future, result in _results(futures, workers):
            fault = result[1] if isinstance(result, tuple) else result  # (type, error, traceback)
            if isinstance(fault, CancelledError):  # only a lost scheduler cancels what it was given
                workers.gone()
            elif isinstance(fault, BaseException):
                failed[numbers[future.key]] = fault
            else:
                future.release()  # the worker may forget it: it is here
                yield numbers[future.key], result
    if failed:
        raise _summary(failed)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """Connect to the scheduler at an address; what still waits there is dropped at the end."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "Dask is not installed, which a cluster needs: pip install 'qqt_bayes[distributed]'"
        ) from error
    security = require_scheduler(address, CONNECT_SECONDS)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, security=security, set_as_default=False)
    except (OSError, ValueError) as error:  # it has gone since it answered
        raise InputError(f"The scheduler at {address} answered once, and then no more.") from error
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what it says of a lost scheduler, a fault of ours says
    try:
        with client:
            yield client
    finally:
        logger.setLevel(level)


class _Workers:
    """The workers that have joined a scheduler: whether there are any, and of which versions."""

    def __init__(self, client: Client, address: str, packages: Collection[str]) -> None:
        self.client, self.address = client, address
        self.required = {package: version(package) for package in packages}
        self.known: set[str] = set()
        self.looked = self.seen = time.monotonic()

    def check(self) -> None:
        """Raise an error if there has been no worker for long, or one has another version."""
        self.looked = time.monotonic()
        try:
            # without a limit the call waits for ever for a scheduler that goes at this moment
            here = set(self.client.nthreads(callback_timeout=MAX_SECONDS_WITHOUT_ANSWER))
            if here - self.known:
                self._compare()
        except OSError:
            self.gone()
        self.known = here
        if here:
            self.seen = self.looked
        elif self.looked - self.seen > MAX_SECONDS_WITHOUT_WORKER:
            raise Unfinished(
                f"The scheduler at {self.address} has had no worker for "
                f"{MAX_SECONDS_WITHOUT_WORKER:.0f} seconds: start some "
                f"(`dask worker {self.address}`) and try again."
            )

    def gone(self) -> None:
        """Raise the error that the scheduler is gone."""
        raise Unfinished(
            f"The scheduler at {self.address} has gone, and with it what was not finished: "
            "start it and its workers again (`dask scheduler`, `dask worker`), and try again."
        )

    def _compare(self) -> None:
        """Raise an error if the scheduler or a worker has another version of a package."""
        found: Any = self.client.get_versions(packages=list(self.required))
        places = {"the scheduler": found["scheduler"], **found["workers"]}
        faults = []
        for place, each in places.items():
            has = each["packages"]
            for package, required in self.required.items():
                if has.get(package) != required:
                    other = has.get(package) or "none"
                    faults.append(f"{place} has {package} {other}; here it is {required}")
        if faults:
            title = f"{self.address}: install there what is installed here"
            raise InputError(fault_list(title, faults, len(faults)))


def _results(futures: list[Any], workers: _Workers) -> Iterator[tuple[Any, Any]]:
    """Yield futures as they finish, each with its result or with what was raised."""
    from distributed import as_completed

    done = as_completed(futures, loop=workers.client.loop, with_results=True, raise_errors=False)
    while not done.is_empty():
        if done.has_ready():
            yield from done.next_batch(block=False)
        elif time.monotonic() - workers.looked > SECONDS_BETWEEN_CHECKS:
            workers.check()
        else:
            time.sleep(SECONDS_BETWEEN_RESULTS)


def _summary(failed: dict[int, BaseException]) -> BaseException:
    """The error to raise: an unforeseen one as it is, all others in one message."""
    from distributed import KilledWorker

    sentences: dict[str, list[str]] = {}
    for number, error in sorted(failed.items()):
        if isinstance(error, KilledWorker):
            text = (
                "every worker that took it died. Memory may be short: look into the workers' logs, "
                "start fewer of them on a machine, and try again."
            )
        elif isinstance(error, ImportError):
            text = f"a worker lacks something ({error}): install there what is installed here."
        elif isinstance(error, InputError):
            text = str(error)
        else:
            return error
        sentences.setdefault(text, []).append(str(number + 1))
    if len(sentences) == 1 and len(failed) > 1:
        return Unfinished(f"{len(failed)} tables were not done, all for one reason: {text}")
    faults = [f"table {listed(numbers)}: {text}" for text, numbers in sentences.items()]
    return Unfinished("\n".join(faults))

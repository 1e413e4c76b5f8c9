"""Ask whether a Dask scheduler listens at an address, before anything waits for it.

Dask's client waits without end for a port that takes connections and never answers, and has no
sentence for one that speaks another language.  So one question is asked first, with a limit.  What
proves who is who is taken from Dask's own configuration.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from qqt_bayes.errors import InputError

if TYPE_CHECKING:
    from distributed import Security

ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:[0-9]{1,5}")
"""What the address of a scheduler looks like: in the schemes that are tested. Dask knows others, of
which each needs more than Dask (ucx), or a server of its own kind (ws)."""
CERTIFICATES = (
    "distributed.comm.tls.ca-file, .client.cert and .client.key (in a file of ~/.config/dask, or "
    "as DASK_DISTRIBUTED__COMM__TLS__CA_FILE and so on)"
)
"""Where Dask's configuration names the files that TLS needs."""
NOT_TAKEN = "it does not take the certificate that Dask's configuration names for clients"
TLS_FAULTS = {
    "WRONG_VERSION_NUMBER": "what listens there does not speak TLS: a scheduler without it has the "
    "scheme tcp",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not signed by the authority of "
    "distributed.comm.tls.ca-file in Dask's configuration",
    "ALERT": NOT_TAKEN,
    "EOF": NOT_TAKEN,
}
"""What an error of TLS means, by a word of it."""
CLOSED = {
    "tcp": "it closed the connection: the address of a scheduler with TLS starts with tls://",
    "tls": f"it closed the connection: it does not speak TLS, or {NOT_TAKEN}",
}
"""What it may mean that a connection was closed at once, by its scheme."""


def require_scheduler(address: str, seconds: float) -> Security:
    """Refuse an address at which no Dask scheduler answers; what secures the connection to it.

    Parameters
    ----------
    address : str
        Such as ``tcp://host:8786``, or ``tls://host:8786`` with certificates.
    seconds : float
        How long it may take to answer.

    Raises
    ------
    InputError
        With what is there instead, as far as that can be known.
    """
    scheme = address.partition("://")[0]
    if not ADDRESS.fullmatch(address):
        raise _no_answer(address)
    security = _security(address)
    if scheme == "tls" and security.get_connection_args("client").get("ssl_context") is None:
        raise InputError(
            f"{address}: TLS needs certificates, which Dask's configuration does not name: set "
            f"{CERTIFICATES}."
        )
    if scheme == "tcp" and security.require_encryption:
        raise InputError(
            f"{address}: Dask's configuration demands encryption (distributed.comm."
            "require-encryption): give the address of a scheduler with TLS, tls://host:8786."
        )
    try:
        # in a thread, because a notebook has a loop of its own already
        with ThreadPoolExecutor(1) as thread:
            kind = thread.submit(asyncio.run, _ask(address, security, seconds)).result()
    except Exception as error:  # a port without Dask can make Dask raise anything
        raise _no_answer(address, _fault_of_tls(error) or _closed(scheme, error)) from error
    if kind != "Scheduler":
        raise InputError(
            f"{address}: expected a Dask scheduler, got a Dask {kind.lower()}: give the address "
            "that the workers were started with."
        )
    return security


def _security(address: str) -> Security:
    """What secures connections, as Dask's own configuration says."""
    from distributed import Security

    security = Security()
    try:
        security.get_connection_args("client")
    except OSError as error:  # no such file, or no certificate in it
        raise InputError(
            f"{address}: a certificate that Dask's configuration names cannot be read ({error}): "
            f"look at {CERTIFICATES}."
        ) from error
    return security


async def _ask(address: str, security: Security, seconds: float) -> str:
    """What kind of Dask server answers at an address."""
    return await asyncio.wait_for(_identity(address, security, seconds), seconds)


async def _identity(address: str, security: Security, seconds: float) -> str:
    from distributed.comm import connect

    comm = await connect(address, timeout=seconds, **security.get_connection_args("client"))
    try:
        await comm.write({"op": "identity", "reply": True})
        answer: dict[str, Any] = await comm.read()
        return str(answer["type"])
    finally:
        comm.abort()


def _no_answer(address: str, because: str = "") -> InputError:
    """The fault that no scheduler is there."""
    why = f" ({because})" if because else ""
    return InputError(
        f"No Dask scheduler answers at {address!r}{why}: expected an address such as "
        "tcp://127.0.0.1:8786 (or tls://, with certificates in Dask's configuration), where `dask "
        "scheduler` runs and `dask worker`s have joined it."
    )


def _fault_of_tls(error: BaseException) -> str:
    """What TLS found wrong, if it was that, as the middle of a sentence."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            known = (words for key, words in TLS_FAULTS.items() if key in str(cause))
            return next(known, str(cause))
        cause = cause.__cause__ or cause.__context__
    return ""


def _closed(scheme: str, error: BaseException) -> str:
    """What it means that a connection was made and closed at once, if it was."""
    from distributed.comm import CommClosedError

    was_made = isinstance(error, CommClosedError | ValueError)
    return CLOSED[scheme] if was_made else ""

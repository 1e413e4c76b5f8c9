"""What answers at an address: a scheduler, in plain or under TLS, or one sentence."""

import gc
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import calls
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.sampling import cluster
from qqt_bayes.sampling.scheduler import require_scheduler

NOT_HERE = "Dask is not in this environment: `make test` runs this file once more beside it"
dask = pytest.importorskip("dask", reason=NOT_HERE)
distributed = pytest.importorskip("distributed", reason=NOT_HERE)

LOCAL = {
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "silence_logs": "CRITICAL",
    "threads_per_worker": 1,
    "n_workers": 1,
}
# Dask leaves the socket of a refused connection to the garbage collector, which warns of it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ROLES = ("client", "scheduler", "worker")


@pytest.fixture(autouse=True)
def sockets_are_collected_here() -> Iterator[None]:
    """In the test that left them, not in a later one."""
    yield
    gc.collect()


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port at which something listens that is no Dask, and does this with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connections = []
            try:
                while True:
                    connections.append(server.accept()[0])
                    behave(connections[-1])
            except OSError:  # the server is closed, or the other side
                for connection in connections:
                    connection.close()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


ANSWERS = {
    "closes": lambda connection: connection.close(),
    "a banner": lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "a page": lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "ones": lambda connection: connection.sendall(b"\xff" * 4096),
    "zeros": lambda connection: connection.sendall(b"\0" * 4096),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_port_without_dask_is_one_sentence(answer):
    with listening(ANSWERS[answer]) as port:
        address = f"tcp://127.0.0.1:{port}"
        with pytest.raises(InputError, match=f"^No Dask scheduler answers at '{address}'"):
            require_scheduler(address, calls.HANGING)


def test_a_port_that_never_answers_is_given_up():
    """Dask's client would wait without end. The limit alone decides how long this takes."""
    with listening(lambda connection: None) as port:
        start = time.monotonic()
        with pytest.raises(InputError, match=r"^No Dask scheduler answers"):
            require_scheduler(f"tcp://127.0.0.1:{port}", 0.2)
        assert time.monotonic() - start >= 0.2


def test_the_limit_in_use_is_a_few_seconds():
    assert cluster.CONNECT_SECONDS <= 10


REFUSED = [
    "ucx://127.0.0.1:8786",
    "ws://127.0.0.1:8786",
    "wss://127.0.0.1:8786",
    "inproc://127.0.0.1/1/1",
    "http://127.0.0.1:8786",
    "127.0.0.1:8786",
    "tcp://127.0.0.1",
    "tcp://:8786",
    "tcp://a b:8786",
    "tcp://127.0.0.1:123456",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_only_schemes_that_work_are_taken(address, monkeypatch):
    monkeypatch.setattr("qqt_bayes.sampling.scheduler._ask", None)  # nothing is asked of them
    with pytest.raises(InputError, match=r"expected an address such as tcp://127\.0\.0\.1:8786"):
        require_scheduler(address, calls.HANGING)


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two certificates that sign themselves, and their keys."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("TLS IS NOT TESTED: the command openssl, which makes certificates, is not here")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ours", "theirs"):
        files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
        words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj")
        subprocess.run([openssl, *words, "/CN=localhost", *files], check=True, capture_output=True)
    return folder


def configured(folder: Path, name: str = "ours", authority: str = "ours") -> dict[str, Any]:
    """Dask's configuration with one certificate for all roles."""
    tls = "distributed.comm.tls"
    files = {f"{tls}.{role}.cert": str(folder / f"{name}.pem") for role in ROLES}
    files |= {f"{tls}.{role}.key": str(folder / f"{name}.key") for role in ROLES}
    return {**files, f"{tls}.ca-file": str(folder / f"{authority}.pem")}


@pytest.fixture(scope="module")
def secured(made: Path) -> Iterator[str]:
    """Address of a scheduler that speaks TLS only, with a worker."""
    with dask.config.set(configured(made)):
        security = distributed.Security(require_encryption=True)
        local = distributed.LocalCluster(**LOCAL, protocol="tls", security=security)
    with local:
        yield local.scheduler_address


@pytest.fixture(scope="module")
def plain() -> Iterator["distributed.LocalCluster"]:
    with distributed.LocalCluster(**LOCAL) as local:
        yield local


def port_of(address: str) -> str:
    return address.rpartition(":")[2]


def test_calls_are_made_under_tls_as_dask_is_configured(secured, made, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", calls.HANGING)
    assert secured.startswith("tls://")
    with dask.config.set(configured(made)):
        assert list(cluster.as_finished(calls.double, [1, 2], secured)) in (
            [(0, 2), (1, 4)],
            [(1, 4), (0, 2)],
        )


MISMATCHES = {
    "plain to TLS": ("tcp", {}, "starts with tls://"),
    "no certificates": ("tls", {}, "TLS needs certificates, which Dask's configuration does not"),
    "another authority": ("tls", {"name": "theirs", "authority": "theirs"}, "not signed by the"),
    "another client": ("tls", {"name": "theirs"}, "does not take the certificate that Dask's"),
    "no such file": ("tls", {"name": "nobody's"}, "cannot be read"),
    "no certificate": ("tls", {"authority": "empty"}, "cannot be read"),
}


@pytest.mark.parametrize("mismatch", MISMATCHES)
def test_what_does_not_fit_a_scheduler_with_tls_is_one_sentence(secured, made, mismatch):
    (made / "empty.pem").write_text("nothing")
    scheme, files, sentence = MISMATCHES[mismatch]
    address = f"{scheme}://127.0.0.1:{port_of(secured)}"
    with (
        dask.config.set(configured(made, **files) if files else {}),
        pytest.raises(InputError, match=sentence) as caught,
    ):
        require_scheduler(address, calls.HANGING)
    assert address in str(caught.value)


def test_tls_to_a_plain_scheduler_is_one_sentence(plain, made):
    address = f"tls://127.0.0.1:{port_of(plain.scheduler_address)}"
    with dask.config.set(configured(made)), pytest.raises(InputError, match="does not speak TLS"):
        require_scheduler(address, calls.HANGING)


def test_encryption_that_the_configuration_demands_is_not_left_out(plain):
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(InputError, match=r"demands encryption .*tls://host:8786"),
    ):
        require_scheduler(plain.scheduler_address, calls.HANGING)


def test_a_scheduler_is_told_from_a_worker(plain):
    require_scheduler(plain.scheduler_address, calls.HANGING)
    with distributed.Client(plain.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=calls.HANGING)
        [worker] = client.nthreads()
    with pytest.raises(InputError, match="expected a Dask scheduler, got a Dask worker"):
        require_scheduler(worker, calls.HANGING)


def test_a_scheduler_is_asked_from_within_a_loop(plain):
    """As a notebook has one."""
    import asyncio

    async def ask() -> None:
        require_scheduler(plain.scheduler_address, calls.HANGING)

    asyncio.run(ask())

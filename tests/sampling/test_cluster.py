"""On a cluster: the same draws, whatever dies; one sentence where it cannot be."""

import math
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import calls
import made
import pandas as pd
import pytest
import xarray as xr
from command import qqt

from qqt_bayes import __version__
from qqt_bayes.cli import fit as fit_command
from qqt_bayes.errors import InputError
from qqt_bayes.posterior import fit_file
from qqt_bayes.sampling import cluster
from qqt_bayes.sampling.many import fit_as_finished, fit_many
from qqt_bayes.tables.runs import read_runs

NOT_HERE = "Dask is not in this environment: `make test` runs this file once more beside it"
dask = pytest.importorskip("dask", reason=NOT_HERE)
distributed = pytest.importorskip("distributed", reason=NOT_HERE)

LOCAL = {
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "silence_logs": "CRITICAL",
    "threads_per_worker": 1,
}
MODEL = """
name = "short"
summary = "As little as compiles fast."
law = "power-law"

[parameters]
a = 0.02
b = { distribution = "LogNormal", over = "pool", mu = -2.0, sigma = 0.7 }
d = 0.1

[likelihood]
distribution = "Normal"
sigma = { distribution = "LogNormal", mu = -5.5, sigma = 0.7 }
"""
SHORT = {"draws": 50, "tune": 50, "chains": 2, "seed": 1}


@pytest.fixture(autouse=True)
def no_limit_that_load_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine answers late and starts workers late; the tests of limits set their own."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", calls.HANGING)
    monkeypatch.setattr(cluster, "MAX_SECONDS_WITHOUT_WORKER", math.inf)


@pytest.fixture(scope="module")
def two() -> Iterator["distributed.LocalCluster"]:
    """A scheduler and two workers, which a nanny starts again when they die."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, **LOCAL) as local,
    ):
        yield local


@pytest.fixture
def ten() -> Iterator[str]:
    """A scheduler with ten workers, all on this machine."""
    with distributed.LocalCluster(n_workers=10, **LOCAL) as local:
        with distributed.Client(local.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(10, timeout=calls.HANGING)
        yield local.scheduler_address


@pytest.fixture
def address(two: "distributed.LocalCluster") -> str:
    with distributed.Client(two.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=calls.HANGING)
    return two.scheduler_address


@pytest.fixture
def lone() -> Iterator["distributed.LocalCluster"]:
    with distributed.LocalCluster(n_workers=1, **LOCAL) as local:
        yield local


# --- fits --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_draws_though_a_worker_is_killed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three metrics through the command line; a worker is killed once the first fit is saved."""
    runs, composition = made.tables(2, law="power-law")
    table, sets, model = (tmp_path / name for name in ("runs.csv", "composition.csv", "short.toml"))
    shifts = {"first": 0.0, "second": 0.02, "third": 0.05}
    pd.concat(
        runs.assign(metric=name, error=runs["error"] - shift) for name, shift in shifts.items()
    ).to_csv(table, index=False)
    composition.to_csv(sets, index=False)
    model.write_text(MODEL, encoding="utf-8")
    read = [read_runs(table, sets, metric=name) for name in shifts]
    here = list(fit_many(read, model, **SHORT))

    saved = []

    def save(fit: xr.DataTree, path: Path) -> None:
        fit_file.save(fit, path)
        saved.append(path.name)
        if len(saved) == 1:
            kill_one(address)

    monkeypatch.setattr(fit_command, "fit_file", SimpleNamespace(save=save))
    short = [part for name, number in SHORT.items() for part in (f"--{name}", str(number))]
    options = ("--by", "metric", "--model", model, "--force", "-o", tmp_path / "fit.nc", *short)
    result = qqt("fit", table, "--composition", sets, *options, "--dask", address)
    paths = [tmp_path / f"fit-{name}.nc" for name in shifts]
    assert sorted(saved) == sorted(path.name for path in paths)
    assert all(f"Saved as {path}." in result.stderr for path in paths)
    same_draws([fit_file.load(path) for path in paths], here)


@pytest.mark.slow
def test_ten_workers_give_the_draws_of_one_process(ten: str, tmp_path: Path) -> None:
    """Twelve tables; a worker is killed once the first fit is here, and no fit is made twice."""
    runs, composition = made.tables(2, law="power-law")
    (model := tmp_path / "short.toml").write_text(MODEL, encoding="utf-8")
    shifts = [number / 100 for number in range(12)]
    tables = [read_runs(runs.assign(error=runs["error"] - x), composition) for x in shifts]
    here = list(fit_many(tables, model, **SHORT))
    found: dict[int, xr.DataTree] = {}
    for number, fit in fit_as_finished(tables, model, ten, **SHORT):
        assert number not in found
        found[number] = fit
        if len(found) == 1:
            kill_one(ten)
    same_draws([found[number] for number in range(12)], here)


def same_draws(found: list[xr.DataTree], others: list[xr.DataTree]) -> None:
    for fit, other in zip(found, others, strict=True):
        assert fit.attrs["data_hash"] == other.attrs["data_hash"]
        for group in ("posterior", "prior", "log_likelihood", "posterior_predictive"):
            xr.testing.assert_equal(fit[group].to_dataset(), other[group].to_dataset())


def kill_one(address: str) -> None:
    with distributed.Client(address, set_as_default=False) as client:
        pids = client.run(os.getpid)
    os.kill(next(iter(pids.values())), signal.SIGKILL)


def test_the_order_is_that_of_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits that come before their turn wait; after a failure they are in the error."""
    made_fits = {number: made.fit(draws=4, seed=number) for number in range(4)}

    def as_finished(order, *, then=None):
        def finish(*_):
            for number in order:
                yield number, made_fits[number]
            if then:
                raise then

        return finish

    monkeypatch.setattr(cluster, "as_finished", as_finished([2, 0, 3, 1]))
    assert list(fit_many([], dask="tcp://")) == list(made_fits.values())
    lost = cluster.Unfinished("Table 2 is lost.")
    monkeypatch.setattr(cluster, "as_finished", as_finished([2, 0, 3], then=lost))
    fitted = fit_many([], dask="tcp://")
    assert next(fitted) is made_fits[0]
    with pytest.raises(InputError, match="Table 2") as caught:
        next(fitted)
    assert caught.value.finished == {2: made_fits[2], 3: made_fits[3]}


# --- calls -------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_loses_nothing(address: str, tmp_path: Path) -> None:
    items = [(number, tmp_path / "fallen" if number == 1 else None) for number in range(6)]
    assert sorted(cluster.as_finished(calls.fall, items, address)) == [(n, n) for n in range(6)]
    assert (tmp_path / "fallen").exists()


def test_results_come_as_they_are_done(address: str, tmp_path: Path) -> None:
    """The first call returns only after the result of the second has come."""
    found = cluster.as_finished(calls.wait_for, [tmp_path / "go", None], address)
    assert next(found) == (1, False)
    (tmp_path / "go").touch()
    assert list(found) == [(0, True)]


def test_what_kills_every_worker_is_given_up(address: str) -> None:
    with pytest.raises(cluster.Unfinished, match="table '1': every worker that took it died"):
        list(cluster.as_finished(calls.kill, [0], address))


def test_faults_of_tables_are_told_at_the_end(address: str) -> None:
    short = fit_many([read_runs(*made.tables(2))] * 2, dask=address, draws=1)
    with pytest.raises(InputError, match=r"^2 tables .* one reason: draws should be at least 4"):
        list(short)
    with pytest.raises(InputError, match=r"a worker lacks something.*'pymc'"):
        list(cluster.as_finished(calls.lack, [0], address))


def test_other_versions_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "version", lambda package: "0.0.1")
    with pytest.raises(
        InputError, match=rf"has qqt_bayes {re.escape(__version__)}; here it is 0\.0\.1"
    ):
        list(cluster.as_finished(calls.double, [1], address, ["qqt_bayes"]))
    with pytest.raises(InputError, match="has absent none"):
        list(cluster.as_finished(calls.double, [1], address, ["absent"]))


def test_no_worker_is_left(
    lone: "distributed.LocalCluster", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was finished before is given; then a sentence comes instead of a wait."""
    never = tmp_path / "never"
    found = cluster.as_finished(calls.wait_for, [None, never], lone.scheduler_address)
    assert next(found) == (0, False)
    monkeypatch.setattr(cluster, "MAX_SECONDS_WITHOUT_WORKER", 1.0)
    lone.scale(0)
    with pytest.raises(cluster.Unfinished, match="has had no worker for 1 seconds: start some"):
        next(found)


def test_the_scheduler_goes(lone: "distributed.LocalCluster", tmp_path: Path) -> None:
    """It is noticed though patience with a lack of workers never ends, nor the second call."""
    never = tmp_path / "never"
    found = cluster.as_finished(calls.wait_for, [None, never], lone.scheduler_address)
    assert next(found) == (0, False)
    lone.close()
    with pytest.raises(cluster.Unfinished, match="has gone"):
        next(found)


def test_a_scheduler_that_does_not_answer_is_gone(
    lone: "distributed.LocalCluster", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that goes while it is asked: without a limit the call would wait for ever."""
    found = cluster.as_finished(calls.wait_for, [None, tmp_path / "never"], lone.scheduler_address)
    assert next(found) == (0, False)
    monkeypatch.setattr(cluster, "MAX_SECONDS_WITHOUT_ANSWER", 1e-6)
    with pytest.raises(cluster.Unfinished, match="has gone"):
        next(found)


# --- no cluster --------------------------------------------------------------------------------


def test_no_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        runs, composition = made.tables(2)
        runs.to_csv(tmp_path / "runs.csv", index=False)
        composition.to_csv(tmp_path / "composition.csv", index=False)
        tables = (tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv")
        output = ("-o", tmp_path / "fit.nc", "--dask")
        result = qqt("fit", *tables, *output, address, exit_code=1)
        assert f"No Dask scheduler answers at '{address}'" in result.stderr
    for no_address in ("nowhere://at all", "nonsense"):
        result = qqt("fit", *tables, *output, no_address, exit_code=1)
        assert "expected an address such as tcp://127.0.0.1:8786" in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "fit.nc").exists()


def test_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'qqt_bayes\[distributed\]'"):
        list(fit_many([], dask="tcp://127.0.0.1:8786"))

"""Timings, asked for with `make bench`: nothing here is a test of correctness."""

import subprocess
import sys

import made
import numpy as np
import pytest
import written_out

import qqt_bayes as qqt
from qqt_bayes.laws.epochs import collapse
from qqt_bayes.laws.law import ONE_POOL, utility
from qqt_bayes.posterior.fit_file import save

EPOCHS = 100_000


@pytest.fixture(scope="module")
def theta():
    return {name: np.array([x]) for name, x in (("a", 0.02), ("b", 0.15), ("d", 0.1), ("tau", 5.0))}


@pytest.mark.benchmark(group="a run of 100,000 epochs")
def test_nodes(benchmark, theta):
    epochs = collapse([EPOCHS * made.SIZE], made.SIZE)
    benchmark(lambda: utility(epochs, **theta, mixture=ONE_POOL))


@pytest.mark.benchmark(group="a run of 100,000 epochs")
def test_written_out_sum(benchmark, theta):
    one = np.array([made.SIZE])
    benchmark(lambda: written_out.utility(theta, one, one, EPOCHS * made.SIZE))


@pytest.mark.benchmark(group="decide: 8 levels, 20 budgets, 4,000 draws")
def test_decide(benchmark):
    fit = made.fit(pools=8, draws=2000)
    budgets = np.geomspace(64e6, 5e9, 20)
    benchmark.pedantic(lambda: qqt.decide(fit, made.levels(8), budgets), rounds=3)


@pytest.mark.benchmark(group="the command line")
@pytest.mark.parametrize("command", ["predict", "decide"])
def test_start(benchmark, tmp_path, command):
    save(made.fit(), tmp_path / "fit.nc")
    line = [sys.executable, "-m", "qqt_bayes", command, "fit.nc", "--budgets", "1B"]

    def start():
        return subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert "top 3" in benchmark.pedantic(start, rounds=3).stdout


@pytest.mark.benchmark(group="the command line")
def test_demo(benchmark, tmp_path):
    line = [sys.executable, "-m", "qqt_bayes", "demo", "-o", str(tmp_path / "demo")]
    benchmark.pedantic(
        lambda: subprocess.run(line, check=True, capture_output=True), rounds=1, iterations=1
    )
    assert (tmp_path / "demo" / "decision.csv").is_file()

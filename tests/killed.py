"""Saves fits to one path in processes that are killed, or that are two: run by test_files_killed.

Usage: python killed.py FOLDER KILLS SECONDS, for which the two processes save
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import made

from qqt_bayes.files import seal, write
from qqt_bayes.posterior.fit_file import load, save


def child(work):
    """Start a process that works until it is done, or killed."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def forever(work):
    while True:
        work()


def killed(path, fits, kills):
    """Kill a process that saves, or one that only writes, at any moment; so many times."""
    content = seal(bytes(fits[1].to_netcdf(engine="h5netcdf")))
    save(fits[0], path)
    chance, strays = random.Random(0), 0
    for number in range(kills):
        works = (lambda: save(fits[1], path)), (lambda: write(path, content))
        pid = child(lambda work=works[number % 2]: forever(work))
        time.sleep(chance.uniform(0, (0.2, 0.02)[number % 2]))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert status == signal.SIGKILL, status
        found = load(path)
        assert any(map(found.identical, fits))
        left = len(list(path.parent.iterdir())) - 1
        assert left <= 1, left
        strays += left
    save(fits[0], path)
    print(kills, "kills,", strays, "drafts found")


def together(path, fits, seconds):
    """Two processes save to one path for a while."""
    end = time.monotonic() + seconds

    def keep_saving(fit):
        while time.monotonic() < end:
            save(fit, path)
            assert any(map(load(path).identical, fits))

    for pid in [child(lambda fit=fit: keep_saving(fit)) for fit in fits]:
        assert os.waitpid(pid, 0)[1] == 0


if __name__ == "__main__":
    folder, kills, seconds = sys.argv[1:]
    target = Path(folder) / "fit.nc"
    fits = [made.fit(draws=draws) for draws in (5, 6)]  # of the same runs
    for trial, much in ((killed, int(kills)), (together, float(seconds))):
        trial(target, fits, much)
        load(target)
        assert [path.name for path in target.parent.iterdir()] == ["fit.nc"]

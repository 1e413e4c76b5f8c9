"""Saves fits to one path in processes that are killed, or that are two: run by test_files_killed.

Usage: python killed.py FOLDER SECONDS, which each of the two takes
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


def killed(path, fits, seconds):
    """Kill a process that saves, or one that only writes, at any moment; again and again."""
    content = seal(bytes(fits[1].to_netcdf(engine="h5netcdf")))
    save(fits[0], path)
    chance, end, kills, strays = random.Random(0), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        works = (lambda: save(fits[1], path)), (lambda: write(path, content))
        pid = child(lambda work=works[kills % 2]: forever(work))
        time.sleep(chance.uniform(0, (0.4, 0.02)[kills % 2]))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert status == signal.SIGKILL, status
        kills += 1
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
    folder, seconds = sys.argv[1:]
    target = Path(folder) / "fit.nc"
    fits = [made.fit(draws=draws) for draws in (5, 6)]  # of the same runs
    for trial in (killed, together):
        trial(target, fits, float(seconds))
        load(target)
        assert [path.name for path in target.parent.iterdir()] == ["fit.nc"]

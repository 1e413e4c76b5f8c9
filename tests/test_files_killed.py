"""A process that is killed, or that is not alone, leaves whole fits and nothing that grows."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("kills", "seconds"), [(20, 3), pytest.param(240, 30, marks=pytest.mark.slow)]
)
def test_the_earlier_fit_stays_whole(kills, seconds, tmp_path):
    script = Path(__file__).with_name("killed.py")
    command = [sys.executable, str(script), str(tmp_path), str(kills), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

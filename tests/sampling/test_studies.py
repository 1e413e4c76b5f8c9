"""Fifty simulated studies of all sizes: how many pass the gate at default settings?

The result is written to `tests/data/studies.json`.
"""

import json

import numpy as np
import pandas as pd
import pytest
from places import DATA

import qqt_bayes as qqt
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.gate_text import outcome

STUDIES, PASS = 50, 50
SIZE = 12.8e6
RESULT = DATA / "studies.json"


def study(number):
    """2 to 12 pools, 2 to 8 runs on each, noise from 0.0005 to 0.02; every other one unequal."""
    rng = np.random.default_rng(1000 + number)
    pools, runs = int(rng.integers(2, 13)), int(rng.integers(2, 9))
    noise = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.02))))
    sizes = SIZE * (2.0 ** rng.integers(0, 4, pools) if number % 2 else np.ones(pools))
    table = {
        "pool": [f"band {i + 1}" for i in range(pools)],
        "unique_samples": sizes,
        "a": np.exp(rng.normal(-3.7, 0.2)),
        "b": np.exp(rng.normal(-2.1, 0.3, pools)),
        "d": rng.uniform(0.05, 0.2),
        "tau": np.exp(rng.normal(1.6, 0.4, pools)),
    }
    known = qqt.read_parameters(pd.DataFrame(table))
    rows = [
        (pool, size, k * size, 0.5)
        for pool, size in known["pool_size"].to_series().items()
        for k in np.geomspace(rng.uniform(0.3, 2), rng.uniform(6, 20), runs)
    ]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    design = qqt.read_runs(pd.DataFrame(rows, columns=columns))
    about = {"study": number, "pools": pools, "runs": pools * runs, "noise": round(noise, 5)}
    return qqt.simulate_runs(known, design, noise=noise, seed=number), about


@pytest.mark.slow
def test_studies_pass_the_gate():
    """At default settings; this takes two minutes of one core."""
    rows = []
    for number in range(STUDIES):
        runs, about = study(number)
        fit = qqt.fit(runs)
        gate = Fit.of(fit).gate
        failed = [outcome(check) for check in gate.checks if not check.passed]
        accept = fit["sample_stats"].attrs["target_accept"]
        seconds = round(fit.attrs["sampling_time"], 2)
        rows.append({**about, "target_accept": accept, "sampling_time": seconds, "failed": failed})
    passed = sum(not row["failed"] for row in rows)
    lines = ",\n".join(json.dumps(row) for row in rows)
    RESULT.write_text(
        f'{{"passed": {passed}, "of": {STUDIES}, "studies": [\n{lines}\n]}}\n', encoding="utf-8"
    )
    assert passed >= PASS

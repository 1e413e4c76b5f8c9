"""Whether two checkouts of this project give the same draws and decisions, to the last digit.

    python tests/same_digits.py OLD NEW [--study NAME ...]

fits the demo's runs, five pools with published parameters and Cherti's runs with each checkout, in
a process of its own that imports the package from there, decides with each fit, and compares every
array that came out: draws, prior draws, log likelihoods, statistics of the sampler, decisions.  It
prints what differs and exits with 1 if anything does.  Run it before and after a change that should
move no number; the settings are those of the demo and of the case study.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FIVE_POOLS = {
    "pool": ["1", "2", "3", "4", "5"],
    "a": [0.025] * 5,
    "b": [0.16, 0.14, 0.125, 0.11, 0.1],
    "tau": [6.7, 7.5, 8.5, 9.0, 9.5],
    "d": [0.1] * 5,
    "unique_samples": [12.8e6] * 5,
}


def studies(root: Path) -> dict[str, tuple]:
    """Name to (runs, model, settings of the fit, levels, budgets, settings of the decision)."""
    import pandas as pd

    import qqt_bayes as qqt

    medium, cherti = (root / "case_studies" / name for name in ("datacomp_medium", "cherti"))
    pools = pd.DataFrame(FIVE_POOLS)
    sizes = pools.set_index("pool")["unique_samples"]
    designs = pd.DataFrame(
        [
            {"pool": pool, "unique_samples": 12.8e6, "samples_seen": epochs * 12.8e6}
            for pool in pools["pool"]
            for epochs in (2, 4, 6, 8, 10)
        ]
    )
    designs["error"] = [
        qqt.predict_known(
            pools[pools["pool"] == row.pool], qqt.nested_levels(sizes[[row.pool]]), row.samples_seen
        ).item()
        * np.exp(0.01 * z)
        for row, z in zip(
            designs.itertuples(),
            np.random.default_rng(7).standard_normal(len(designs)),
            strict=True,
        )
    ]
    laion = pd.read_csv(cherti / "runs.csv")
    laion = laion[laion["pool"].str.startswith("LAION")]
    alone = laion[["pool", "unique_samples"]].drop_duplicates().sort_values("unique_samples")
    return {
        "demo": (
            qqt.read_runs(medium / "runs.csv", composition=medium / "composition.csv"),
            "utility-bounded-free-size",
            {"draws": 2000, "tune": 1000, "chains": 4, "seed": 0},
            qqt.read_composition(medium / "levels.csv"),
            "64M,90M,128M,180M,256M,360M,512M,640M,900M,1.28B,1.8B,2.56B,3.6B,5B",
            {},
        ),
        "five-pools": (
            qqt.read_runs(designs),
            "utility",
            {"draws": 1000, "tune": 1000, "chains": 4, "seed": 0},
            qqt.nested_levels(sizes),
            "25M:1B:9",
            {"rule": "cvar"},
        ),
        "cherti": (
            qqt.read_runs(laion, metric="imagenet1k", group="group"),
            "cherti",
            {"draws": 500, "tune": 500, "seed": 1, "low_rank": True},
            qqt.read_composition(alone.assign(data=alone["pool"])),
            [2.56e9, 13e9, 34e9, 100e9],
            {},
        ),
    }


def make(root: Path, out: Path, names: list[str]) -> None:
    """Fit and decide with the package that this process imports; keep what came out."""
    import qqt_bayes as qqt

    assert Path(qqt.__file__).is_relative_to(root), f"{qqt.__file__} is not of {root}"
    for name, (runs, model, settings, levels, budgets, criteria) in studies(root).items():
        if names and name not in names:
            continue
        fit = qqt.fit(runs, model, **settings, progress=False)
        decision = qqt.decide(fit, levels, budgets, **criteria, force=True)
        found = {f"decision/{key}": value for key, value in decision.variables.items()}
        for group, tree in fit.children.items():
            found |= {f"{group}/{key}": v for key, v in tree.to_dataset().variables.items()}
        kept = {key: np.asarray(value.values) for key, value in found.items()}
        kept = {k: v.astype(str) if v.dtype.kind in "OT" else v for k, v in kept.items()}
        np.savez(out / f"{name}.npz", **kept)


def run(root: Path, out: Path, names: list[str]) -> None:
    """`make` in a fresh process that imports the package of `root`."""
    out.mkdir()
    subprocess.run(
        [sys.executable, __file__, "--make", str(root), str(out), *names],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
    )


def differences(old: Path, new: Path) -> list[str]:
    """What is not the same in two kept studies, a line each."""
    with np.load(old) as before, np.load(new) as after:
        lines = [f"only in one: {key}" for key in sorted(set(before) ^ set(after))]
        for key in sorted(set(before) & set(after)):
            one, other = before[key], after[key]
            exact = one.shape == other.shape and np.array_equal(
                one, other, equal_nan=one.dtype.kind == "f"
            )
            if not exact:
                far = ""
                if one.shape == other.shape and one.dtype.kind == "f":
                    far = f", at most {np.nanmax(np.abs(one - other)):.3g} apart"
                lines.append(f"{key}: not the same{far}")
    return lines


def main(arguments: list[str]) -> int:
    """Compare two checkouts; 1 if anything differs."""
    if arguments[:1] == ["--make"]:
        make(Path(arguments[1]), Path(arguments[2]), arguments[3:])
        return 0
    old, new, *rest = arguments
    names = rest[1:] if rest[:1] == ["--study"] else []
    with tempfile.TemporaryDirectory() as folder:
        kept = [Path(folder) / side for side in ("old", "new")]
        for root, out in zip((old, new), kept, strict=True):
            run(Path(root).resolve(), out, names)
        found = {each.stem: differences(each, kept[1] / each.name) for each in kept[0].iterdir()}
    for name, lines in found.items():
        print(f"{name}: {'the same to the last digit' if not lines else ''}")
        print("".join(f"  {line}\n" for line in lines), end="")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

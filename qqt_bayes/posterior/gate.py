"""The gate: whether a posterior may be used.

Two questions: did the sampler explore the posterior (convergence), and does the law describe the
runs (adequacy)?  A fit that fails is kept and says in words what to do next.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import replicates
from qqt_bayes.model.noise import known_variance, typical, weights
from qqt_bayes.posterior.methods import METHODS, is_approximate, method_of, remark

Array = NDArray[np.float64]

RHAT, ESS, BFMI = 1.01, 400, 0.3
AGREEMENT = "R-hat"
"""Begins the name of the check that compares chains."""
PARETO_K = 0.7
"""Shape of the weights of an approximation above which no draws of it will do."""
NOISE_RATIO = 5.0
"""Unexplained scatter above this many times the known noise is the law's misfit, not chance."""
LEAST_TAIL = 0.005
"""Predictive tail probability below which a pattern in the residuals is not chance."""
LONGER = 3
"""Times as many draws to take where they were too few."""
DRAWS = 500
"""Draws that the predictive checks use."""

MORE_DRAWS = "sample longer (--draws {draws} --tune {draws}), or take a simpler model"
MORE_PARTICLES = "take more draws (--draws {draws}), or method nuts"
FAR = "the approximation may be far from the posterior: fit with method nuts"
OTHER_LAW = "the law does not describe these runs: try {models}"
GROUPS = (
    "; where groups differ, a model with parameters over group (cherti has some), or a table for "
    "each group"
)
NOISY = (
    "runs{of} scatter by {sigma:.2g} about their curves, more than the prior of the noise takes "
    "for chance: {advice}; where runs are so noisy, give replicates, n_eval, or a model whose "
    "likelihood.sigma allows it"
)
OTHERS = {
    "error": {
        "utility-free-size": "utility-free-size",
        "utility-bounded": "utility-bounded (errors near chance)",
        "utility-overfit": "utility-overfit (errors that rise again)",
        "effective-data": "effective-data",
    },
    "loss": {
        "utility-free-size": "utility-free-size",
        "data-constrained": "data-constrained",
        "utility-overfit": "utility-overfit (losses that rise again)",
    },
}
"""Models to try where one does not describe runs of a kind."""


@dataclass(frozen=True)
class Check:
    """One check of the gate: a number, its bar, and what to do if it fails."""

    name: str
    value: float
    bar: str
    passed: bool
    advice: str

    def __str__(self) -> str:
        verdict = "ok" if self.passed else f"FAILED: {self.advice}"
        return f"{self.name}: {self.value:.4g} ({self.bar}) {verdict}"


@dataclass(frozen=True)
class Gate:
    """All checks of a fit.

    Attributes
    ----------
    checks : tuple of Check
    method : str
        By which the fit was made.
    note : str
        What else should be known of the posterior, in words.
    """

    checks: tuple[Check, ...]
    method: str = METHODS[0]
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def chains_agree(self) -> bool:
        """Whether R-hat found no fault; so it is where there are no chains to compare."""
        return all(check.passed for check in self.checks if check.name.startswith(AGREEMENT))

    def __str__(self) -> str:
        failed = [check for check in self.checks if not check.passed]
        beware = remark({"method": self.method})
        if failed:
            verdict = ["The fit did not pass its gate.", *(f"  {each}" for each in failed), beware]
        else:
            agree = "the approximation is near the posterior" if beware else "the chains agree"
            words = f"The fit passed its gate: {agree}, no check found fault with the law."
            verdict = [f"{words} {beware}".strip()]
        return "\n".join(filter(None, [*verdict, self.note]))

    def to_json(self) -> str:
        """The gate as text for a fit's attributes."""
        checks = [asdict(each) for each in self.checks]
        about = {"passed": self.passed, "method": self.method, "note": self.note}
        return json.dumps(about | {"checks": checks})

    @classmethod
    def from_json(cls, text: str) -> Gate:
        """The gate from a fit's attributes.

        Examples
        --------
        >>> gate = Gate((Check("divergences", 0.0, "0", True, ""),))
        >>> Gate.from_json(gate.to_json()) == gate, gate.passed
        (True, True)
        """
        content = json.loads(text)
        checks = tuple(Check(**each) for each in content["checks"])
        return cls(checks, method_of(content), content.get("note", ""))


def check(fit: xr.DataTree, curve: Array, predicted: Array) -> Gate:
    """Put a fit through the gate.

    Parameters
    ----------
    fit : DataTree
    curve, predicted : array, shape (draw, run)
        Mean error of each run, and a predicted one, under draws of the posterior.
    """
    reached = _distance(fit) if is_approximate(fit.attrs) else _convergence(fit)
    return Gate((*reached, *_adequacy(fit, curve, predicted)), method_of(fit.attrs))


def _distance(fit: xr.DataTree) -> list[Check]:
    """How far an approximation is from the posterior."""
    k = float(fit.children["sample_stats"].attrs["pareto_k"])
    return [Check("Pareto k of the approximation", k, f"at most {PARETO_K}", k <= PARETO_K, FAR)]


def _convergence(fit: xr.DataTree) -> list[Check]:
    import arviz as az

    posterior = fit.children["posterior"].to_dataset(inherit=False)
    stats = fit.children["sample_stats"].to_dataset(inherit=False)
    tuned = method_of(fit.attrs) == "nuts"
    more_draws = MORE_DRAWS if tuned else MORE_PARTICLES
    more_draws = more_draws.format(draws=LONGER * posterior.sizes["draw"])
    rhat = _worst(az.rhat(posterior), np.max)
    bulk = _worst(az.ess(posterior, method="bulk"), np.min)
    tail = _worst(az.ess(posterior, method="tail"), np.min)
    checks = [
        Check(
            f"{AGREEMENT} of {rhat[1]}",
            rhat[0],
            f"at most {RHAT}",
            rhat[0] <= RHAT,
            f"the chains disagree: {more_draws}",
        ),
        Check(f"bulk ESS of {bulk[1]}", bulk[0], f"at least {ESS}", bulk[0] >= ESS, more_draws),
        Check(f"tail ESS of {tail[1]}", tail[0], f"at least {ESS}", tail[0] >= ESS, more_draws),
    ]
    return [*checks, *_dynamics(stats, more_draws)] if tuned else checks


def _dynamics(stats: xr.Dataset, more_draws: str) -> list[Check]:
    """Whether Hamiltonian dynamics went wrong."""
    bfmi = float(np.min(_bfmi(stats["energy"].to_numpy())))
    diverged = int(stats["diverging"].sum())
    return [
        Check(
            "divergent draws",
            diverged,
            "0",
            diverged == 0,
            "parts of the posterior were not reached: raise --target-accept, or a simpler model",
        ),
        Check("E-BFMI", bfmi, f"at least {BFMI}", bfmi >= BFMI, more_draws),
    ]


def _worst(values: xr.Dataset, choose: Callable[..., Any]) -> tuple[float, str]:
    """The extreme value over all scalars and its variable; NaN, which passes no bar, if any is."""
    extremes = {str(name): float(choose(values[name].to_numpy())) for name in values.data_vars}
    worst = float(choose(list(extremes.values())))
    return worst, next(n for n, x in extremes.items() if x == worst or np.isnan([x, worst]).all())


def _bfmi(energy: Array) -> Array:
    """Energy fraction of missing information of each chain, shape (chain,)."""
    return np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)


def _adequacy(fit: xr.DataTree, curve: Array, predicted: Array) -> list[Check]:
    constant = fit.children["constant_data"].to_dataset(inherit=False)
    observed = fit["observed_data"]["error"].to_numpy()
    spec = json.loads(fit.attrs["spec"])
    others = OTHERS[fit.attrs["kind"]]
    models = [words for name, words in others.items() if name != spec["name"]]
    several = GROUPS if constant.sizes["group"] > 1 else ""
    other_law = OTHER_LAW.format(models=" or ".join(models)) + several
    runs = constant.assign(error=("run", observed)).assign_attrs(kind=fit.attrs["kind"])
    checks = [_scatter(fit, spec, runs, observed - curve.mean(axis=0), other_law)]
    for name, pattern in _patterns(constant).items():
        seen = pattern(observed - curve)
        chance = pattern(predicted - curve)
        tail = float(np.mean(chance >= seen))
        checks.append(
            Check(
                f"residuals by {name}: predictive tail probability",
                tail,
                f"at least {LEAST_TAIL}",
                tail >= LEAST_TAIL,
                other_law,
            )
        )
    return checks


def _scatter(
    fit: xr.DataTree, spec: dict[str, Any], runs: xr.Dataset, residual: Array, advice: str
) -> Check:
    """Whether what is left unexplained is noise: as much as is known, declared, or expected."""
    noise = typical(spec["likelihood"], fit["posterior"])
    weight = np.broadcast_to(weights(runs, noise), residual.shape)
    left = float(np.sqrt(np.mean(weight * residual**2)))
    known = known_noise(runs, weight)
    if known is None and "sigma" in fit["posterior"]:
        return _expected(fit, advice)
    if known is None:
        kind, known = "declared", noise["sigma"]
    else:
        kind, left = "known", max(left, noise["sigma"])
    ratio = left / known
    bar, passed = f"at most {NOISE_RATIO:g}", ratio <= NOISE_RATIO
    return Check(f"unexplained scatter over {kind} noise", ratio, bar, passed, advice)


def _expected(fit: xr.DataTree, advice: str) -> Check:
    """Whether the prior of the noise expects what each group was found to have."""
    drawn, prior = fit["posterior"]["sigma"], fit["prior"]["sigma"]
    sigma = drawn.median(("chain", "draw"))
    tails = (prior >= sigma).mean(("chain", "draw"))
    worst = tails.argmin(...)
    of = f" of {tails['group'].isel(worst).item()}" if worst else ""
    tail, most = tails.isel(worst).item(), sigma.isel(worst).item()
    name = f"unexplained scatter{of}: tail probability in the prior of the noise"
    words = NOISY.format(of=of, sigma=most, advice=advice)
    return Check(name, tail, f"at least {LEAST_TAIL}", tail >= LEAST_TAIL, words)


def known_noise(runs: xr.Dataset, weight: Array | float = 1.0) -> float | None:
    """Noise of weight 1 that is known apart from the law: of replicates, else of evaluation.

    None if the table has neither replicates (three degrees of freedom at least) nor `n_eval`.
    """
    observed = runs["error"].to_numpy()
    _, cell = replicates(runs)
    count = np.bincount(cell)
    freedom = int(np.sum(count - 1))
    if freedom >= 3:
        each = np.broadcast_to(weight, observed.shape)
        mean = (np.bincount(cell, each * observed) / np.bincount(cell, each))[cell]
        return float(np.sqrt(np.sum(each * (observed - mean) ** 2) / freedom)) or None
    if runs.attrs["kind"] != "error" or runs["n_eval"].isnull().any():
        return None
    return float(np.sqrt(np.mean(weight * known_variance(runs)))) or None


def _patterns(constant: xr.Dataset) -> dict[str, Callable[[Array], Array]]:
    """Scale-free measures of order in residuals, shape (draw, run) to (draw,)."""
    total = constant["unique_samples"].sum("pool").to_numpy()[constant["data_index"].to_numpy()]
    seen = constant["samples_seen"].to_numpy()
    trends = {"budget": np.log(seen), "repetitions": np.log(seen / total)}
    classes = {
        "training set": constant["data_index"].to_numpy(),
        "group": constant["group_index"].to_numpy(),
    }
    patterns: dict[str, Callable[[Array], Array]] = {}
    for name, x in trends.items():
        values = np.unique(x).size
        if values > 2 and x.size >= 6:
            patterns[name] = _along(_powers(x, 2 if values > 3 else 1))
    for name, index in classes.items():
        count = np.bincount(index)
        if np.sum(count > 1) > 1 and x.size >= 6:
            members = (index[:, None] == np.flatnonzero(count > 1)) / np.sqrt(count[count > 1])
            patterns[name] = _along(members)
    return patterns


def _along(directions: Array) -> Callable[[Array], Array]:
    """Share of the residuals' sum of squares along orthonormal `directions` (run, direction)."""
    return lambda r: (
        np.sum((r @ directions) ** 2, axis=1) / np.maximum(np.sum(r**2, axis=1), 1e-300)
    )


def _powers(x: Array, degree: int) -> Array:
    """Orthonormal polynomials of x without the constant, shape (run, degree): a slope, a bend."""
    standard = (x - np.mean(x)) / np.std(x)
    return np.linalg.qr(np.vander(standard, degree + 1, increasing=True))[0][:, 1:]

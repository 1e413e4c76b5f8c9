"""The gate: whether a posterior may be used.

Two questions: did the sampler explore the posterior (convergence), and does the law describe the
runs (adequacy)?  A fit that fails is kept with all that was found, as numbers and ids;
`qqt_bayes.report.gate_text` says in sentences what to do next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InadequateFit
from qqt_bayes.laws.run_curves import replicates
from qqt_bayes.model.noise import known_variance, typical, weights
from qqt_bayes.posterior.checks import CHECKS, Check, Question, check_of, check_value
from qqt_bayes.posterior.methods import METHODS, is_approximate, method_of

Array = NDArray[np.float64]

PREDICTIVE_DRAWS = 500
"""Draws that the predictive checks use at least, if there are so many, and fewer than twice as
many: enough for a tail probability of 0.005 to be some of them."""
KEPT_OF = "kept_of"
"""Attribute of the sampler's statistics: of how many draws one was kept, if not of each."""
LEAST_FREEDOM = 3
"""Degrees of freedom of replicates from which on they tell the noise: by chance they show less than
a fifth of it (see `LARGEST_NOISE_RATIO`) in 1 % of tables; with two degrees it would be 4 %, with
one 16 %."""
LEAST_RUNS = 6
"""Runs from which on a pattern is looked for: a law has four parameters as a rule, and what it
leaves of fewer runs has hardly a direction but the pattern's."""
LEAST_OF_TREND = 3
"""Values of a budget, or of repetitions, that show a trend: two show a difference only."""
LEAST_OF_BEND = 4
"""Values that show a bend beside a slope: of three, the two together are any difference at all."""


@dataclass(frozen=True)
class Mode:
    """A mode of a posterior.

    Attributes
    ----------
    parameter, of : str
        A parameter in which the modes differ, and its group and pool (empty if it has none).
    value : float
        Of that parameter, there.
    weight : float
        Share of the posterior by Laplace's method, which is rough.
    shares : tuple of float
        Of the draws of each chain.
    """

    parameter: str
    of: str
    value: float
    weight: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Gate:
    """All checks of a fit, and what their sentences need to know of it.

    Attributes
    ----------
    checks : tuple of Check
    method : str
        By which the fit was made.
    model, kind : str
        Name of the specification, and whether the runs have an error rate ("error") or a "loss".
    draws, groups : int
        Draws of each chain, and groups of the runs.
    modes : tuple of Mode
        Those that were looked for and found; empty if none were looked for.
    log_marginal_likelihood : tuple of float
        Of the model by each run of sequential Monte Carlo; empty for other methods.
    note : str
        Of fits that were saved before gates held modes: what was found, in words.
    """

    checks: tuple[Check, ...]
    method: str = METHODS[0]
    model: str = ""
    kind: str = "error"
    draws: int = 0
    groups: int = 1
    modes: tuple[Mode, ...] = ()
    log_marginal_likelihood: tuple[float, ...] = ()
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether no check failed; without any check nothing has passed.

        An approximation may be far from the posterior: it is said to be rough, not refused.
        """
        return bool(self.checks) and not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass, but for those of an approximation."""
        return tuple(check for check in self.checks if not (check.passed or check.is_approximate))

    @property
    def rough(self) -> tuple[Check, ...]:
        """The checks by which an approximation is far from the posterior."""
        return tuple(check for check in self.checks if check.is_approximate and not check.passed)

    @property
    def chains_agree(self) -> bool:
        """Whether R-hat found no fault; so it is where there are no chains to compare."""
        return all(check.passed for check in self.checks if check.id == "rhat")

    def to_json(self) -> str:
        """The gate as text for a fit's attributes.

        Examples
        --------
        >>> gate = Gate((check_value("divergences", 0),), model="utility", draws=1000)
        >>> Gate.from_json(gate.to_json()) == gate, gate.passed
        (True, True)
        """
        return json.dumps({"passed": self.passed, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Gate:
        """The gate from a fit's attributes, in this form or that of before checks had ids.

        Raises
        ------
        KeyError, TypeError or ValueError
            If the text is no gate.
        """
        content = json.loads(text)
        return cls(
            checks=tuple(map(check_of, content["checks"])),
            method=method_of(content),
            model=str(content.get("model", "")),
            kind=str(content.get("kind", "error")),
            draws=int(content.get("draws", 0)),
            groups=int(content.get("groups", 1)),
            modes=tuple(
                Mode(**mode | {"shares": tuple(mode["shares"])})
                for mode in content.get("modes", [])
            ),
            log_marginal_likelihood=tuple(map(float, content.get("log_marginal_likelihood", []))),
            note=str(content.get("note", "")),
        )


REMEDIES: dict[Question, str] = {
    "convergence": "sample longer (draws, tune, target_accept) or take a simpler model",
    "approximation": "fit with method='nuts'",
    "law": "fit a model whose law describes the runs",
}
"""What to do where a check failed, in terms of `qqt_bayes.fit`, by what the check is about."""


def require_passed(gate: Gate, force: bool = False) -> None:
    """Refuse a gate that was not passed.

    Raises
    ------
    InadequateFit
        With the gate, unless forced.

    Examples
    --------
    >>> require_passed(Gate((check_value("rhat", 1.3, of="tau"), check_value("bfmi", 0.9))))
    Traceback (most recent call last):
    qqt_bayes.errors.InadequateFit: The fit did not pass its gate: R-hat of tau is 1.3 (at most
    1.01).
    To repair it, sample longer (draws, tune, target_accept) or take a simpler model; force=True
    goes on all the same.
    """
    if gate.passed or force:
        return
    found = [f"{check.name} is {check.value:.4g} ({check.bound})" for check in gate.failed]
    about = {CHECKS[check.id].question: None for check in gate.failed if check.id in CHECKS}
    mend = "; ".join(REMEDIES[each] for each in about) or "fit again"
    raise InadequateFit(
        f"The fit did not pass its gate: {'; '.join(found) or 'it has no checks'}.\n"
        f"To repair it, {mend}; force=True goes on all the same.",
        gate,
    )


def check(
    fit: xr.DataTree,
    curve: Array,
    predicted: Array,
    misfit: Mapping[str, tuple[float, str]] | None = None,
) -> Gate:
    """Put a fit through the gate.

    Parameters
    ----------
    fit : DataTree
    curve, predicted : array, shape (draw, run)
        Mean error of each run, and a predicted one, under draws of the posterior.
    misfit : mapping of str to (float, str), optional
        As `qqt_bayes.posterior.misfit.misfit` finds it, of a model with a discrepancy.
    """
    posterior, stats = (
        fit.children[group].to_dataset(inherit=False) for group in ("posterior", "sample_stats")
    )
    if is_approximate(fit.attrs):
        reached = [check_value("pareto_k", stats.attrs["pareto_k"])]  # distance from the posterior
    else:
        reached = agreement(posterior)
    if method_of(fit.attrs) == "nuts":
        reached += dynamics(stats)
    return Gate(
        (*reached, *_adequacy(fit, curve, predicted, misfit or {})),
        method=method_of(fit.attrs),
        model=json.loads(fit.attrs["spec"])["name"],
        kind=fit.attrs["kind"],
        draws=fit["posterior"].sizes["draw"],
        groups=fit["constant_data"].sizes["group"],
    )


def agreement(posterior: xr.Dataset) -> list[Check]:
    """Whether chains agree and have enough effective draws, each by its worst parameter."""
    # Here, since what reads a gate needs none of it, and SciPy's import would double its time.
    from qqt_bayes.posterior.diagnostics.convergence import by_scalar, ess_bulk, ess_tail, rhat

    draws = {str(name): by_scalar(x) for name, x in posterior.data_vars.items()}
    return [
        check_value(check_id, *_worst({name: measure(x) for name, x in draws.items()}, choose))
        for check_id, measure, choose in (
            ("rhat", rhat, np.max),
            ("ess_bulk", ess_bulk, np.min),
            ("ess_tail", ess_tail, np.min),
        )
    ]


def dynamics(stats: xr.Dataset) -> list[Check]:
    """Whether Hamiltonian dynamics went wrong: divergent draws, and energy that hardly moves."""
    diverging = stats["diverging"]
    draws = diverging.size * int(stats.attrs.get(KEPT_OF, 1))
    return [
        check_value("divergences", int(diverging.sum()), draws=draws),
        check_value("bfmi", float(np.min(_bfmi(stats["energy"].to_numpy())))),
    ]


def _worst(values: Mapping[str, Array], choose: Callable[..., Any]) -> tuple[float, str]:
    """The extreme value over all scalars and its variable; NaN, which passes no bar, if any is."""
    extremes = {name: float(choose(found)) for name, found in values.items()}
    worst = float(choose(list(extremes.values())))
    return worst, next(n for n, x in extremes.items() if x == worst or np.isnan([x, worst]).all())


def _bfmi(energy: Array) -> Array:
    """Energy fraction of missing information of each chain, shape (chain,)."""
    return np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)


def _adequacy(
    fit: xr.DataTree, curve: Array, predicted: Array, misfit: Mapping[str, tuple[float, str]]
) -> list[Check]:
    """Whether what the law leaves unexplained is noise, in its size and without a pattern."""
    constant = fit.children["constant_data"].to_dataset(inherit=False)
    observed = fit["observed_data"]["error"].to_numpy()
    spec = json.loads(fit.attrs["spec"])
    runs = constant.assign(error=("run", observed)).assign_attrs(kind=fit.attrs["kind"])
    # what is not noise is the discrepancy's in such a model, and held against bars of its own
    residual = 0 * observed if misfit else observed - curve.mean(axis=0)
    checks = []
    if not misfit or "sigma" in fit["posterior"]:
        checks.append(_scatter(fit, spec, runs, residual))
    checks += [check_value(check_id, value, of) for check_id, (value, of) in misfit.items()]
    for check_id, pattern in _patterns(constant).items():
        seen = pattern(observed - curve)
        chance = pattern(predicted - curve)
        checks.append(check_value(check_id, float(np.mean(chance >= seen))))
    return checks


def _scatter(fit: xr.DataTree, spec: dict[str, Any], runs: xr.Dataset, residual: Array) -> Check:
    """Whether what is left unexplained is noise: as much as is known, declared, or expected."""
    noise = typical(spec["likelihood"], fit["posterior"])
    weight = np.broadcast_to(weights(runs, noise), residual.shape)
    left = float(np.sqrt(np.mean(weight * residual**2)))
    known = known_noise(runs, weight)
    if known is not None:
        # a fit may call its misfit noise: then the residuals are small and sigma is large
        return check_value("scatter_known", max(left, noise["sigma"]) / known)
    if "sigma" in fit["posterior"]:
        return _expected(fit)
    return check_value("scatter_declared", left / noise["sigma"])


def _expected(fit: xr.DataTree) -> Check:
    """Whether the prior of the noise expects what each group was found to have."""
    drawn, prior = fit["posterior"]["sigma"], fit["prior"]["sigma"]
    sigma = drawn.median(("chain", "draw"))
    tails = (prior >= sigma).mean(("chain", "draw"))
    worst = tails.argmin(...)
    of = str(tails["group"].isel(worst).item()) if worst else ""
    return check_value("scatter_prior", tails.isel(worst).item(), of, sigma.isel(worst).item())


def known_noise(runs: xr.Dataset, weight: Array | float = 1.0) -> float | None:
    """Noise of weight 1 that is known apart from the law: of replicates, else of evaluation.

    None if the table has neither replicates (`LEAST_FREEDOM` at least) nor `n_eval`.
    """
    observed = runs["error"].to_numpy()
    _, cell = replicates(runs)
    count = np.bincount(cell)
    freedom = int(np.sum(count - 1))
    if freedom >= LEAST_FREEDOM:
        each = np.broadcast_to(weight, observed.shape)
        mean = (np.bincount(cell, each * observed) / np.bincount(cell, each))[cell]
        return float(np.sqrt(np.sum(each * (observed - mean) ** 2) / freedom)) or None
    if runs.attrs["kind"] != "error" or runs["n_eval"].isnull().any():
        return None
    return float(np.sqrt(np.mean(weight * known_variance(runs)))) or None


def _patterns(constant: xr.Dataset) -> dict[str, Callable[[Array], Array]]:
    """Scale-free measures of order in residuals, shape (draw, run) to (draw,), by check."""
    total = constant["unique_samples"].sum("pool").to_numpy()[constant["data_index"].to_numpy()]
    seen = constant["samples_seen"].to_numpy()
    trends = {
        "residuals_budget": np.log(seen),
        "residuals_repetitions": np.log(seen / total),
    }
    classes = {
        "residuals_training_set": constant["data_index"].to_numpy(),
        "residuals_group": constant["group_index"].to_numpy(),
    }
    patterns: dict[str, Callable[[Array], Array]] = {}
    if seen.size < LEAST_RUNS:
        return patterns
    for name, x in trends.items():
        values = np.unique(x).size
        if values >= LEAST_OF_TREND:
            patterns[name] = _along(_powers(x, 2 if values >= LEAST_OF_BEND else 1))
    for name, index in classes.items():
        count = np.bincount(index)
        # the mean of one run is that run: a class needs several, and a difference two such classes
        if np.sum(count > 1) > 1:
            members = (index[:, None] == np.flatnonzero(count > 1)) / np.sqrt(count[count > 1])
            patterns[name] = _along(members)
    return patterns


def _along(directions: Array) -> Callable[[Array], Array]:
    """Share of the residuals' sum of squares along orthonormal `directions` (run, direction)."""
    # residuals that are all exactly 0 have no pattern, a share of 0: nothing is divided by 0
    return lambda r: (
        np.sum((r @ directions) ** 2, axis=1)
        / np.maximum(np.sum(r**2, axis=1), np.finfo(float).tiny)
    )


def _powers(x: Array, degree: int) -> Array:
    """Orthonormal polynomials of x without the constant, shape (run, degree): a slope, a bend."""
    standard = (x - np.mean(x)) / np.std(x)
    return np.linalg.qr(np.vander(standard, degree + 1, increasing=True))[0][:, 1:]

r"""The law of effective reuse: quality multiplies samples, and repetition uses them up.

A training set takes ``u_i`` unique samples from pool i, ``U = sum u_i``, with shares
``w_i = u_i / U``; ``n`` samples are seen, in ``e = n / U`` epochs.

- A fresh sample of pool i is worth ``q_i = exp(Q_i)`` of those of the typical pool; one of the
  training set ``q = sum_i w_i q_i``.
- Pool i stands ``R_i = R exp(zeta Q_i + r_i)`` epochs.  The training set stands those of its
  effective samples, ``R_S = (U / N)^g sum_i w_i q_i R_i / q``: after them, more of the same is
  worth little.
- All training sets follow one curve of their effective samples ``D``.
- With a term for errors that rise again (law `effective-reuse-overfit`), a training set is
  memorised around epoch ``E = m (1 + R_S)``, and a model that knows it by heart has lost a share
  ``1 - exp(-omega)`` of its effective samples.
- With a term for a slow start (law `effective-reuse-onset`), what has been learned shows only once
  training has begun: around ``D_0`` effective samples the curve comes down to the one of the law
  without the term.

So what a mixture is worth follows from its pools by two weighted sums, without training it.
``Q`` and ``r`` count from their means over all pools, and N is the geometric mean of the pools'
sizes: only what differs between pools has a meaning.

Source: this package.  That repetition saturates is of Muennighoff et al. 2023, arXiv:2305.16264;
that a pool's quality scales its samples takes the place of the exponents of Goyal et al. 2024,
arXiv:2404.07177.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qqt_bayes.laws.epochs import UNIT, Epochs
from qqt_bayes.laws.means import Mixture

PARAMETERS = ("Q", "r", "R", "zeta", "g", "k", "rho", "z2", "alpha", "height", "floor")
"""What a specification declares."""
CONSTANTS = ("reference", "typical_size", "chance_error")
"""What the design and the metric say: the budget, in samples, at which A is the error above the
floor; N, samples; and c, which is infinite for losses."""
ARGUMENTS = ("Q", "r", "R", "zeta", "g", "k", "rho", "z2", "alpha", "A", "d", *CONSTANTS)
"""What the law is a function of."""
RISE = ("omega", "memory")
"""What a specification declares beside, and the law is a function of, where errors may rise again:
omega and m."""
ONSET = ("transient", "onset", "stretch")
"""What a specification declares beside where training may begin slowly."""
OF_ONSET = ("B", "onset", "stretch")
"""What the law is then a function of beside."""
LAWS_OF_REUSE = {
    "effective-reuse": ((), ()),
    "effective-reuse-overfit": (RISE, RISE),
    "effective-reuse-onset": (ONSET, OF_ONSET),
}
"""What each of these laws declares beside `PARAMETERS`, and is a function of beside `ARGUMENTS`."""
MAX_LOG_PAST = 50.0
"""Where so much more was seen than training takes to begin, nothing is left of the slow start."""
MAX_RHO = 0.95
"""At 1 repetition would be as good as fresh data, and no training set would ever be exhausted."""
MAX_LOG_ODDS = 100.0
"""Where the curve is so far below the chance error, that error makes no difference to it; losses
have none."""
LARGEST = 1e300
"""Stands for an infinite chance error: derivatives of what is infinite are no numbers."""


def typical_size(pool_size: ArrayLike) -> float:
    """N, the geometric mean of the pools' sizes, samples."""
    return float(np.exp(np.log(np.asarray(pool_size)).mean()))


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Add the floor d and the error A above it at the reference budget.

    Losses have them as they are declared, ``d = floor`` and ``A = height``.  Error rates are below
    the chance error c, so for them both are declared as odds,

    ``d = c floor / (1 + floor)``, ``A = (c - d) height / (1 + height)``,

    which every positive number makes a curve from c down to the floor.

    Examples
    --------
    >>> found = derive({"floor": 0.25, "height": 1.0, "chance_error": 0.9})
    >>> round(float(found["d"]), 3), round(float(found["A"]), 3)
    (0.18, 0.36)

    So is the size B of a slow start: of losses it is the transient as it is declared, of error
    rates ``transient / (1 + transient)``, a share of what lies between the law and chance.

    >>> slow = derive({"floor": 0.25, "height": 1.0, "chance_error": 0.9, "transient": 3.0})
    >>> float(slow["B"])
    0.75
    """
    c, floor, height = (values[name] for name in ("chance_error", "floor", "height"))
    of_losses = np.isinf(c)
    c = np.where(of_losses, 1.0, c)
    rate = c * floor / (1 + floor)
    d = of_losses * floor + ~of_losses * rate
    below = (c - rate) * height / (1 + height)
    found = values | {"d": d, "A": of_losses * height + ~of_losses * below}
    if "transient" in values:
        odds = values["transient"]
        found["B"] = of_losses * odds + ~of_losses * (odds / (1 + odds))
    return found


def effective_reuse(
    epochs: Epochs,
    Q: Any,
    r: Any,
    R: Any,
    zeta: Any,
    g: Any,
    k: Any,
    rho: Any,
    z2: Any,
    alpha: Any,
    A: Any,
    d: Any,
    reference: Any,
    typical_size: Any,
    chance_error: Any,
    mixture: Mixture,
    xp: ModuleType = np,
    *,
    omega: Any = None,
    memory: Any = None,
    B: Any = None,
    onset: Any = None,
    stretch: Any = None,
) -> Any:
    r"""Error of training sets by their effective samples.

    ``D = U q e (1 + (e / (1 + R_S))^k)^(-(1 - rho_S) / k)``, with
    ``rho_S = min(0.95, rho + z2 log q)`` the share of its worth that data keeps when it is repeated
    without end.  At first ``D = n q``.  With X the reference budget, losses are

    ``y = d + A (D / X)^-alpha``,

    and error rates fall from the chance error c, which they have before training,

    ``y = d + (c - d) (1 + D / D_c)^-alpha``, with ``D_c`` such that ``y = d + A`` at ``D = X``.

    Where errors may rise again, D is multiplied by

    ``exp(-omega s)``, with ``s = (e / E)^2 / (1 + (e / E)^2)`` and ``E = m (1 + R_S)``,

    s the share of the training set that is memorised: fresh data lose nothing, and no training set
    more than a factor ``exp(omega)``, so that errors stay between floor and chance however long it
    is trained.  omega = 0 is the law without the term.

    Drawn with replacement, D is the mean over how often the samples are seen: with ``f(e)`` what
    stands behind ``U q`` above, ``D = U q E f(K)`` and ``K ~ Poisson(e)``.

    Where training may begin slowly, the error is above y. With ``D_0 = onset X`` it is

    ``y + B exp(-(D / D_0)^stretch)`` of losses, ``y + B (c - y) exp(-(D / D_0)^stretch)`` of rates:

    a transient in which the optimiser has still to find what the data are worth. It is over after
    some D_0, and what is forecast beyond is the law without it. B = 0 is that law.

    Parameters
    ----------
    epochs : Epochs
    Q, r, R, zeta, g, k, rho, z2, alpha, A, d, reference, typical_size, chance_error : array
        As the module says; `R` in epochs, `reference` and `typical_size` in samples, `A` and `d`
        errors.
    mixture : Mixture
    xp : module
    omega, memory : array, optional
        Of errors that may rise again; `memory` is m.
    B, onset, stretch : array, optional
        Of a slow start; `onset` in units of the reference budget, `B` of error rates below 1.

    Examples
    --------
    A pool of 1,000 samples: 64 epochs of it are worth fewer than 6,000 fresh ones.

    >>> from qqt_bayes.laws.epochs import collapse
    >>> from qqt_bayes.laws.means import ONE_POOL
    >>> theta = dict(Q=0, r=0, R=4, zeta=0, g=0, k=3, rho=0, z2=0, alpha=0.5, A=0.5, d=0.1)
    >>> theta |= dict(reference=1e3, typical_size=1e3, chance_error=np.inf)
    >>> theta = {name: np.array([float(x)]) for name, x in theta.items()}
    >>> y = effective_reuse(collapse([64e3], 1e3), **theta, mixture=ONE_POOL)
    >>> y.round(4), (1e3 * ((y - 0.1) / 0.5) ** -2).round()
    (array([0.3237]), array([4999.]))

    Memorised around 20 epochs, four times those after which more is worth little, it is at last
    worth less than after one.

    >>> rise = dict(omega=np.array([2.0]), memory=np.array([4.0]))
    >>> seen = collapse([1e3, 16e3, 64e3], 1e3)
    >>> effective_reuse(seen, **theta, mixture=ONE_POOL, **rise).round(4)
    array([0.6019, 0.432 , 0.6561])

    A slow start that is nearly over after two thousand samples of fresh data.

    >>> slow = dict(B=np.array([4.0]), onset=np.array([0.5]), stretch=np.array([1.0]))
    >>> seen = collapse([250.0, 500.0, 2e3, 8e3], 1e6)
    >>> effective_reuse(seen, **theta, mixture=ONE_POOL, **slow).round(4)
    array([3.5261, 2.2786, 0.5268, 0.2768])
    """
    own = mixture.own
    log_effective = log_effective_samples(
        epochs, Q, r, R, zeta, g, k, rho, z2, reference, typical_size, mixture, xp, omega, memory
    )
    power, above, floor = own(alpha), own(A), own(d)
    # with (c - d) / A = (1 + X / D_c)^alpha the curve needs D_c no more
    highest = own(np.minimum(chance_error, LARGEST))
    log_odds = xp.minimum(xp.log((highest - floor) / above) / power, MAX_LOG_ODDS)
    log_ratio = xp.log(xp.expm1(log_odds))
    left = power * (log_odds - xp.logaddexp(0.0, log_ratio + log_effective))
    error = floor + above * xp.exp(left)
    if B is None:
        return error
    of_rates = np.isfinite(chance_error)
    chance, is_rate = own(np.where(of_rates, chance_error, 1.0)), own(np.where(of_rates, 1.0, 0.0))
    room = 1 - is_rate + is_rate * (chance - error)
    log_past = own(stretch) * (log_effective - xp.log(own(onset)))
    return error + own(B) * room * xp.exp(-xp.exp(xp.minimum(log_past, MAX_LOG_PAST)))


def log_effective_samples(
    epochs: Epochs,
    Q: Any,
    r: Any,
    R: Any,
    zeta: Any,
    g: Any,
    k: Any,
    rho: Any,
    z2: Any,
    reference: Any,
    typical_size: Any,
    mixture: Mixture,
    xp: ModuleType = np,
    omega: Any = None,
    memory: Any = None,
) -> Any:
    """``log(D / X)``: a training set's effective samples, in units of the reference budget.

    Parameters
    ----------
    epochs, Q, r, R, zeta, g, k, rho, z2, reference, typical_size, mixture, xp, omega, memory
        As for `effective_reuse`.

    Examples
    --------
    64 epochs of 1,000 samples of typical quality:

    >>> from qqt_bayes.laws.epochs import collapse
    >>> from qqt_bayes.laws.means import ONE_POOL
    >>> theta = dict(Q=0, r=0, R=4, zeta=0, g=0, k=3, rho=0, z2=0)
    >>> theta |= dict(reference=1e3, typical_size=1e3)
    >>> theta = {name: np.array([float(x)]) for name, x in theta.items()}
    >>> found = log_effective_samples(collapse([64e3], 1e3), **theta, mixture=ONE_POOL)
    >>> (1e3 * np.exp(found)).round()
    array([4999.])
    """
    own = mixture.own
    quality = xp.exp(Q)
    fresh = mixture.mean(quality)
    stands = R * xp.exp(zeta * Q + r)
    grows = own(g * np.log(epochs.unique_samples * UNIT / typical_size))
    stood = mixture.mean(quality * stands) / fresh * xp.exp(grows)
    log_fresh, log_epochs = xp.log(fresh), own(np.log(epochs.samples_seen / epochs.unique_samples))
    log_stood = xp.log1p(stood)
    kept = xp.minimum(own(rho) + own(z2) * log_fresh, MAX_RHO)
    knee = own(k)
    rise = None if omega is None else (own(omega), xp.log(own(memory)))

    def loss(log_epochs: Any) -> Any:
        """How much less a sample is worth, as a log, that is seen so often."""
        log_beyond = log_epochs - log_stood
        lost = (1 - kept) / knee * xp.logaddexp(0.0, knee * log_beyond)
        if rise is None:
            return lost
        most, log_memory = rise
        log_memorised = -xp.logaddexp(0.0, -2 * (log_beyond - log_memory))
        return lost + most * xp.exp(log_memorised)

    if epochs.replacement:
        sights, weight = epochs.sights()
        each = range(sights.shape[-1])
        kept_of = [own(weight[..., j]) * xp.exp(-loss(own(np.log(sights[..., j])))) for j in each]
        lost = -xp.log(sum(kept_of))
    else:
        lost = loss(log_epochs)
    log_samples = own(np.log(epochs.unique_samples * UNIT / reference)) + log_fresh
    return log_samples + log_epochs - lost

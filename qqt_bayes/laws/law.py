r"""Each scaling law once: the formula in the docstring, the same formula below it.

A law gives the error of a training set that is mixed from pools ``i`` with shares ``w_i``, as a
function of means over the pools; for one pool the mean is the thing itself.
`qqt_bayes.laws.mixture` supplies the mean and the half-lives inside the mixture (the combination
theorem).

Notation: ``n`` samples seen, ``U`` unique samples, both in units of 100,000; ``k`` epochs; ``D_k``
the growth of ``log n`` in epoch k, with ``D_0 = log(min(n, U))``; ``mean(x) = sum_i w_i x_i``.

The same functions serve NumPy and PyTensor: `xp` is the module that holds exp, log and the like.
Parameters are arrays over pools whose axes line up with those of ``epochs.samples_seen``; the axis
of the nodes comes behind them.  The minus of an exponent stands inside the mean, where there are
fewer numbers to turn: pools, not mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from qqt_bayes.errors import InputError
from qqt_bayes.laws import uses
from qqt_bayes.laws.effective_reuse import (
    ARGUMENTS,
    LAWS_OF_REUSE,
    PARAMETERS,
    derive,
    effective_reuse,
)
from qqt_bayes.laws.epochs import Epochs, log_samples
from qqt_bayes.laws.means import Mixture

LEAST_DECAY = 1e-20
"""Decay per epoch below which repetition is free; keeps tau = infinity finite in quotients."""
LEAST_SHARE = 1e-150
"""What is left of a sample at the least; its square, in a derivative, does not vanish either."""


@dataclass(frozen=True)
class Law:
    """A scaling law.

    Attributes
    ----------
    name : str
        Name in `LAWS`.
    error : callable
        ``error(epochs, **arguments, mixture, xp)``: error of each training set.
    parameters : tuple of str
        What a specification must give a prior or a value for.
    takes : tuple of str, optional
        The arguments of `error`, if they are not the parameters with a half-life for the size
        exponent.
    derive : callable, optional
        Adds to values of the parameters and constants those arguments that follow from them.
    centred : tuple of str
        Parameters of pools that count from their mean over all pools.
    convex : bool
        Whether the error is a convex function of the means that the law takes.
    bounded : bool
        Whether the error before training is 1, not 1 + d.
    separable : bool
        Whether what the law takes means of is each pool's own, whatever else is in the mixture.
    falls_with_size : bool
        Whether of two training sets with the same shares of pools the larger never has the higher
        error. (In the released code repetition lowers the floor, too, so that less data may do.)
    replacement : bool
        Whether training sets are drawn from with replacement: the law takes `Epochs` that say so.
    domains : mapping of str to str
        Of a law from user code (`qqt_bayes.laws.own`) alone: which numbers each parameter may be.
    derivatives : callable, optional
        Of such a law: its error and the derivatives by its mean parameters, for the compiled
        density.
    """

    name: str
    error: Callable[..., Any]
    parameters: tuple[str, ...]
    takes: tuple[str, ...] = ()
    derive: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    centred: tuple[str, ...] = ()
    bounded: bool = False
    separable: bool = True
    convex: bool = True
    falls_with_size: bool = True
    replacement: bool = False
    domains: Mapping[str, str] = field(default_factory=dict)
    derivatives: Callable[..., Any] | None = None

    @property
    def own(self) -> bool:
        """Whether the law comes from user code."""
        return bool(self.domains)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Arguments of which no mean over pools is taken."""
        if self.own:
            return ()
        return tuple(x for x in self.takes if x not in self.centred) or ("a",)

    def drawn(self, replacement: bool) -> Law:
        """The law of training sets that are drawn from with replacement, or without.

        Raises
        ------
        InputError
            If it is from user code, which does not say what drawing with replacement does.
        """
        if self.own and replacement:
            raise InputError(
                f"law {self.name!r} was registered by register_law and is for samples that are "
                "drawn without replacement, but these runs drew with it; take a shipped law"
            )
        return self if replacement == self.replacement else replace(self, replacement=replacement)

    def over(self, parameter: str) -> tuple[str, ...]:
        """The dimensions along which a parameter may differ.

        Of the law of effective reuse pools differ in what counts from their mean, and groups in
        all else.
        """
        if not self.centred:
            return ("group", "pool")
        return ("pool",) if parameter in self.centred else ("group",)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `error` takes; of laws of utility always a half-life, never the size exponent."""
        if self.takes:
            return self.takes
        names = dict.fromkeys(self.parameters if self.own else (*self.parameters, "tau"))
        return tuple(name for name in names if name != "size_exponent")


def utility(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""Utility that halves every tau epochs.

    ``y = exp(-mean(b (log a + sum_k 2^(-k/tau) D_k))) + mean(d)``

    Source: Goyal et al. 2024, arXiv:2404.07177.

    Examples
    --------
    The best T-MARS band (published parameters), one pass over 12.8M samples and then ten:

    >>> from qqt_bayes.laws.epochs import collapse
    >>> from qqt_bayes.laws.means import ONE_POOL
    >>> a, b, d, tau = (np.array([x]) for x in (0.025, 0.16, 0.1, 6.7))
    >>> utility(collapse([12.8e6], 12.8e6), a, b, d, tau, ONE_POOL).round(4)
    array([0.9302])
    >>> utility(collapse([128e6], 12.8e6), a, b, d, tau, ONE_POOL).round(4)
    array([0.7363])
    """
    growth = epochs.growth(log_samples)
    weight = uses.pools_first(epochs, a, b, tau, mixture)
    if weight is not None:
        exponent = mixture.mean(-b * np.log(a)) - weight[..., 0, :] @ growth.T
    else:
        used = uses.over_nodes(uses.remaining(epochs, tau, xp), growth, xp)
        exponent = mixture.mean(-b * (xp.log(a) + used))
    return xp.exp(exponent) + mixture.mean(d)


def utility_overfit(
    epochs: Epochs,
    a: Any,
    b: Any,
    d: Any,
    tau: Any,
    mixture: Mixture,
    xp: ModuleType = np,
    *,
    kappa: Any,
) -> Any:
    r"""Utility that decays through zero, so that error rises after many repetitions.

    ``y = exp(-mean(b (log a + sum_k ((1 + kappa) 2^(-k/tau) - kappa) D_k))) + mean(d)``,
    where ``sum_k D_k = log n``.

    The first epoch has the utility b, epoch ``k* = tau log2((1 + kappa) / kappa)`` none: the error
    of one pool is least after ``ceil(k*)`` epochs.  kappa = 0 is `utility`.  At very many epochs
    ``y - d`` grows as ``n^(kappa b)``, without bound, in the end beyond an error rate of 1: nothing
    here knows where a model that memorises ends up.  So the law is for as many epochs as were
    tried, some hundreds at most, and not for many times more.

    Source: this package.

    Examples
    --------
    A half-life of 3 epochs: the utility is spent after ``k* = 3 log2(1.1 / 0.1) = 10.4`` epochs.

    >>> from qqt_bayes.laws.epochs import collapse
    >>> from qqt_bayes.laws.means import ONE_POOL
    >>> a, b, d, tau, kappa = (np.array([x]) for x in (0.025, 0.16, 0.1, 3.0, 0.1))
    >>> count = np.array([1, 10, 11, 12, 100])
    >>> epochs = collapse(count * 12.8e6, 12.8e6)
    >>> utility_overfit(epochs, a, b, d, tau, ONE_POOL, kappa=kappa).round(4)
    array([0.9302, 0.7983, 0.7982, 0.7983, 0.82  ])
    """
    growth = epochs.growth(log_samples)
    lasting = uses.over_nodes(uses.remaining(epochs, tau, xp), growth, xp)
    left = (1 + kappa) * lasting - kappa * np.log(epochs.samples_seen)
    return xp.exp(mixture.mean(-b * (xp.log(a) + left))) + mixture.mean(d)


def utility_released(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""Law of the authors' released code: later epochs act on the floor, too.

    ``y = (exp(-mean(b (log a + D_0))) + mean(d)) exp(-mean(b sum_{k>0} 2^(-k/tau) D_k))``

    Source: the code released with Goyal et al. 2024, whose form differs from the paper's.
    """
    growth = epochs.growth(log_samples)
    later = uses.over_nodes(uses.remaining(epochs, tau, xp)[..., 1:], growth[..., 1:], xp)
    first = xp.exp(mixture.mean(-b * (xp.log(a) + growth[..., 0])))
    return (first + mixture.mean(d)) * xp.exp(mixture.mean(-b * later))


def utility_bounded(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""Utility with an error of 1 before training, where a power law would exceed it.

    ``y = (1 - mean(d)) exp(-mean(b sum_k 2^(-k/tau) G_k)) + mean(d)``,
    with ``G_k`` the growth of ``log(1 + a n)`` in epoch k.

    Drawn with replacement, the sum is an integral over ``x = n' / U``, see `qqt_bayes.laws.sights`:
    ``integral exp(-x (1 - 2^(-1/tau))) a U / (1 + a U x) dx``.

    Source: this package.
    """

    def quantity(n: Any) -> Any:
        return xp.log1p(a[..., None] * n)

    weight = None if epochs.replacement else uses.pools_first(epochs, a, b, tau, mixture)
    if epochs.replacement:
        exponent = mixture.mean(-b * uses.bounded_use_drawn(epochs.integrated(), a, tau, xp))
    elif weight is not None:
        exponent = -epochs.total_growth(lambda n: np.log1p(a[..., 0, :, None] * n), weight)
    else:
        left = uses.remaining(epochs, tau, xp)
        if xp is np and epochs.unique_samples.shape == (1,) and left.shape[-2:-1] == (1,):
            used = epochs.total_growth(quantity, left)
        else:
            used = uses.over_nodes(left, epochs.growth(quantity, shared=a.ndim == 0), xp)
        exponent = mixture.mean(-b * used)
    floor = mixture.mean(d)
    return (1 - floor) * xp.exp(exponent) + floor


def effective_data(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""Samples that count for less each time they are seen.

    One pool: ``y = (a sum_k 2^(-k/tau) n_k)^-b + d`` with ``n_k`` the samples seen in epoch k.

    Mixture: with the effective samples before epoch k, ``N_k = mean(sum_{l<k} 2^(-l/tau) n_l)``,

    ``y = exp(-sum_k beta_k log(N_(k+1) / N_k)) + mean(d)``,
    ``beta_k = mean(b 2^(-k/tau)) / mean(2^(-k/tau))``, and epoch 0 gives ``mean(b log(a N_1))``.

    Drawn with replacement, the sum is an integral over ``x = n' / U``, see `qqt_bayes.laws.sights`,
    with ``exp(-x (1 - 2^(-1/tau)))`` in place of ``2^(-k/tau)``.

    Source: Goyal et al. 2024, the rival law, after Muennighoff et al. 2023, arXiv:2305.16264.
    """
    decay = xp.maximum(math.log(2) / tau, LEAST_DECAY)[..., None]
    if epochs.replacement:
        used = uses.effective_use_drawn(epochs.integrated(), decay, mixture, xp)
        return xp.exp(mixture.mean(-b * (xp.log(a) + used))) + mixture.mean(d)
    unique = epochs.unique_samples[..., None]
    complete = np.maximum(epochs.complete, 1)[..., None]

    def left(k: Any) -> Any:
        """What is left of a sample in epoch k, ``2^(-k/tau)``."""
        return xp.exp(-decay * k)

    def before(k: Any) -> Any:
        """``N_k``, by the geometric sum ``(1 - 2^(-k/tau)) / (1 - 2^(-1/tau))``."""
        return mixture.mean(unique * xp.expm1(-decay * k) / xp.expm1(-decay))

    node = epochs.node[1:]
    rest = epochs.samples_seen[..., None] - unique * complete
    share = xp.maximum(mixture.mean(left(node)), LEAST_SHARE)
    whole = xp.log1p(mixture.mean(unique * left(node)) / before(node)) / share
    part = xp.log1p(mixture.mean(rest * left(complete)) / before(complete)) / share
    growth = epochs.count[..., 1:] * mixture.spread(whole)
    growth = growth + epochs.last[..., 1:] * mixture.spread(part)
    later = (left(node) * growth).sum(-1)

    first = np.log(np.minimum(epochs.samples_seen, epochs.unique_samples))
    exponent = mixture.mean(-b * (xp.log(a) + first + later))
    return xp.exp(exponent) + mixture.mean(d)


def data_constrained(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""Repeated data worth less and less, at a fixed model size.

    ``y = exp(-mean(b log(a D'))) + mean(d)``,
    ``D' = U + U R (1 - exp(-(n/U - 1)/R))`` beyond one epoch, ``D' = n`` within it.

    In the notation of the source ``E = d``, ``beta = b``, ``B = (1e5 / a)^b`` and
    ``R = tau / log 2``: the value of a repetition halves every tau epochs.

    Drawn with replacement, a set is worth the mean over how often its samples are seen: sight k + 1
    adds ``R (1 - exp(-1/R)) exp(-(k - 1)/R)`` for the share ``P(k + 1, e)`` of the samples, see
    `qqt_bayes.laws.sights`, and the first adds 1.

    Source: Muennighoff et al. 2023, arXiv:2305.16264; the mean over pools is this package's.

    Examples
    --------
    The published constants, without the term of the model's size: 4B tokens, eight times over.

    >>> from qqt_bayes.laws.epochs import collapse
    >>> from qqt_bayes.laws.means import ONE_POOL
    >>> E, B, beta, R = 1.87, 1488, 0.353, 15.4
    >>> theta = (1e5 / B ** (1 / beta), beta, E, R * math.log(2))
    >>> a, b, d, tau = (np.array([x]) for x in theta)
    >>> data_constrained(collapse([32e9], 4e9), a, b, d, tau, ONE_POOL).round(4)
    array([2.1813])
    """
    decay = xp.maximum(math.log(2) / tau, LEAST_DECAY)
    if epochs.replacement:
        left = xp.exp(-decay[..., None] * (epochs.node[1:] - 1))
        again = -xp.expm1(-decay) / decay * uses.over_nodes(left, epochs.count[..., 1:], xp)
        effective = epochs.unique_samples * (epochs.count[..., 0] + again)
    else:
        fresh = np.minimum(epochs.samples_seen, epochs.unique_samples)
        repetitions = epochs.samples_seen / epochs.unique_samples - fresh / epochs.unique_samples
        effective = fresh - epochs.unique_samples * xp.expm1(-decay * repetitions) / decay
    return xp.exp(mixture.mean(-b * xp.log(a * effective))) + mixture.mean(d)


def power_law(
    epochs: Epochs, a: Any, b: Any, d: Any, tau: Any, mixture: Mixture, xp: ModuleType = np
) -> Any:
    r"""The null: repetition costs nothing (tau, ignored, is infinite).

    ``y = exp(-mean(b log(a n))) + mean(d)``

    Source: the form fitted by Cherti et al. 2023, arXiv:2212.07143, in samples seen.
    """
    return xp.exp(mixture.mean(-b * xp.log(a * epochs.samples_seen))) + mixture.mean(d)


_REPEATING = ("a", "b", "d", "tau", "size_exponent")

_OF_REUSE = (
    Law(
        name,
        effective_reuse,
        (*PARAMETERS, *declared),
        takes=(*ARGUMENTS, *taken),
        derive=derive,
        centred=("Q", "r"),
        convex=False,
    )
    for name, (declared, taken) in LAWS_OF_REUSE.items()
)

LAWS = {
    law.name: law
    for law in (
        Law("utility", utility, _REPEATING),
        Law("utility-overfit", utility_overfit, (*_REPEATING, "kappa")),
        Law("utility-released", utility_released, _REPEATING, falls_with_size=False),
        Law("utility-bounded", utility_bounded, _REPEATING, bounded=True),
        Law("effective-data", effective_data, _REPEATING, separable=False),
        Law("data-constrained", data_constrained, _REPEATING),
        Law("power-law", power_law, ("a", "b", "d")),
        *_OF_REUSE,
    )
}
"""The registry of laws: those of this package, and what `qqt_bayes.laws.own` adds to them."""

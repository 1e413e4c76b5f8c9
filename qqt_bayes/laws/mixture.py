r"""The combination theorem: what a training set mixed from several pools is worth.

A training set takes ``u_i`` unique samples from pool i, ``U = sum u_i`` in all.  Inside it

- pool i has the share ``w_i = u_i / U`` in every mean of the law, and
- its half-life, ``tau_i`` when the pool of ``N_i`` samples is trained alone, becomes
  ``tau_i (U / N_i)^g``.

``g`` is the size exponent: 1 is the theorem (in contrastive training a sample meets U - 1 others,
so p equal pools together have the half-life p tau), 0 says that repetition does not care about the
rest.

Source: Goyal et al. 2024, arXiv:2404.07177, for g = 1 and shared a, d.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.laws.epochs import Epochs, of_one_size
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.means import Mixture


def half_life(tau: Any, total: Any, pool_size: Any, size_exponent: Any = 1.0) -> Any:
    """Half-life of a pool inside a training set, ``tau_i (U / N_i)^g``.

    Parameters
    ----------
    tau : array
        Half-life of the pool alone, in epochs.
    total, pool_size : array
        ``U`` and ``N_i``, in samples.
    size_exponent : array
        ``g``.

    Examples
    --------
    Two equal pools together forget half as fast:

    >>> float(half_life(4.0, total=2e6, pool_size=1e6))
    8.0
    """
    return tau * (total / pool_size) ** size_exponent


def mixture_error(
    law: Law,
    parameters: Mapping[str, ArrayLike],
    unique_samples: ArrayLike,
    pool_size: ArrayLike,
    samples_seen: ArrayLike | Epochs,
    *,
    exact: int = 16,
) -> NDArray[np.float64]:
    """Error of one training set at several budgets, under one or many draws of the parameters.

    Parameters
    ----------
    law : Law
    parameters : dict of array
        What the law takes (``a``, ``b``, ``d``, ``tau``, ...), each of shape (draw, pool) or
        (draw, 1); ``size_exponent`` of shape (draw, 1).  `tau` and `size_exponent` may be missing
        where the law has none; what it does not take may be there.
    unique_samples, pool_size : array_like, shape (pool,)
        ``u_i`` (at least one positive) and ``N_i``, samples.
    samples_seen : array_like, shape (budget,)
        Samples; or the epochs that `qqt_bayes.laws.epochs.of_one_size` made of them, where they
        serve several calls.
    exact : int
        Epochs summed one by one, see `qqt_bayes.laws.epochs.collapse`.

    Returns
    -------
    array, shape (draw, budget)

    Examples
    --------
    Two equal pools, alike in everything, are one pool of twice the size and twice the half-life:

    >>> from qqt_bayes.laws.law import LAWS
    >>> theta = dict(a=[[0.02]], b=[[0.15]], d=[[0.1]], tau=[[4.0]], size_exponent=[[1.0]])
    >>> mixture_error(LAWS["utility"], theta, [1e6, 1e6], [1e6, 1e6], [1e8]).round(6)
    array([[0.945984]])
    >>> mixture_error(LAWS["utility"], theta | dict(tau=[[8.0]]), [2e6], [2e6], [1e8]).round(6)
    array([[0.945984]])
    """
    taken = np.asarray(unique_samples, float)
    used = np.flatnonzero(taken)
    share = taken[used] / taken.sum()
    mixture = Mixture(
        mean=lambda x: np.einsum("p,dp...->d...", share, x),
        shared=lambda x: x[:, 0] if x.ndim == 3 else x,  # what is of the budgets alone has one axis
        spread=lambda x: x[:, None],
        over_pools=lambda b, x: (share * b[..., 0])[:, None] @ x[:, :, 0],
    )
    error: NDArray[np.float64] = law_inside(
        law, parameters, used, taken.sum(), pool_size, samples_seen, mixture, exact=exact
    )
    return error


def law_inside(
    law: Law,
    parameters: Mapping[str, ArrayLike],
    pools: NDArray[np.intp],
    total: float,
    pool_size: ArrayLike,
    samples_seen: ArrayLike | Epochs,
    mixture: Mixture,
    *,
    exact: int = 16,
) -> Any:
    """The law on pools inside training sets of one size.

    Parameters
    ----------
    law, parameters, pool_size, samples_seen, exact
        As for `mixture_error`.
    pools : array of int
        Which pools.
    total : float
        ``U``, samples.
    mixture : Mixture
        From values of shape (draw, pool, budget or 1, ...) to those of training sets, and back.
    """
    given = {"tau": [[np.inf]], "size_exponent": [[1.0]], **parameters}
    draws = {name: _column(given[name], pools) for name in law.arguments}
    if "tau" in draws:
        draws["tau"] = half_life(
            draws["tau"],
            total,
            np.asarray(pool_size, float)[pools, None],
            _column(given["size_exponent"], pools),
        )
    every = np.broadcast_shapes(*(x.shape for x in draws.values()), (1, pools.size, 1))
    # no law takes the mean of these by itself: what is made of them is the same where they are
    draws = {
        name: x if name in law.shared else np.broadcast_to(x, every) for name, x in draws.items()
    }
    if not isinstance(samples_seen, Epochs):
        samples_seen = of_one_size(samples_seen, total, exact=exact, replacement=law.replacement)
    return law.error(samples_seen, **draws, mixture=mixture)


def _column(value: ArrayLike, used: NDArray[np.intp]) -> NDArray[np.float64]:
    """Parameters of the pools in use with an axis for budgets, shape (draw, pool or 1, 1)."""
    value = np.asarray(value, float)
    return (value if value.shape[1] == 1 else value[:, used])[..., None]

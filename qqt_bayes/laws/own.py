"""A law from user code: checked, wrapped, and put beside those of this package.

Whatever evaluates, fits or decides asks `qqt_bayes.laws.law.LAWS` for a law by its name.  A law of
one's own is sampled through the model that PyMC declares; nothing here imports PyMC.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.laws.epochs import Epochs
from qqt_bayes.laws.law import LAWS, Law
from qqt_bayes.laws.means import Mixture

NUMBERS = ("real", "positive", "non-negative", "share")
"""Which numbers a parameter may be; a share is between 0 and 1."""
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""What a law may be called, as in `effective-reuse`."""
RESERVED = (
    *("sigma", "nu", "budget_exponent", "common", "amplitude", "training_effect"),
    *("error", "curve", "pool", "group", "run", "data", "training", "chain", "draw", "pool_size"),
    *("n", "U", "xp", "epochs", "mixture", "reference", "typical_size", "chance_error"),
)
"""Names that a fit, a table or a formula gives to something else."""

Formula = Callable[..., Any]


def register_law(
    name: str,
    formula: Formula,
    parameters: Mapping[str, str],
    *,
    derivatives: Formula | None = None,
    over_pools: bool = False,
) -> None:
    r"""Add a law of your own, which specifications can then name.

    The formula is written once and evaluated twice: on NumPy arrays, for forecasts and decisions,
    and on PyTensor's tensors, which give the sampler exact derivatives.  So it may use arithmetic
    and the functions of `xp` alone: ``xp.exp``, ``xp.log1p``, ``xp.where``, ...  `check_law` says
    whether it does, and holds it against a second version that you write out.

    The law is known to this Python process until it ends; a fit of it names it, and whoever loads
    the fit registers it first.  Registering a name again replaces the law.  With `derivatives` it
    is sampled by the compiled density, in seconds; without, PyMC compiles its model, which takes
    minutes a fit.  Not for such a law are runs that draw with replacement, `predict_known`, a Dask
    cluster, and, beyond 20 pools, the search for subsets.

    Parameters
    ----------
    name : str
        Small letters, digits and hyphens; not that of a shipped law.
    formula : callable
        ``formula(n, U, xp, **parameters)``: the error of training sets with U unique samples that
        have seen n, both in units of 100,000 samples (or whatever the table counts).  Each
        parameter is its mean over the pools of the training set, weighed by the shares
        ``w_i = u_i / U`` of its samples.
    parameters : mapping of str to {"real", "positive", "non-negative", "share"}
        Which numbers each parameter may be.  ``tau`` is the half-life inside the training set,
        ``tau_i (U / N_i)^g`` with g the parameter ``size_exponent``, which is declared beside it
        and does not reach the formula.
    derivatives : callable, optional
        ``derivatives(n, U, *values)`` of one training set, in plain numbers and functions of
        Python's `math`, which Numba compiles: a tuple of the error and its derivative by each
        parameter, in the order of `parameters` without ``size_exponent``.
    over_pools : bool
        Without `derivatives`: let the formula join pools itself, as the shipped laws in
        `qqt_bayes.laws.law` do: ``formula(epochs, mixture, xp, **parameters)`` with parameters of
        each pool, ``epochs`` an `Epochs` and ``mixture.mean`` the mean over pools.

    Raises
    ------
    InputError
        If the name or a parameter's is taken or malformed, or the formula does not take these
        parameters or gives no number.

    Examples
    --------
    Errors that fall exponentially in the log of the samples to a floor:

    >>> from qqt_bayes.laws.law import LAWS
    >>> def fading(n, U, xp, *, rate, floor):
    ...     return floor + (1 - floor) * xp.exp(-rate * xp.log1p(n))
    >>> register_law("fading", fading, {"rate": "positive", "floor": "share"})
    >>> LAWS["fading"].parameters
    ('rate', 'floor')
    >>> del LAWS["fading"]
    """
    _require_name(name)
    _require_parameters(parameters)
    if not callable(formula):
        raise InputError(f"formula: expected a function, got {type(formula).__name__}")
    if over_pools and derivatives is not None:
        raise InputError(
            "derivatives: are by mean parameters, which over_pools leaves to the formula"
        )
    arguments = [each for each in parameters if each != "size_exponent"]
    _require_signature(formula, arguments, ("epochs", "mixture") if over_pools else ("n", "U"))
    law = Law(
        name,
        formula if over_pools else _of_means(formula),
        tuple(parameters),
        separable=False,
        convex=False,
        falls_with_size=False,
        domains=dict(parameters),
        derivatives=derivatives,
    )
    _try(law)
    LAWS[name] = law


def _of_means(formula: Formula) -> Callable[..., Any]:
    """A law of the mean parameters, as `Law.error` is called."""

    def error(epochs: Epochs, *, mixture: Mixture, xp: ModuleType = np, **values: Any) -> Any:
        n, unique = mixture.own(epochs.samples_seen), mixture.own(epochs.unique_samples)
        return formula(n, unique, xp, **{name: mixture.mean(x) for name, x in values.items()})

    return error


def _require_name(name: object) -> None:
    """Refuse what no law can be called, and the names of shipped laws."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(
            f"name: expected small letters, digits and hyphens, such as my-law, got {name!r}"
        )
    if name in LAWS and not LAWS[name].own:
        raise InputError(f"name: {name!r} is a shipped law; take another name")


def _require_parameters(parameters: object) -> None:
    """Refuse parameters without a name or numbers, or with those of something else."""
    if not isinstance(parameters, Mapping) or not parameters:
        raise InputError(
            "parameters: expected a mapping of names to which numbers they may be, such as "
            f'{{"rate": "positive"}}, got {parameters!r}'
        )
    for name, numbers in parameters.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise InputError(f"parameters: expected names of arguments, got {name!r}")
        hides = next((x for x in parameters if name.startswith(f"{x}_")), None)
        if name in RESERVED or hides:
            what = f"that of something the prior of {hides} may have" if hides else "in use"
            raise InputError(f"parameters: the name {name!r} is {what}; take another")
        if numbers not in NUMBERS:
            hint = alternatives(numbers, NUMBERS) if isinstance(numbers, str) else ""
            expected = f"expected one of {', '.join(NUMBERS)}, got {numbers!r}"
            raise InputError(f"parameters: {name}: {expected}{hint}")
    if ("tau" in parameters) != ("size_exponent" in parameters):
        raise InputError(
            "parameters: tau and size_exponent go together: the one is the half-life of a pool, "
            "the other says how it grows with the size of a training set"
        )


def _require_signature(formula: Formula, names: list[str], first: tuple[str, str]) -> None:
    """Refuse a formula that cannot be called with the parameters."""
    call = f"formula({', '.join((*first, 'xp', *names))})"
    try:
        values = dict.fromkeys(names, 1.0)
        signature = inspect.signature(formula)
        if first[0] == "n":
            signature.bind(1.0, 1.0, np, **values)
        else:
            signature.bind(1.0, mixture=1.0, xp=np, **values)
    except TypeError as error:
        raise InputError(f"formula: it is called as {call}, but {error}") from None


def _try(law: Law) -> None:
    """Refuse a formula that fails, or whose errors are of another shape than its runs."""
    from qqt_bayes.laws.mixture import mixture_error  # which imports this module's neighbours

    values = {name: np.full((3, 2), 0.5) for name in law.parameters}  # in every domain
    values["size_exponent"] = np.full((3, 1), 0.5)
    try:
        with np.errstate(all="ignore"):
            error = mixture_error(law, values, [1e6, 2e6], [1e6, 2e6], [1e6, 4e6, 1e7])
    except Exception as fault:  # a formula may raise anything
        raise InputError(
            f"formula: of a training set of two pools at three budgets it fails with "
            f"{type(fault).__name__}: {fault}"
        ) from fault
    if not np.issubdtype(np.asarray(error).dtype, np.floating):
        raise InputError(f"formula: expected real numbers, got {np.asarray(error).dtype}")

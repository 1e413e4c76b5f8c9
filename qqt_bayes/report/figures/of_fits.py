"""The public figures of fits: what repetition costs by their laws, and their parameters."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr
from matplotlib.axes import Axes

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InputError, listed
from qqt_bayes.laws.law import LAWS
from qqt_bayes.posterior.fit import AnyFit
from qqt_bayes.posterior.levels import Levels
from qqt_bayes.report.figures import canvas, repetition
from qqt_bayes.report.figures.canvas import Panels
from qqt_bayes.report.figures.forest import INFERRED, draw_forest
from qqt_bayes.report.figures.shown import fit_of, one_group, was_refused
from qqt_bayes.report.figures.style import styling
from qqt_bayes.report.figures.written import mark


def plot_utility(
    fit: AnyFit | Study,
    *,
    model: str | None = None,
    group: str | None = None,
    probability: float = 0.9,
    ax: Axes | Panels | None = None,
) -> Panels:
    r"""The utility that is left of each pool after k repetitions, :math:`b\,2^{-k/\tau}`.

    Where errors may rise again it is :math:`b ((1 + \kappa) 2^{-k/\tau} - \kappa)`.  A panel for
    each pool has its median and band before the other pools' medians; half-lives are those of a
    pool that is trained alone.

    Parameters
    ----------
    fit : DataTree, Fit or Study
        Of a law of utility.
    model : str, optional
        Which fit of a study.
    group : str, optional
        Which group, if there are several.
    probability : float
        Of the bands.
    ax : Axes or array of Axes, optional
        Axes whose place is divided, or as many as there are pools; a new figure if not given.

    Returns
    -------
    array of Axes, shape (pool,)
        Of the first pools, where given axes have no room for a panel of each; the last says so.

    Raises
    ------
    InputError
        If the law has no utility, or something that is given is not what it should be.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> qqt.plot_utility(fit).shape
    (3,)
    """
    opened = fit_of(fit, model)
    own = one_group(group, opened.groups)
    parameters = opened.parameters.sel(group=own)
    repetition.require_utility(parameters, opened.spec.law)
    with styling(ax, parameters):
        count = parameters.sizes["pool"]
        shown = min(count, canvas.room_for(ax, 5) or count)
        panels = canvas.several(ax, shown, 5, 1.25, 0.7)
        repetition.draw_utility(panels, parameters, probability)
        if ax is not None:
            canvas.make_room_for_all(panels)
        mark({"method": opened.method}, *panels, passed=not was_refused(opened))
    return panels


def plot_effective_samples(
    fit: AnyFit | Study,
    *,
    levels: Levels | None = None,
    model: str | None = None,
    group: str | None = None,
    probability: float = 0.9,
    ax: Axes | None = None,
) -> Axes:
    """What training sets are worth, in fresh samples, against the samples that were seen of them.

    Without repetition a training set is worth the more the longer it is trained, in proportion, as
    the dashed line is; from an open dot on, its samples are repeated, and the line bends.  By
    `effective-reuse` fresh samples are those of the typical pool, so that better data lie higher;
    by `effective-data` quality is in the exponent and all begin alike.

    Parameters
    ----------
    fit : DataTree, Fit or Study
        Of a law of effective samples.
    levels : DataArray, path or DataFrame, optional
        Training sets; each pool alone if not given.
    model : str, optional
        Which fit of a study.
    group : str, optional
        Which group, if there are several.
    probability : float
        Of the bands.
    ax : Axes, optional
        What to draw on; a new figure of pyplot's if not given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If the law has no effective samples, or something that is given is not what it should be.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> fit = qqt.fit(runs, "effective-data", draws=100, tune=200)
    >>> ax = qqt.plot_effective_samples(fit, levels="composition.csv")
    >>> ax.get_xlabel()
    'samples seen'
    """
    opened = fit_of(fit, model)
    own = one_group(group, opened.groups)
    with styling(ax, opened.runs, levels):
        axes = canvas.one(ax, 4.0)
        repetition.draw_effective(axes, opened, levels, own, probability)
        mark({"method": opened.method}, axes, passed=not was_refused(opened))
    return axes


def plot_parameters(
    fit: AnyFit | Study,
    *,
    parameters: Sequence[str] | None = None,
    model: str | None = None,
    ax: Axes | Panels | None = None,
) -> Panels:
    """The posterior of each inferred parameter of the law before its prior.

    Dots are medians, thick lines 50 % and thin lines 90 % of the posterior, grey bars 90 % of the
    prior; a panel for each parameter has a row for each group and pool between which it differs.

    Parameters
    ----------
    fit : DataTree, Fit or Study
    parameters : sequence of str, optional
        Which ones, such as ``["b", "tau"]``; all that were inferred if not given.
    model : str, optional
        Which fit of a study.
    ax : Axes or array of Axes, optional
        Axes whose place is divided, or as many as there are parameters; a new figure if not given.

    Returns
    -------
    array of Axes, shape (parameter,)
        Of the first parameters, where given axes have no room for all; the last says so.

    Raises
    ------
    InputError
        If a parameter was not inferred, or something that is given is not what it should be.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> qqt.plot_parameters(fit, parameters=["b", "tau"]).shape
    (2,)
    """
    opened = fit_of(fit, model)
    posterior = opened.posterior
    own = (name for law in LAWS.values() if law.own for name in law.parameters)
    inferred = [name for name in dict.fromkeys((*INFERRED, *own)) if name in posterior]
    wanted = inferred if parameters is None else list(parameters)
    unknown = [name for name in wanted if name not in posterior]
    if unknown or not wanted:
        raise InputError(
            f"parameters: expected some of {listed(inferred)}, which were inferred"
            + (f"; got {listed(map(str, unknown))}" if unknown else "")
        )
    with styling(ax, posterior):
        prior = opened.datasets.get("prior", xr.Dataset())
        panels = draw_forest(ax, posterior, prior, wanted)
        mark({"method": opened.method}, *panels, passed=not was_refused(opened))
    return panels

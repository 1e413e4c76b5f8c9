"""`qqt_bayes.report`: a study, or one of each metric, as HTML, Markdown or LaTeX to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from numpy.typing import ArrayLike

from qqt_bayes.decisions.constraints import Constraint
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import Advice, InputError
from qqt_bayes.files import is_of_metrics, require_free, writable, write
from qqt_bayes.planning.costs import CostFile, Costs, as_costs
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.page.files import WRITERS, is_page, written
from qqt_bayes.report.page.whole import Page, page_of
from qqt_bayes.report.verdict_text import left_out
from qqt_bayes.studies.opened import Opened, open_whole

type Reported = Study | Mapping[str, Study] | str | PathLike[str]
"""What a page is of: a study, one of each metric, or a folder of either."""


def report(
    study: Reported,
    path: str | PathLike[str],
    *,
    costs: Costs | CostFile | None = None,
    plan: Plan | None = None,
    allowance: ArrayLike | str | None = None,
    group: str | None = None,
    metric_weights: Mapping[str, float] | None = None,
    constraints: Iterable[Constraint | str] | None = None,
    overwrite: bool = False,
) -> Path:
    r"""Write what a study comes to as one page to send.

    Nothing is decided anew: the page holds the numbers of the study's decision, rounded to their
    Monte Carlo error. Of studies of several metrics it begins with the decision across them, as
    `decide_metrics` finds it by the bars of the studies. An HTML page loads nothing from anywhere;
    its script only moves the budget that is shown, and without it all budgets are there as a table.

    Parameters
    ----------
    study : Study, mapping of str to Study, or path
        As `qqt_bayes.study` returns it, or the folder that it was written to; of several metrics a
        study of each by its name, or the folder that ``qqt study --by metric`` wrote.
    path : path
        A file whose name ends in ``.html``, ``.md`` or ``.tex``, which decides the form. LaTeX is a
        fragment for ``\input``.
    costs : path, mapping or Costs, optional
        Prices, see `read_costs`: what each level costs at each budget, training and data together.
    plan : Plan, optional
        Runs to make next, as `qqt_bayes.design` returns them; the cheap runs that the study itself
        names if not given.
    allowance : number or str, optional
        What runs to make next may cost together, see `qqt_bayes.design`, in place of a plan.
    group : str, optional
        With an allowance, needed if the study has several groups: the one to propose runs for.
    metric_weights, constraints
        Of several metrics, as `decide_metrics` takes them as ``weights`` and ``constraints``; those
        that the folder's studies were made with if not given.
    overwrite : bool
        Replace a file that is there, whoever wrote it; if not given, only an earlier page.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is no study, or no whole one in the folder, the file cannot be written or is no
        page of this package, prices are of unknown pools, or a group is unknown, or given without
        an allowance; if studies of several metrics are about other levels or budgets, or runs are
        to be proposed for them.
    InadequateFit
        If every law of the study was refused, so that nothing was decided.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> page = qqt.report("study", "report.html")
    >>> "At 2B samples" in page.read_text(encoding="utf-8")
    True
    """
    if group is not None and allowance is None:
        given = Advice("{}", {"group": group}, {"only_group": group})
        needed = Advice("{}", {"allowance": "2B"})
        raise InputError(
            f"{given} chooses the group that runs are proposed for: say what they may cost, such "
            f"as {needed}, or leave it out",
            [needed, given],
        )
    target = Path(path)
    _require_writable(target, study, costs, overwrite=overwrite)
    if _is_of_metrics(study):
        _require_no_runs(allowance, plan)
        page = _across(study, costs, metric_weights, constraints)
    else:
        _require_one_metric(metric_weights, constraints)
        page = _of_one(study, costs, plan, allowance, group)
    write(target, written(page, target))
    return target


def _is_of_metrics(study: Reported) -> bool:
    """Whether a page is of several metrics."""
    if isinstance(study, str | PathLike):
        return is_of_metrics(Path(study))
    return isinstance(study, Mapping)


def _of_one(
    study: Reported,
    costs: Costs | CostFile | None,
    plan: Plan | None,
    allowance: ArrayLike | str | None,
    group: str | None,
) -> Page:
    """The page of one study."""
    opened = _opened(study)
    prices = _prices(opened.study, costs)
    if allowance is not None:
        from qqt_bayes.planning.proposal import design  # seconds, which no other page takes

        plan = design(opened.study, allowance, costs=prices, group=group)
    return page_of(opened.study, said=opened.answers, date=opened.date, costs=prices, plan=plan)


def _across(
    studies: Reported,
    costs: Costs | CostFile | None,
    weights: Mapping[str, float] | None,
    constraints: Iterable[Constraint | str] | None,
) -> Page:
    """The page of a study of each metric, with the decision across them on top."""
    from qqt_bayes.report.page.across import page_across
    from qqt_bayes.studies.across import decided_across, open_across

    if isinstance(studies, Mapping):
        opened = {metric: _opened(study) for metric, study in studies.items()}
    else:
        folder = open_across(str(studies))
        opened = folder.studies
        weights = folder.weights if weights is None else weights
        constraints = folder.constraints if constraints is None else constraints
    each = {metric: one.study for metric, one in opened.items()}
    found = decided_across(each, weights, constraints or ())
    beware = [
        f"{metric}: {line}"
        for metric, study in each.items()
        for line in left_out(study.refused_laws, list(study.weights))
    ]
    pages = {
        metric: page_of(
            one.study,
            said=one.answers,
            date=one.date,
            costs=_prices(one.study, costs),
            metric=metric,
            ids=f"m{number}-",
        )
        for number, (metric, one) in enumerate(opened.items())
    }
    return page_across(pages, found, beware)


def _opened(study: object) -> Opened:
    """A study as it was saved, or as it is in memory, which knows no date."""
    if isinstance(study, Study):
        return Opened(study, None, "")
    if isinstance(study, str | PathLike):
        return open_whole(study)
    raise _no_study(study)


def _no_study(study: object) -> InputError:
    """The fault of what is neither a study nor a path."""
    kind = type(study).__name__
    return InputError(f"expected a study, as qqt_bayes.study returns it, or its folder: {kind}")


def _prices(study: Study, costs: Costs | CostFile | None) -> Costs | None:
    """Prices of the pools of a study."""
    if costs is None:
        return None
    return as_costs(costs, next(iter(study.fits.values())).runs, study.levels)


def _require_no_runs(allowance: ArrayLike | str | None, plan: Plan | None) -> None:
    """Refuse to propose runs where there are several metrics, each of which would have its own."""
    if allowance is None and plan is None:
        return
    asked = {"plan": "..."} if allowance is None else {"allowance": allowance}
    without = Advice("leave out {}", asked)
    raise InputError(
        "runs are proposed by what they are worth for one metric, not for several: report the "
        f"study of one metric alone, or {without}",
        [without],
    )


def _require_one_metric(
    weights: Mapping[str, float] | None, constraints: Iterable[Constraint | str] | None
) -> None:
    """Refuse to join metrics where there is one."""
    given = {"metric_weights": weights, "constraints": constraints}
    if asked := [name for name, value in given.items() if value is not None]:
        raise InputError(
            f"{asked[0]}: expected studies of several metrics, got one study, which has nothing to "
            "join"
        )


def _require_writable(
    target: Path,
    study: Reported,
    costs: Costs | CostFile | None,
    *,
    overwrite: bool,
) -> None:
    """Refuse a file that is read, too, or that nobody wants to lose, before anything is read."""
    read = [str(costs)] if isinstance(costs, str | PathLike) else []
    if isinstance(study, str | PathLike):
        folder = Path(study)
        if not folder.is_dir():
            what = "got a file" if folder.exists() else "there is none"
            raise InputError(f"{study}: expected the folder of a study, and {what}")
        # an earlier page may lie in the folder: it is no part of the study
        inside = folder.rglob("*") if is_of_metrics(folder) else folder.glob("*")
        read += [str(each) for each in inside if not is_page(each)]
    elif not isinstance(study, Study | Mapping):
        raise _no_study(study)
    writable(target, read, WRITERS)
    require_free([target], is_page, "report", overwrite=overwrite)

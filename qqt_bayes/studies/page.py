"""`qqt_bayes.report`: a study as a page to send, as HTML, Markdown or LaTeX."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from numpy.typing import ArrayLike

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import Advice, InputError
from qqt_bayes.files import require_free, writable, write
from qqt_bayes.planning.costs import CostFile, Costs, as_costs
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.page.files import WRITERS, is_page, written
from qqt_bayes.report.page.whole import page_of
from qqt_bayes.studies.opened import open_whole


def report(
    study: Study | str | PathLike[str],
    path: str | PathLike[str],
    *,
    costs: Costs | CostFile | None = None,
    plan: Plan | None = None,
    allowance: ArrayLike | str | None = None,
    group: str | None = None,
    overwrite: bool = False,
) -> Path:
    r"""Write what a study comes to as one page to send.

    Nothing is decided anew: the page holds the numbers of the study's decision, rounded to their
    Monte Carlo error. An HTML page loads nothing from anywhere; its script only moves the budget
    that is shown, and without it all budgets are there as a table.

    Parameters
    ----------
    study : Study or path
        As `qqt_bayes.study` returns it, or the folder that it was written to.
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
        an allowance.
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
    answers, date = None, ""
    if not isinstance(study, Study):
        study, answers, date = open_whole(study)
    known = next(iter(study.fits.values())).runs
    prices = None if costs is None else as_costs(costs, known, study.levels)
    if allowance is not None:
        from qqt_bayes.planning.proposal import design  # seconds, which no other page takes

        plan = design(study, allowance, costs=prices, group=group)
    page = page_of(study, said=answers, date=date, costs=prices, plan=plan)
    write(target, written(page, target))
    return target


def _require_writable(
    target: Path,
    study: Study | str | PathLike[str],
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
        read += [str(each) for each in folder.glob("*") if not is_page(each)]
    elif not isinstance(study, Study):
        kind = type(study).__name__
        raise InputError(f"expected a study, as qqt_bayes.study returns it, or its folder: {kind}")
    writable(target, read, WRITERS)
    require_free([target], is_page, "report", overwrite=overwrite)

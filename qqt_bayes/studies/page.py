"""`qqt_bayes.report`: a study as a page to send, as HTML, Markdown or LaTeX."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from qqt_bayes.decisions.study import Study
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
    overwrite : bool
        Replace a file that is there, whoever wrote it; if not given, only an earlier page.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the folder holds no whole study, the file cannot be written or is no page of this
        package, or prices are of unknown pools.
    InadequateFit
        If every law of the study was refused, so that nothing was decided.

    Examples
    --------
    ``qqt.report(qqt.study(runs, budgets="64M:5B:13"), "report.html")``
    """
    target, folder = Path(path), None if isinstance(study, Study) else Path(study)
    sources = [] if folder is None else [str(each) for each in folder.glob("*")]
    sources += [str(costs)] if isinstance(costs, str | PathLike) else []
    own = [each for each in sources if Path(each) != target or not is_page(target)]
    writable(target, own, WRITERS)
    require_free([target], is_page, "report", overwrite=overwrite)
    prices = None if costs is None else as_costs(costs)
    if folder is None:
        assert isinstance(study, Study)
        page = page_of(study, costs=prices, plan=plan)
    else:
        found = open_whole(folder)
        page = page_of(found.study, said=found.answers, date=found.date, costs=prices, plan=plan)
    write(target, written(page, target))
    return target

"""The commands that plan: each reads its options and calls one function, which prints."""

from typing import Any

import click

from qqt_bayes.cli import options
from qqt_bayes.cli.figures import figures


@click.command(short_help="Propose the runs that lower the expected regret most.")
@click.argument("sources", nargs=-1, required=True, metavar="STUDY|FIT...|COMPOSITION")
@click.option(
    "--allowance",
    required=True,
    metavar="AMOUNT",
    help="What the runs may cost together: samples seen, such as 2B; with --costs, money.",
)
@options.costs
@click.option(
    "--budget",
    metavar="SAMPLES",
    help="The budget that is decided for; the largest of the STUDY if not given.",
)
@options.levels
@click.option(
    "--candidates",
    metavar="FILE",
    help="Training sets that may be run, as a composition table; what is decided between if not "
    "given.",
)
@click.option(
    "--at",
    metavar="LIST",
    help="Budgets that they may be run at; 1/64 to 1/2 of the target if not given.",
)
@click.option("--model", metavar="NAME", help="COMPOSITION: whose prior; effective-reuse.")
@click.option(
    "--kind", metavar="KIND", help="COMPOSITION: error (rates), as if not given, or loss."
)
@options.target_pools
@click.option(
    "--only-group", metavar="NAME", help="Propose runs for this group; needed if there are several."
)
@options.seed
@options.force
@click.option(
    "-o", "--output", metavar="FILE", help="Write the runs as .csv, with room for their errors."
)
@figures("a figure")
@options.overwrite
@options.table_format
def design(
    sources: tuple[str, ...],
    scale: float | None,
    target_pools: str | None,
    form: str,
    **choices: Any,
) -> None:
    """Propose the runs that lower the expected regret of a decision most for what they cost.

    STUDY is a folder that `qqt study` wrote. Of a COMPOSITION, a table of which nothing was run
    yet, the first runs are proposed, by the prior of a model alone.
    """
    options.require_one_size(scale, target_pools)
    options.require_one_study(sources)
    from qqt_bayes.cli import design

    design.report(sources, form, scale=scale, target_pools=target_pools, **choices)


@click.command(short_help="Say what was believed when, from the studies of a folder.")
@click.argument("study", metavar="STUDY")
@click.option(
    "--on",
    metavar="DATE",
    help="What was believed on that day (UTC), such as 2026-03-31: the last study up to it.",
)
@click.option(
    "--budget",
    metavar="SAMPLES",
    help="Only what was decided at this budget; in the table the largest of each study if not "
    "given.",
)
@options.table_format
def log(study: str, on: str | None, budget: str | None, form: str) -> None:
    """Say what was believed when: the studies of a folder in the order in which they were made.

    STUDY is a folder that `qqt study` wrote to as runs came in.
    """
    from qqt_bayes.cli import log

    log.report(study, form, on=on, budget=budget)


@click.command(short_help="Write a study as one page to send.")
@click.argument("study", metavar="STUDY")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="To write: a page as .html, or the same as .md or as a fragment of .tex.",
)
@options.costs
@click.option(
    "--allowance",
    metavar="AMOUNT",
    help="Show which runs are worth making for so much, such as 2B samples (as `qqt design`).",
)
@click.option(
    "--only-group",
    metavar="NAME",
    help="--allowance: propose runs for this group; needed if the study has several.",
)
@options.of_metrics
@options.overwrite
@options.table_format
def report(study: str, form: str, **choices: Any) -> None:
    """Write a study as one page to send, with all that it says.

    STUDY is a folder that `qqt study` wrote. Of studies by metric the page begins with the decision
    across them, as `qqt decide` finds it. The page loads nothing from anywhere.
    """
    from qqt_bayes.cli.report import write_page

    write_page(study, form, **choices)

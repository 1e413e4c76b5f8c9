"""What the commands share: options, exit codes, and an end without traceback."""

import sys
from collections.abc import Callable
from typing import Any, TextIO

import click

from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.output import FORMATS

FAULT, INADEQUATE, INTERRUPTED = 1, 3, 130
"""Exit codes; click's own 2 is wrong usage."""


class Fault(click.ClickException):
    """A message that is the command's whole output, with its exit code."""

    def __init__(self, error: Exception, exit_code: int) -> None:
        super().__init__(str(error))
        self.exit_code = exit_code

    def show(self, file: TextIO | None = None) -> None:
        """Print the message on stderr."""
        click.echo(self.message, file=file, err=file is None)


class Commands(click.Group):
    """Commands that end with the contract's exit codes and never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it printed has left the process when this returns."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a broken pipe shows here, where click is silent about it
        except InputError as error:
            raise Fault(error, FAULT) from error
        except InadequateFit as error:
            raise Fault(error, INADEQUATE) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        return result


def together[F: Callable[..., Any]](*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator; help shows them in this order."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


at_least_one = click.IntRange(min=1)

table_format = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="Of the printed result."
)

force = click.option("--force", is_flag=True, help="Go on with a fit that did not pass its gate.")

runs = together(
    click.argument("runs"),
    click.option("--composition", metavar="FILE", help="What training sets take from each pool."),
    click.option("--pools", metavar="FILE", help="All pools, each with its size."),
    click.option("--metric", metavar="NAME", help="Which rows to read, by their column metric."),
    click.option(
        "--kind",
        default="error",
        metavar="KIND",
        help="error: rates in (0, 1], the default; loss: any positive numbers.",
    ),
    click.option("--group", metavar="COLUMN", help="Column of the group (architecture, scale)."),
    click.option(
        "--mapping",
        metavar="FILE",
        help="RUNS is a glob of eval_results*.jsonl; this table says what they do not.",
    ),
)
"""RUNS, and how to read them."""

sampling = together(
    click.option("--draws", type=at_least_one, default=1000, show_default=True),
    click.option("--tune", type=at_least_one, default=1000, show_default=True),
    click.option("--chains", type=at_least_one, default=4, show_default=True),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
)

levels = click.option(
    "--levels", metavar="FILE", help="What to decide between, as a composition table."
)

BUDGETS = "Samples seen: 64M,1.28B or 64M:5B:13 (13 of them, at equal steps of the logarithm)."

interval = click.option(
    "--interval", type=float, default=0.9, show_default=True, help="Probability of intervals."
)

only_group = click.option("--only-group", metavar="NAME", help="Answer for this group alone.")

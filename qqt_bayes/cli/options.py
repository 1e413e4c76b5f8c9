"""The options that commands share."""

import csv
import shlex
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

FORMATS = ("table", "json", "csv")
"""How a result may be printed."""


def as_options(arguments: Mapping[str, object]) -> str:
    """Arguments of `read_runs` as options, ready to be pasted into a shell.

    Examples
    --------
    >>> as_options({"columns": {"error": "val_loss", "pool": "my source"}, "best": True})
    "--columns 'error=val_loss,pool=my source' --best"
    """
    return " ".join(_as_option(name, value) for name, value in arguments.items())


def _as_option(name: str, value: object) -> str:
    option = "--" + name.replace("_", "-")
    if value is True:
        return option
    if isinstance(value, Mapping):
        line = StringIO()
        csv.writer(line, lineterminator="").writerow(f"{key}={of}" for key, of in value.items())
        value = line.getvalue()
    return f"{option} {shlex.quote(str(value))}"


def given(name: str) -> bool:
    """Whether the user gave an option, or it has its default."""
    return click.get_current_context().get_parameter_source(name) != ParameterSource.DEFAULT


def only_for_nuts(method: str, *names: str) -> None:
    """Refuse options that the user gave and another method does not have."""
    for name in names:
        if method != "nuts" and given(name):
            option = "--" + name.replace("_", "-")
            raise click.UsageError(
                f"{option} is for --method nuts, not for {method}; leave it out."
            )


type Command = Callable[..., Any]


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator; help shows them in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


at_least_one = click.IntRange(min=1)

table_format = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="Of the printed result."
)

force = click.option("--force", is_flag=True, help="Go on with a fit that did not pass its gate.")

overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace files that are there already, whoever wrote them."
)

yes = click.option(
    "--yes",
    is_flag=True,
    help="Go on where numbers may mean something else: what `qqt check` asks is so intended.",
)

human_numbers = click.option(
    "--human-numbers", is_flag=True, help="Read 12.8M and 1,000,000 as numbers, too."
)

skip_rows = click.option(
    "--skip-rows",
    type=click.IntRange(min=0),
    metavar="N",
    help="Leave out N lines above the header, or rows of a sheet, such as a title.",
)

runs = together(
    click.argument("runs"),
    click.option("--composition", metavar="FILE", help="What training sets take from each pool."),
    click.option("--pools", metavar="FILE", help="All pools, each with its size."),
    click.option("--metric", metavar="NAME", help="Which rows to read, by their column metric."),
    click.option(
        "--kind",
        default="error",
        metavar="KIND",
        help="error: rates in (0, 1]; loss: any positive numbers; or, with --by metric, each: "
        "imagenet=accuracy,val_loss=loss.",
    ),
    click.option(
        "--chance-error",
        type=float,
        metavar="RATE",
        help="Error rate of guessing, such as 0.9 with ten classes; 1 if not given.",
    ),
    click.option("--group", metavar="COLUMN", help="Column of the group (architecture, scale)."),
    click.option(
        "--mapping",
        metavar="FILE",
        help="RUNS is a glob of eval_results*.jsonl; this table says what they do not.",
    ),
    click.option(
        "--columns",
        metavar="LIST",
        help="What RUNS calls its columns: error=val_loss,pool=source; or accuracy=acc1, "
        "accuracy%=top1, epochs=ep, steps=step*1024, loss_bits=bpb, ppl=ppl. Pairs of data, pool "
        "and unique_samples hold for the composition, too, where it has the column that they name; "
        "composition.data=mix is for it alone.",
    ),
    click.option("--unit", metavar="WORD", help="What is counted: samples, tokens, pairs."),
    click.option(
        "--drop-missing",
        is_flag=True,
        help="Leave out rows that lack a number they need, and name them.",
    ),
    human_numbers,
    click.option(
        "--best",
        is_flag=True,
        help="Of runs that repeat each other in all but their settings, keep the best.",
    ),
    click.option(
        "--from",
        "least_budget",
        metavar="BUDGET",
        help="Leave out runs of fewer samples, in which training has hardly begun.",
    ),
    click.option(
        "--replacement",
        is_flag=True,
        default=None,
        help="Samples or shards were drawn with replacement, as DataComp and OpenCLIP do.",
    ),
    skip_rows,
)
"""RUNS, and how to read them."""
READING = (
    *("composition", "pools", "metric", "kind", "chance_error", "group", "mapping"),
    *("columns", "unit", "drop_missing", "human_numbers", "best", "least_budget"),
    *("replacement", "skip_rows"),
)
"""The names of those options that say how."""

model = click.option(
    "--model", default="effective-reuse", metavar="NAME", help="See `qqt models`; or a TOML file."
)

chains = click.option("--chains", type=at_least_one, default=4, help="Run independently.")

seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Of all random numbers."
)


def length(draws: int | None = None, tune: int | None = None) -> Callable[[Command], Command]:
    """How long to sample; what is None is left to the command."""
    return together(
        click.option(
            "--draws", type=click.IntRange(min=4), default=draws, help="To keep, of each chain."
        ),
        click.option("--tune", type=at_least_one, default=tune, help="To tune with before."),
    )


target_accept = click.option(
    "--target-accept",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Nearer to 1 is slower and safer.",
)

interval = click.option(
    "--interval", type=float, default=0.9, help="Probability that intervals hold."
)

criteria = together(
    click.option("--probability", type=float, default=0.9, help="To call a level the winner."),
    click.option(
        "--margin", type=float, default=0.003, help="Error above the best that is as good."
    ),
    interval,
    click.option(
        "--rule",
        default="expected",
        metavar="RULE",
        help="expected (error), cvar, target, regret, minimax-regret, cvar-regret; or all, side by "
        "side.",
    ),
    click.option(
        "--cvar-level",
        type=float,
        default=0.9,
        help="Rules cvar, cvar-regret: 0.9 for the mean of the worst tenth of draws; "
        "minimax-regret: for what is exceeded in at most a tenth.",
    ),
    click.option(
        "--target", type=float, help="Rules target and all: the error to stay at or below."
    ),
)
"""The rule and the bars of a decision."""


WITHOUT_TAIL = "expected", "target", "regret"
"""Rules that count every draw alike: written twice, so that help does not import what decides."""


def require_rule(chosen: Mapping[str, Any]) -> None:
    """Refuse an option of a rule that is not the chosen one."""
    if given("cvar_level") and chosen["rule"] in WITHOUT_TAIL:
        raise click.UsageError(
            "--cvar-level is for --rule cvar, minimax-regret, cvar-regret or all."
        )


def require_one_study(sources: Sequence[str]) -> bool:
    """Whether what is given is the folder of a study; refuse one among others."""
    folders = [source for source in sources if Path(source).is_dir()]
    if folders and len(sources) > 1:
        raise click.UsageError(f"{folders[0]} is a folder; give one STUDY, or FITs.")
    return bool(folders)


levels = click.option(
    "--levels", metavar="FILE", help="What to decide between, as a composition table."
)

target_pools = together(
    click.option(
        "--scale",
        type=float,
        metavar="FACTOR",
        help="How many times as large the pools are that are decided about: 20 where those that "
        "were trained on are samples of a twentieth.",
    ),
    click.option("--target-pools", metavar="FILE", help="The same as sizes: pool, unique_samples."),
)


def require_one_size(scale: float | None, target_pools: str | None) -> None:
    """Refuse two statements of how large the pools are."""
    if scale is not None and target_pools is not None:
        raise click.UsageError("--scale and --target-pools both say how large pools are; give one.")


weights = click.option(
    "--weights",
    metavar="LIST",
    help="Several FITs: 0.7,0.3, or stacking (see `qqt compare`); equal ones if not given.",
)
SEVERAL_FITS = "--weights is for several FITs."

nested = click.option(
    "--nested",
    "is_nested",
    is_flag=True,
    help="Instead of levels, unions of pools: the best, the two best, and so on, by the posterior.",
)
ONE_OF_LEVELS = "--levels and --nested both say what to decide between; give one."

ASKED = (
    *("weights", "levels", "is_nested", "scale", "target_pools"),
    *("budgets", "only_group", "yes"),
)
"""The names of the options that say what is asked of fits, see `qqt_bayes.cli.sources`."""

outputs = click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", help="Write as .csv or .json, too."
)

shares = together(
    click.option(
        "--shares",
        is_flag=True,
        help="Instead of levels, how much to take of each pool: any share, within the limits.",
    ),
    click.option("--most-samples", metavar="N", help="--shares: unique samples, 50M at the most."),
    click.option(
        "--always", multiple=True, metavar="POOL", help="--shares: taken whole; may be repeated."
    ),
    click.option(
        "--never", multiple=True, metavar="POOL", help="--shares: not taken; may be repeated."
    ),
    click.option("--most-epochs", type=float, help="--shares: how often data is seen at the most."),
)


def require_shares(
    shares: bool, limits: Mapping[str, object], others: Mapping[str, object]
) -> None:
    """Refuse limits without shares, and shares beside what else says what to decide between."""
    for name, value in limits.items():
        if not shares and value not in (None, ()):
            raise click.UsageError(f"--{name.replace('_', '-')} is for --shares.")
    for name, value in others.items():
        if shares and value:
            raise click.UsageError(f"{name} is not for --shares, which seeks what to take itself.")


costs = click.option(
    "--costs",
    metavar="FILE",
    help="TOML file with prices of training and of data, and what a smaller error is worth.",
)

of_metrics = together(
    click.option(
        "--metric-weights",
        metavar="LIST",
        help="Several metrics: imagenet=2,retrieval=1; those of the studies, or equal ones.",
    ),
    click.option(
        "--require",
        "requirements",
        multiple=True,
        metavar="BOUND",
        help="Several metrics: 'retrieval<=0.45@0.9', an error of at most 0.45 with probability "
        "0.9; of accuracies 'retrieval>=0.55@0.9'. May be given more than once; '' for no bound.",
    ),
)
"""How several metrics are joined."""


def require_all_metrics(
    runs: str, *, metric: str | None, mapping: str | None, **reading: Any
) -> None:
    """Refuse what does not go with reading a table once for each of its metrics."""
    if metric or mapping:
        raise click.UsageError("--by metric reads every metric of a table: no --metric, --mapping.")
    if runs == "-":
        raise click.UsageError("--by metric reads RUNS more than once: give a file.")


def refuse_of_metrics(metric_weights: str | None, requirements: Sequence[str]) -> None:
    """Refuse options of several metrics where there is one."""
    if metric_weights is None and not requirements:
        return
    option = "--require" if requirements else "--metric-weights"
    words = "is for several metrics: studies by metric, or fits of several metrics."
    raise click.UsageError(f"{option} {words}")


explain = click.option(
    "--explain", is_flag=True, help="Print all that is known of the decision in words, too."
)

BUDGETS_HELP = "Samples seen: 64M,1.28B or 64M:5B:13 (13 of them, at equal steps of the logarithm)."

new_run = click.option(
    "--new-run", is_flag=True, help="Judge one new training each, with its noise; not the mean."
)

only_group = click.option("--only-group", metavar="NAME", help="Answer for this group alone.")

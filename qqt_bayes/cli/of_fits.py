"""The commands that take fits: each reads its options and calls one function, which prints."""

from typing import Any

import click

from qqt_bayes.cli import options
from qqt_bayes.cli.figures import Figures
from qqt_bayes.cli.figures import figures as figures_in_folder


@click.command(short_help="Predict errors, from known PARAMETERS or from a FIT.")
@click.argument("source", metavar="PARAMETERS|FIT")
@options.levels
@click.option("--budgets", metavar="LIST", help=options.BUDGETS_HELP)
@click.option("--law", metavar="NAME", help="PARAMETERS: their law; utility if not given.")
@click.option("--fit", "rows", metavar="NAME", help="PARAMETERS: rows to use, by column fit.")
@click.option("--replacement", is_flag=True, help="PARAMETERS: samples are drawn with replacement.")
@click.option("--new-run", is_flag=True, help="FIT: of one new run, with its noise; not the mean.")
@options.interval
@options.only_group
@options.yes
@options.force
@options.table_format
def predict(
    source: str,
    levels: str | None,
    budgets: str | None,
    law: str | None,
    rows: str | None,
    replacement: bool,
    new_run: bool,
    interval: float,
    only_group: str | None,
    yes: bool,
    force: bool,
    form: str,
) -> None:
    """Predict errors, from a table of known PARAMETERS or from a FIT with its uncertainty."""
    from qqt_bayes.cli import predict

    predict.report(
        source,
        form,
        levels=levels,
        budgets=budgets,
        law=law,
        rows=rows,
        replacement=replacement,
        new_run=new_run,
        interval=interval,
        only_group=only_group,
        yes=yes,
        force=force,
    )


@click.command(short_help="Say which level to choose at each budget, and how sure that is.")
@click.argument("sources", nargs=-1, required=True, metavar="FIT...|STUDY")
@options.weights
@options.levels
@options.nested
@options.target_pools
@click.option(
    "--subsets", is_flag=True, help="Instead of levels, every subset of the pools, taken whole."
)
@options.shares
@click.option("--budgets", metavar="LIST", help=options.BUDGETS_HELP)
@options.of_metrics
@options.criteria
@options.new_run
@options.only_group
@options.costs
@click.option(
    "--baseline-error",
    type=float,
    help="--costs: the error that is there already; the cheapest plan is compared if not given.",
)
@click.option(
    "--target-error", type=float, help="--costs: seek the cheapest plan that stays at or below it."
)
@click.option(
    "--enlarge",
    metavar="LIST",
    help="--costs: pools with a price that may be bought so many times as large, such as 2,4,8.",
)
@figures_in_folder()
@options.outputs
@options.explain
@options.yes
@options.force
@options.overwrite
@options.table_format
def decide(
    sources: tuple[str, ...],
    weights: str | None,
    levels: str | None,
    is_nested: bool,
    scale: float | None,
    target_pools: str | None,
    subsets: bool,
    shares: bool,
    most_samples: str | None,
    always: tuple[str, ...],
    never: tuple[str, ...],
    most_epochs: float | None,
    budgets: str | None,
    new_run: bool,
    only_group: str | None,
    costs: str | None,
    baseline_error: float | None,
    target_error: float | None,
    enlarge: str | None,
    figures: Figures | None,
    outputs: tuple[str, ...],
    explain: bool,
    yes: bool,
    overwrite: bool,
    form: str,
    metric_weights: str | None,
    requirements: tuple[str, ...],
    **criteria: Any,
) -> None:
    """Say which level to choose at each budget, how sure that is and what a wrong choice costs.

    Several FITs, each of another model and the same runs, are judged together, by their weights.
    STUDY is a folder that `qqt study` wrote: its fits, weights, levels and budgets are taken where
    no others are given. FITs of several metrics, or a folder that `qqt study --by metric` wrote,
    are joined in one decision, by the weights of the metrics and what is required of each.
    """
    options.require_rule(criteria)
    is_study = options.require_one_study(sources)
    from qqt_bayes.cli import metrics

    if metrics.are_several(sources):
        metrics.require_options()
        options.require_one_size(scale, target_pools)
        metrics.report(
            sources,
            form,
            levels=levels,
            scale=scale,
            target_pools=target_pools,
            budgets=budgets,
            new_run=new_run,
            only_group=only_group,
            figures=figures,
            outputs=outputs,
            explain=explain,
            yes=yes,
            overwrite=overwrite,
            metric_weights=metric_weights,
            requirements=requirements,
            **criteria,
        )
        return
    options.refuse_of_metrics(metric_weights, requirements)
    if subsets:
        of_levels: dict[str, Any] = {
            "--levels": levels,
            "--figures": figures,
            "--nested": is_nested,
        }
        of_levels |= {"--scale": scale, "--target-pools": target_pools, "--new-run": new_run}
        of_levels["--costs"] = costs
        for name, is_given in of_levels.items():
            if is_given:
                raise click.UsageError(f"{name} is for levels; --subsets judges subsets of pools.")
    limits = {
        "most_samples": most_samples,
        "always": always,
        "never": never,
        "most_epochs": most_epochs,
    }
    options.require_shares(
        shares,
        limits,
        {
            "--levels": levels,
            "--figures": figures,
            "--nested": is_nested,
            "--subsets": subsets,
            "--new-run": new_run,
            "--costs": costs,
        },
    )
    if levels and is_nested:
        raise click.UsageError(options.ONE_OF_LEVELS)
    options.require_one_size(scale, target_pools)
    if subsets and (is_study or len(sources) > 1):
        raise click.UsageError("--subsets is for one FIT.")
    if len(sources) == 1 and not is_study and weights:
        raise click.UsageError(options.SEVERAL_FITS)
    in_money = {
        "baseline_error": baseline_error,
        "target_error": target_error,
        "enlarge": enlarge,
    }
    for name, value in in_money.items():
        if value is not None and costs is None:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} is for --costs, which says what plans cost.")
    if enlarge is not None and (scale is not None or target_pools is not None):
        raise click.UsageError(
            "--enlarge says how large pools are; leave out --scale and --target-pools."
        )
    from qqt_bayes.cli import decide

    decide.report(
        sources,
        form,
        weights=weights,
        levels=levels,
        is_nested=is_nested,
        scale=scale,
        target_pools=target_pools,
        subsets=subsets,
        limits=limits if shares else None,
        budgets=budgets,
        new_run=new_run,
        only_group=only_group,
        in_money={"costs": costs, **in_money},
        figures=figures,
        outputs=outputs,
        explain=explain,
        yes=yes,
        overwrite=overwrite,
        **criteria,
    )


@click.command(short_help="Say what the best choice at each budget reaches.")
@click.argument("sources", nargs=-1, required=True, metavar="FIT...|STUDY")
@click.option(
    "--targets", metavar="LIST", help="Errors to reach, or accuracies where RUNS had these: 0.5."
)
@click.option(
    "--probabilities",
    default="0.5,0.9,0.95",
    metavar="LIST",
    help="With which to reach them.",
)
@options.weights
@options.levels
@options.nested
@options.target_pools
@click.option("--budgets", metavar="LIST", help=options.BUDGETS_HELP)
@options.criteria
@options.new_run
@options.only_group
@figures_in_folder()
@options.outputs
@options.yes
@options.force
@options.overwrite
@options.table_format
def frontier(
    sources: tuple[str, ...],
    targets: str | None,
    probabilities: str,
    form: str,
    new_run: bool,
    figures: Figures | None,
    outputs: tuple[str, ...],
    overwrite: bool,
    **rest: Any,
) -> None:
    """Say what the best choice at each budget reaches, and which budget reaches a target.

    Beside each budget stands what choosing today costs against knowing the best level. FITs or a
    STUDY are read as by `qqt decide`.
    """
    asked = {name: rest.pop(name) for name in options.ASKED}
    options.require_rule(rest)
    if rest["target"] is not None and rest["rule"] not in ("target", "all"):
        raise click.UsageError("--target is for --rule target; --targets names errors to reach.")
    is_study = options.require_one_study(sources)
    options.require_one_size(asked["scale"], asked["target_pools"])
    if asked["levels"] and asked["is_nested"]:
        raise click.UsageError(options.ONE_OF_LEVELS)
    if len(sources) == 1 and not is_study and asked["weights"]:
        raise click.UsageError(options.SEVERAL_FITS)
    from qqt_bayes.cli import frontier

    frontier.report(
        sources,
        form,
        targets=targets,
        probabilities=probabilities,
        new_run=new_run,
        figures=figures,
        outputs=outputs,
        overwrite=overwrite,
        asked=asked,
        **rest,
    )


@click.command(short_help="Say which law predicts the runs best, and how sure that is.")
@click.argument("fits", nargs=-1, required=True, metavar="FIT...|STUDY")
@click.option(
    "--leave-out",
    type=click.Choice(["run", "training-set", "largest-budget"]),
    default="run",
    help="What a law predicts without having seen it; all but run need --refit.",
)
@click.option("--refit", is_flag=True, help="Sample again where the saved draws do not suffice.")
@options.levels
@click.option("--budgets", metavar="LIST", help=f"Of a next run. {options.BUDGETS_HELP}")
@options.table_format
def compare(
    fits: tuple[str, ...],
    leave_out: str,
    refit: bool,
    levels: str | None,
    budgets: str | None,
    form: str,
) -> None:
    """Say which law predicts the runs best, what decides that, and which run would.

    Each FIT is of another model and the same runs; STUDY is a folder that `qqt study` wrote. What
    they say of the combination theorem is reported, too, if the size exponent is free in one.
    """
    options.require_one_study(fits)
    from qqt_bayes.cli import compare

    compare.report(fits, leave_out, refit, levels, budgets, form)

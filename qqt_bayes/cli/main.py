"""The command `qqt`: each command reads its options and calls one function, which prints.

What a command does not need, it does not import: help comes at once, `predict` and `decide` start
in a second.
"""

from pathlib import Path
from typing import Any

import click

from qqt_bayes import __version__
from qqt_bayes.cli import options
from qqt_bayes.cli.commands import Commands
from qqt_bayes.cli.importing import importing
from qqt_bayes.cli.of_fits import compare, decide, frontier, predict
from qqt_bayes.cli.of_plans import design, log, report
from qqt_bayes.posterior.methods import METHODS

CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True}


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="qqt")
def main() -> None:
    """Which data filter wins at your compute budget, how sure that is, what a mistake costs."""


for command in (predict, decide, frontier, compare, design, log, report):
    main.add_command(command)


@main.command(short_help="List the models that come with the package, or print one.")
@click.argument("name", required=False)
@options.table_format
def models(name: str | None, form: str) -> None:
    """List the model specifications that come with the package, or print that of NAME to copy."""
    import pandas as pd

    from qqt_bayes.cli.output import emit
    from qqt_bayes.model.spec import list_models, load_model

    if name is not None:
        from qqt_bayes.cli.models import show

        show(name, form)
        return
    specs = [load_model(name) for name in list_models()]
    rows = [{"name": spec.name, "law": spec.law, "summary": spec.summary} for spec in specs]
    emit(pd.DataFrame(rows), form, lambda: {"models": rows})


@main.command(short_help="Show RUNS as a fit would see them, and what they could teach.")
@options.runs
@options.model
@options.table_format
def check(runs: str, model: str, form: str, **reading: Any) -> None:
    """Read a table of RUNS, show what a fit would see and say what it could learn.

    All faults come in one message.
    """
    from qqt_bayes.cli import check
    from qqt_bayes.cli.inputs import runs_of
    from qqt_bayes.model.spec import load_model

    spec = load_model(model)
    check.report(runs_of(runs, reading), spec, form)


@main.command("import")
@importing
@options.table_format
def import_(source: str, output: str, composition: str | None, form: str, **reading: Any) -> None:
    """Make a table of RUNS of what another tool wrote.

    Read are charts and tables of runs exported from Weights & Biases and MLflow, folders of results
    of lm-evaluation-harness, OpenCLIP, CLIP_benchmark and DataComp, wide tables, JSON documents and
    tables of runs under other names. What was derived or left out is said; what is missing is
    asked for, with the command that is ready to paste.
    """
    from qqt_bayes.cli import imports

    imports.report(source, output, composition, form, **reading)


@main.command()
@options.runs
@click.option("-o", "--output", required=True, metavar="FIT", help="netCDF file to write.")
@click.option(
    "--by",
    type=click.Choice(["metric", "group"]),
    help="A fit for each metric, or each group, of RUNS; its name goes into the name of the file.",
)
@options.model
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=METHODS[0],
    help="laplace, pathfinder: a quick look, approximate; smc: for several modes.",
)
@options.length(draws=1000, tune=1000)
@options.chains
@options.seed
@options.target_accept
@click.option("--low-rank", is_flag=True, help="Learn correlations: fewer steps, but more draws.")
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Fit on the workers of this Dask scheduler (tcp://host:8786): the same draws.",
)
@options.yes
@options.force
@options.overwrite
@options.table_format
def fit(
    runs: str,
    output: str,
    by: str | None,
    model: str,
    method: str,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    target_accept: float | None,
    low_rank: bool,
    dask: str | None,
    yes: bool,
    force: bool,
    overwrite: bool,
    form: str,
    **reading: str | None,
) -> None:
    """Infer the parameters of a scaling law from RUNS."""
    options.only_for_nuts(method, "tune", "target_accept", "low_rank")
    if by == "metric":
        options.require_all_metrics(runs, **reading)
    from qqt_bayes.cli import fit

    sampler: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains, "seed": seed}
    sampler |= {"method": method, "low_rank": low_rank}
    if target_accept is not None:
        sampler["target_accept"] = target_accept
    fit.report(
        runs,
        model,
        output,
        form,
        reading=reading,
        by=by,
        yes=yes,
        force=force,
        overwrite=overwrite,
        dask=dask,
        **sampler,
    )


@main.command(short_help="Fit several laws to RUNS and decide on them together.")
@options.runs
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder to write to.")
@options.levels
@options.target_pools
@click.option("--budgets", metavar="LIST", help=options.BUDGETS_HELP)
@click.option(
    "--models",
    metavar="LIST",
    help="The laws that decide together; effective-reuse and utility-free-size if not given.",
)
@click.option("--weights", metavar="LIST", help="Of the models: 0.7,0.3; equal ones if not given.")
@click.option(
    "--by",
    type=click.Choice(["metric"]),
    help="A study for each metric of RUNS, in a folder of its name, and one decision over all.",
)
@options.of_metrics
@options.criteria
@options.only_group
@options.length(draws=1000, tune=1000)
@options.chains
@options.seed
@options.target_accept
@options.explain
@options.yes
@options.force
@options.overwrite
@options.table_format
def study(
    runs: str,
    output: str,
    levels: str | None,
    scale: float | None,
    target_pools: str | None,
    budgets: str | None,
    models: str | None,
    weights: str | None,
    by: str | None,
    metric_weights: str | None,
    requirements: tuple[str, ...],
    only_group: str | None,
    yes: bool,
    form: str,
    **choices: Any,
) -> None:
    """Fit several laws to RUNS, compare them and decide on them together, all in one folder.

    The joint decision comes first, then what each law alone would choose, and the combination
    theorem. Levels are the training sets of the runs unless --levels gives others.
    """
    options.require_rule(choices)
    options.require_one_size(scale, target_pools)
    from qqt_bayes.cli.inputs import numbers_of, target_pools_of

    asked = {
        "reading": {name: choices.pop(name) for name in options.READING},
        "levels": levels,
        "budgets": budgets,
        "models": None if models is None else list(filter(None, map(str.strip, models.split(",")))),
        "weights": numbers_of(weights),
        "target_pools": target_pools_of(scale, target_pools),
        "sizes": target_pools,
        "yes": yes,
        "group": only_group,
        **choices,
    }
    if by is None:
        options.refuse_of_metrics(metric_weights, requirements)
        from qqt_bayes.cli import study

        study.report(runs, output, form, **asked)
    else:
        options.require_all_metrics(runs, **asked["reading"])
        from qqt_bayes.cli import metric_studies

        asked |= {"metric_weights": metric_weights, "requirements": requirements}
        metric_studies.report(runs, output, form, **asked)


@main.command(short_help="Test whether a model's intervals hold as often as they say.")
@options.runs
@options.model
@click.option(
    "--replications", type=options.at_least_one, default=200, metavar="N", help="Tables to fit."
)
@options.seed
@click.option("-o", "--output", metavar="FILE", help="Write all ranks, as netCDF.")
@click.option("--plot", metavar="FILE", help="Draw the ECDFs of the ranks, as .png, .svg or .pdf.")
@options.overwrite
@options.table_format
def calibrate(
    runs: str,
    model: str,
    replications: int,
    seed: int,
    output: str | None,
    plot: str | None,
    overwrite: bool,
    form: str,
    **reading: str | None,
) -> None:
    """Test whether a model's intervals hold as often as they say, on the design of RUNS.

    Tables with that design are drawn from the model's priors and fitted, and the truth behind each
    is ranked among the draws (simulation-based calibration). The errors in RUNS do not matter.
    """
    from qqt_bayes.cli import calibrate

    calibrate.report(
        runs,
        model,
        form,
        reading=reading,
        replications=replications,
        seed=seed,
        output=output,
        plot=plot,
        overwrite=overwrite,
    )


@main.command(short_help="Say which errors a model expects before it sees any run.")
@options.runs
@options.model
@click.option(
    "--budgets",
    metavar="LIST",
    help="At which every training set is looked at, such as 64M,1B; the least and the largest of "
    "RUNS and four times that if not given.",
)
@click.option(
    "--draws", type=options.at_least_one, default=1000, metavar="N", help="Of the priors."
)
@options.seed
@click.option("-o", "--output", metavar="FILE", help="Write all draws, as netCDF.")
@click.option("--plot", metavar="FILE", help="Draw them below the runs, as .png, .svg or .pdf.")
@options.overwrite
@options.table_format
def prior(runs: str, model: str, form: str, **asked: Any) -> None:
    """Say which errors a model expects of the design of RUNS before it sees one.

    Parameters are drawn from the model's priors, and errors from these; nothing is fitted. The
    errors in RUNS are compared with what was expected.
    """
    from qqt_bayes.cli import prior

    reading = {name: asked.pop(name) for name in options.READING}
    prior.report(runs, model, form, reading=reading, **asked)


@main.command(short_help="Do the main job on real runs: a study of DataComp (medium).")
@click.option("-o", "--output", default="qqt-demo", metavar="DIR", help="To write to.")
@options.length()
@options.chains
@options.seed
@options.explain
@options.overwrite
@options.table_format
def demo(output: str, explain: bool, overwrite: bool, form: str, **sampling: int | None) -> None:
    """Do the main job on real runs: a study of DataComp's medium-scale CLIP trainings."""
    from qqt_bayes.cli.demo import run
    from qqt_bayes.cli.output import note
    from qqt_bayes.cli.study import show

    given = {name: number for name, number in sampling.items() if number is not None}
    show(run(Path(output), overwrite=overwrite, say=note, **given), form, output, explain=explain)

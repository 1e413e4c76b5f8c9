"""The options of `qqt import`."""

import click

from qqt_bayes.cli.options import human_numbers, overwrite, skip_rows, together

importing = together(
    click.argument("source", metavar="FILE|FOLDER"),
    click.option("-o", "--output", required=True, metavar="RUNS", help="CSV file to write."),
    click.option(
        "--metric",
        metavar="NAME",
        help="Which metric to take, where there are several; val_loss,downstream_error takes each "
        "of several columns.",
    ),
    click.option(
        "--kind",
        metavar="KIND",
        help="What the values are: error, loss, accuracy, or in per cent error%, accuracy%.",
    ),
    click.option(
        "--columns",
        metavar="LIST",
        help="Which column means what: error=val_loss,samples_seen=tokens,pool=source.",
    ),
    click.option(
        "--samples-per-step", type=float, metavar="N", help="Samples, or tokens, that a step sees."
    ),
    click.option(
        "--mapping",
        metavar="TABLE",
        help="Table with a column run, and what the file does not know of the runs.",
    ),
    click.option(
        "--composition",
        metavar="TABLE",
        help="For mixtures: file to write, with what each takes from each pool.",
    ),
    human_numbers,
    skip_rows,
    overwrite,
)
"""What another tool wrote, and how to read it."""

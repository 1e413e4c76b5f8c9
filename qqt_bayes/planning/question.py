"""What a question of plausibility is: an id, what it is about, and its numbers.

`qqt_bayes.report.questions_text` makes a sentence of each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

QUESTIONS = {
    "accuracies": "the errors of training sets look like accuracies: `rising` of `sets` rise with "
    "the budget, on average from `lower` to `upper`; or theirs are up to `lower` at "
    "`samples_seen`, all others from `upper` on, farther than the `bar`; or the priors expect "
    "errors of `lower` to `upper` and those of the table are `least` to `most`",
    "perplexities": "the losses are `least` to `most`, above the `bar`",
    "millions": "the training sets have `least` to `most` unique samples, or the runs saw so many "
    "(of `samples_seen` or `unique_samples`): counted in millions, or in 10 to the `power` that "
    "the name of the column says?",
    "epochs": "runs see their data for `least` to `most` epochs, above the `bar`",
    "checkpoints": "an epoch may be a checkpoint: of training sets whose names say more unique "
    "samples than the table (the first: `named`, `unique`, and `epochs` passes); or all see theirs "
    "`epochs` times",
    "units": "of training sets of which one has `factor` times as many unique samples as the next "
    "smaller (the `bar`); or of the run that sees its data for `epochs`, below the `bar`",
    "swapped": "of pools that have one number of samples seen each, and several of unique samples, "
    "of which a run sees as little as `epochs`: are the two columns swapped?",
    "sweep": "`cells` hold several runs that scatter by more than the `bar`; `runs` of one, with "
    "errors from `least` to `most` (standard deviation `sd`), at `samples_seen`",
    "case": "of two names of one kind that differ in capitals or spaces alone",
    "budgets": "a budget of `least` is asked, the least run saw `least_trained`",
    "proxy": "of a pool, given with `size`, or of a level: `factor` times what was trained",
    "overlap": "of pools whose names say that each is a part of the next, and whose sizes grow so",
    "stated": "a column states `stated` epochs of a run, but samples_seen over unique_samples is "
    "`epochs`: `factor` times as many (the median over the runs), beyond the `bar`",
    "order": "levels take the first of these pools before the second, but at `samples_seen` its "
    "error is `first`, that of the second `second`",
}
"""Every question by its id, which is never renamed, with its subjects and numbers."""


@dataclass(frozen=True)
class Question:
    """A doubt whether numbers mean what they are taken for.

    Attributes
    ----------
    id : str
        One of `QUESTIONS`.
    of : tuple of str
        The training sets, pools, groups, levels or runs that it is about.
    values : dict of str to float
        Its numbers by name, see `QUESTIONS`; `bar` where there is one.
    """

    id: str
    of: tuple[str, ...] = ()
    values: dict[str, float] = field(default_factory=dict)

"""Questions of plausibility in words: a sentence for each of `qqt_bayes.planning.question`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from qqt_bayes.phrases import format_samples, joined, quoted
from qqt_bayes.planning.question import Question

ANSWER = "Answer by correcting the table, or go on with --yes."
"""What a command that does not go on says below its questions."""
ANSWERED = "Going on all the same (--yes)."
"""What one that does says there."""
ANSWER_IN_PYTHON = "If so, correct the table; if not, ignore this warning."
"""What a function that goes on says below them."""
AS_IN_TABLE = ("case",)
"""Ids of questions that quote every name, as the table has it, because its letters matter."""


def sentence(question: Question) -> str:
    """A question in words.

    Examples
    --------
    >>> sentence(Question("millions", ("unique_samples",), {"least": 12.8, "most": 51.2}))
    'The training sets have unique_samples of 12.8 to 51.2: are these millions? ...'
    """
    if question.id not in AS_IN_TABLE:
        question = replace(question, of=tuple(map(quoted, question.of)))
    return SENTENCES[question.id](question)


def sentences(questions: Sequence[Question]) -> list[str]:
    """A sentence for each question, in their order."""
    return [sentence(question) for question in questions]


def to_dicts(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Ids, subjects and numbers of questions, each with its sentence."""
    return [asdict(question) | {"sentence": sentence(question)} for question in questions]


def listed(
    questions: Sequence[Question] | Mapping[str, Sequence[Question]], ending: str = ""
) -> str:
    """All questions in one message.

    Parameters
    ----------
    questions : sequence of Question, or mapping of str to that
        Several tables have theirs by their names, which then go before each question.
    ending : str
        What to do about them.
    """
    tables = questions if isinstance(questions, Mapping) else {"": questions}
    lines = ["Questions:"]
    for name, each in tables.items():
        of = f"{name}: " if len(tables) > 1 else ""
        lines += [f"- {of}{words}" for words in sentences(each)]
    return "\n".join([*lines, ending] if ending else lines)


def _accuracies(question: Question) -> str:
    """That errors rise with the budget, or lie where the priors do not expect them."""
    told = question.values
    if "sets" in told:
        which = f"{joined(list(question.of))} ({told['rising']:.0f} of {told['sets']:.0f} curves)"
        return (
            f"The errors of {which} rise with the budget (on average from {told['lower']:.3g} to "
            f"{told['upper']:.3g}): are they accuracies? Then the error is 1 - accuracy. (If data "
            "are repeated too often errors may rise, too.)"
        )
    if "samples_seen" in told:
        return (
            f"At {format_samples(told['samples_seen'])} the errors of {joined(list(question.of))} "
            f"are up to {told['lower']:.3g}, all others from {told['upper']:.3g} on, and 1 minus "
            "the ones would be near the others: are some of them accuracies? Then the error is 1 - "
            "accuracy."
        )
    return (
        f"The errors are {_range(question)}, where such runs would mostly have "
        f"{told['lower']:.2g} to {told['upper']:.2g}; 1 minus them would be: are they accuracies? "
        "Then the error is 1 - accuracy."
    )


def _perplexities(question: Question) -> str:
    """That losses are above what a loss per token can be."""
    least, most = (question.values[name] for name in ("least", "most"))
    return (
        f"The losses are {least:.4g} to {most:.4g}, more than a loss per token can be: are they "
        "perplexities? Then take their natural logarithm. Or sums, bits, or accuracies in per cent?"
    )


def _millions(question: Question) -> str:
    """That the training sets, or the runs, are so small as if counted in millions."""
    least, of_sets = question.values["least"], question.of == ("unique_samples",)
    has = "training sets have unique_samples of {}" if of_sets else "runs have samples_seen of {}"
    other = "samples_seen" if of_sets else "unique_samples"
    if "power" in question.values:
        power = f"*1e{question.values['power']:.0f}"
        return (
            f"The {has.format(_range(question))}, and the name of their column says that these are "
            f"to be multiplied: write {power} behind it (--columns '{question.of[0]}=COLUMN{power}'"
            f"), and {other} in the same unit."
        )
    return (
        f"The {has.format(_range(question))}: are these millions? Then write "
        f"{least * 1e6:.15g} for {least:.15g}, and {other} in the same unit."
    )


def _epochs(question: Question) -> str:
    """That data are repeated more often than anybody would."""
    return (
        f"The runs see their data for {_range(question)} epochs: are samples_seen and "
        "unique_samples in the same unit (samples, tokens or documents), and is unique_samples the "
        "whole training set, not the part between two checkpoints?"
    )


def _checkpoints(question: Question) -> str:
    """That an epoch may be the way from one checkpoint to the next."""
    told = question.values
    ask = (
        "is that the number of samples between two checkpoints, which some tools call an epoch? "
        "Then unique_samples is the size of the whole training set."
    )
    if "named" not in told:
        return (
            f"All runs, at each budget, see their unique_samples exactly {told['epochs']:.0f} "
            f"times: {ask}"
        )
    others = f" (and so {joined(list(question.of[1:]))})" if question.of[1:] else ""
    return (
        f"{question.of[0]} is passed for {_times(told['epochs'], 3)} epochs of "
        f"{format_samples(told['unique'])} unique_samples, though its name says "
        f"{format_samples(told['named'])}{others}: {ask}"
    )


def _units(question: Question) -> str:
    """That some sizes, or all, seem to be in another unit than the rest."""
    told = question.values
    if "factor" in told:
        large, small = question.of
        return (
            f"{large} has {_times(told['factor'])} times the unique_samples of {small}, and "
            "none lies between: are some sizes in documents and others in tokens, or in millions?"
        )
    return (
        f"The run {question.of[0]} sees {told['epochs']:.2g} of an epoch: are samples_seen and "
        "unique_samples in the same unit (not steps against samples, or documents against tokens)?"
    )


def _swapped(question: Question) -> str:
    """That unique samples vary where samples seen do not."""
    verb = "have" if len(question.of) > 1 else "has"
    return (
        f"{joined(list(question.of))} {verb} one number of samples_seen and several of "
        f"unique_samples (a run sees as little as {question.values['epochs']:.2g} of an epoch): "
        "are the two columns swapped?"
    )


def _sweep(question: Question) -> str:
    """That several settings seem to be in one cell."""
    told = question.values
    of = f"{question.of[0]} ({question.of[1]})" if len(question.of) > 1 else question.of[0]
    cells = f"; {told['cells']:.0f} cells are like that" if told["cells"] > 1 else ""
    return (
        f"{told['runs']:.0f} runs of {of} at {format_samples(told['samples_seen'])} have errors of "
        f"{told['least']:.3g} to {told['most']:.3g}, far more apart than seeds are{cells}: are "
        "they a sweep of settings? Then keep the best of each cell."
    )


def _case(question: Question) -> str:
    """That names differ in capitals or spaces alone."""
    names = joined([repr(name) for name in question.of])
    return f"{names} differ in capitals or spaces alone: are they one? Then write them alike."


def _overlap(question: Question) -> str:
    """That pools hold one another by their names and sizes."""
    first, second = question.of[:2]
    return (
        f"The pools are {joined(list(question.of))}, and each is larger than the one before: does "
        f"{second} hold {first}? Pools must not overlap, or the same samples count as different "
        "ones. Then these are training sets: say in a composition what each takes of what only "
        f"the larger ones hold ({first}; {second} without {first}; ...)."
    )


def _stated(question: Question) -> str:
    """That a column states other epochs than the numbers give."""
    column, run = question.of
    told = question.values
    return (
        f"Column {column!r} states {told['stated']:.3g} epochs for run {run}, but samples_seen "
        f"over unique_samples is {told['epochs']:.3g}, and so it is for most runs: are both in the "
        "same unit (billions, tokens, documents), and is unique_samples the whole training set?"
    )


def _budgets(question: Question) -> str:
    """That a budget is far below all runs."""
    least, trained = (question.values[name] for name in ("least", "least_trained"))
    ratio = trained / least
    return (
        f"A budget of {format_samples(least)} is asked, but the least run saw "
        f"{format_samples(trained)}, {_times(ratio)} times as many: is an ending such as M or B "
        "missing?"
    )


def _proxy(question: Question) -> str:
    """That sizes are far from those trained."""
    factor, size = question.values["factor"], question.values.get("size")
    larger = factor > 1
    words = f"{_times(factor)} times" if larger else f"1/{_times(1 / factor)} of"
    is_given = (
        f"Level {question.of[0]} takes {words} what any training set of the runs takes of a pool"
        if size is None
        else f"Pool {question.of[0]} is given with unique_samples of {format_samples(size)}, "
        f"{words} what any training set of the runs takes of it"
    )
    if not larger:
        return f"{is_given}: is that the same unit, and the same pool?"
    return (
        f"{is_given}: were the runs made on parts of the pools? Then repetition begins later than "
        "they show, and what is said of whole pools rests on how half-lives grow with size. Or is "
        "it another unit?"
    )


def _order(question: Question) -> str:
    """That levels take a worse pool before a better."""
    first, second = question.of
    told = question.values
    return (
        f"The levels take {first} before {second}, but at {format_samples(told['samples_seen'])} "
        f"the error of {first} is {told['first']:.3g}, that of {second} {told['second']:.3g}: are "
        "the pools in order, best first?"
    )


def _times(factor: float, digits: int = 2) -> str:
    """A number to some digits, written out.

    Examples
    --------
    >>> _times(2.345), _times(1234567.0)
    ('2.3', '1,200,000')
    """
    return f"{float(f'{factor:.{digits - 1}e}'):,.15g}"


def _range(question: Question) -> str:
    """The least and the most, once if they are the same."""
    least, most = (_times(question.values[name], digits=3) for name in ("least", "most"))
    return least if least == most else f"{least} to {most}"


SENTENCES: dict[str, Callable[[Question], str]] = {
    "accuracies": _accuracies,
    "perplexities": _perplexities,
    "millions": _millions,
    "epochs": _epochs,
    "checkpoints": _checkpoints,
    "units": _units,
    "swapped": _swapped,
    "sweep": _sweep,
    "case": _case,
    "budgets": _budgets,
    "proxy": _proxy,
    "overlap": _overlap,
    "stated": _stated,
    "order": _order,
}
"""The sentence of each question, from its subjects and numbers."""

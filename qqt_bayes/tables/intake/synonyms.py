"""Names that other tooling gives to what a table of runs needs, and which columns look like them.

A name is compared in small letters with "_" between its words: "valLoss" and "val/loss" are
"val_loss". Patterns stand in the order of how surely they mean it.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

COUNTED = "(samples?|tokens?|examples?|images?|pairs?|sequences?|seqs?|docs?|documents?)"
"""What budgets and pools are counted in."""
HELD_OUT = "(val|valid|validation|eval|test|dev|held_?out)"
"""What says that a loss is of data not trained on."""

LIKE: dict[str, tuple[str, ...]] = {
    "error": (
        "(.*_)?(top_?1_)?err(or)?s?(_?rate)?(_?top_?1)?",
        "(.*_)?error_.*",
    ),
    "accuracy": (
        "(.*_)?(top_?1_)?acc(uracy)?_?(top|at)?_?1?",
        "(.*_)?(top|acc)_?(at_)?1",
        "(.*_)?(acc(uracy)?_norm|exact_match)(_.*)?",
        "(.*_)?image_?net_?(1_?k|2012|val)?(_.*)?",
        "(avg|average|mean)_.*|.*_(avg|average|mean|score)|score|main_metric",
    ),
    "loss": (
        f"(.*_)?{HELD_OUT}_(.*_)?(loss|nll|xent|ce|cross_?entropy)",
        "(.*_)?(ce|nll|xent|cross_?entropy|lm|clip)(_loss)?",
        "(.*_)?loss(_.*)?",
    ),
    "loss_bits": ("(.*_)?(bpb|bpc|bits?_per_(byte|char|character|token))",),
    "ppl": ("(.*_)?(ppl|perplexity)(_.*)?",),
    "samples_seen": (
        f"(.*_)?{COUNTED}_(seen|trained|consumed|processed)(_.*)?",
        f"(.*_)?(seen|trained|train|training|total|consumed|processed|cumulative)_{COUNTED}(_.*)?",
        "seen|(.*_)?budget(_.*)?",
        f"((num|n)_)?{COUNTED}(_?[kmbt])?",
    ),
    "epochs": ("(.*_)?(num_|n_)?(epochs?|repeats|repetitions|passes)",),
    "steps": ("_?(.*_)?(global_)?(steps?|iters?|iterations?|updates?)",),
    "unique_samples": (
        f"(.*_)?unique(_{COUNTED})?(_.*)?",
        f"(.*_)?(d|data|data_?set|pool|corpus|subset|filtered|train_?set)_?({COUNTED}|size)(_.*)?",
        "(.*_)?(train_)?(num_samples|samples_per_epoch|tokens_per_epoch)|(.*_)?num_unique",
        f"(.*_)?((num|n)_)?kept(_{COUNTED})?|(.*_)?{COUNTED}_kept",
        "d|u",
        "size",
    ),
    "pool": (
        "(.*_)?pools?(_name)?",
        "(.*_)?filter(ing|s|ed)?(_(name|method|strategy|level))?",
        "(data_?)?sources?",
        "(.*_)?(upstream|train|training|pretrain|pretraining)_?(data|data_?set|corpus)(_name)?",
        "(.*_)?(data_?set|corpus|subset|mixture|mix|recipe|curation|data_?name)s?(_name)?",
        "(.*_)?(pretrained|quality|bucket|bin|tier|domain|data)(_.*)?",
    ),
    "data": (
        "(.*_)?(train|training|data|filter|filtered)_?sets?(_name)?",
        "(.*_)?(level|mixture|mix|blend|recipe|subset|curation|composition)s?(_name)?",
        "(training_)?(run|set|name|corpus)",
        "(.*_)?filter(ing|s|ed)?(_(name|method|strategy|level))?",
    ),
    "group": (
        "(.*_)?arch(itecture)?",
        "(.*_)?model(_?(name|type|size|arch))?",
        "(.*_)?(size|scale|backbone)",
        "(.*_)?(n|num|non_embed(ding)?)?_?param(eter)?s(_.*)?",
        "(.*_)?(width|depth|d_model|hidden(_.*)?|n_?layers?|(g?macs|flops)(_.*)?|model.*name)",
    ),
    "swept": (
        "(.*_)?(lr|learning_?rate|wd|weight_?decay|dropout|momentum|beta_?[12]?|eps(ilon)?|warm_?up"
        "(_.*)?|batch(_?size)?|(global_)?bs|bsz|optim(izer)?|schedule[r]?|temperature|init(_.*)?"
        "|clip(ping)?(_.*)?|augment(ation)?s?|config|hparams?|sweep(_.*)?|trial(_.*)?|z_loss)(_.*)?",
    ),
    "run": (
        "(.*_)?(run|name|id|uuid|seed|rep|replicate|url|path|time|date|tag|host|note)s?(_.*)?",
    ),
    "result": (
        "(.*_)?(loss|err(or)?|acc(uracy)?|recall|precision|f1|score|ppl|perplexity|bpb|resid.*"
        "|pred.*|std(err)?|runtime|duration|mean_per_class.*)(_.*)?",
        "(.*_)?acc_?\\d+",
    ),
}
"""Patterns of names, by what they mean; "swept" are settings that are searched for each run, "run"
tells runs apart, "result" is measured."""

MEASURES = ("loss", "loss_bits", "ppl", "error", "accuracy")
"""What the name of a column that measures runs means."""

NOT_MEANT = re.compile(
    "(.*_)?(pred(icted|iction)?|fit|fitted|resid(ual)?s?|std|stderr|se|sem|ci|lower|upper|min|max"
    "|prime|eff|effective|over|per|downstream|delta|diff|dprime)(_.*)?"
)
"""Names of what is derived from a quantity and is not the quantity."""
EXCEPT = re.compile(
    "(.*_)?(samples|tokens)_per_epoch|bits?_per_.*|(.*_)?bits_per_.*"
    "|(.*_)?downstream_(.*_)?(err(or)?|acc(uracy)?|loss|nll|ppl|perplexity|score)s?(_rate)?"
)
"""What has such a word in it and is meant all the same."""

PER_STEP = re.compile(
    f"(.*_)?{COUNTED}_per_(global_)?(step|batch|iter|iteration|update)"
    f"|(.*_)?batch(_size)?(_in)?_{COUNTED}"
)
"""Names of what one step sees; a batch size alone may count sequences."""
KIND_OF_COLUMN = re.compile(
    r"\s*(summary|summary_metrics|config|metrics|params)\s*[./:]\s*(?=.)", re.IGNORECASE
)
"""What trackers of experiments write before a name: whether it was logged or set."""

BUDGET_NAME = re.compile(
    r"~?\d{4,}|~?\d+([.,]\d+)?e\+?\d+|~?\d+([.,]\d+)?\s*([kmbgt]|million|billion|x|\u00d7)"
    r"(\s*(samples|tokens|examples|seen))?|~?\d+([.,]\d+)?\s*(epochs?|ep|steps?|tokens|samples)",
    re.ASCII | re.IGNORECASE,
)
"""A column's name that is a budget, such as 128M or 30x."""
BUDGET_END = re.compile(r".*[@ _/-]\d+([.,]\d+)?\s*([kmbgt]|[x\u00d7])", re.ASCII | re.IGNORECASE)
"""A column's name that ends in a budget, such as loss@128M."""
FEWEST_BUDGETS = 2
"""Columns with such names that make a table wide."""


def words_of(name: str) -> str:
    """A column's name in small letters, "_" between its words, without what trackers put before.

    Examples
    --------
    >>> words_of("Samples Seen"), words_of("eval/lm/CE loss"), words_of("valLoss")
    ('samples_seen', 'eval_lm_ce_loss', 'val_loss')
    >>> words_of("summary.val/loss"), words_of("params.lr"), words_of("params")
    ('val_loss', 'lr', 'params')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", KIND_OF_COLUMN.sub("", name, count=1))
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def means(name: str, meaning: str) -> int | None:
    """How surely a name means something: the place of its pattern in `LIKE`, None if it does not.

    Examples
    --------
    >>> means("tokens_trained", "samples_seen"), means("lr", "swept"), means("lr", "pool")
    (0, 0, None)
    """
    words = words_of(name)
    if NOT_MEANT.fullmatch(words) and not EXCEPT.fullmatch(words) and meaning != "result":
        return None
    fits = (place for place, like in enumerate(LIKE[meaning]) if re.fullmatch(like, words))
    return next(fits, None)


def alike(meaning: str, names: Iterable[str]) -> list[str]:
    """Those of some names that mean something most surely, in their order; misspelt ones, too.

    Examples
    --------
    >>> alike("error", ["Error", "val_error"]), alike("samples_seen", ["sample_seen", "note"])
    (['Error'], ['sample_seen'])
    """
    names = list(names)
    same = [name for name in names if words_of(name) == meaning]
    places = {name: place for name in names if (place := means(name, meaning)) is not None}
    best = [name for name, place in places.items() if place == min(places.values())]
    near = get_close_matches(meaning, list(map(words_of, names)), n=1, cutoff=0.8)
    return same or best or [name for name in names if words_of(name) in near]


def several_measures(names: Iterable[str]) -> list[str]:
    """Those of some names that say that they measure runs, if there are several; not of training.

    Examples
    --------
    >>> several_measures(["val_loss", "downstream_error", "train_loss", "tokens"])
    ['val_loss', 'downstream_error']
    >>> several_measures(["val_loss", "train_loss"])
    []
    """
    found = [
        name
        for name in names
        if not {"train", "training"} & set(words_of(name).split("_"))
        and any(means(name, meaning) is not None for meaning in MEASURES)
    ]
    return found if len(found) > 1 else []


def names_between_commas(names: Iterable[str]) -> str:
    """Names as one text, from which `csv.reader` reads them.

    Examples
    --------
    >>> names_between_commas(["val_loss", "acc,none"])
    'val_loss,"acc,none"'
    """
    return ",".join(f'"{name}"' if "," in name else name for name in names)


def per_step(names: Iterable[str]) -> list[str]:
    """Those of some names that say how many samples or tokens one step sees.

    Examples
    --------
    >>> per_step(["tokens_per_step", "config.batch_tokens", "steps", "batch_size"])
    ['tokens_per_step', 'config.batch_tokens']
    """
    return [name for name in names if PER_STEP.fullmatch(words_of(name))]


def budget_names(names: Sequence[str]) -> list[str]:
    """Names of columns that are budgets, so that a table is wide; none if there is but one.

    Examples
    --------
    >>> budget_names(["size", "30x", "150x"]), budget_names(["filter", "loss@1B", "loss@2B", "x"])
    (['30x', '150x'], ['loss@1B', 'loss@2B'])
    """
    found = [
        name
        for name in names
        if BUDGET_NAME.fullmatch(name.strip()) or BUDGET_END.fullmatch(name.strip())
    ]
    return found if len(found) >= FEWEST_BUDGETS else []

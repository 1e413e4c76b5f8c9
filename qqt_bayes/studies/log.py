"""What a campaign believed, study by study: `log.jsonl` in the folder of its studies.

A line says of one study when it was made, on which runs and by which models, and what it chose at
each budget, with a digest of its own.  Whatever a line says, the study that it is of says too, as
long as it is kept: the two are compared, a line that is missing is made from the study, and a
study that is gone is known from its line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from math import inf
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple
from warnings import warn

import pandas as pd

from qqt_bayes.errors import InputError, PlausibilityWarning
from qqt_bayes.files import content_of, require_one_metric, write
from qqt_bayes.report.records import SCHEMA, plain
from qqt_bayes.studies.folder import (
    DIGEST,
    HISTORY,
    LEVELS,
    PUT_BACK,
    begun,
    belief,
    digest_of,
    read_whole,
)
from qqt_bayes.studies.history import date_of, decided, kept

LOG = "log.jsonl"
"""Name of the log in the folder of a study."""
DECISION = "decision.json"
KEYS = {
    *("date", "belief", "data_hash", "runs", "kind", "unit", "gate_passed", "models", "seeds"),
    *("versions", "decisions"),
}
"""What a line says, beside its digest and the number of its schema."""


class Entry(NamedTuple):
    """A study of a campaign.

    Attributes
    ----------
    said : dict
        What its line of the log says: `date`, `belief`, `data_hash`, `runs`, `kind`, `unit`,
        `gate_passed`, `models` (the weight of each), `seeds`, `versions`, and `decisions`, each
        with its `group` (if there are several), `budget`, `choice`, `probability_best`, `regret`,
        `winner`, `leader` and `proven`.
    folder : Path or None
        Where it is kept; None where it is no longer.
    """

    said: dict[str, Any]
    folder: Path | None

    @property
    def date(self) -> str:
        """When it was made, in UTC."""
        return str(self.said["date"])

    @property
    def decisions(self) -> pd.DataFrame:
        """A row for each group and budget, with a column `group` in any case."""
        rows = [{"group": "", **each} for each in self.said["decisions"]]
        return pd.DataFrame(rows)


class Log(NamedTuple):
    """All studies of a campaign in the order of their dates, and what is wrong with its log."""

    entries: list[Entry]
    faults: list[str]


def study_log(path: str | PathLike[str]) -> pd.DataFrame:
    """What the studies of one folder decided, in the order in which they were made.

    Parameters
    ----------
    path : path
        The folder that `qqt_bayes.study` wrote to, once or many times.

    Returns
    -------
    DataFrame
        A row for each study, group and budget: `date` (UTC), `study`
        (a hash of what it decided), `runs`, `data_hash`, `models` (with
        their weights), `seeds`, `group` (if there are several), `budget`, `choice`,
        `probability_best`, `regret`, `winner`, `leader`, `proven`, `gate_passed`, and `folder`,
        where the study is kept ("" where it is no longer).

    Raises
    ------
    InputError
        If the folder holds no study.

    Warns
    -----
    PlausibilityWarning
        If a line of the log or a kept study was changed after it was written.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> log = qqt.study_log("study")
    >>> log[["runs", "budget", "choice", "winner"]]
       runs        budget   choice   winner
    0    12  6.400000e+08  top 30%  top 30%
    1    12  2.000000e+09  top 30%  top 30%
    """
    found = read_log(Path(path))
    for fault in found.faults:
        warn(fault, PlausibilityWarning, stacklevel=2)
    return as_table(found.entries)


def as_table(entries: list[Entry]) -> pd.DataFrame:
    """Entries of a log as a tidy table, see `study_log`."""
    tables = []
    for said, folder in entries:
        weights = [f"{name} {weight:.2f}" for name, weight in said["models"].items() if weight]
        table = pd.DataFrame(said["decisions"])
        shared = {
            "date": said["date"],
            "study": said["belief"],
            "runs": said["runs"],
            "data_hash": said["data_hash"],
            "models": ", ".join(weights),
            "seeds": ", ".join(map(str, said["seeds"])),
        }
        for place, (name, value) in enumerate(shared.items()):
            table.insert(place, name, value)
        kept_in = "" if folder is None else str(folder)
        tables.append(table.assign(gate_passed=said["gate_passed"], folder=kept_in))
    return pd.concat(tables, ignore_index=True)


def entry_of(folder: Path) -> Entry:
    """What the log says of the study in a folder, from that study's own files.

    Raises
    ------
    InputError
        If it is no whole study, or its files were changed by hand.
    """
    content = read_whole(folder)
    try:
        for path in (folder / DECISION, folder / LEVELS):
            if digest_of(path) != content["files"][path.name]:
                raise InputError(f"{path} was changed after the study; {PUT_BACK}")
        decision = json.loads(content_of(folder / DECISION))
        settings = decision["settings"]
        said = {
            "schema": SCHEMA,
            "date": date_of(folder, content),
            "belief": belief(content),
            "data_hash": content["data_hash"],
            "runs": content["runs"],
            "kind": settings["kind"],
            "unit": settings.get("unit", "samples"),
            "gate_passed": settings["gate_passed"],
            "models": {each["model"]: each["weight"] for each in content["models"]},
            "seeds": sorted({each["seed"] for each in content["models"]}),
            "versions": content["versions"],
            "decisions": [_decision(each) for each in decision["decisions"]],
        }
    except InputError:
        raise
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: a file of the study is damaged; {PUT_BACK}") from error
    return Entry(plain(said), folder)


def _decision(each: Mapping[str, Any]) -> dict[str, Any]:
    """What the log says of one budget."""
    (chosen,) = (level for level in each["levels"] if level["level"] == each["choice"])
    group = {"group": each["group"]} if "group" in each else {}
    return {
        **group,
        "budget": each["budget"],
        "choice": each["choice"],
        "probability_best": chosen["probability_best"],
        **{name: each[name] for name in ("regret", "winner", "leader", "proven")},
    }


def read_log(folder: Path) -> Log:
    """The studies of a campaign, from its log and from those that are kept.

    Raises
    ------
    InputError
        If there is no study at all.
    """
    faults: list[str] = []
    lines = _lines(folder, faults)
    found: list[tuple[str, float, Entry]] = []  # of studies of one second, lines say the order
    for own in _studies(folder, faults):
        number = _line_of(own, lines)
        found.append((own.date, inf if number is None else number, own))
        if number is not None and lines.pop(number)["decisions"] != own.said["decisions"]:
            faults.append(
                f"{folder / LOG}: line {number} says other than the study that it is of, which is "
                f"in {own.folder}; what the study says is taken"
            )
    for number, line in lines.items():
        faults.append(
            f"{folder / LOG}: line {number} is of a study of {line['date']} that is not kept as it "
            "was made, so nothing else bears out what the line says"
        )
        found.append((line["date"], number, Entry(line, None)))
    if not found:
        require_one_metric(folder)
        said = f": {faults[0]}" if faults else ""
        raise InputError(f"{folder} holds no study that came to a decision{said}")
    return Log([entry for *_, entry in sorted(found, key=itemgetter(0, 1))], faults)


def record(folder: Path) -> None:
    """Add a line to the log for each study that has none: for the one just made, and older ones.

    Raises
    ------
    InputError
        If the log cannot be written.
    """
    path = folder / LOG
    lines = _lines(folder, [])
    # a study that was changed by hand is no ground for a line: `read_log` says that it was
    new = [own for own in _studies(folder, []) if _line_of(own, lines) is None]
    if new:
        before = content_of(path).decode(errors="surrogateescape") if path.exists() else ""
        if before and not before.endswith("\n"):
            before += "\n"
        added = "".join(_line(each.said) for each in new)
        write(path, (before + added).encode(errors="surrogateescape"))


def _studies(folder: Path, faults: list[str]) -> list[Entry]:
    """The study at the top of a folder and those that are kept, by their dates; faults are added.

    Those in the making are left out, and those in which every law was refused. Who was killed when
    a study had been copied to the history finds it in both places: it is one.
    """
    found: dict[tuple[str, str], Entry] = {}
    for place in [*kept(folder), folder]:
        if decided(begun(place)):
            try:
                own = entry_of(place)
            except InputError as error:
                faults.append(str(error))
            else:
                found[own.date, own.said["belief"]] = own
    return sorted(found.values(), key=lambda entry: entry.date)


def _line_of(entry: Entry, lines: Mapping[int, dict[str, Any]]) -> int | None:
    """The number of the line that is of a study."""
    for number, line in lines.items():
        if (line["date"], line["belief"]) == (entry.date, entry.said["belief"]):
            return number
    return None


def _line(said: Mapping[str, Any]) -> str:
    """A line of the log, with its own digest at its end."""
    return json.dumps({**said, DIGEST: _digest(said)}, ensure_ascii=False) + "\n"


def _digest(said: Mapping[str, Any]) -> str:
    text = json.dumps({name: value for name, value in said.items() if name != DIGEST})
    return sha256(text.encode()).hexdigest()


def _lines(folder: Path, faults: list[str]) -> dict[int, dict[str, Any]]:
    """The lines of the log that are as they were written, by their numbers; faults are added."""
    path = folder / LOG
    if not path.exists():
        return {}
    found = {}
    texts = content_of(path).decode(errors="replace").splitlines()
    for number, text in enumerate(texts, 1):
        try:
            said = json.loads(text)
            if said.pop(DIGEST) != _digest(said) or not said.keys() >= KEYS:
                raise ValueError("it is not what `record` wrote")
            if not isinstance(said["date"], str) or not said["decisions"]:
                raise ValueError("it is no study")
            found[number] = said
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            faults.append(
                f"{path}: line {number} was changed after it was written and is left out; what "
                f"the kept studies say is in {folder / HISTORY}"
            )
    return found

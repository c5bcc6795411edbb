"""Who has opened a test set: all studies of the storage, removed ones, and those that MLflow knows.

Two test sets are the same if their ids are, and they overlap if they have rows of the same content,
whatever split drew them. An opening of before, which has no sketch of its rows, is compared by the
id alone. What MLflow knows of other machines is asked by `promote` and kept with the study, so that
the other commands need not ask.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from optuna.exceptions import DuplicatedStudyError
from optuna.storages import RDBStorage

from dnnsearch.data.row_sketch import RowSketch
from dnnsearch.errors import UserError
from dnnsearch.storage.optuna_storage import Rows, create_study, study_attributes
from dnnsearch.study.evaluation_log import ATTRIBUTE, RETUNING_PREFIX, test_set_id
from dnnsearch.study.stored_study import IDENTITY, OpenStudy
from dnnsearch.tracking import has_store
from dnnsearch.validators import ordinal

ELSEWHERE = "openings elsewhere"  # attribute of a study: what MLflow knew at its last promotion
REMOVED_STUDIES = "removed-studies"  # a study without trials that keeps the logs of removed ones
MAX_NAMES = 6  # of studies in a sentence
MODEL_DIGITS = 16  # of a model's digest, in MLflow


@dataclass(frozen=True)
class Opening:
    """One opening of a test set; `rows` is None if it is of before, or was interrupted."""

    study: str
    identity: str
    when: str
    at: float  # seconds since 1970
    trial: int
    model: str
    test: str
    rows: RowSketch | None = None
    note: str = ""  # beside the study's name
    retuned: str = ""  # the new study, whose test rows an old champion was scored on
    common: int | None = None  # rows in common; None for the same test set

    @property
    def who(self) -> str:
        """The study, with what is particular about it."""
        return f"{self.study} ({self.note})" if self.note else self.study

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """What the storage's and MLflow's copy of one opening have in common.

        `when` has whole seconds, and two openings may lie within one.
        """
        fraction = f"{self.at % 1:.3f}"
        return self.identity, self.when, fraction, self.trial, self.model[:MODEL_DIGITS]


@dataclass(frozen=True)
class History:
    """The openings of a study's test rows, the oldest first."""

    study: str
    identity: str
    openings: list[Opening]
    examples: int | None  # distinct rows of the test set, if they are known
    unknown: list[str]  # studies that opened another split of the same data, which rows is unknown

    @property
    def own(self) -> list[Opening]:
        return [one for one in self.openings if one.identity == self.identity and not one.retuned]

    def place(self, model: str) -> int:
        """Return the place, from 1 on, of this study's first opening for a model; 0 if none."""
        own = self.own
        first = next((one for one in own if one.model == model), None)
        return 0 if first is None else self.openings.index(first) + 1

    def sentence(self, model: str = "") -> str:
        """Return how often the test rows were opened, by whom, and which opening a figure is of.

        Without a model, the figure is that of the study's first opening.
        """
        times = len(self.openings)
        own = self.own
        place = self.place(model or (own[0].model if own else ""))
        opened = "once" if times == 1 else f"{times} times"
        said = f"test set opened {opened}, by {self._names()}" if times else "test set not opened"
        if times == 1 and place == 1:
            return f"{said}: this figure counts{self._others()}"
        if not place:
            future = f"; a figure of {self.study} will be the {ordinal(times + 1)}" if times else ""
            return f"{said}{future}{self._others()}"
        this = "this is it" if place == 1 else f"this is the {ordinal(place)}"
        return f"{said}; the first figure counts, {this}{self._others()}"

    def _names(self) -> str:
        names = list(dict.fromkeys(self._name(one) for one in self.openings))
        more = len(names) - MAX_NAMES
        return ", ".join([*names[:MAX_NAMES], *([f"and {more} more"] if more > 0 else [])])

    def _name(self, one: Opening) -> str:
        if one.common is None:
            return one.who
        return f"{one.who} ({one.common} of these {self.examples} distinct rows)"

    def _others(self) -> str:
        if not self.unknown:
            return ""
        return (
            f"; {', '.join(self.unknown[:MAX_NAMES])} opened another split of the same data, "
            "and how many of these rows it has is not known"
        )

    def lines(self) -> list[str]:
        """Return a line for each opening."""
        return [
            f"  {n}. {one.when}, {self._name(one)}, trial {one.trial}"
            for n, one in enumerate(self.openings, start=1)
        ]

    def document(self, model: str) -> dict[str, Any]:
        """Return it for `promote --json`."""
        names = [(self._name(one), one.when, one.trial) for one in self.openings]
        listed = [{"study": name, "when": when, "trial": trial} for name, when, trial in names]
        return {"times": len(listed), "this": self.place(model), "openings": listed}


def history(study: OpenStudy) -> History:
    """Return the openings of the study's test rows, as far as its storage knows them."""
    attributes, definition = study.rows.attributes, study.definition
    identity = str(attributes.get(IDENTITY, study.name))
    test = test_set_id(definition["data_digest"], definition["split_digest"])
    every = _merged([*in_storage(study.rows.storage), *_elsewhere(attributes)])
    every = [one for one in every if (one.retuned, one.test) != (study.name, test)]
    rows = next((one.rows for one in every if one.test == test and one.rows), None)
    found = [related for one in every if (related := _related(one, test, rows))]
    unknown = [one for one in every if _may_overlap(one, test, rows)]
    return History(
        study.name,
        identity,
        sorted(found, key=lambda one: one.at),
        rows.count if rows else None,
        list(dict.fromkeys(one.who for one in unknown)),
    )


def _related(one: Opening, test: str, rows: RowSketch | None) -> Opening | None:
    """Return the opening if it is of these rows, with the number in common if not of all."""
    if one.test == test:
        return one
    if rows is None or one.rows is None:
        return None
    common = rows.in_common(one.rows)
    if not common:
        return None
    return one if common == rows.count == one.rows.count else replace(one, common=common)


def _may_overlap(one: Opening, test: str, rows: RowSketch | None) -> bool:
    same_data = one.test.partition("-")[0] == test.partition("-")[0]
    return same_data and one.test != test and (rows is None or one.rows is None)


def in_storage(storage: RDBStorage) -> Iterator[Opening]:
    """Yield the openings of all studies of the storage, and those of studies that were removed."""
    for name, attributes in study_attributes(storage).items():
        if name == REMOVED_STUDIES:
            for identity, removed in attributes.items():
                logged = openings_of(removed["study"], identity, removed["attributes"])
                yield from (replace(one, note=_also(one.note, "removed")) for one in logged)
        else:
            yield from openings_of(name, str(attributes.get(IDENTITY, name)), attributes)


def _also(note: str, more: str) -> str:
    return f"{note}, {more}" if note else more


def openings_of(study: str, identity: str, attributes: Mapping[str, Any]) -> Iterator[Opening]:
    """Yield what a study's attributes have of its own openings and of retunings of it."""
    for name, entries in logs(attributes).items():
        new = name.removeprefix(RETUNING_PREFIX) if name != ATTRIBUTE else ""
        for entry in entries:
            one = _opening(study, identity, entry)
            note = f"to judge {new} by its champion" if new else one.note
            yield replace(one, retuned=new, note=note)


def logs(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that are logs of openings."""
    return {
        name: value
        for name, value in attributes.items()
        if name == ATTRIBUTE or name.startswith(RETUNING_PREFIX)
    }


def _opening(study: str, identity: str, entry: Mapping[str, Any]) -> Opening:
    """Return an entry of a log; raise UserError if it is damaged."""
    try:
        rows = entry.get("rows")
        return Opening(
            study=study,
            identity=identity,
            when=str(entry["when"]),
            at=float(entry.get("at") or _seconds(entry["when"])),
            trial=int(entry["trial"]),
            model=str(entry["model"]),
            test=str(entry["test"]),
            rows=RowSketch.from_document(rows) if rows else None,
            note=str(entry.get("note", "")),
            retuned=str(entry.get("retuned", "")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"study {study}: the log of its test-set openings is damaged ({error!r}): restore the "
            "database from a backup"
        ) from error


def _seconds(when: str) -> float:
    """Return the time of an entry of before, which has it in local time only."""
    return datetime.strptime(when, "%Y-%m-%d %H:%M:%S").timestamp()


def _merged(openings: Iterable[Opening]) -> list[Opening]:
    """Return each opening once; of two copies, the first."""
    return list({one.key: one for one in reversed(list(openings))}.values())[::-1]


def keep_log(study: OpenStudy) -> None:
    """Keep the log of a study that is about to be removed: its test rows stay opened."""
    own = logs(study.rows.attributes)
    if not own:
        return
    storage = study.rows.storage
    if REMOVED_STUDIES not in study_attributes(storage):
        with suppress(DuplicatedStudyError):  # another process removes a study, too
            create_study(storage, REMOVED_STUDIES, "maximize")
    identity = str(study.attributes[IDENTITY])
    kept = {"study": study.name, "attributes": own}
    Rows(storage, REMOVED_STUDIES).set_attribute(identity, kept)


def _elsewhere(attributes: Mapping[str, Any]) -> Iterator[Opening]:
    for entry in attributes.get(ELSEWHERE, []):
        yield _opening(entry["study"], entry["identity"], entry)


def ask_mlflow(study: OpenStudy, report: Callable[[str], object]) -> None:
    """Keep with the study what MLflow knows of the openings of other storages.

    If MLflow is away, `report` gets one line, and what is known stays.
    """
    uri = study.config.tracking
    if not has_store(uri):
        return
    from dnnsearch.tracking.test_set_tags import openings  # imports MLflow, which takes seconds

    try:
        found = openings(uri)
    except UserError as error:
        report(f"openings of the test set by other machines are not known: {error}")
        return
    here = list(in_storage(study.rows.storage))
    known, identities = {one.key for one in here}, {one.identity for one in here}
    new = [
        entry
        for entry in found
        if _opening(entry["study"], entry["identity"], entry).key not in known
        and not (entry.get("of_version") and entry["identity"] in identities)
    ]
    if new != study.rows.attributes.get(ELSEWHERE, []):
        study.rows.set_attribute(ELSEWHERE, new)


def log_of_study(study: OpenStudy) -> dict[str, list[dict[str, Any]]]:
    """Return the openings that MLflow shall have of this study, by the test set."""
    attributes = study.rows.attributes
    identity = str(attributes.get(IDENTITY, study.name))
    own = [
        {**entry, "retuned": name.removeprefix(RETUNING_PREFIX) if name != ATTRIBUTE else ""}
        for name, entries in logs(attributes).items()
        for entry in entries
    ]
    own += [each for each in attributes.get(ELSEWHERE, []) if each["identity"] == identity]
    by_test: dict[str, list[dict[str, Any]]] = {}
    for entry in own:
        by_test.setdefault(entry["test"], []).append(entry)
    return by_test

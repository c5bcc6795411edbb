"""A study looked at again on new data: the old champion scored, a new search, a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnsearch.deployment.champion import champion
from dnnsearch.deployment.trial_model import model
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import read
from dnnsearch.promotion.candidates import Tell
from dnnsearch.promotion.evaluation_log import OPENINGS
from dnnsearch.promotion.promotion import Promotion, promote
from dnnsearch.promotion.retuning.model_comparison import (
    SharedTestRows,
    check_kind,
    decay,
    shared_test_rows,
)
from dnnsearch.promotion.retuning.overlap import Overlap, find_overlap
from dnnsearch.promotion.retuning.warm_start import warm_started_definition
from dnnsearch.runtime import numerics
from dnnsearch.statistics.interval import Interval
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.definition import Definition
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.search import SearchObserver, search
from dnnsearch.study.stored_study import OpenStudy, open_study

RETUNED = "retuned"  # the attribute of the new study: of which one, and what came of it


@dataclass(frozen=True)
class Incumbent:
    """The champion that is questioned."""

    model: Model
    name: str  # in words
    then: Mapping[str, float] | None  # its figure on the test set of its own time


@dataclass(frozen=True)
class Retuning:
    """What came of it; differences are such that above 0 the first is better."""

    study: str
    renewed: str  # the new study
    objective: str
    old: str
    then: Mapping[str, float] | None
    now: dict[str, float]
    fall: Interval | None  # from then to now
    new: dict[str, float]
    promotion: Promotion
    difference: Interval  # new less old
    novelty: Overlap

    @property
    def replace(self) -> bool:
        """Whether the new champion is better, by more than chance and than guessing."""
        return self.promotion.found and self.difference.low > 0


def retune(
    study: OpenStudy,
    definition: Definition,
    *,
    top: int,
    replicates: int,
    observer: SearchObserver,
    tell: Tell,
) -> Retuning:
    """Call it in a process with pinned numerics, as a search; `definition` is from `begin`.

    Raises UserError as `search` and `promote` do, and where the old champion cannot be had or
    given the new rows.
    """
    numerics.check(definition.numerics)
    config, old = definition.config, incumbent(study, tell)
    where, news = _rows(study, definition, old)
    before = where.measured(old.model, old.name)
    now = where.figure(before)
    tell(f"{old.name} on the new test rows: {now['value']:.4f}")
    search(config, seconds=None, observer=observer)
    begun = open_study(config.study, config.storage)
    promotion = promote(begun, top, replicates, None, tell)
    after = where.measured(read(Path(promotion.crowned.file)), "the new champion")
    found = Retuning(
        study=study.name,
        renewed=config.study,
        objective=config.objective,
        old=old.name,
        then=old.then,
        now=now,
        fall=None if old.then is None else decay(old.then, now, definition.maximize),
        new=where.figure(after),
        promotion=promotion,
        difference=where.difference(after, before),
        novelty=news,
    )
    begun.rows.set_attribute(RETUNED, {"of": study.name, "replace": found.replace})
    return found


def _rows(
    study: OpenStudy, definition: Definition, old: Incumbent
) -> tuple[SharedTestRows, Overlap]:
    """The new test rows without those that the old champion has learnt from."""
    store = ArrayStore(default_root())
    where = shared_test_rows(definition, store)
    check_kind(old.model, definition, old.name, where.tested.held_out.X)
    news = find_overlap(study, store, where.tested.held_out)
    return where.on(news.rows), news


def begin(study: OpenStudy, data: str, **wishes: Any) -> Definition:
    """The new study, with its data prepared; see `renewed`."""
    return warm_started_definition(study, data, **wishes, store=ArrayStore(default_root()))


def incumbent(study: OpenStudy, tell: Tell) -> Incumbent:
    """The champion, else the best trial's network.

    Raises UserError without either, and where MLflow is away and no champion is kept here.
    """
    found = champion(study, tell)
    if found is not None:
        kept = found.model
        name = f"the champion of {study.name} (trial {kept.provenance.get('trial')})"
        return Incumbent(kept, name, _figure(study, kept))
    best = leaderboard(study).best
    name = f"the best trial of {study.name} (trial {best.number}, never promoted)"
    return Incumbent(model(study, study.record(best.number)), name, None)


def _figure(study: OpenStudy, kept: Model) -> Mapping[str, float] | None:
    """That of the first opening by this configuration."""
    for opening in study.rows.attributes.get(OPENINGS, []):
        if opening["trial"] == kept.provenance.get("trial") and "figures" in opening:
            return dict(opening["figures"]["ensemble"])
    return None

"""A retuning: score the old champion on new data, search again, recommend one of the two."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnsearch.data.row_sketch import sketch
from dnnsearch.deployment.champion import Report, find_champion
from dnnsearch.deployment.trial_model import model
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import read
from dnnsearch.promotion.evaluation import send_openings
from dnnsearch.promotion.logged_figures import figures_difference, scored_again
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
from dnnsearch.study.evaluation_log import EvaluationLog, access, log_retuning, test_set_id
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.search import SearchObserver, search
from dnnsearch.study.stored_study import OpenStudy, open_study

RETUNED = "retuned"  # attribute of the new study: the old study and the recommendation


@dataclass(frozen=True)
class Incumbent:
    """The model that a retuning may replace."""

    model: Model
    name: str  # for messages
    then: Mapping[str, float] | None  # its score on the old test set
    given: str  # as `predict` takes it

    @property
    def digest(self) -> str:
        """The digest of the record that the model was made of."""
        origin = self.model.provenance
        return str(origin.get("promoted") or origin.get("refit") or origin["record"])


@dataclass(frozen=True)
class Retuning:
    """The result of a retuning; scores have value, low and high."""

    study: str
    new_study: str
    objective: str
    old_name: str
    old_given: str  # as `predict` takes it
    then: Mapping[str, float] | None  # score of the old model on the old test set
    now: dict[str, float]  # score of the old model on the new test rows
    loss: Interval | None  # of the old model from then to now; above 0 it has decayed
    new: dict[str, float]  # score of the new champion on the new test rows
    promotion: Promotion
    difference: Interval  # above 0 the new champion is better
    overlap: Overlap

    @property
    def replace(self) -> bool:
        """Whether the new champion is clearly better than the old model, and than guessing."""
        return self.promotion.found and self.difference.low > 0


def retune(
    study: OpenStudy,
    definition: Definition,
    *,
    top: int | None,
    replicates: int | None,
    observing: Callable[[], AbstractContextManager[SearchObserver]],
    report: Report,
    accept_code: bool = False,
    show: Callable[[float, int], object] = lambda done, total: None,
) -> Retuning:
    """Run the new study that `begin` defined, and compare; call it with pinned numerics.

    `observing` gives the observer of the search, for as long as that runs; `show` is that of
    `promote`.
    Raise UserError as `search` and `promote` do, and if the old champion is not available or cannot
    take the new rows.
    """
    numerics.check(definition.numerics)
    config, old = definition.config, incumbent(study, report)
    rows, overlap = _new_rows(study, definition, old, report)
    old_sample = rows.sample(old.model, old.name)
    now = rows.score(old_sample)
    report(f"{old.name} on the new test rows: {now['value']:.4f}")
    with observing() as observer:
        search(config, seconds=None, observer=observer, accept_code=accept_code)
    new_study = open_study(config.study, config.storage)
    promotion = promote(new_study, top, replicates, None, report, accept_code, show)
    new_sample = rows.sample(read(Path(promotion.registered.file)), "the new champion")
    retuning = Retuning(
        study=study.name,
        new_study=config.study,
        objective=config.objective,
        old_name=old.name,
        old_given=old.given,
        then=old.then,
        now=now,
        loss=None if old.then is None else decay(old.then, now, definition.maximize),
        new=rows.score(new_sample),
        promotion=promotion,
        difference=rows.difference(new_sample, old_sample),
        overlap=overlap,
    )
    new_study.rows.set_attribute(RETUNED, {"of": study.name, "replace": retuning.replace})
    return retuning


def _new_rows(
    study: OpenStudy, definition: Definition, old: Incumbent, report: Report
) -> tuple[SharedTestRows, Overlap]:
    """Return the new test rows, if possible without those that the old model was trained on.

    That the old model is scored on them is logged first, with the old study.
    """
    store, prepared, new = ArrayStore(default_root()), definition.prepared, definition.config.study
    test = test_set_id(prepared.data_digest, prepared.split_digest)
    entry = access(int(old.model.provenance["trial"]), old.digest, test)
    log_retuning(study.rows, new, entry)
    send_openings(study, report)
    rows = shared_test_rows(definition, store)
    held_out = rows.scores.held_out
    known = sketch(held_out, prepared.classes).document()
    log_retuning(study.rows, new, {**entry, "rows": known})
    check_kind(old.model, definition, old.name, held_out.X)
    overlap = find_overlap(study, store, held_out)
    return rows.on(overlap.rows), overlap


def begin(study: OpenStudy, data: str, **options: Any) -> Definition:
    """Return the definition of the new study, its data prepared; see `warm_started_definition`."""
    return warm_started_definition(study, data, **options, store=ArrayStore(default_root()))


def incumbent(study: OpenStudy, report: Report) -> Incumbent:
    """Return the study's champion or, if there is none, the network of its best trial.

    Raise UserError if there is neither, or if MLflow is not reachable and no champion is kept here.
    """
    found = find_champion(study, report)
    if found is not None:
        kept = found.model
        name = f"the champion of {study.name} (trial {kept.provenance.get('trial')})"
        return Incumbent(kept, name, _first_test_score(study, kept, report), study.name)
    best = leaderboard(study).best
    name = f"the best trial of {study.name} (trial {best.number}, never promoted)"
    given = f"{study.name}/{best.number}"
    return Incumbent(model(study, study.record(best.number)), name, None, given)


def _first_test_score(study: OpenStudy, kept: Model, report: Report) -> Mapping[str, float] | None:
    """Return the test score of the first logged evaluation of this model.

    A model without pieces is known in the log by its configuration.

    If the log has another score than the networks get again, report it; the latter counts.
    """
    for entry in EvaluationLog(study.rows).entries:
        is_same = entry["model"] == kept.provenance.get("promoted", entry["model"])
        is_same = is_same and entry["trial"] == kept.provenance.get("trial")
        if is_same and "figures" in entry:
            logged = dict(entry["figures"]["ensemble"])
            scored = scored_again(study, entry, ArrayStore(default_root()))
            if scored and (difference := figures_difference(entry, scored, study.config.dtype)):
                report(f"the log of study {study.name}: {difference}; the latter is used")
                return dict(scored.figures["ensemble"])
            return logged
    return None

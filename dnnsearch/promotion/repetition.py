"""A promotion repeated from scratch and compared with the log, the records and the champion's file.

It confirms, refits and tests as `promote` does, with records and arrays of its own. It is no
opening of the test set: the models are those that were scored there before, nothing is chosen, and
nothing is written to the study.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dnnsearch.data.prepare import held_out
from dnnsearch.data.table import HeldOut
from dnnsearch.deployment.champion import PROMOTIONS, champion_path
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.candidates import (
    Candidate,
    Trainer,
    candidates,
    memo,
    refit_record,
    start_of,
)
from dnnsearch.promotion.confirmation import confirm
from dnnsearch.promotion.evaluation import score
from dnnsearch.promotion.evaluation_scores import EvaluationScores
from dnnsearch.promotion.fitted_pieces import Fitted
from dnnsearch.promotion.logged_figures import (
    figures_difference,
    scored_entries,
)
from dnnsearch.promotion.promoted_copies import check_copies
from dnnsearch.promotion.promotion import plan_of
from dnnsearch.promotion.refit import members_of, model, refit, with_pieces
from dnnsearch.promotion.repeated import Repeated
from dnnsearch.promotion.row_intervals import with_intervals
from dnnsearch.reproduce.record_comparison import cause, training_difference
from dnnsearch.reproduce.rounding import explained_units
from dnnsearch.reproduce.verify import Different, Verification
from dnnsearch.runtime.numerics import EXACT
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.evaluation_log import EvaluationLog, test_set_id
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.worker_factory import local_workers
from dnnsearch.trials.record import Record, inconsistencies
from dnnsearch.trials.record_store import Records


def verify_promotions(study: OpenStudy, trials: Verification, workers: int) -> Verification:
    """Return the verdict on the trials with that on every promotion that the log has figures of.

    The fingerprint of the study stays the last line; `champion` and that of its figures stand
    before it. `workers` is a number of processes. Raise UserError if it cannot be repeated.
    """
    was_promoted = EvaluationLog(study.rows).entries or champion_path(study).is_file()
    if trials.verdict == "different" or not was_promoted:
        return trials
    try:
        with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
            found = list(_repeat_all(study, Path(folder), workers))
            repeated = [one for one in found if isinstance(one, Repeated)]
            is_complete = len(repeated) == len(found)
            champion, notes = check_copies(study, repeated, is_complete)
    except Different as difference:
        return trials.but(study.name, str(difference))
    lines = [one if isinstance(one, str) else one.line for one in found]
    if first := next((found for one in repeated for found in one.rounding), ""):
        lines.append(f"  the first that differs: {first}")
        trials = _rounded(study, trials)
    lines += [*notes, f"champion {champion}"] if champion else notes
    return trials.with_lines(lines)


def _rounded(study: OpenStudy, trials: Verification) -> Verification:
    if trials.verdict != "identical":
        return trials
    first = f"{study.name} equal within rounding: its promotion; its trials are identical"
    return Verification("equal within rounding", [first, *trials.lines[1:]])


def _repeat_all(study: OpenStudy, folder: Path, workers: int) -> Iterator[Repeated | str]:
    """Yield each promotion of the log, repeated, or a line that says why it cannot be."""
    store = ArrayStore(folder / "arrays")
    definition = resolve_definition(study.config, store)
    test = test_set_id(definition.prepared.data_digest, definition.prepared.split_digest)
    entries = scored_entries(EvaluationLog(study.rows), test)
    if not entries:
        return
    rows = held_out(study.config)
    with local_workers(definition, workers, store.root) as pool:
        records = Records(folder, PROMOTIONS, maker="promotion")
        trainer = Trainer(study, definition, records, pool, store, lambda text: None)
        for entry in entries:
            if "candidates" in entry or refit_record(study, entry):
                yield _repeat(trainer, entry, rows)
            else:
                yield (
                    f"  note: promotion of trial {entry['trial']}: not repeated, because the log "
                    f"is of before and the record of its networks is not in {memo(study).folder}"
                )


def _repeat(trainer: Trainer, entry: Mapping[str, Any], rows: HeldOut) -> Repeated:
    study, place = trainer.study, f"the promotion of trial {entry['trial']}"
    chosen, replicates = _choice(study, trainer.definition, entry)
    if "candidates" in entry:
        start = start_of(study, trainer.definition) if "start" in entry else None
        confirmed = confirm(trainer, chosen, replicates, start)
        refitted = refit(trainer, confirmed.preferred, replicates)
        refitted = with_pieces(refitted, trainer, confirmed) if "fitted" in entry else refitted
        members = members_of(refitted, confirmed)
        promoted = with_intervals(model(study, refitted), trainer, members, replicates)
    else:
        refitted = refit(trainer, chosen, replicates)
        promoted = model(study, refitted)
    spec = refitted.record.spec
    if refitted.name != entry["model"]:
        raise Different(
            f"{place}: the log has a refit {entry['model'][:12]}... of trial {entry['trial']}"
            f"{_pieces(entry)}, and promoted again it is {refitted.name[:12]}... of trial "
            f"{spec.number}{_pieces(refitted.logged)}"
        )
    rounding = _compare_records(study, trainer.records, place)
    test_set = EvaluationScores(spec, rows, target_of(refitted.arrays))
    scored = score(test_set, refitted, promoted)
    count = len(chosen) if "candidates" in entry else 0
    found = Repeated(entry, refitted, scored, promoted, count, rounding)
    _compare_scores(study, found, place)
    return found


def _pieces(logged: Mapping[str, Any]) -> str:
    """Return the pieces of an entry, for the line that says that two promotions differ."""
    names = Fitted.of(logged.get("fitted", {})).names
    return f" with {', '.join(names)}" if names else ""


def _choice(
    study: OpenStudy, definition: Definition, entry: Mapping[str, Any]
) -> tuple[list[Candidate], int]:
    """Return the configurations that were confirmed, and the number of networks.

    Of an entry of before only the chosen one is known, and the number only from its record.
    """
    if "candidates" not in entry:
        record = refit_record(study, entry)
        assert record is not None  # it was looked for
        return candidates(study, definition, 1, {entry["trial"]}), record.spec.replicates
    wanted = list(entry["candidates"])
    if plan_of(study, [])["ended"] == entry["ended"]:  # the study was not extended since
        best = candidates(study, definition, entry["top"])
        if [one.trial for one in best] != wanted:
            raise Different(
                f"the promotion of trial {entry['trial']}: the log has the candidates {wanted}, "
                f"and the best of the study are {[one.trial for one in best]}"
            )
        return best, entry["replicates"]
    return candidates(study, definition, len(wanted), set(wanted)), entry["replicates"]


def _compare_records(study: OpenStudy, records: Records, place: str) -> list[str]:
    """Compare the new records with those of the promotion; return what is only rounding."""
    stored, rounding = memo(study), []
    for path in records.paths():
        number = int(path.name.partition("-")[0])
        for now in records.every(number):
            for recorded in stored.every(number):
                if recorded.spec.digest == now.spec.digest:
                    rounding += _compare(recorded, now, f"{place}: training of trial {number}")
    return list(dict.fromkeys(rounding))


def _compare(recorded: Record, now: Record, place: str) -> list[str]:
    difference = training_difference(recorded, now)
    if not difference:
        return []
    why = cause(recorded, now)
    if explained_units(recorded, now) is None:
        damaged = inconsistencies(recorded)
        raise Different(f"{place}: {difference}{'' if damaged else f' ({why})'}")
    return [f"{place}: {difference} ({why})"]


def _compare_scores(study: OpenStudy, found: Repeated, place: str) -> None:
    entry, record = found.entry, found.refitted.record
    if difference := figures_difference(entry, found.scored, record.spec.dtype):
        raise Different(f"{place}: {difference}")
    outputs = entry.get("outputs", found.scored.outputs)
    if outputs != found.scored.outputs and not found.rounding:
        recorded = refit_record(study, entry)
        why = cause(recorded, record) if recorded else ""
        if record.spec.numerics == EXACT and why.startswith(("versions", "numerics")):
            # only trainings are exact: what a model answers is rounded by the machine
            found.rounding.append(f"{place}: the test outputs ({why})")
            return
        raise Different(
            f"{place}: the log has {outputs[:12]}... as the digest of the test outputs, and "
            f"evaluated again it is {found.scored.outputs[:12]}..."
        )

"""One SHA-256 of a champion: its networks, their outputs for the test set, and the test figures."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from dnnsearch.deployment.champion import champion_path
from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.promotion.candidates import refit_record
from dnnsearch.storage.array_store import canonical
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record


def champion_digest(refit: str, outputs: str, figures: Mapping[str, Any]) -> str:
    """Return the fingerprint of a champion: its networks, test outputs and test figures."""
    return hashlib.sha256(canonical([refit, outputs, dict(figures)]).encode()).hexdigest()


def champion_fingerprint(study: OpenStudy) -> str:
    """Return the fingerprint of the local champion from what is stored; empty if there is none.

    A champion of before has none until it is promoted again: its log has no digest of outputs.
    """
    for entry, record in champion_entries(study):
        if "outputs" in entry:
            return champion_digest(record.digest, entry["outputs"], entry["figures"])
    return ""


def champion_entries(study: OpenStudy) -> Iterator[tuple[dict[str, Any], Record]]:
    """Yield the entries with figures of the local champion, each with the record of its refit."""
    kept = local_champion(study)
    for entry in EvaluationLog(study.rows).entries if kept else []:
        record = refit_record(study, entry) if "figures" in entry else None
        if kept and record and _belongs_to(kept, entry, record):
            yield entry, record


def _belongs_to(kept: Model, entry: Mapping[str, Any], record: Record) -> bool:
    """Return whether an entry, whose refit has this record, is of this champion."""
    name = kept.provenance.get("promoted", record.spec.digest)
    return bool(record.digest == kept.provenance.get("refit") and entry["model"] == name)


def local_champion(study: OpenStudy) -> Model | None:
    """Return this machine's champion; None if there is none, UserError if it is damaged."""
    path = champion_path(study)
    return model_file.read(path) if path.is_file() else None

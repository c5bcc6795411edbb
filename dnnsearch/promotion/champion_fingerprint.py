"""One SHA-256 of a champion: its networks, their outputs for the test set, and the test figures."""

import hashlib
from collections.abc import Mapping
from typing import Any

from dnnsearch.deployment.champion import champion_path
from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.promotion.candidates import refit_record
from dnnsearch.storage.array_store import canonical
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy


def champion_digest(refit: str, outputs: str, figures: Mapping[str, Any]) -> str:
    """Return the fingerprint of a champion: its networks, test outputs and test figures."""
    return hashlib.sha256(canonical([refit, outputs, dict(figures)]).encode()).hexdigest()


def champion_fingerprint(study: OpenStudy) -> str:
    """Return the fingerprint of the local champion from what is stored; empty if there is none.

    A champion of before has none until it is promoted again: its log has no digest of outputs.
    """
    kept = local_champion(study)
    entries = EvaluationLog(study.rows).entries if kept else []
    for entry in entries:
        if kept and "figures" in entry and "outputs" in entry:
            record = refit_record(study, entry)
            if record and record.digest == kept.provenance.get("refit"):
                return champion_digest(record.digest, entry["outputs"], entry["figures"])
    return ""


def local_champion(study: OpenStudy) -> Model | None:
    """Return this machine's champion; None if there is none, UserError if it is damaged."""
    path = champion_path(study)
    return model_file.read(path) if path.is_file() else None

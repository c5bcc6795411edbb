"""A study that exists, opened to be read: its definition, its rows, its records."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from dnnsearch.config.config import Config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import DamagedArrays
from dnnsearch.storage.optuna_storage import Rows, open_storage
from dnnsearch.tracking.remote_records import StudyArtifacts
from dnnsearch.trials.record import Record, decode, fingerprint, outcome_digest
from dnnsearch.trials.record_store import DIGEST_PREFIX, IN_MLFLOW, Records, root
from dnnsearch.urls import with_password, without_password

# names of the study's attributes in Optuna's storage
DEFINITION, CONFIG, IDENTITY, EXPERIMENT = "definition", "config", "id", "experiment"
PROFILE = "profile"  # the shape of the data
RETRIES = "retries"  # which trial tries which failed one again


def without_secrets(config: Config) -> dict[str, Any]:
    """The config as it is written down: its addresses have no passwords."""
    document = config.document()
    return document | {key: without_password(document[key]) for key in ("storage", "tracking")}


@dataclass(frozen=True)
class OpenStudy:
    """One study of a storage; nothing here writes."""

    name: str
    rows: Rows

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return self.rows.attributes

    @property
    def definition(self) -> dict[str, Any]:
        """As `Definition.as_dict` had it when the study began."""
        return dict(self.attributes[DEFINITION])

    @property
    def config(self) -> Config:
        """The config that the study was begun or last continued with.

        It is stored without passwords; MLflow's may stand in $MLFLOW_TRACKING_URI.
        """
        document = self.attributes[CONFIG]
        tracking = with_password(document["tracking"], os.environ.get("MLFLOW_TRACKING_URI"))
        return parse_config({**document, "tracking": tracking}, f"study {self.name}", self.name)

    @property
    def retries(self) -> dict[int, int]:
        """Number of a trial -> number of the failed one that it tries again; read anew."""
        stored = self.rows.attributes.get(RETRIES, {})
        return {int(number): again for number, again in stored.items()}

    def wanted(self, trials: int) -> int:
        """How many it comes to where `trials` are asked for: retries and all in flight count."""
        unfinished = [row.number for row in self.trials() if not row.state.is_finished()]
        return 1 + max([trials - 1, *self.retries, *unfinished])

    @cached_property
    def records(self) -> Records:
        where = self.attributes[CONFIG]["records"]
        if where != IN_MLFLOW:
            return Records(Path(where), self.name)
        identity = self.attributes[IDENTITY]
        artifacts = StudyArtifacts(
            self.config.tracking, self.attributes[EXPERIMENT], self.name, identity
        )
        return Records(root(where), f"{self.name}-{identity[:DIGEST_PREFIX]}", artifacts)

    def trials(self) -> list[FrozenTrial]:
        """Optuna's trials by number; `user_attrs["dnnsearch"]` is what `ledger` tells of each."""
        return self.rows.trials()

    def path(self, number: int) -> Path:
        """The file of a trial's record; raises UserError when it is missing."""
        return self.records.path_of(number, lambda: self._digests(number))

    def _digests(self, number: int) -> tuple[str, str]:
        """Of a trial's spec and of what it came to, as Optuna's row has them."""
        told = self.rows.trial(number).user_attrs
        return told.get("spec", ""), told.get("dnnsearch", {}).get("digest", "")

    def record(self, number: int) -> Record:
        """The record of a trial; raises UserError when it is missing or damaged."""
        path = self.path(number)
        try:
            return decode(path.read_bytes())
        except DamagedArrays as error:
            raise UserError(
                f"the record {path} is damaged: {error}; the same search trains the trial again"
            ) from error

    def fingerprint(self, trials: int | None = None) -> str:
        """Of the first `trials` told trials, or of all; raises UserError when one is unfinished."""
        told = self.trials()[:trials]
        open_ = [trial.number for trial in told if not trial.state.is_finished()]
        if open_ or (trials is not None and len(told) < trials):
            missing = f"trial {open_[0]} is unfinished" if open_ else f"it has {len(told)} trials"
            raise UserError(f"study {self.name} has no such fingerprint yet: {missing}")
        return fingerprint(outcome_digest(self.record(t.number).document) for t in told)


def open_study(name: str, storage: str) -> OpenStudy:
    """The study of this name in Optuna's storage; raises UserError when there is none of ours."""
    study = OpenStudy(name, Rows(open_storage(storage), name))
    if CONFIG not in study.attributes:
        raise UserError(f"study {name} in {storage} was not begun by dnnsearch")
    return study

"""A stored study, opened to be read: its definition, its rows, its records."""

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
from dnnsearch.urls import with_password

# Names of the study's attributes in Optuna's storage.
DEFINITION = "definition"
CONFIG = "config"
IDENTITY = "id"
EXPERIMENT = "experiment"
PROFILE = "profile"  # the shape of the data
RETRIES = "retries"  # number of a retry -> number of the failed trial


@dataclass(frozen=True)
class OpenStudy:
    """One study of a storage; no method writes to it, except that records may be fetched."""

    name: str
    rows: Rows

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return self.rows.attributes

    @property
    def definition(self) -> dict[str, Any]:
        """What `Definition.as_dict` returned when the study was created."""
        return dict(self.attributes[DEFINITION])

    @property
    def config(self) -> Config:
        """The config that the study was last searched with.

        It is stored without passwords; that of MLflow is taken from $MLFLOW_TRACKING_URI.
        """
        document = self.attributes[CONFIG]
        tracking = with_password(document["tracking"], os.environ.get("MLFLOW_TRACKING_URI"))
        return parse_config({**document, "tracking": tracking}, f"study {self.name}", self.name)

    @property
    def retries(self) -> dict[int, int]:
        """Number of a retry -> number of the failed trial; read from the storage at each call."""
        stored = self.rows.attributes.get(RETRIES, {})
        return {int(number): failed for number, failed in stored.items()}

    def total_trials(self, trials: int) -> int:
        """Return how many trials the study comes to if `trials` are asked for.

        The retries and the trials in flight are run in any case.
        """
        unfinished = [row.number for row in self.trials() if not row.state.is_finished()]
        return 1 + max([trials - 1, *self.retries, *unfinished])

    @cached_property
    def records(self) -> Records:
        """The store of the trials' records."""
        place = self.attributes[CONFIG]["records"]
        if place != IN_MLFLOW:
            return Records(Path(place), self.name)
        identity = self.attributes[IDENTITY]
        artifacts = StudyArtifacts(
            self.config.tracking, self.attributes[EXPERIMENT], self.name, identity
        )
        return Records(root(place), f"{self.name}-{identity[:DIGEST_PREFIX]}", artifacts)

    def trials(self) -> list[FrozenTrial]:
        """Return Optuna's trials by number; `user_attrs["dnnsearch"]` is written by `ledger`."""
        return self.rows.trials()

    def path(self, number: int) -> Path:
        """Return the file of a trial's record; raises UserError if it is missing."""
        return self.records.path_of(number, lambda: self._digests(number))

    def _digests(self, number: int) -> tuple[str, str]:
        """Return the digests of a trial's spec and of its result, from Optuna's row."""
        attributes = self.rows.trial(number).user_attrs
        return attributes.get("spec", ""), attributes.get("dnnsearch", {}).get("digest", "")

    def record(self, number: int) -> Record:
        """Return the record of a trial; raises UserError if it is missing or damaged."""
        path = self.path(number)
        try:
            return decode(path.read_bytes())
        except DamagedArrays as error:
            raise UserError(
                f"the record {path} is damaged: {error}; the same search trains the trial again"
            ) from error

    def fingerprint(self, trials: int | None = None) -> str:
        """Return the fingerprint of the first `trials` trials, or of all.

        Raises UserError if one of them is unfinished, or if there are fewer.
        """
        rows = self.trials()[:trials]
        unfinished = [row.number for row in rows if not row.state.is_finished()]
        if unfinished:
            raise UserError(
                f"study {self.name} has no fingerprint yet: trial {unfinished[0]} is unfinished"
            )
        if trials is not None and len(rows) < trials:
            raise UserError(
                f"study {self.name} has no fingerprint of {trials} trials: it has {len(rows)}"
            )
        return fingerprint(outcome_digest(self.record(row.number).document) for row in rows)


def open_study(name: str, storage: str) -> OpenStudy:
    """Return the study of this name in Optuna's storage.

    Raises UserError if there is no such study, or if dnnsearch did not create it.
    """
    study = OpenStudy(name, Rows(open_storage(storage), name))
    if CONFIG not in study.attributes:
        raise UserError(f"study {name} in {storage} was not created by dnnsearch")
    return study

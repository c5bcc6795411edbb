"""A stored study, opened to be read: its definition, its rows, its records."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from dnnsearch.config.config import Config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.storage.optuna_storage import Rows, open_storage
from dnnsearch.tracking.remote_records import StudyArtifacts
from dnnsearch.trials import record_file
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record import Record, fingerprint
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import IN_MLFLOW, Records, root
from dnnsearch.urls import with_password

# Names of the study's attributes in Optuna's storage.
DEFINITION = "definition"
CONFIG = "config"
IDENTITY = "id"
EXPERIMENT = "experiment"
PROFILE = "profile"  # the shape of the data
OUTER = "outer"  # the outer folds of the last `promote --outer`, see `outer_figure`
CHAMPION = "champion"  # digests that the local copy of the champion may have
RETRIES = "retries"  # number of a retry -> number of the failed trial
GIVEN = "given"  # number of a trial that the user has given -> its params


@dataclass(frozen=True)
class OpenStudy:
    """One study of a storage; no method writes to it, except that records may be fetched."""

    name: str
    rows: Rows

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the study in its storage."""
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

    @property
    def given(self) -> dict[int, dict[str, Value]]:
        """Number of a trial that the user has given -> Optuna's params; read anew at each call."""
        stored = self.rows.attributes.get(GIVEN, {})
        return {int(number): dict(params) for number, params in stored.items()}

    def total_trials(self, trials: int) -> int:
        """Return how many trials the study comes to if `trials` are asked for.

        The retries, the given trials and those in flight are run in any case.
        """
        unfinished = [row.number for row in self.trials() if not row.state.is_finished()]
        return 1 + max([trials - 1, *self.retries, *self.given, *unfinished])

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
        trials = self.rows.trials()
        ended = (row for row in trials if row.state.is_finished())
        self._digests.update((row.number, _digests_of(row)) for row in ended)
        return trials

    @cached_property
    def _digests(self) -> dict[int, tuple[str, str]]:
        """The digests of spec and result of the trials whose rows were read, by number."""
        return {}

    def path(self, number: int) -> Path:
        """Return the file of a trial's record; raises UserError if it is missing."""
        return self.records.path_of(number, lambda: self.digests(number))

    def digests(self, number: int) -> tuple[str, str]:
        """Return the digests of a trial's spec and of its result, from Optuna's row.

        They are empty if the row has none; raises UserError if the study has no such trial.
        """
        if number not in self._digests:
            try:
                self._digests[number] = _digests_of(self.rows.trial(number))
            except KeyError:
                raise UserError(f"study {self.name} has no trial {number}") from None
        return self._digests[number]

    def record(self, number: int) -> Record:
        """Return the record of a trial, verified against its file's name and Optuna's row.

        Raises UserError if it is missing, DamagedFile if it is not the one that was written.
        """
        return self.records.read(number, lambda: self.digests(number))

    def stated_record(self, number: int) -> Record:
        """Return the record as `record`, but without verifying its arrays.

        It is for `rerun` and `verify`, which compare each array and name what was changed.
        """
        return self.records.read(number, lambda: self.digests(number), record_file.read_stated)

    def ended_trials(self, trials: int | None = None) -> list[FrozenTrial]:
        """Return Optuna's first `trials` trials, or all, of a study that can have a fingerprint.

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
        return rows

    def fingerprint(self, trials: int | None = None) -> str:
        """Return the fingerprint of the first `trials` trials, or of all, of verified records.

        Raises UserError as `ended_trials` and `record`.
        """
        return fingerprint(self._digest(row.number) for row in self.ended_trials(trials))

    def _digest(self, number: int) -> str:
        """Return the digest of a trial's result, from its verified record."""
        return self.records.digest(number, lambda: self.digests(number))


def _digests_of(row: FrozenTrial) -> tuple[str, str]:
    attributes = row.user_attrs
    return attributes.get("spec", ""), attributes.get("dnnsearch", {}).get("digest", "")


def as_trial(name: str) -> tuple[str, int] | None:
    """Return study and number of STUDY/NUMBER; None for any other text."""
    found = re.fullmatch(r"(.+)/([0-9]{1,9})", name)
    return (found[1], int(found[2])) if found else None


def trial_named(name: str) -> tuple[str, int]:
    """Return study and number of STUDY/NUMBER; raise UserError for any other text."""
    if found := as_trial(name):
        return found
    raise UserError(f"a trial is STUDY/NUMBER, such as digits/17, but got {name!r}")


def open_study(name: str, storage: str) -> OpenStudy:
    """Return the study of this name in Optuna's storage.

    Raises UserError if there is no such study, or if dnnsearch did not create it.
    """
    study = OpenStudy(name, Rows(open_storage(storage), name))
    if CONFIG not in study.attributes:
        raise UserError(f"study {name} in {storage} was not created by dnnsearch")
    return study

"""What a report is made of, read once: the leaderboard, Optuna's rows, the courses of the trials.

Records are opened one after another and only what is shown is kept of them, so that a study with
large networks fits into memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial

from dnnsearch.config.config import Config
from dnnsearch.data.prepare import Prepared
from dnnsearch.deployment.trial_model import prepared_of
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import target_of
from dnnsearch.reporting.analysis.axis import Axis, axes
from dnnsearch.statistics.interval import Interval, student, wilson
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row, count_examples, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.metrics import METRICS, Metric
from dnnsearch.trials.record import Record


@dataclass(frozen=True)
class TrialCurves:
    """How a trial went; curves are means over the replicates, predictions are each network's."""

    steps: np.ndarray  # (P,)
    curves: Mapping[str, np.ndarray]  # name -> (P,)
    predictions: np.ndarray  # (R, m): classes
    multiply_adds: int
    cost: int  # on the virtual clock


@dataclass(frozen=True)
class Dev:
    """The answers to the dev set: indices of classes, (m,) or with K folds (K, m)."""

    labels: np.ndarray
    classes: tuple[str, ...]
    X: np.ndarray  # (m, n_x) or (K, m, n_x): as the networks are given it
    mean: np.ndarray | float  # of the features, and their scale, to have them as they were loaded
    scale: np.ndarray | float

    @property
    def shares(self) -> np.ndarray:
        """How frequent each class is, (classes,)."""
        counts = np.bincount(self.labels.ravel(), minlength=len(self.classes))
        return counts / self.labels.size


@dataclass(frozen=True)
class ReportData:
    """One study, ready to be looked at from all sides."""

    name: str
    config: Config
    definition: Mapping[str, Any]
    board: Leaderboard
    trials: list[FrozenTrial]  # Optuna's, by number
    courses: Mapping[int, TrialCurves]  # of every trial that has a record with curves
    dev: Dev | None  # None for a regression, and where the data cannot be had any more
    targets: np.ndarray | None  # of a regression's dev set, in the target's unit: (m,) or (K, m)
    fingerprint: str  # empty while a trial is unfinished

    @property
    def objective(self) -> str:
        return self.board.objective

    @property
    def metric(self) -> Metric:
        """The row of the objective in the table of metrics."""
        return METRICS[self.objective]

    @property
    def sign(self) -> int:
        """1 if a larger objective is better, else -1."""
        return self.metric.direction.sign

    @property
    def finished(self) -> list[Row]:
        """The trials with a value, the best first."""
        return self.board.ranked

    @property
    def diverged(self) -> list[Row]:
        return [row for row in self.board.rows if row.state == "diverged"]

    @property
    def ended(self) -> list[Row]:
        """The trials that say something about the space: finished, pruned and diverged ones."""
        return [row for row in self.board.rows if row.state in ("finished", "pruned", "diverged")]

    @cached_property
    def axes(self) -> list[Axis]:
        """The hyperparameters that are searched."""
        return axes(self.config)

    @property
    def dev_examples(self) -> int | None:
        """Over which an accuracy is counted; with folds, those of all folds."""
        return None if self.dev is None else int(self.dev.labels.size)

    def interval(self, row: Row) -> Interval | None:
        """Of the row's value with 95 %: by its replicates' spread, else by the examples.

        An accuracy over folds is one of all their examples.
        """
        values = self.trials[row.number].user_attrs.get("dnnsearch", {}).get("values", [])
        course = self.courses.get(row.number)
        if row.value is None:
            return None
        is_share = self.metric.is_share
        examples = count_examples(course.predictions, self.config) if is_share and course else None
        if len(values) > 1 and not (examples and self.config.folds):
            interval = student(values)
            return Interval(*self.metric.clipped(interval.low, interval.high))
        return wilson(row.value, examples) if examples else None


def read(
    study: OpenStudy, progress: Callable[[int, int], object] = lambda at, of: None
) -> ReportData:
    """All of a study; `progress` is told how many records of how many have been read."""
    board, trials = leaderboard(study), study.trials()
    courses: dict[int, TrialCurves] = {}
    with_data: Record | None = None
    for at, trial in enumerate(trials, start=1):
        progress(at, len(trials))
        record = _record(study, trial)
        if record is not None and "steps" in record.arrays:
            courses[trial.number] = _course(record)
            with_data = record
    whole = all(trial.state.is_finished() for trial in trials)
    return ReportData(
        name=study.name,
        config=study.config,
        definition=study.definition,
        board=board,
        trials=trials,
        courses=courses,
        **_answers(study, with_data),
        fingerprint=study.fingerprint() if whole and trials else "",
    )


class AllCurves(dict[int, TrialCurves]):
    """The courses of a study's trials, each read when it is asked for."""

    def __init__(self, study: OpenStudy) -> None:
        self._study = study

    def __missing__(self, number: int) -> TrialCurves:
        self[number] = _course(self._study.record(number))
        return self[number]


def glance(study: OpenStudy) -> ReportData:
    """As `read`, but a trial's course is read when it is asked for; without the fingerprint."""
    board, trials = leaderboard(study), study.trials()
    first = study.record(board.best.number) if board.ranked else None
    known = (study.name, study.config, study.definition, board, trials)
    return ReportData(*known, courses=AllCurves(study), **_answers(study, first), fingerprint="")


def _record(study: OpenStudy, trial: FrozenTrial) -> Record | None:
    return study.record(trial.number) if trial.state.is_finished() else None


def _course(record: Record) -> TrialCurves:
    return TrialCurves(
        steps=record.arrays["steps"],
        curves={name: curve.mean(axis=0) for name, curve in record.curves.items()},
        predictions=record.arrays["dev_predictions"],
        multiply_adds=record.spec.multiply_adds(record.iterations),
        cost=record.cost,
    )


def _answers(study: OpenStudy, record: Record | None) -> dict[str, Any]:
    """`dev` and `targets`; None where the data are gone or have changed: a report survives it."""
    nothing = {"dev": None, "targets": None}
    if record is None:
        return nothing
    try:
        prepared, store = prepared_of(study, record), ArrayStore(default_root())
        arrays, fitted = store.open(prepared.key), store.open(prepared.test_key)
    except (UserError, OSError, KeyError):
        return nothing
    if prepared.shape.task == "regression":
        mean, scale = target_of(fitted)
        return {"dev": None, "targets": np.asarray(arrays["y_dev"], np.float64) * scale + mean}
    return {"dev": _dev(prepared, arrays, fitted), "targets": None}


def _dev(
    prepared: Prepared, arrays: Mapping[str, np.ndarray], fitted: Mapping[str, np.ndarray]
) -> Dev:
    scaled = (fitted.get("mean", np.array(0.0)), fitted.get("scale", np.array(1.0)))
    return Dev(np.array(arrays["y_dev"]), prepared.classes, arrays["X_dev"], *scaled)

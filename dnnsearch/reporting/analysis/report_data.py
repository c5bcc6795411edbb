"""The data of a report, read once: the leaderboard, Optuna's rows, the curves of the trials.

Records are opened one after another, and only what a report shows is kept, so that a study of large
networks fits into memory.
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
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.evaluation_scores import logits
from dnnsearch.reporting.analysis.axis import Axis, axes
from dnnsearch.statistics.interval import Interval, student, wilson
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baselines_file import Baselines
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row, count_examples, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.metrics import METRICS, RANKING, Metric, measure
from dnnsearch.trials.record import Record

INPUTS = ("X_train", "X_dev", "X_test")


@dataclass(frozen=True)
class TrialCurves:
    """The curves of a trial (means over its R networks), its dev predictions, and its cost."""

    steps: np.ndarray  # (P,)
    by_name: Mapping[str, np.ndarray]  # such as "dev_cost" -> (P,)
    predictions: np.ndarray  # (R, m): the class that each network predicts
    multiply_adds: int
    cost: int  # on the virtual clock
    kept: int  # updates at the point whose values and predictions are kept


@dataclass(frozen=True)
class Dev:
    """The dev set of a classification."""

    labels: np.ndarray  # indices of classes, (m,) or with K folds (K, m)
    classes: tuple[str, ...]
    arrays: Mapping[str, np.ndarray]  # as prepared; X_dev is (m, n_x) or (K, m, n_x)
    mean: np.ndarray | float  # features as they were loaded: X * scale + mean
    scale: np.ndarray | float

    @property
    def shares(self) -> np.ndarray:
        """(classes,): the share of each class."""
        counts = np.bincount(self.labels.ravel(), minlength=len(self.classes))
        return counts / self.labels.size


@dataclass(frozen=True)
class ReportData:
    """What the analyses read of one study."""

    name: str
    config: Config
    definition: Mapping[str, Any]
    board: Leaderboard
    trials: list[FrozenTrial]  # Optuna's, by number
    trial_curves: Mapping[int, TrialCurves]  # by number; of trials with curves
    dev: Dev | None  # None for a regression, or if the data are no longer available
    targets: np.ndarray | None  # (m,) or (K, m): of a regression's dev set, in the target's unit
    inputs: Mapping[str, np.ndarray]  # X_train, X_dev, X_test; empty if no longer available
    fingerprint: str  # empty while a trial is unfinished
    best_roc_auc: float | None = None  # of the best trial on dev, if it can be computed
    baselines: Baselines | None = None  # None if they were not computed

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
        """The finished, pruned and diverged trials, without failed and unfinished ones."""
        return [row for row in self.board.rows if row.state in ("finished", "pruned", "diverged")]

    @cached_property
    def axes(self) -> list[Axis]:
        """The hyperparameters that are searched."""
        return axes(self.config)

    @property
    def dev_examples(self) -> int | None:
        """Number of dev examples, with folds those of all folds; None without labels."""
        return None if self.dev is None else int(self.dev.labels.size)

    def interval(self, row: Row) -> Interval | None:
        """Return the 95 % interval of a trial's value: Student's t over replicates, or Wilson's.

        Wilson's is for an accuracy of one network, or of all examples of the folds. None otherwise.
        """
        values = self._values(row)
        if row.value is None:
            return None
        examples = self._examples(row)
        if len(values) > 1 and not (examples and self.config.folds):
            interval = student(values)
            return Interval(*self.metric.clipped(interval.low, interval.high))
        return wilson(row.value, examples) if examples else None

    def interval_covers(self, row: Row) -> str:
        """What the interval of a trial covers, and what not, in words; empty without interval."""
        if self.interval(row) is None:
            return ""
        values, folds = self._values(row), self.config.folds
        if self._examples(row) and (folds or len(values) <= 1):
            return "the interval covers the dev rows, not new seeds"
        spread = "folds" if folds else "seeds"
        return f"the interval covers the {len(values)} {spread} alone, not new rows"

    def _values(self, row: Row) -> list[float]:
        """Return the values of a trial's replicates, or folds."""
        found: list[float] = (
            self.trials[row.number].user_attrs.get("dnnsearch", {}).get("values", [])
        )
        return found

    def _examples(self, row: Row) -> int | None:
        """Return the number of examples of which the value is a share; None if it is none."""
        curves = self.trial_curves.get(row.number)
        if not (self.metric.is_share and curves):
            return None
        return count_examples(curves.predictions, self.config)


def read(
    study: OpenStudy, progress: Callable[[int, int], object] = lambda at, of: None
) -> ReportData:
    """Return all data of a study; `progress(done, total)` is called for each record.

    Raise UserError if a record is missing or damaged.
    """
    trials = study.trials()
    board = leaderboard(study, trials)
    trial_curves: dict[int, TrialCurves] = {}
    with_data: Record | None = None
    for at, trial in enumerate(trials, start=1):
        progress(at, len(trials))
        record = study.record(trial.number) if trial.state.is_finished() else None
        if record is not None and "steps" in record.arrays:
            trial_curves[trial.number] = _trial_curves(record)
            with_data = record
    best = study.record(board.best.number) if board.ranked else None
    answers = _answers(study, with_data)
    whole = all(trial.state.is_finished() for trial in trials)
    return ReportData(
        name=study.name,
        config=study.config,
        definition=study.definition,
        board=board,
        trials=trials,
        trial_curves=trial_curves,
        **answers,
        fingerprint=study.fingerprint() if whole and trials else "",
        best_roc_auc=_roc_auc(best, answers["dev"]),
        baselines=baselines_file.read(study),
    )


class AllCurves(dict[int, TrialCurves]):
    """The curves of a study's trials, each read from its record on first access."""

    def __init__(self, study: OpenStudy) -> None:
        self._study = study

    def __missing__(self, number: int) -> TrialCurves:
        self[number] = _trial_curves(self._study.record(number))
        return self[number]


def read_lazily(study: OpenStudy) -> ReportData:
    """Return the data like `read`, but read curves on first access, and no fingerprint.

    Raise UserError if the record of the best trial is missing or damaged.
    """
    trials = study.trials()
    board = leaderboard(study, trials)
    first = study.record(board.best.number) if board.ranked else None
    known = (study.name, study.config, study.definition, board, trials)
    return ReportData(
        *known, trial_curves=AllCurves(study), **_answers(study, first), fingerprint=""
    )


def _trial_curves(record: Record) -> TrialCurves:
    return TrialCurves(
        steps=record.arrays["steps"],
        by_name={name: curve.mean(axis=0) for name, curve in record.curves.items()},
        predictions=record.arrays["dev_predictions"],
        multiply_adds=record.spec.multiply_adds(record.iterations),
        cost=record.cost,
        kept=record.kept,
    )


def _answers(study: OpenStudy, record: Record | None) -> dict[str, Any]:
    """`dev`, `targets` and `inputs`, without content if the data are no longer available."""
    nothing: dict[str, Any] = {"dev": None, "targets": None, "inputs": {}}
    if record is None:
        return nothing
    try:
        prepared, store = prepared_of(study, record, with_train=True), ArrayStore(default_root())
        arrays, fitted = store.open(prepared.key), store.open(prepared.test_key)
    except (UserError, OSError, KeyError, DamagedArrays):
        return nothing
    found = {**nothing, "inputs": {n: {**arrays, **fitted}[n] for n in INPUTS}}
    if prepared.shape.task == "regression":
        mean, scale = target_of(fitted)
        return {**found, "targets": np.asarray(arrays["y_dev"], np.float64) * scale + mean}
    return {**found, "dev": _dev(prepared, arrays, fitted)}


def _roc_auc(record: Record | None, dev: Dev | None) -> float | None:
    """Return the mean ROC AUC of a record's networks on dev; None if it is not defined."""
    if record is None or dev is None or "parameters" not in record.arrays:
        return None
    area = float(measure(RANKING, logits(record, dev.arrays, "dev"), dev.labels).mean())
    return area if np.isfinite(area) else None


def _dev(
    prepared: Prepared, arrays: Mapping[str, np.ndarray], fitted: Mapping[str, np.ndarray]
) -> Dev:
    scaled = (fitted.get("mean", np.array(0.0)), fitted.get("scale", np.array(1.0)))
    return Dev(np.array(arrays["y_dev"]), prepared.classes, arrays, *scaled)

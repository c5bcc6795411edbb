"""The leaderboard: a study's trials, the best first.

Everything is read from Optuna's rows. A trial without a value (pruned, diverged, failed, not
finished) is never ranked; it follows the ranked ones in the order of asking.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.trial import FixedTrial, FrozenTrial

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import suggest
from dnnsearch.errors import UserError
from dnnsearch.storage.optuna_storage import Rows, is_there, open_storage, study_names
from dnnsearch.study.stored_study import CONFIG, OpenStudy
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.spec import Value, join_units

UNFINISHED = "unfinished"  # asked and not told: in training now, or for `search` to go on with
STATES = ("finished", "pruned", "diverged", "failed", UNFINISHED)


@dataclass(frozen=True)
class Row:
    """One trial; `value` is the objective, with its standard error where one is known."""

    number: int
    state: str  # of dnnsearch, not Optuna's
    value: float | None
    error: float | None
    final: dict[str, float | None]  # the last point of each curve
    seconds: float | None
    parameters: int | None  # how many
    params: dict[str, Value]  # all hyperparameters, fixed ones too
    digest: str
    reason: str

    @property
    def units(self) -> str:
        """Such as `64-32`; `-` for logistic regression."""
        return join_units(self.params) or "-"


@dataclass(frozen=True)
class Leaderboard:
    """The rows of a study, the best first.

    `tied` are the numbers of those that the dev set cannot tell from the best; None: nobody asked.
    """

    study: str
    objective: str
    rows: list[Row]
    tied: frozenset[int] | None = None

    @property
    def ranked(self) -> list[Row]:
        return [row for row in self.rows if row.value is not None]

    @property
    def best(self) -> Row:
        """Raises UserError while no trial has finished."""
        if not self.ranked:
            raise UserError(f"study {self.study} has no finished trial yet")
        return self.ranked[0]

    @property
    def ends(self) -> Counter[str]:
        """How many trials there are of each state."""
        return Counter(row.state for row in self.rows)

    @property
    def counts(self) -> str:
        """Such as `40 trials: 37 finished, 3 diverged`."""
        ends = ", ".join(f"{count} {state}" for state, count in self.ends.most_common())
        return ": ".join(part for part in (f"{len(self.rows)} trials", ends) if part)


def leaderboards(storage: str) -> list[Leaderboard]:
    """Those of all studies of dnnsearch in Optuna's storage, by name."""
    if not is_there(storage):
        return []
    opened = open_storage(storage)
    studies = [OpenStudy(name, Rows(opened, name)) for name in study_names(opened)]
    return [leaderboard(study) for study in studies if CONFIG in study.attributes]


def leaderboard(study: OpenStudy) -> Leaderboard:
    """The study's trials, the best first; of equal ones, the one that was asked first."""
    config, trials = study.config, study.trials()
    examples = _dev_examples(study, trials) if METRICS[config.objective].is_share else None
    rows = [_row(trial, config, examples) for trial in trials]
    direction = METRICS[config.objective].direction
    ranked = sorted(rows, key=lambda row: direction.sort_key(row.value))
    return Leaderboard(study.name, config.objective, ranked)


def _dev_examples(study: OpenStudy, trials: Iterable[FrozenTrial]) -> int | None:
    """How many examples an accuracy is a share of; None where no record says so."""
    finished = next((trial.number for trial in trials if trial.values), None)
    if finished is None:
        return None
    try:
        return judged(study.record(finished).arrays["dev_predictions"], study.config)
    except UserError:
        return None


def judged(predictions: np.ndarray, config: Config) -> int:
    """How many examples predictions (R, m) are of: with folds, those of all folds."""
    return int(predictions.size if config.folds else predictions.shape[-1])


def _row(trial: FrozenTrial, config: Config, examples: int | None) -> Row:
    told: dict[str, Any] = trial.user_attrs.get("dnnsearch", {})
    value = trial.value if trial.values else None
    values = told.get("values", [])
    if config.folds and examples:
        values = []  # folds differ because their examples do, and these are counted
    return Row(
        number=trial.number,
        state=told.get("state", UNFINISHED),
        value=value,
        error=None if value is None else standard_error(value, values, examples),
        final=told.get("final", {}),
        seconds=told.get("seconds"),
        parameters=told.get("parameters"),
        params=suggest(FixedTrial(trial.params), config).as_params(),
        digest=told.get("digest", ""),
        reason=told.get("reason", ""),
    )


def standard_error(value: float, values: Sequence[float], examples: int | None) -> float | None:
    """Of one accuracy, binomial; of several replicates' mean, from their spread as well.

    Of what is no accuracy it is the seeds' part alone, since the examples' is not known here.
    """
    by_examples = binomial_error(value, examples) if examples else None
    if len(values) < 2:
        return by_examples
    return math.hypot(statistics.stdev(values) / math.sqrt(len(values)), by_examples or 0.0)


def binomial_error(accuracy: float, examples: int) -> float:
    """The standard error of an accuracy measured on so many examples, sqrt(p (1 - p) / m)."""
    return math.sqrt(accuracy * (1 - accuracy) / examples)

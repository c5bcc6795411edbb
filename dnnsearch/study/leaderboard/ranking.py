"""The leaderboard: a study's trials, the best first.

It is read from Optuna's rows. A trial without a value (pruned, diverged, failed, unfinished) is not
ranked; it follows the ranked trials in the order of asking.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import complete
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.storage.optuna_storage import Rows, is_there, open_storage, study_names
from dnnsearch.study.evaluation_log import champion_trial
from dnnsearch.study.stored_study import CONFIG, OpenStudy
from dnnsearch.trials.flat_params import describe, join_units
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import OPTIONAL_KEYS
from dnnsearch.trials.metrics import METRICS
from dnnsearch.validators import counted

UNFINISHED = "unfinished"  # asked and not told: in training now, or to be resumed by `search`
STATES = ("finished", "pruned", "diverged", "failed", UNFINISHED)


@dataclass(frozen=True)
class Row:
    """One trial; `value` is the objective, `error` its standard error if it is known."""

    number: int
    state: str  # one of STATES
    value: float | None
    error: float | None
    final: dict[str, float | None]  # the last point of each curve
    seconds: float | None
    parameters: int | None  # number of weights and biases
    params: dict[str, Value]  # all hyperparameters, searched and fixed
    digest: str
    reason: str
    values: tuple[float, ...] = ()  # the objective of each replicate or fold, if there are several
    examples: int | None = None  # behind the value, if it is a share of them

    @property
    def units(self) -> str:
        """Units of the hidden layers, such as `64-32`; `-` if there is none."""
        return join_units(self.params) or "-"

    @property
    def configuration(self) -> str:
        """A description in a few words, such as `relu 64-32 lr 0.03`."""
        return describe(self.params, short=True)


@dataclass(frozen=True)
class Leaderboard:
    """The rows of a study, the best first.

    `tied` has the numbers of the trials that cannot be distinguished from the best; it is
    None if ties were not computed.
    """

    study: str
    objective: str
    rows: list[Row]
    tied: frozenset[int] | None = None
    leader: int | None = None  # the best trial of the whole study, also if it is not among the rows
    champion: int | None = None  # the trial that was promoted, if the study has a champion
    tie_meaning: str = ""  # what a tie is, in words, if ties were computed

    @property
    def ranked(self) -> list[Row]:
        """The rows that have a value, the best first."""
        return [row for row in self.rows if row.value is not None]

    @property
    def best(self) -> Row:
        """The best trial; raises UserError while no trial has finished."""
        if not self.ranked:
            raise UserError(f"study {self.study} has no finished trial yet")
        return self.ranked[0]

    def row(self, number: int) -> Row:
        """Return the trial of this number; raise UserError if there is none."""
        for row in self.rows:
            if row.number == number:
                return row
        raise UserError(f"study {self.study} has no trial {number}")

    def only(self, number: int) -> "Leaderboard":
        """Return the board with this trial alone; raise UserError if there is none."""
        return replace(self, rows=[self.row(number)])

    @property
    def ends(self) -> Counter[str]:
        """State -> number of trials in it."""
        return Counter(row.state for row in self.rows)

    @property
    def counts(self) -> str:
        """Text such as `40 trials: 37 finished, 3 diverged`."""
        ends = ", ".join(f"{count} {state}" for state, count in self.ends.most_common())
        return ": ".join(part for part in (counted(len(self.rows), "trial"), ends) if part)


def leaderboards(storage: str) -> list[Leaderboard]:
    """Return the leaderboards of all studies that dnnsearch created in a storage, by name."""
    if not is_there(storage):
        return []
    opened = open_storage(storage)
    studies = [OpenStudy(name, Rows(opened, name)) for name in study_names(opened)]
    return [_listed(study) for study in studies if CONFIG in study.attributes]


def _listed(study: OpenStudy) -> Leaderboard:
    """Return the leaderboard, from the rows alone if the record that it needs is damaged.

    One damaged record must not hide the other studies.
    """
    trials = study.trials()
    try:
        return leaderboard(study, trials)
    except DamagedFile:
        return _ranked(study, trials, None)


def leaderboard(study: OpenStudy, trials: Sequence[FrozenTrial] | None = None) -> Leaderboard:
    """Return the study's trials, the best first; of equal trials the first one asked is first.

    `trials` is what `study.trials()` returned, if the caller has it. Raises DamagedFile if the
    record from which it takes the number of examples is damaged.
    """
    trials = study.trials() if trials is None else trials
    is_share = METRICS[study.config.objective].is_share
    return _ranked(study, trials, _dev_examples(study, trials) if is_share else None)


def _ranked(study: OpenStudy, trials: Sequence[FrozenTrial], examples: int | None) -> Leaderboard:
    config = study.config
    rows = [_row(trial, config, examples) for trial in trials]
    direction = METRICS[config.objective].direction
    ranked = sorted(rows, key=lambda row: direction.sort_key(row.value))
    leader = ranked[0].number if ranked and ranked[0].value is not None else None
    champion = champion_trial(study.rows)
    return Leaderboard(study.name, config.objective, ranked, leader=leader, champion=champion)


def _dev_examples(study: OpenStudy, trials: Iterable[FrozenTrial]) -> int | None:
    """Return the number of examples behind an accuracy; None if there is no record.

    Raises DamagedFile if the record is not the one that was written.
    """
    finished = next((trial.number for trial in trials if trial.values), None)
    if finished is None:
        return None
    try:
        return count_examples(study.record(finished).arrays["dev_predictions"], study.config)
    except DamagedFile:
        raise
    except UserError:
        return None


def count_examples(predictions: np.ndarray, config: Config) -> int:
    """Return the number of examples of predictions (R, m): m, or R m with folds.

    With folds each replicate predicts other examples.
    """
    return int(predictions.size if config.folds else predictions.shape[-1])


def _row(trial: FrozenTrial, config: Config, examples: int | None) -> Row:
    attributes: dict[str, Any] = trial.user_attrs.get("dnnsearch", {})
    value = trial.value if trial.values else None
    values = tuple(attributes.get("values", ()))
    # The folds' examples differ, and their number is in `examples` already.
    spread = () if config.folds and examples else values
    return Row(
        number=trial.number,
        state=attributes.get("state", UNFINISHED),
        value=value,
        error=None if value is None else standard_error(value, spread, examples),
        final=attributes.get("final", {}),
        seconds=attributes.get("seconds"),
        parameters=attributes.get("parameters"),
        params=_params(trial.params, config),
        digest=attributes.get("digest", ""),
        reason=attributes.get("reason", ""),
        values=values,
        examples=examples,
    )


def _params(asked: Mapping[str, Value], config: Config) -> dict[str, Value]:
    """Return a trial's flat hyperparameters; a searched optional one is there if it is neutral."""
    searched = {name: asked[name] for name in OPTIONAL_KEYS if name in asked}
    return {**complete(asked, config).as_params(), **searched}


def standard_error(value: float, values: Sequence[float], examples: int | None) -> float | None:
    """Return the standard error of a value; None if it is not known.

    `values` are those of the replicates whose mean the value is. `examples` is the number of
    examples of an accuracy; the error has a binomial part for them and a part for the spread of the
    replicates. For other objectives it is None, and the error has the replicates' part alone.
    """
    by_examples = binomial_error(value, examples) if examples else None
    if len(values) < 2:
        return by_examples
    return math.hypot(statistics.stdev(values) / math.sqrt(len(values)), by_examples or 0.0)


def binomial_error(accuracy: float, examples: int) -> float:
    """Return the standard error of an accuracy p on m examples, sqrt(p (1 - p) / m)."""
    return math.sqrt(accuracy * (1 - accuracy) / examples)

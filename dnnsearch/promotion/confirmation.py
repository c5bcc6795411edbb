"""The best few configurations side by side, with fresh seeds, on the dev set that chose them.

Seeds that are fresh take away the luck of the seeds. The luck of the examples stays: of many
configurations those were chosen that suit this dev set, so that their figures on it flatter. Their
differences suffer less, for all were chosen by it. What a model is worth, the test set says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnnsearch.errors import UserError
from dnnsearch.promotion.candidates import (
    CONFIRM,
    Candidate,
    Tell,
    candidates,
    fresh,
    memo,
    rounds,
    train,
)
from dnnsearch.promotion.evaluation_scores import on_dev
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record
from dnnsearch.workers import LocalWorkers


@dataclass(frozen=True)
class Confirmed:
    """Candidates whose fresh networks all stayed finite, and their figures on dev."""

    chosen: list[Candidate]
    measured: list[ScoreSample]
    diverged: list[Candidate]
    maximize: bool

    @cached_property
    def contest(self) -> Comparison:
        return Comparison(self.measured, self.maximize)

    @property
    def preferred(self) -> list[Candidate]:
        """The tied ones, the cheapest first; then the others, the best first."""
        tied = self.contest.tied
        rest = [k for k in np.argsort(-self.contest.means, kind="stable") if k not in tied]
        return [self.chosen[k] for k in [*sorted(tied, key=self._price), *rest]]

    def _price(self, k: int) -> tuple[int, float]:
        return self.chosen[k].multiply_adds, -self.contest.means[k]


def confirm(
    study: OpenStudy,
    definition: Definition,
    top: int,
    replicates: int,
    workers: LocalWorkers,
    store: ArrayStore,
    tell: Tell,
) -> Confirmed:
    """Train the best `top` with fresh seeds and compare them; UserError where all diverge."""
    chosen = candidates(study, definition, top)
    records: list[list[Record]] = [[] for _ in chosen]
    for turn in range(rounds(definition, replicates)):
        asked = [
            fresh(definition, c.trial, c.hyperparameters, replicates, CONFIRM, turn) for c in chosen
        ]
        for mine, record in zip(records, train(asked, memo(study), workers, tell), strict=True):
            mine.append(record)
    return _judged(chosen, records, store.open(definition.prepared.key), definition.maximize)


def _judged(
    chosen: list[Candidate],
    records: list[list[Record]],
    arrays: Mapping[str, np.ndarray],
    maximize: bool,
) -> Confirmed:
    sound = [all(one.end == "finished" for one in mine) for mine in records]
    if not any(sound):
        raise UserError("with fresh seeds, every one of the best configurations diverged")
    measured = [on_dev(mine, arrays) for mine, is_sound in zip(records, sound) if is_sound]
    return Confirmed(
        [c for c, is_sound in zip(chosen, sound) if is_sound],
        measured,
        [c for c, is_sound in zip(chosen, sound) if not is_sound],
        maximize,
    )

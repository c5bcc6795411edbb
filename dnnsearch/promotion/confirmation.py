"""The best configurations, trained with fresh seeds and compared on the dev set of the search.

Fresh seeds remove the luck of the seeds. The luck of the examples stays: the search selected
configurations that suit this dev set, so their dev scores are optimistic. Differences between them
are less biased, because all were selected in the same way. Only the test score is unbiased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.errors import UserError
from dnnsearch.promotion.candidates import (
    CONFIRM,
    Candidate,
    Trainer,
    fresh,
    rounds,
)
from dnnsearch.promotion.evaluation_scores import on_dev
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.hyperparameter_row import BEST
from dnnsearch.trials.record import Record


@dataclass(frozen=True)
class Confirmed:
    """The candidates whose new networks all stayed finite, and their scores on dev."""

    chosen: list[Candidate]
    measured: list[ScoreSample]
    diverged: list[Candidate]
    maximize: bool

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison of each candidate with the best one."""
        return Comparison(self.measured, self.maximize)

    @property
    def preferred(self) -> list[Candidate]:
        """First those not distinguishable from the best, cheapest first; then the rest by score."""
        means, similar = self.comparison.means, self.comparison.tied
        similar = sorted(similar, key=lambda k: (self.chosen[k].multiply_adds, -means[k]))
        rest = [k for k in np.argsort(-means, kind="stable") if k not in similar]
        return [self.chosen[k] for k in [*similar, *rest]]


def confirm(trainer: Trainer, chosen: list[Candidate], replicates: int) -> Confirmed:
    """Train the chosen configurations with fresh seeds and score them on dev.

    Raise UserError if a training fails, or if all of them diverge.
    """
    definition = trainer.definition
    records: list[list[Record]] = [[] for _ in chosen]
    for i in range(rounds(definition, replicates)):
        specs = [
            fresh(definition, c.trial, c.hyperparameters, replicates, CONFIRM, i) for c in chosen
        ]
        trained = trainer.train(specs)
        for of_one, record in zip(records, trained, strict=True):
            of_one.append(record)
    chosen = [replace(one, stop=_stop(of_one)) for one, of_one in zip(chosen, records)]
    arrays = open_restored(definition.config, trainer.store, definition.prepared.key)
    return _confirmed(chosen, records, arrays, definition.maximize)


def _stop(records: list[Record]) -> int | None:
    """Return the mean number of updates at the best points; None if the last point is kept."""
    if records[0].spec.hyperparameters.checkpoint != BEST:
        return None
    return max(round(np.mean([record.kept for record in records])), 1)


def _confirmed(
    chosen: list[Candidate],
    records: list[list[Record]],
    arrays: Mapping[str, np.ndarray],
    maximize: bool,
) -> Confirmed:
    is_finite = [all(record.end == "finished" for record in of_one) for of_one in records]
    if not any(is_finite):
        raise UserError("all of the best configurations diverged with fresh seeds")
    return Confirmed(
        [one for one, finite in zip(chosen, is_finite) if finite],
        [on_dev(of_one, arrays) for of_one, finite in zip(records, is_finite) if finite],
        [one for one, finite in zip(chosen, is_finite) if not finite],
        maximize,
    )

"""The best configurations, trained with fresh seeds and compared on the dev set of the search.

Fresh seeds remove the luck of the seeds. The luck of the examples stays: the search selected
configurations that suit this dev set, so their dev scores are optimistic. Differences between them
are less biased, because all were selected in the same way. Only the test score is unbiased.

Trial 0, the start of the search, is trained again, too, so that the search's gain is measured. It
is chosen only if it is one of the best itself, or if its score is the best of all.
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
    contestants,
    fresh,
    rounds,
)
from dnnsearch.promotion.dev_outputs import DevOutputs, dev_outputs
from dnnsearch.promotion.evaluation_scores import logits, on_dev
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import Interval
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
    start: Candidate | None = None  # the candidate with the configuration of trial 0
    was_added: bool = False  # whether it is here only to be compared with
    dev: DevOutputs | None = None  # of the candidates, for what is fitted on them

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison of each candidate with the best one."""
        return Comparison(self.measured, self.maximize)

    @property
    def preferred(self) -> list[Candidate]:
        """First those not distinguishable from the best, cheapest first; then the rest by score."""
        means, similar = self.comparison.means, self.similar
        similar = sorted(similar, key=lambda k: (self.chosen[k].multiply_adds, -means[k]))
        rest = [k for k in np.argsort(-means, kind="stable") if k not in similar]
        return [self.chosen[k] for k in [*similar, *rest]]

    @property
    def similar(self) -> list[int]:
        """Indices of those not distinguishable from the best, of which the cheapest is chosen."""
        leader, tied = self.comparison.leader, self.comparison.tied
        return [k for k in tied if k == leader or not self.is_added(k)]

    def is_added(self, k: int) -> bool:
        """Return whether candidate k is trial 0, here only to be compared with."""
        return self.was_added and self.chosen[k] is self.start

    def gain(self, winner: Candidate) -> tuple[float, Interval] | None:
        """Return how much better the winner is than trial 0, with a 95 % interval.

        None if trial 0 has no finite score.
        """
        if self.start is None:
            return None
        a, b = self.chosen.index(winner), self.chosen.index(self.start)
        means = self.comparison.means
        return float(means[a] - means[b]), self.comparison.difference(a, b)


def confirm(
    trainer: Trainer, chosen: list[Candidate], replicates: int, start: Candidate | None = None
) -> Confirmed:
    """Train the chosen configurations, and `start`, with fresh seeds and score them on dev.

    Raise UserError if a training fails, or if all of them diverge.
    """
    definition = trainer.definition
    best, chosen = chosen, contestants(chosen, start)
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
    confirmed = _confirmed(chosen, records, arrays, definition.maximize)
    if start is None:
        return confirmed
    same = (one for one in confirmed.chosen if one.hyperparameters == start.hyperparameters)
    return replace(confirmed, start=next(same, None), was_added=len(best) < len(chosen))


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
    finite = [of_one for of_one, is_one in zip(records, is_finite) if is_one]
    found = [[logits(record, arrays, "dev") for record in of_one] for of_one in finite]
    return Confirmed(
        [one for one, is_one in zip(chosen, is_finite) if is_one],
        [on_dev(of_one, arrays, of_records=Z) for of_one, Z in zip(finite, found, strict=True)],
        [one for one, is_one in zip(chosen, is_finite) if not is_one],
        maximize,
        dev=dev_outputs(finite[0][0].spec, found, arrays),
    )

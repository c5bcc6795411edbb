"""The test set, opened: what the refitted networks are worth on rows that no trial has seen."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dnnsearch.data.prepare import held_out
from dnnsearch.models.ensemble import Model, target_of
from dnnsearch.promotion.evaluation_log import EvaluationLog
from dnnsearch.promotion.evaluation_scores import EvaluationScores, logits
from dnnsearch.promotion.refit import Refit
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.metrics import METRICS, Direction


@dataclass
class Evaluation:
    """One model's look at the test set: taken at most once, and only where somebody asks."""

    study: OpenStudy
    test: str  # which test set it is
    refitted: Refit
    model: Model

    @property
    def book(self) -> EvaluationLog:
        return EvaluationLog(self.study.rows)

    @cached_property
    def tested(self) -> EvaluationScores:
        """The opened set; that it is opened stands in the book before."""
        spec = self.refitted.record.spec
        self.book.open(spec.number, spec.digest, self.test)
        return EvaluationScores(spec, held_out(self.study.config), target_of(self.refitted.arrays))

    @property
    def figures(self) -> dict[str, Any]:
        """As the book has them of this very model; else the set is opened for them."""
        digest = self.refitted.record.spec.digest
        for opening in self.book.of(self.test):
            if opening["model"] == digest and "figures" in opening:
                return dict(opening["figures"])
        found = self._look()
        self.book.note(digest, self.test, found)
        return found

    def _look(self) -> dict[str, Any]:
        tested, y_train = self.tested, self.refitted.y_train
        objective, ensemble = tested.spec.objective, tested.ensemble(self.model)
        networks = logits(self.refitted.record, self.refitted.arrays["X_test"])
        return {
            "ensemble": score_with_interval(tested.measured(ensemble), objective),
            "single": score_with_interval(tested.measured(networks), objective),
            "guess": tested.guess(y_train, ensemble),
            "examples": len(tested.held_out.y),
        }

    def beats(self, rival: Model, maximize: bool) -> bool:
        """Whether this model is better than another, example by example on the opened set."""
        both = [self.tested.measured(self.tested.ensemble(each)) for each in (self.model, rival)]
        return Comparison(both, maximize).tied == [0]


def score_with_interval(measured: ScoreSample, objective: str) -> dict[str, float]:
    """JSON-able; the interval ends where the score does."""
    low, high = METRICS[objective].clipped(measured.interval.low, measured.interval.high)
    return {"value": measured.mean, "low": low, "high": high}


def found_something(figures: dict[str, Any], maximize: bool) -> bool:
    """Whether the ensemble is better than guessing, by more than its interval."""
    ensemble, guess = figures["ensemble"], figures["guess"]
    return Direction(maximize).better(ensemble["low" if maximize else "high"], guess)


def identity(definition: Definition) -> str:
    """Which test set: that of these data and this split."""
    prepared = definition.prepared
    return f"{prepared.data_digest[:16]}-{prepared.split_digest[:16]}"

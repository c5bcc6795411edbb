"""The evaluation of the refitted networks on the test set, whose rows no trial has seen."""

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
    """One model on the test set, which is read at most once, when a score is first asked for."""

    study: OpenStudy
    test: str  # identifies the test set
    refitted: Refit
    model: Model

    @property
    def log(self) -> EvaluationLog:
        """The study's log of evaluations."""
        return EvaluationLog(self.study.rows)

    @cached_property
    def test_set(self) -> EvaluationScores:
        """The test set, read after the access has been logged."""
        spec = self.refitted.record.spec
        self.log.log_access(spec.number, spec.digest, self.test)
        return EvaluationScores(spec, held_out(self.study.config), target_of(self.refitted.arrays))

    @property
    def scores(self) -> dict[str, Any]:
        """The logged scores of this model; evaluates (and logs) the test set if there are none."""
        digest = self.refitted.record.spec.digest
        for entry in self.log.of_test_set(self.test):
            if entry["model"] == digest and "figures" in entry:
                return dict(entry["figures"])
        scores = self._evaluate()
        self.log.log_scores(digest, self.test, scores)
        return scores

    def _evaluate(self) -> dict[str, Any]:
        test_set, y_train = self.test_set, self.refitted.y_train
        objective, ensemble = test_set.spec.objective, test_set.ensemble(self.model)
        networks = logits(self.refitted.record, self.refitted.arrays, "test")
        return {
            "ensemble": score_with_interval(test_set.sample(ensemble), objective),
            "single": score_with_interval(test_set.sample(networks), objective),
            "guess": test_set.guess(y_train, ensemble),
            "examples": len(test_set.held_out.y),
        }

    def beats(self, rival: Model, maximize: bool) -> bool:
        """Return whether this model is better than another, compared example by example."""
        both = [self.test_set.sample(self.test_set.ensemble(one)) for one in (self.model, rival)]
        return Comparison(both, maximize).tied == [0]


def score_with_interval(measured: ScoreSample, objective: str) -> dict[str, float]:
    """Return value, low and high (95 %), the interval clipped to the metric's range; JSON-able."""
    low, high = METRICS[objective].clipped(measured.interval.low, measured.interval.high)
    return {"value": measured.mean, "low": low, "high": high}


def found_something(figures: dict[str, Any], maximize: bool) -> bool:
    """Return whether guessing lies below (or, for a cost, above) the ensemble's 95 % interval."""
    ensemble, guess = figures["ensemble"], figures["guess"]
    return Direction(maximize).better(ensemble["low" if maximize else "high"], guess)


def test_set_id(definition: Definition) -> str:
    """Return what identifies the test set: the digests of the data and of the split."""
    prepared = definition.prepared
    return f"{prepared.data_digest[:16]}-{prepared.split_digest[:16]}"

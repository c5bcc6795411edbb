"""The difference of two models on the same rows, and of one model on an old and a new test set.

Two models are compared row by row, as in a promotion. Two test sets have no common rows, so the
interval of that difference is made from the intervals of both scores (MOVER: Newcombe 1998, Zou
and Donner 2008).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dnnsearch.config.search_space import complete, default_params
from dnnsearch.data.prepare import held_out
from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.data.table import HeldOut
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.evaluation_scores import EvaluationScores
from dnnsearch.promotion.retuning.missing_columns import check_columns
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import score_with_interval
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition
from dnnsearch.validators import shortened


@dataclass(frozen=True)
class SharedTestRows:
    """The new test rows, and how models are scored on them."""

    definition: Definition
    scores: EvaluationScores

    def on(self, rows: HeldOut) -> "SharedTestRows":
        """Return a copy with these rows only."""
        return replace(self, scores=replace(self.scores, held_out=rows))

    def sample(self, model: Model, name: str) -> ScoreSample:
        """Return the model's scores. Raise UserError if the model cannot take these rows."""
        try:
            return self.scores.sample(self.scores.ensemble(model))
        except ValueError as error:
            raise UserError(f"{name} cannot take the new rows: {error}") from None

    def score(self, sample: ScoreSample) -> dict[str, float]:
        """Return the score with its 95 % interval, as in a promotion."""
        return score_with_interval(sample, self.definition.config.objective)

    def difference(self, new: ScoreSample, old: ScoreSample) -> Interval:
        """Return the 95 % interval of the difference; above 0 the new model is better."""
        return Comparison([new, old], self.definition.maximize).difference(0, 1)


def shared_test_rows(definition: Definition, store: ArrayStore) -> SharedTestRows:
    """Return the test rows of the new data."""
    config, prepared = definition.config, definition.prepared
    params = default_params(config, prepared.shape)
    spec = definition.spec(0, complete(params, config), [])
    arrays = open_restored(config, store, prepared.test_key)
    return SharedTestRows(definition, EvaluationScores(spec, held_out(config), target_of(arrays)))


def check_kind(model: Model, definition: Definition, name: str, X: Any) -> None:
    """Raise UserError if the new data lack a column of the model or have other classes."""
    columns = [str(name).strip() for name in getattr(X, "columns", [])]
    if columns:
        check_columns(list(model.inputs.kinds), columns, name, definition.config.data)
    now, then = list(definition.prepared.classes), [str(label) for label in model.classes]
    if now != then:
        raise UserError(
            f"the new data have another task: their classes are {_listed(now)}, those of {name} "
            f"are {_listed(then)}"
        )


def _listed(names: list[str]) -> str:
    return shortened(names, 5) or "none (a regression)"


def decay(then: Mapping[str, float], now: Mapping[str, float], maximize: bool) -> Interval:
    """Return the 95 % interval of the loss of one model from then to now; above 0 it has decayed.

    The arms of the two intervals are added in squares, as independent (Newcombe 1998; Zou and
    Donner 2008).
    """
    fall = then["value"] - now["value"]
    down = math.hypot(then["value"] - then["low"], now["high"] - now["value"])
    up = math.hypot(then["high"] - then["value"], now["value"] - now["low"])
    interval = Interval(fall - down, fall + up)
    return interval if maximize else Interval(-interval.high, -interval.low)

"""Two models on the same rows; and one model then and now.

The difference of two models is taken row by row, as in a promotion. That of one model on two test
sets has no common rows: its interval is put together from the two intervals (MOVER: Newcombe 1998,
Zou and Donner 2008).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dnnsearch.config.search_space import complete, default_params
from dnnsearch.data.prepare import held_out
from dnnsearch.data.table import HeldOut
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model, target_of
from dnnsearch.promotion.evaluation import score_with_interval
from dnnsearch.promotion.evaluation_scores import EvaluationScores
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition


@dataclass(frozen=True)
class SharedTestRows:
    """The new test rows, and how models are measured on them."""

    definition: Definition
    tested: EvaluationScores

    def on(self, rows: HeldOut) -> "SharedTestRows":
        """The same with these rows alone."""
        return replace(self, tested=replace(self.tested, held_out=rows))

    def measured(self, model: Model, who: str) -> ScoreSample:
        """Raises UserError where the model cannot be given these rows."""
        try:
            return self.tested.measured(self.tested.ensemble(model))
        except ValueError as error:
            raise UserError(f"{who} cannot be given the new rows: {error}") from None

    def figure(self, measured: ScoreSample) -> dict[str, float]:
        """The value with its interval, as in a promotion."""
        return score_with_interval(measured, self.definition.config.objective)

    def difference(self, new: ScoreSample, old: ScoreSample) -> Interval:
        """How much better the new one is, with 95 %; above 0 it is."""
        return Comparison([new, old], self.definition.maximize).difference(0, 1)


def shared_test_rows(definition: Definition, store: ArrayStore) -> SharedTestRows:
    """Opens the test rows of the new data."""
    config, prepared = definition.config, definition.prepared
    params = default_params(config, prepared.shape)
    spec = definition.spec(0, complete(params, config), [])
    arrays = store.open(prepared.test_key)
    return SharedTestRows(definition, EvaluationScores(spec, held_out(config), target_of(arrays)))


def check_kind(model: Model, definition: Definition, who: str, X: Any) -> None:
    """UserError, in one line, where the new data lack a column, or have other classes."""
    columns = [str(name).strip() for name in getattr(X, "columns", [])]
    missing = [name for name in model.inputs.kinds if columns and name not in columns]
    if missing:
        raise UserError(
            f"the new data lack {_named(missing)}, which {who} needs; they have {_named(columns)}"
        )
    now, then = list(definition.prepared.classes), [str(label) for label in model.classes]
    if now != then:
        raise UserError(
            f"the new data are of another task: their classes are {_named(now)}, those of {who} "
            f"are {_named(then)}"
        )


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:5]) or "none (a regression)"
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def decay(then: Mapping[str, float], now: Mapping[str, float], maximize: bool) -> Interval:
    """How much worse one model is now than it was then, with 95 %; above 0 it has decayed.

    The two intervals' arms are added as independent (Newcombe 1998; Zou and Donner 2008).
    """
    fall = then["value"] - now["value"]
    down = math.hypot(then["value"] - then["low"], now["high"] - now["value"])
    up = math.hypot(then["high"] - then["value"], now["value"] - now["low"])
    interval = Interval(fall - down, fall + up)
    return interval if maximize else Interval(-interval.high, -interval.low)

"""The figure of a whole procedure, from nested cross-validation, as the study keeps it.

`promote --outer` makes it; report, show, cite and MLflow show this one object. Only the folds are
kept: the figure over all rows follows from them. The fingerprint does not cover it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dnnsearch.statistics.fold_interval import fold_interval, pooled
from dnnsearch.statistics.interval import score_text
from dnnsearch.study.evaluation_log import on_test
from dnnsearch.study.stored_study import OUTER, OpenStudy
from dnnsearch.trials.flat_params import describe
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.metrics import METRICS


@dataclass(frozen=True)
class OuterFold:
    """What the procedure chose in one fold, and its ensemble's score on the fold's rows."""

    trial: int
    hyperparameters: Mapping[str, Value]  # flat
    value: float
    guess: float
    rows: int


@dataclass(frozen=True)
class OuterFigure:
    """All outer folds, in order."""

    objective: str
    trials: int  # of each search
    folds: Sequence[OuterFold]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "OuterFigure":
        """Return what `document` was made of."""
        folds = [OuterFold(**fold) for fold in document["folds"]]
        return cls(document["objective"], document["trials"], folds)

    def document(self) -> dict[str, Any]:
        """Return what the study keeps, JSON-able."""
        folds = [asdict(one) for one in self.folds]
        return {"objective": self.objective, "trials": self.trials, "folds": folds}

    @property
    def name(self) -> str:
        """The name of the score: `test_f1` for `dev_f1`."""
        return on_test(self.objective)

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(one.rows for one in self.folds)

    @property
    def figure(self) -> dict[str, float]:
        """The score over all rows: `value`, `low` and `high` of 95 %, and `guess`.

        The interval is that of the procedure's expected score, within the metric's range.
        """
        scores, rows = [one.value for one in self.folds], [one.rows for one in self.folds]
        metric = METRICS[self.objective]
        interval = fold_interval(scores, rows, metric.is_share)
        low, high = metric.clipped(interval.low, interval.high)
        guess = pooled([one.guess for one in self.folds], rows)
        return {"value": pooled(scores, rows), "low": low, "high": high, "guess": guess}

    @property
    def winners(self) -> list[tuple[Mapping[str, Value], int]]:
        """Each configuration that was chosen, and how often, the most frequent first."""
        counts = Counter(tuple(one.hyperparameters.items()) for one in self.folds)
        return [(dict(items), count) for items, count in counts.most_common()]

    @property
    def won(self) -> str:
        """How often each configuration won, in words."""
        folds, winners = len(self.folds), self.winners
        if len(winners) == folds:
            return f"how often each won: {folds} different ones, once each"
        each = [f"{describe(params)} {count} of {folds}" for params, count in winners]
        return f"how often each won: {'; '.join(each)}"

    @property
    def sentence(self) -> str:
        """The figure in words."""
        figure, folds = self.figure, len(self.folds)
        return (
            f"In {folds} outer folds, each with a search of {self.trials} trials and a promotion "
            f"of its own, the procedure has {self.name} {score_text(figure)} over all {self.rows} "
            f"rows, where guessing has {figure['guess']:.4f}; {self.won}."
        )

    def metrics(self) -> dict[str, float]:
        """Return the figure as metrics of MLflow."""
        ends = {"": "value", "_low": "low", "_high": "high", "_guess": "guess"}
        figure = self.figure
        return {f"{self.name}_outer{end}": figure[key] for end, key in ends.items()}


def outer_figure(study: OpenStudy) -> OuterFigure | None:
    """Return the figure of the last `promote --outer`; None if there is none that can be read."""
    try:
        found = OuterFigure.of(study.rows.attributes[OUTER])
        return found if found.sentence else None
    except (ArithmeticError, LookupError, TypeError, ValueError):  # forged, or none
        return None

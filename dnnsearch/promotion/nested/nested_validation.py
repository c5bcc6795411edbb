"""Search, promotion and test in each of K outer folds, and one figure over all rows.

A test figure is that of one model on one draw of test rows; on a small table another draw gives
another figure and another champion. Here each row is tested once, by a model whose whole making
did not see it. The result is the figure of the procedure: what a search and a promotion like these
reach on new rows.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from dnnsearch.deployment.champion import Report
from dnnsearch.promotion.evaluation import send_openings
from dnnsearch.promotion.nested.outer_studies import folder, outer_config
from dnnsearch.promotion.promotion import Promotion, promote
from dnnsearch.statistics.fold_interval import fold_interval, pooled
from dnnsearch.statistics.interval import Interval
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.evaluation_log import EvaluationLog, test_set_id
from dnnsearch.study.search import NoObserver, search
from dnnsearch.study.stored_study import IDENTITY, OpenStudy, open_study
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.run import TrialView

SEARCH_SHARE = 0.7  # of the bar of a fold; the rest is for its promotion
RUNNING = "running"


@dataclass(frozen=True)
class OuterFold:
    """What the procedure chose in one fold, and its ensemble's score on the fold's rows."""

    trial: int
    hyperparameters: Hyperparameters
    score: float
    guess: float
    rows: int


@dataclass(frozen=True)
class NestedValidation:
    """All outer folds, in order."""

    study: str
    objective: str
    trials: int  # of each search
    folds: Sequence[OuterFold]

    @property
    def _rows(self) -> list[int]:
        return [one.rows for one in self.folds]

    @property
    def value(self) -> float:
        """The score over all rows."""
        return pooled([one.score for one in self.folds], self._rows)

    @property
    def guess(self) -> float:
        """What guessing reaches over all rows."""
        return pooled([one.guess for one in self.folds], self._rows)

    @cached_property
    def interval(self) -> Interval:
        """The 95 % interval of the procedure's expected score, within the metric's range."""
        metric = METRICS[self.objective]
        found = fold_interval([one.score for one in self.folds], self._rows, metric.is_share)
        return Interval(*metric.clipped(found.low, found.high))

    @property
    def winners(self) -> Counter[Hyperparameters]:
        """How often each configuration was chosen, the most frequent first."""
        return Counter(one.hyperparameters for one in self.folds)


class FoldProgress(NoObserver):
    """Counts the trials of a fold's search that have ended; each is told once or more."""

    def __init__(self, trials: int, show: Callable[[float], object]) -> None:
        self._trials, self._show = trials, show
        self._ended: set[int] = set()

    def on_trial(self, view: TrialView) -> None:
        """Show the share of the trials that have ended."""
        if view.state != RUNNING:
            self._ended.add(view.number)
            self._show(min(len(self._ended) / self._trials, 1.0))


def validate(
    study: OpenStudy,
    folds: int,
    top: int | None,
    replicates: int | None,
    workers: int | None,
    report: Report,
    accept_code: bool = False,
    show: Callable[[float, int], object] = lambda done, total: None,
) -> NestedValidation:
    """Search, promote and test in each of `folds` outer folds; call it with pinned numerics.

    Each search has as many trials as the study. `show` is called with how many folds are done, in
    parts too, and of how many. The study logs that its test rows are opened. Raise UserError if the
    study has a test file or a split by time, and as `search` and `promote`.
    """
    trials = sum(row.state.is_finished() for row in study.trials())
    configs = [outer_config(study, fold, folds, trials) for fold in range(1, folds + 1)]
    _log_opening(study, folds, trials, report)
    folder(study).mkdir(parents=True, exist_ok=True)
    found = []
    for k, config in enumerate(configs):
        if workers:
            config = config.model_copy(update={"workers": workers})
        name, part = f"outer fold {k + 1} of {folds}", Part(k, folds, show)
        report(f"{name}: searching")
        part.of_search(0.0)
        progress = FoldProgress(trials, part.of_search)
        search(config, seconds=None, observer=progress, accept_code=accept_code)
        report(f"{name}: confirming, refitting and testing")
        outer = open_study(config.study, config.storage)
        promotion = promote(
            outer, top, replicates, workers, _no_report, accept_code, part.of_promotion
        )
        found.append(_fold(promotion))
        report(f"{name}: {found[-1].score:.4f}")
    return NestedValidation(study.name, study.config.objective, trials, found)


def _no_report(text: str) -> None:
    """Do nothing: the lines of a fold's own promotion are not shown."""


@dataclass(frozen=True)
class Part:
    """One fold of the bar: a search, then a promotion."""

    place: int
    folds: int
    show: Callable[[float, int], object]

    def of_search(self, share: float) -> None:
        """Show this share of the search."""
        self.show(self.place + SEARCH_SHARE * share, self.folds)

    def of_promotion(self, done: float, trainings: int) -> None:
        """Show that `done` of the promotion's trainings are done."""
        share = SEARCH_SHARE + (1 - SEARCH_SHARE) * done / trainings
        self.show(self.place + share, self.folds)


def _fold(promotion: Promotion) -> OuterFold:
    scores, winner = promotion.scores, promotion.winner
    score = scores["ensemble"]["value"]
    examples = scores["examples"]
    return OuterFold(winner.trial, winner.hyperparameters, score, scores["guess"], examples)


def _log_opening(study: OpenStudy, folds: int, trials: int, report: Report) -> None:
    """Log, once, that the study's test rows are among those that the outer folds test."""
    note = f"{folds} outer folds"
    text = f"{note} of {trials} trials of {study.attributes[IDENTITY]}"
    model = hashlib.sha256(text.encode()).hexdigest()
    definition = study.definition
    test = test_set_id(definition["data_digest"], definition["split_digest"])
    with study_lock(study.rows.storage.url, study.name):
        log = EvaluationLog(study.rows)
        if any(entry["model"] == model for entry in log.of_test_set(test)):
            return
        log.log_access(0, model, test, note=note)
    send_openings(study, report)

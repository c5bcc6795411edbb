"""Search, promotion and test in each of K outer folds, and one figure over all rows.

A test figure is that of one model on one draw of test rows; on a small table another draw gives
another figure and another champion. Here each row is tested once, by a model whose whole making
did not see it. The result is the figure of the procedure: what a search and a promotion like these
reach on new rows.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from dnnsearch.deployment.champion import Report
from dnnsearch.promotion.evaluation import send_openings
from dnnsearch.promotion.promotion import Promotion, promote
from dnnsearch.promotion.registration import describe_champion
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.evaluation_log import EvaluationLog, test_set_id
from dnnsearch.study.outer_figure import OuterFigure, OuterFold
from dnnsearch.study.outer_studies import folder, outer_config
from dnnsearch.study.search import NoObserver, search
from dnnsearch.study.stored_study import IDENTITY, OUTER, OpenStudy, open_study
from dnnsearch.trials.run import TrialView

SEARCH_SHARE = 0.7  # of the bar of a fold; the rest is for its promotion
RUNNING = "running"


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
) -> OuterFigure:
    """Search, promote and test in each of `folds` outer folds; call it with pinned numerics.

    Each search has as many trials as the study. `show` is called with how many folds are done, in
    parts too, and of how many. The study logs that its test rows are opened, and keeps the figure.
    Raise UserError if the study has a test file or a split by time, and as `search` and `promote`.
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
        report(f"{name}: {found[-1].value:.4f}")
    figure = OuterFigure(study.config.objective, trials, found)
    keep(study, figure, report)
    return figure


def keep(study: OpenStudy, figure: OuterFigure, report: Report) -> None:
    """Keep the figure with the study, and let MLflow know it; if it is away, say so."""
    with study_lock(study.rows.storage.url, study.name):
        study.rows.set_attribute(OUTER, figure.document())
    send_openings(study, report)
    describe_champion(study, report)


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
    return OuterFold(
        trial=winner.trial,
        hyperparameters=winner.hyperparameters.as_params(),
        value=scores["ensemble"]["value"],
        guess=scores["guess"],
        rows=scores["examples"],
    )


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

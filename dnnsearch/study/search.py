"""A search from start to end: data, workers, storage, lock, and the loop between them.

The same call starts a study, resumes one that was interrupted, and extends one. No process and no
lock of it is left afterwards, however it ended. Each step has its own module; this one
only puts them together.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dnnsearch.config.config import Config
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.baselines.search_baselines import SearchBaselines
from dnnsearch.study.coordinator import Coordinator, Workers
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.given_trials import plan_given, presets
from dnnsearch.study.ledger import Ledger
from dnnsearch.study.retries import plan_retries
from dnnsearch.study.search_publishing import checked_publisher, publish_end, publishing
from dnnsearch.study.source_commits import MAX_WAIT_SECONDS, SourceCommits
from dnnsearch.study.stopping import GainWatch
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.study_creation import open_for_writing
from dnnsearch.study.trial_views import stored_views, study_info
from dnnsearch.study.watched_workers import WatchedMemo, WatchedWorkers
from dnnsearch.study.worker_factory import open_workers
from dnnsearch.tracking import AnyPublisher
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record import fingerprint
from dnnsearch.trials.record_store import RecordMemo
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed


@dataclass(frozen=True)
class Outcome:
    """A study after a search."""

    study: OpenStudy
    trials: int  # that the search was to reach; the study has fewer if the time was up
    fingerprint: str  # of the trials that the study has
    lacking: int  # trials that MLflow does not show, because it failed
    given: int | None = None  # number of the trial that the user has given
    has_no_gain: bool = False  # whether `stop_after` ended it


class SearchObserver(Protocol):
    """Follows a search, for example to show it to the user."""

    def on_stored(self, views: Sequence[TrialView]) -> None:
        """These trials have ended before; they are reported again, with curves, as trials."""

    def on_stage(self, text: str) -> None:
        """The search has begun a part without trials, such as `preparing the data`."""

    def on_total(self, trials: int) -> None:
        """The study is to have `trials` trials in all, retries included."""

    def on_trial(self, view: TrialView) -> None:
        """A trial has started or ended; a resumed search reports earlier trials again."""

    def on_progress(self, event: Progressed) -> None:
        """A running trial has reached an iteration."""

    def on_trained(self, number: int, value: float | None) -> None:
        """A running trial is trained; it ends when it is its turn in the study's order.

        `value` is its objective if an earlier search has trained it, else None.
        """

    def on_message(self, text: str) -> None:
        """The user should read this."""


class NoObserver:
    """Follows a search that nobody watches."""

    def on_stored(self, views: Sequence[TrialView]) -> None:
        """Do nothing."""

    def on_stage(self, text: str) -> None:
        """Do nothing."""

    def on_total(self, trials: int) -> None:
        """Do nothing."""

    def on_trial(self, view: TrialView) -> None:
        """Do nothing."""

    def on_progress(self, event: Progressed) -> None:
        """Do nothing."""

    def on_trained(self, number: int, value: float | None) -> None:
        """Do nothing."""

    def on_message(self, text: str) -> None:
        """Do nothing."""


def search(
    config: Config,
    *,
    seconds: float | None,
    observer: SearchObserver,
    retry_failed: bool = False,
    accept_code: bool = False,
    publisher: AnyPublisher | None = None,
    given: Mapping[str, Value] | None = None,
) -> Outcome:
    """Bring the study of `config` to `config.trials` trials; start none later than `seconds` s.

    With `retry_failed` each failed trial is tried again under a new number at the end, and with
    `accept_code` the study goes on although other code computed it. With `given`, a configuration
    of the user's, one trial is added, and none that is lacking. A `publisher` that the caller has
    opened early is closed. Raise UserError if another process works on the study, if a study of
    this name has another definition, or if data, storage, MLflow or workers cannot be used.
    """
    numerics.require(config.numerics)
    observer.on_stored(stored_views(config.storage, config.study))
    commits = SourceCommits(config)
    definition = _defined(config, observer)
    observer.on_stage("starting the workers and opening the study")
    with (
        checked_publisher(config, publisher) as publisher,
        open_workers(definition, config.workers, default_root(), observer.on_message) as workers,
        open_for_writing(definition, accept_code) as (study, check_lock),
    ):
        number = None if given is None else plan_given(study, definition.prepared.shape, given)
        trials = _announce(study, retry_failed, observer, number)
        ledger = Ledger(study, [publisher.put, observer.on_trial], check_lock)
        stored = len(ledger.stored)
        needed = stored if number is None else max(stored, number + 1)
        wanted = trials if number is None else needed
        coordinator = _coordinator(definition, study, ledger, workers, observer)
        commits.keep(study, stored, wanted)
        baselines = SearchBaselines(study, definition, observer.on_message, observer.on_stage)
        with publishing(study, ledger, publisher, observer.on_message), baselines:
            coordinator.run(wanted, _may_ask(coordinator.gains, needed, seconds), baselines.begin)
            if commits.keep(study, stored, wanted, MAX_WAIT_SECONDS) | baselines.finish():
                publisher.inform(study_info(study))
        digest = _digest(study, coordinator, stored)
        whole = digest if coordinator.asked >= trials else ""
        if not whole and number is None:
            _say_why(coordinator.gains, observer)
        lacking = publish_end(study, definition.prepared, whole, publisher, observer.on_message)
        return Outcome(study, trials, digest, lacking, number, coordinator.gains.is_over)


def _defined(config: Config, observer: SearchObserver) -> Definition:
    """Prepare the data, and return the definition, which this process can compute."""
    observer.on_stage("preparing the data")
    definition = resolve_definition(config, ArrayStore(default_root()))
    numerics.check(definition.numerics)
    return definition


def _coordinator(
    definition: Definition,
    study: OpenStudy,
    ledger: Ledger,
    workers: Workers,
    observer: SearchObserver,
) -> Coordinator:
    """Return the coordinator of the study; the records of told trials are fetched in advance."""
    study.records.prefetch(ledger.told_before)
    memo, preset = RecordMemo(study.records, observer.on_message), presets(study)
    known = WatchedMemo(memo, ledger.told_before, observer.on_trained)
    watched = WatchedWorkers(workers, observer.on_trained)
    return Coordinator(definition, known, ledger, watched, observer.on_progress, preset)


def _digest(study: OpenStudy, coordinator: Coordinator, stored: int) -> str:
    """Return the fingerprint, from the records if not all of the `stored` trials were replayed."""
    replayed_all = coordinator.asked >= stored  # False if the study was longer once
    return fingerprint(coordinator.digests) if replayed_all else study.fingerprint()


def _say_why(gains: GainWatch, observer: SearchObserver) -> None:
    """Say why the study has fewer trials than it should, unless its time was up."""
    if gains.is_over:
        observer.on_message(gains.reason())


def _announce(
    study: OpenStudy, retry_failed: bool, observer: SearchObserver, given: int | None
) -> int:
    """Plan the retries if they are asked for; return the number of trials in all.

    The observer is told how many there are after this search, which adds none but trial `given` if
    there is one.
    """
    if retry_failed:
        retries = plan_retries(study)
        again = f"{retries} failed trial{'' if retries == 1 else 's'} will be tried again"
        observer.on_message(again if retries else "no failed trials left to retry")
    trials, stored = study.total_trials(study.config.trials), len(study.trials())
    observer.on_total(trials if given is None else max(stored, given + 1))
    if stored > trials and given is None:
        observer.on_message(f"study {study.name} has {stored} trials already, and keeps them")
    if given is None and (why := _begun_beyond(study)):
        observer.on_message(why)
    return trials


def _begun_beyond(study: OpenStudy) -> str:
    """Return which trials are finished although fewer are asked for; empty if there are none."""
    asked, rows = study.config.trials, study.trials()
    begun = [row.number for row in rows if row.number >= asked and not row.state.is_finished()]
    if not begun:
        return ""
    numbers = ", ".join(map(str, begun))
    trials, were, are = ("trial", "was", "is") if len(begun) == 1 else ("trials", "were", "are")
    more = f"beyond the {asked} asked for"
    return f"{trials} {numbers} {were} begun in an earlier search and {are} finished, too, {more}"


def _may_ask(gains: GainWatch, needed: int, seconds: float | None) -> Callable[[int], bool]:
    """Return whether a trial number may be asked, as a function: a stored one always may.

    Another may be asked until the time is up, and as long as something is gained.
    """
    until = math.inf if seconds is None else time.monotonic() + seconds
    return lambda number: number < needed or (not gains.is_over and time.monotonic() < until)

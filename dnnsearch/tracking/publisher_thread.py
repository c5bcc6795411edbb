"""A thread that brings MLflow to the newest view of every trial.

The caller that hands over views never waits. While MLflow fails, the thread reports it once and
tries again at intervals. Trials that could not be published before the end are published when a
later process hands over the same views again. MLflow is imported when the thread first publishes.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from dnnsearch.errors import UserError
from dnnsearch.tracking.conflict import ConflictingTrial
from dnnsearch.tracking.error_text import is_of_two_writers, reason
from dnnsearch.tracking.publisher_messages import NO_FILES, Files
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress, TrialSummary
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import without_password

if TYPE_CHECKING:
    from dnnsearch.tracking.tracker import Tracker

DESCRIBE_INTERVAL_SECONDS = 5.0  # between two updates of the parent run while trials arrive
SHOW_RUNNING_AFTER_SECONDS = 1.0  # a trial that ends sooner is published once, when it has ended
MAX_REFUSED_TRIALS_PER_PASS = 2  # more than that is hardly the fault of the trials


class ThreadPublisher:
    """Publishes a study; `put` and `conclude` return at once and may be called from any thread.

    `report` is called from the publishing thread with one line when MLflow fails and when it works
    again, `on_published` with each view that MLflow now shows; `interval` is the time in seconds
    between two attempts while MLflow fails; `trials` are the trials that another publisher of this
    study was given before, by number.
    """

    def __init__(
        self,
        uri: str,
        info: StudyInfo,
        report: Callable[[str], None],
        interval: float = 5.0,
        on_published: Callable[[TrialView], None] = lambda view: None,
        trials: Mapping[int, TrialSummary] = MappingProxyType({}),
    ) -> None:
        self.uri = uri
        self.info = info
        self._report = report
        self._interval = interval
        self._on_published = on_published
        # not yet published: the newest view of each trial, and when it was put
        self._views: dict[int, tuple[TrialView, float]] = {}
        self._progress = StudyProgress(info)
        self._progress.trials.update(trials)
        self._conclusion = ("running", "")  # state and fingerprint
        self._files = NO_FILES
        self._described: tuple[float, object] = (0.0, None)  # when, and what the parent run shows
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._closing = threading.Event()
        self._tracker: Tracker | None = None
        self._trouble = ""  # of the last pass
        self._had_trouble = False  # in any pass
        self._has_conflict = False  # MLflow has another result of a trial
        self._thread = threading.Thread(target=self._run, name="mlflow", daemon=True)

    @property
    def pending(self) -> int:
        """The number of trials whose newest view MLflow does not show yet."""
        return len(self._views)

    def start(self) -> None:
        """Start the thread; import what you need first, as imports in two threads can collide."""
        self._thread.start()

    def put(self, view: TrialView) -> None:
        """Publish this view of a trial in place of earlier views of it."""
        with self._lock:
            self._views.pop(view.number, None)
            self._views[view.number] = view, time.monotonic()
            self._progress.add(view)
        self._work.set()

    def conclude(self, state: str, fingerprint: str = "", files: Files = NO_FILES) -> None:
        """Publish the state of the study: running, interrupted or finished (has all its trials).

        `files` has further artifacts of trials, by number and name.
        """
        with self._lock:
            self._conclusion = (state, fingerprint)
            self._files = files
        self._work.set()

    def inform(self, info: StudyInfo) -> None:
        """Publish what is known of the study now."""
        with self._lock:
            self.info = self._progress.info = info
        self._work.set()

    def close(self, deadline: float) -> int:
        """Publish what is left, for at most `deadline` seconds or until MLflow fails.

        Return the number of trials that MLflow does not show. The thread ends with the process.
        """
        self._closing.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(deadline)
        return self.pending

    def _run(self) -> None:
        while True:
            pause = SHOW_RUNNING_AFTER_SECONDS if self._views else DESCRIBE_INTERVAL_SECONDS
            self._work.wait(pause)
            self._work.clear()
            closing = self._closing.is_set()
            self._make_pass()
            if closing:
                if self._tracker:
                    self._tracker.close()
                return
            if self._trouble:
                self._closing.wait(self._interval)
                self._work.set()

    def _make_pass(self) -> None:
        """Publish all that is due, and report it when MLflow fails or works again."""
        if self._has_conflict:
            return
        try:
            trouble = self._publish_beside_others()
        except ConflictingTrial as error:
            self._give_up(error)
            return
        except UserError as error:
            trouble = str(error)
        except Exception as error:
            trouble = f"MLflow at {without_password(self.uri)} does not work: {reason(error)}"
        if trouble and not self._trouble:
            self._report(f"{trouble}; the search continues, and its trials are published later")
        elif self._trouble and not trouble:
            self._report("MLflow works again: all trials up to now are published")
        self._trouble = trouble
        self._had_trouble = self._had_trouble or bool(trouble)

    def _give_up(self, error: ConflictingTrial) -> None:
        """Publish no more: this study is no longer the one that MLflow shows."""
        self._has_conflict = True
        self._report(f"{error}; no more of this search is published")
        with suppress(Exception):  # MLflow is away
            self._open().withdraw()

    def _publish_beside_others(self) -> str:
        """Publish all that is due, once more if a copy of the study wrote the same at once."""
        try:
            return self._publish_all()
        except Exception as error:
            if not is_of_two_writers(error):
                raise
        self._had_trouble = True
        if self._tracker:
            self._tracker.refresh()
        return self._publish_all()

    def _publish_all(self) -> str:
        """Publish all that is due; return the first reason for which MLflow refused a trial."""
        tracker = self._open()
        views = self._views_in_order()
        interrupted = [view for view in views if view.state == "interrupted"]
        refused = self._publish_views(tracker, interrupted)
        if self._conclusion[0] == "interrupted":
            self._describe(tracker)  # time may be short, and no run must stay RUNNING
        if len(refused) < MAX_REFUSED_TRIALS_PER_PASS:
            refused += self._publish_views(tracker, views[len(interrupted) :])
        if not refused or self._conclusion[0] != "finished":
            self._describe(tracker)
        if not refused:
            self._attach(tracker)
        return refused[0] if refused else ""

    def _attach(self, tracker: "Tracker") -> None:
        """Add the files of the conclusion to the trials' runs, which all exist by now."""
        with self._lock:
            files, self._files = self._files, NO_FILES
        try:
            tracker.attach(files)
        except Exception:
            self._files = files  # for the next attempt
            raise

    def _open(self) -> "Tracker":
        """Return the tracker; after trouble it reads again what MLflow has.

        It also does so at the end if there ever was trouble, as a slow server may have created runs
        after the client stopped waiting for them, or if another copy of the study publishes, too.
        """
        if self._tracker is None:
            from dnnsearch.tracking.tracker import Tracker

            self._tracker = Tracker(self.uri, self.info)
        elif self._tracker.info is not self.info:
            self._tracker.info = self.info
            self._tracker.refresh()
        elif self._trouble or (
            self._closing.is_set() and (self._had_trouble or self._tracker.is_shared)
        ):
            self._tracker.refresh()  # there may be duplicates
        return self._tracker

    def _views_in_order(self) -> list[TrialView]:
        """Return the views that are due, interrupted trials first."""
        now = time.monotonic()
        with self._lock:
            due = [
                view
                for view, since in self._views.values()
                if view.state != "running"
                or now - since >= SHOW_RUNNING_AFTER_SECONDS
                or self._closing.is_set()
            ]
        return sorted(due, key=lambda view: view.state != "interrupted")

    def _publish_views(self, tracker: "Tracker", views: list[TrialView]) -> list[str]:
        """Publish the views; return MLflow's reasons, and stop at a few."""
        refused: list[str] = []
        for view in self._publish_batch(tracker, views):
            refused += self._publish(tracker, view)
            if len(refused) >= MAX_REFUSED_TRIALS_PER_PASS:
                break
        return refused

    def _publish_batch(self, tracker: "Tracker", views: list[TrialView]) -> list[TrialView]:
        """Publish all views that can be written at once; return the others."""
        while written := tracker.publish_batch(views):
            for view in written:
                self._set_published(view)
            numbers = {view.number for view in written}
            views = [view for view in views if view.number not in numbers]
        return views

    def _publish(self, tracker: "Tracker", view: TrialView) -> list[str]:
        """Publish one view; return MLflow's reason if it answers but refuses this view."""
        try:
            tracker.publish(view)
        except ConflictingTrial:
            raise
        except Exception:
            self._had_trouble = True
            tracker.refresh()  # raises if MLflow is away
            try:
                tracker.publish(view)
            except ConflictingTrial:
                raise
            except Exception as error:
                return [f"MLflow refuses trial {view.number}: {reason(error)}"]
        self._set_published(view)
        return []

    def _set_published(self, view: TrialView) -> None:
        with self._lock:
            if self._views[view.number][0] is view:
                del self._views[view.number]
        self._on_published(view)

    def _describe(self, tracker: "Tracker") -> None:
        """Update the parent run if it does not show the present state, at most every 5 seconds."""
        with self._lock:
            wanted = (*self._conclusion, tuple(self._progress.trials.items()))
        when, shown = self._described
        is_due = time.monotonic() - when >= DESCRIBE_INTERVAL_SECONDS
        if wanted != shown and (is_due or self._conclusion[0] != "running"):
            tracker.describe(self._progress, *self._conclusion)
            self._described = (time.monotonic(), wanted)

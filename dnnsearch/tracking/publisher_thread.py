"""A thread that brings MLflow to the newest view of every trial.

Whoever hands over views never waits. While MLflow is away it says so once and tries again at
intervals; what could not be published by the end is published by whoever hands over the same views
again. Does not import MLflow until it is started.
"""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from dnnsearch.errors import UserError
from dnnsearch.tracking.error_text import reason
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress, TrialSummary
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import without_password

if TYPE_CHECKING:
    from dnnsearch.tracking.tracker import Tracker

DESCRIBE_EVERY = 5.0  # seconds between two updates of the parent run while trials come in
BRIEF = 1.0  # seconds: a trial that ends sooner is shown once, as ended, and never as running
PATIENCE = 2  # trials refused before a pass is given up: then it is hardly the trials' fault


class Publisher:
    """Publishes a study; `put` and `conclude` return at once and may be called from any thread.

    `say` is called from the publishing thread with one line when trouble begins and when it ends,
    `shown` with each view that MLflow has come to show; `interval` is the time in seconds between
    two attempts while there is trouble; `known` is what others have put before, by trial.
    """

    def __init__(
        self,
        uri: str,
        card: StudyInfo,
        say: Callable[[str], None],
        interval: float = 5.0,
        shown: Callable[[TrialView], None] = lambda view: None,
        known: Mapping[int, TrialSummary] = MappingProxyType({}),
    ) -> None:
        self.uri, self.card, self._say, self._interval = uri, card, say, interval
        self._shown = shown
        # not yet published: the newest view of each trial, and when it came
        self._views: dict[int, tuple[TrialView, float]] = {}
        self._standing = StudyProgress(card)
        self._standing.trials.update(known)
        self._study = ("running", "")  # state and fingerprint
        self._described: tuple[float, object] = (0.0, None)  # when, and what the parent shows
        self._lock = threading.Lock()
        self._work, self._closing = threading.Event(), threading.Event()
        self._tracker: Tracker | None = None
        self._trouble, self._troubled = "", False
        self._thread = threading.Thread(target=self._run, name="mlflow", daemon=True)

    def start(self) -> None:
        """Begin. Import what you need before: two threads importing at once can trip."""
        self._thread.start()

    def put(self, view: TrialView) -> None:
        """From now on MLflow shall show this view of its trial."""
        with self._lock:
            self._views.pop(view.number, None)
            self._views[view.number] = view, time.monotonic()
            self._standing.add(view)
        self._work.set()

    def conclude(self, state: str, fingerprint: str = "") -> None:
        """The study is running, interrupted, or finished: then it has all its trials."""
        with self._lock:
            self._study = (state, fingerprint)
        self._work.set()

    def close(self, deadline: float) -> int:
        """Publish what is left, for at most `deadline` seconds or until MLflow fails.

        Returns the number of trials that MLflow does not show. The thread ends with the process.
        """
        self._closing.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(deadline)
        return len(self._views)

    def _run(self) -> None:
        while True:
            self._work.wait(BRIEF if self._views else DESCRIBE_EVERY)
            self._work.clear()
            closing = self._closing.is_set()
            self._try()
            if closing:
                if self._tracker:
                    self._tracker.close()
                return
            if self._trouble:
                self._closing.wait(self._interval)
                self._work.set()

    def _try(self) -> None:
        try:
            trouble = self._publish_all()
        except UserError as error:
            trouble = str(error)
        except Exception as error:
            trouble = f"MLflow at {without_password(self.uri)} does not work: {reason(error)}"
        self._report(trouble)

    def _report(self, trouble: str) -> None:
        """One line when trouble begins, one when it is over."""
        if trouble and not self._trouble:
            self._say(f"{trouble}; the search goes on, trials are published later")
        elif self._trouble and not trouble:
            self._say("MLflow works again: all trials so far are published")
        self._trouble, self._troubled = trouble, self._troubled or bool(trouble)

    def _publish_all(self) -> str:
        """One pass over all that is not published; returns what MLflow refused, in words."""
        tracker = self._open()
        refused: list[str] = []
        for view in self._in_order():
            if view.state != "interrupted" and self._study[0] == "interrupted":
                self._describe(tracker)  # first what must not stay RUNNING: time may be short
            refused += self._publish(tracker, view)
            if len(refused) >= PATIENCE:
                break
        if not refused or self._study[0] != "finished":
            self._describe(tracker)
        return refused[0] if refused else ""

    def _open(self) -> "Tracker":
        """The tracker; after trouble it looks at what MLflow has before anything is sent again.

        And once more at the end, for runs that a slow server created after we had given up on them.
        """
        if self._tracker is None:
            from dnnsearch.tracking.tracker import Tracker

            self._tracker = Tracker(self.uri, self.card)
        elif self._trouble or (self._troubled and self._closing.is_set()):
            self._tracker.look()
        return self._tracker

    def _in_order(self) -> list[TrialView]:
        now = time.monotonic()
        with self._lock:
            due = [view for view, since in self._views.values() if self._is_due(view, now - since)]
        return sorted(due, key=lambda view: view.state != "interrupted")

    def _is_due(self, view: TrialView, age: float) -> bool:
        return view.state != "running" or age >= BRIEF or self._closing.is_set()

    def _publish(self, tracker: "Tracker", view: TrialView) -> list[str]:
        """Publish one view; MLflow's reason if it refuses that one though it answers."""
        try:
            tracker.publish(view)
        except Exception:
            self._troubled = True
            tracker.look()  # raises when MLflow is away
            try:
                tracker.publish(view)
            except Exception as error:
                return [f"MLflow refuses trial {view.number}: {reason(error)}"]
        with self._lock:
            if self._views[view.number][0] is view:
                del self._views[view.number]
        self._shown(view)
        return []

    def _describe(self, tracker: "Tracker") -> None:
        with self._lock:
            wanted = (*self._study, tuple(self._standing.trials.items()))
        when, shown = self._described
        due = self._study[0] != "running" or time.monotonic() - when >= DESCRIBE_EVERY
        if wanted != shown and due:
            tracker.describe(self._standing, *self._study)
            self._described = (time.monotonic(), wanted)

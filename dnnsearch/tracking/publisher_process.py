"""Publishing in a separate process, so that the search never shares its interpreter with MLflow.

MLflow takes seconds to import and tens of milliseconds for every trial, in which the search could
neither suggest nor record a trial. So a child process runs `publisher_thread`, and this module only
sends it what to publish. The child starts to import MLflow at once, and exits when the other end of
its socket is closed. If it dies by itself it is replaced, and the new child gets everything that
MLflow does not show yet. Does not import MLflow.
"""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from dnnsearch.errors import UserError
from dnnsearch.runtime import childprocess
from dnnsearch.tracking.publisher_messages import (
    NO_FILES,
    ClosePublisher,
    Command,
    ConcludeStudy,
    Event,
    Files,
    InformPublisher,
    Notice,
    PublisherClosed,
    PublishTrial,
    StartPublishing,
    TrialPublished,
)
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import UNTRACKED

MAX_DEATHS_IN_A_ROW = 5  # of child processes that have not published a single trial


class PublisherProcess:
    """The child process, and the thread that sends it the commands put into `outbox`."""

    def __init__(self) -> None:
        """Start the process; raise OSError if the system has no room for another one."""
        self.process, self.connection = childprocess.start("dnnsearch.tracking.publisher_main")
        self.outbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        threading.Thread(target=self._send, name="to mlflow", daemon=True).start()

    def _send(self) -> None:
        with suppress(OSError):  # the process is dead; the receiving thread also notices it
            while command := self.outbox.get():
                self.connection.send(command)

    def end(self) -> int:
        """Kill the process if it is still running, and return its exit code."""
        self.outbox.put(None)
        self.process.kill()
        return self.process.wait()


class ProcessPublisher:
    """Publishes a study; `put` and `conclude` return at once and may be called from any thread.

    The child process starts to import MLflow when this object is made, before `start` is called.
    After the `with` block no process is left.
    """

    def __init__(self) -> None:
        self._views: dict[int, TrialView] = {}  # not yet published, the newest of each trial
        self._conclusion: ConcludeStudy | None = None
        self._is_closing = False
        self._close_time = 0.0  # of time.monotonic()
        self._deaths = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._child = PublisherProcess()

    def __enter__(self) -> "ProcessPublisher":
        return self

    def __exit__(self, *raised: object) -> None:
        self._closed.set()
        with self._lock:
            self._child.end()

    @property
    def pending(self) -> int:
        """The number of trials whose newest view MLflow does not show yet."""
        return len(self._views)

    @property
    def pid(self) -> int:
        """The process id of the present child process."""
        return self._child.process.pid

    def start(self, uri: str, info: StudyInfo, report: Callable[[str], None]) -> None:
        """Publish the study of `info` to the MLflow at `uri`.

        `report` is called from another thread with one line when MLflow fails or works again.
        """
        self._uri = uri
        self._progress = StudyProgress(info)
        self._report = report
        with self._lock:
            self._send_everything()
        threading.Thread(target=self._receive, name="from mlflow", daemon=True).start()

    def put(self, view: TrialView) -> None:
        """Publish this view of a trial in place of earlier views of it."""
        with self._lock:
            self._views.pop(view.number, None)
            self._views[view.number] = view
            self._progress.add(view)
            self._child.outbox.put(PublishTrial(view))

    def conclude(self, state: str, fingerprint: str = "", files: Files = NO_FILES) -> None:
        """Publish the state of the study: running, interrupted or finished (has all its trials).

        `files` has further artifacts of trials, by number and name.
        """
        with self._lock:
            self._conclusion = ConcludeStudy(state, fingerprint, files)
            self._child.outbox.put(self._conclusion)

    def inform(self, info: StudyInfo) -> None:
        """Publish what is known of the study now."""
        with self._lock:
            self._progress.info = info
            self._child.outbox.put(InformPublisher(info))

    def close(self, deadline: float) -> int:
        """Publish what is left, for at most `deadline` seconds or until MLflow fails.

        Return the number of trials that MLflow does not show.
        """
        with self._lock:
            self._is_closing = True
            self._close_time = time.monotonic() + deadline
            self._send_close()
        self._closed.wait(deadline)
        return self.pending

    def _send_close(self) -> None:
        remaining = max(self._close_time - time.monotonic(), 0.0)
        self._child.outbox.put(ClosePublisher(remaining))

    def _send_everything(self) -> None:
        """Send a new child process all that it needs; the caller holds the lock."""
        outbox, progress = self._child.outbox, self._progress
        outbox.put(StartPublishing(self._uri, progress.info, dict(progress.trials)))
        for view in self._views.values():
            outbox.put(PublishTrial(view))
        if self._conclusion:
            outbox.put(self._conclusion)
        if self._is_closing:
            self._send_close()

    def _receive(self) -> None:
        while not self._closed.is_set():
            try:
                self._handle(self._child.connection.recv())
            except (EOFError, OSError):
                self._replace_dead()

    def _handle(self, event: Event) -> None:
        match event:
            case Notice(text):
                self._report(text)
            case PublisherClosed():
                self._closed.set()
            case TrialPublished():
                self._deaths = 0
                self._remove_published(event)

    def _remove_published(self, event: TrialPublished) -> None:
        with self._lock:
            view = self._views.get(event.number)
            if view and (view.state, view.digest) == (event.state, event.digest):
                del self._views[event.number]

    def _replace_dead(self) -> None:
        """Replace a child process that has died, or stop publishing and report why."""
        with self._lock:
            if self._closed.is_set():
                return
            trouble = self._start_another(self._child.end())
            if trouble:
                self._closed.set()
            else:
                self._send_everything()
        if trouble:
            self._report(
                f"the process that publishes to MLflow {trouble}; the search continues, and its "
                "trials are published later"
            )

    def _start_another(self, exit_code: int) -> str:
        """Start another child process; return the reason if there is none."""
        self._deaths += 1
        if self._deaths == MAX_DEATHS_IN_A_ROW:
            return f"has died {MAX_DEATHS_IN_A_ROW} times (exit code {exit_code})"
        try:
            self._child = PublisherProcess()
        except OSError as error:
            return f"cannot be started again: {error.strerror}"
        return ""


class NullPublisher:
    """A publisher that does nothing, so that its callers need not ask whether there is one."""

    def __enter__(self) -> "NullPublisher":
        return self

    def __exit__(self, *raised: object) -> None: ...

    def start(self, uri: str, info: StudyInfo, report: Callable[[str], None]) -> None: ...

    def put(self, view: TrialView) -> None: ...

    def conclude(self, state: str, fingerprint: str = "", files: Files = NO_FILES) -> None: ...

    def inform(self, info: StudyInfo) -> None: ...

    def close(self, deadline: float) -> int:
        return 0


AnyPublisher = ProcessPublisher | NullPublisher


def open_publisher(uri: str) -> AnyPublisher:
    """Return the publisher for the MLflow at `uri`, which starts to import MLflow at once.

    Raise UserError if the system has no room for another process.
    """
    try:
        return NullPublisher() if uri == UNTRACKED else ProcessPublisher()
    except OSError as error:
        raise UserError(
            f"the process that publishes to MLflow cannot be started: {error.strerror}"
        ) from error

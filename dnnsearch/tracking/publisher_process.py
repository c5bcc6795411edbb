"""Publishing in a process of its own: the search never shares its interpreter with MLflow.

MLflow imports for seconds and works for tens of milliseconds on every trial, in which nothing could
be asked or told. So a child process does what `publisher` does, and this end of it only hands over.
The child begins to import as soon as there is one; it dies when the other end of its socket is
gone. One that dies by itself is replaced, and its successor is told all that MLflow does not show.
Does not import MLflow.
"""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.runtime import childprocess
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import UNTRACKED

MAX_DEATHS = 5  # children in a row that die without having shown a trial


class PublisherProcess:
    """The process, and the thread that sends it what is put into `inbox`."""

    def __init__(self) -> None:
        self.process, self.connection = childprocess.start("dnnsearch.tracking.publisher_main")
        self.inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        threading.Thread(target=self._send, name="to mlflow", daemon=True).start()

    def _send(self) -> None:
        with suppress(OSError):  # it is dead, as whoever receives will see
            while message := self.inbox.get():
                self.connection.send(message)

    def end(self) -> int:
        """Kill it, if it has not ended; returns its exit code."""
        self.inbox.put(())
        self.process.kill()
        return self.process.wait()


class PublishingProcess:
    """Publishes a study; `put` and `conclude` return at once and may be called from any thread.

    Its child begins to import MLflow at once, whenever it is told what to publish. No process is
    left when its `with` block ends.
    """

    def __init__(self) -> None:
        self._views: dict[int, TrialView] = {}  # not yet shown, the newest of each trial
        self._last_words: dict[str, tuple[Any, ...]] = {}  # of `conclude` and `close`
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._until = 0.0
        self._deaths = 0
        self._child = PublisherProcess()

    def __enter__(self) -> "PublishingProcess":
        return self

    def __exit__(self, *raised: object) -> None:
        self._closed.set()
        with self._lock:
            self._child.end()

    def start(self, uri: str, card: StudyInfo, say: Callable[[str], None]) -> None:
        """Publish the study of the card to the MLflow at `uri`.

        `say` is called from another thread with what a person should know of outages.
        """
        self.uri, self._standing, self._say = uri, StudyProgress(card), say
        self._tell_all()
        threading.Thread(target=self._listen, name="from mlflow", daemon=True).start()

    def put(self, view: TrialView) -> None:
        """From now on MLflow shall show this view of its trial."""
        with self._lock:
            self._views.pop(view.number, None)
            self._views[view.number] = view
            self._standing.add(view)
            self._child.inbox.put(("put", view))

    def conclude(self, state: str, fingerprint: str = "") -> None:
        """The study is running, interrupted, or finished: then it has all its trials."""
        self._say_last("conclude", state, fingerprint)

    def close(self, deadline: float) -> int:
        """Publish what is left, for at most `deadline` seconds or until MLflow fails.

        Returns the number of trials that MLflow does not show.
        """
        self._until = time.monotonic() + deadline
        self._say_last("close")
        self._closed.wait(deadline)
        return len(self._views)

    def _say_last(self, name: str, *arguments: str) -> None:
        with self._lock:
            self._last_words[name] = arguments
            self._child.inbox.put(self._word(name))

    def _word(self, name: str) -> tuple[Any, ...]:
        if name == "close":
            return name, max(self._until - time.monotonic(), 0.0)
        return name, *self._last_words[name]

    def _tell_all(self) -> None:
        """All that a child must know which knows nothing."""
        with self._lock:
            inbox, standing = self._child.inbox, self._standing
            inbox.put(("begin", self.uri, standing.card, dict(standing.trials)))
            for view in self._views.values():
                inbox.put(("put", view))
            for name in self._last_words:
                inbox.put(self._word(name))

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._hear(*self._child.connection.recv())
            except (EOFError, OSError):
                self._replace()

    def _hear(self, name: str, *said: Any) -> None:
        match name:
            case "say":
                self._say(*said)
            case "closed":
                self._closed.set()
            case "shown":
                self._deaths = 0
                self._forget(*said)

    def _forget(self, number: int, state: str, digest: str) -> None:
        with self._lock:
            view = self._views.get(number)
            if view and (view.state, view.digest) == (state, digest):
                del self._views[number]

    def _replace(self) -> None:
        """After a child that has died: by another one, unless that has been of no use."""
        with self._lock:
            if self._closed.is_set():
                return
            trouble = self._begin_anew(self._child.end())
        if trouble:
            self._closed.set()
            self._say(
                f"the process that publishes to MLflow {trouble}; the search goes on, trials are "
                "published later"
            )
        else:
            self._tell_all()

    def _begin_anew(self, code: int) -> str:
        """With another child; says why there is none."""
        self._deaths += 1
        if self._deaths == MAX_DEATHS:
            return f"has died {MAX_DEATHS} times (exit code {code})"
        try:
            self._child = PublisherProcess()
        except OSError as error:
            return f"cannot be started again: {error.strerror}"
        return ""


class NullPublisher:
    """The publisher that publishes nothing, so that nobody has to ask whether there is one."""

    def __enter__(self) -> "NullPublisher":
        return self

    def __exit__(self, *raised: object) -> None: ...

    def start(self, uri: str, card: StudyInfo, say: Callable[[str], None]) -> None: ...

    def put(self, view: TrialView) -> None: ...

    def conclude(self, state: str, fingerprint: str = "") -> None: ...

    def close(self, deadline: float) -> int:
        return 0


AnyPublisher = PublishingProcess | NullPublisher


def open_publisher(uri: str) -> AnyPublisher:
    """Who will tell the MLflow at `uri`, if it is to be told; prepares itself from now on.

    Raises UserError where the machine has no room for another process.
    """
    try:
        return NullPublisher() if uri == UNTRACKED else PublishingProcess()
    except OSError as error:
        raise UserError(
            f"the process that publishes to MLflow cannot be started: {error.strerror}"
        ) from error

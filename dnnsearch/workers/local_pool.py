"""Local worker processes: started, fed, and replaced when they die.

A worker is sent its next spec while it still trains the last, so that it does not wait for us. What
a death means for the trials that the worker had is decided by `turns`.
"""

import contextlib
import json
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.trials.spec import Spec
from dnnsearch.workers.events import Done, Event, Failed, Progressed
from dnnsearch.workers.scheduler import Scheduler, Slot
from dnnsearch.workers.worker_process import WorkerProcess

MAX_FAILED_STARTS = (
    3  # of each worker, in a row and without one that was ready: then nobody can train here
)


class Worker(Slot):
    """A child process; the first of its trials is in training."""

    def __init__(self, numerics: str, store: Path) -> None:
        super().__init__()
        self.child = WorkerProcess(numerics, store)
        self.ready = False


class LocalWorkers:
    """A pool of `count` pinned processes on this machine."""

    def __init__(self, count: int, numerics: str, store: Path) -> None:
        self.numerics, self.store = numerics, store
        self._specs: dict[int, bytes] = {}
        self._turns = Scheduler()
        self._failed_starts = 0  # since a worker was ready
        self._workers: list[Worker] = []
        for _ in range(count):
            self._workers.append(self._hire())

    def _hire(self) -> Worker:
        try:
            return Worker(self.numerics, self.store)
        except OSError as error:
            self.close()
            raise UserError(f"a worker process cannot be started: {error.strerror}") from error

    def submit(self, spec: Spec) -> None:
        """Have the spec trained; its number stands in every event about it."""
        self._specs[spec.number] = json.dumps(spec.as_dict()).encode()
        self._turns.submit(spec.number)
        self._dispatch()

    def poll(self, timeout: float) -> list[Event]:
        """What has happened, waiting up to `timeout` seconds for the first of it.

        Raises UserError when a worker refuses to compute here, or when none comes to be ready.
        """
        ready = wait([worker.child.connection for worker in self._workers], timeout)
        talking = [worker for worker in self._workers if worker.child.connection in ready]
        events = [event for worker in talking for event in self._receive(worker)]
        self._dispatch()
        return events

    def _receive(self, worker: Worker) -> Iterator[Event]:
        try:
            message, payload = worker.child.receive()
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        kind = message["kind"]
        number: int = message.get("number", -1)
        worker.ready, self._failed_starts = True, 0
        if kind == "refused":
            raise UserError(message["cause"])
        if kind == "progress":
            yield Progressed(number, message["iteration"], message["value"])
        if kind in ("done", "failed"):
            self._turns.ended(worker, number)
            del self._specs[number]
        if kind == "done":
            yield Done(number, payload)
        if kind == "failed":
            yield Failed(number, message["cause"], message["traceback"])

    def _bury(self, worker: Worker) -> Iterator[Event]:
        """Replace a dead worker; what it had not begun is given back."""
        how = worker.child.end()
        if not worker.ready:
            self._count_failed_start(worker.child, how)
        self._workers[self._workers.index(worker)] = self._hire()
        self._turns.requeue(worker, worker.numbers[1 if worker.ready else 0 :])
        for number in list(worker.numbers):
            if failed := self._turns.crashed(worker, number, how, worker.child.words):
                del self._specs[number]
                yield failed

    def _count_failed_start(self, child: WorkerProcess, how: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= MAX_FAILED_STARTS * len(self._workers):
            said = f": {child.last_line}" if child.last_line else " and had nothing to say"
            raise UserError(
                f"{self._failed_starts} worker processes in a row ended before they could train, "
                f"the last with {how}{said}"
            )

    def _dispatch(self) -> None:
        while given := self._turns.assign(self._workers):
            worker, number = given
            with contextlib.suppress(OSError):  # a dead worker is buried at the next poll
                worker.child.connection.send_bytes(self._specs[number])

    def close(self) -> None:
        """End the processes at once; what was in training is lost."""
        for worker in self._workers:
            worker.child.end()

"""Worker processes on this machine: started, fed, and replaced if they die.

A worker gets its next spec while it still trains the previous one, so that it never waits for the
pool. The `scheduler` decides what a crash means for the trials of a worker.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.spec import Spec
from dnnsearch.workers.events import Done, Event, Failed, Progressed
from dnnsearch.workers.lost_data import Restore, check_losses, no_restore
from dnnsearch.workers.scheduler import Scheduler, Slot
from dnnsearch.workers.worker_process import WorkerProcess

MAX_FAILED_STARTS = 3  # per worker, in a row: then no process can train on this machine


class Worker(Slot):
    """A worker process; it trains the first trial of `numbers`."""

    def __init__(self, pins: str, store: Path) -> None:
        super().__init__()
        self.child = WorkerProcess(pins, store)
        self.ready = False


class LocalWorkers:
    """A pool of `count` processes on this machine, pinned to the numerics that `pins` names.

    They read their data from the array store at `store`. If a worker finds the arrays of its trial
    missing or damaged, `restore` is called with their digest, and the trial runs again. Raise
    UserError if a process cannot be started.
    """

    def __init__(self, count: int, pins: str, store: Path, restore: Restore = no_restore) -> None:
        self.pins = pins
        self.store = store
        self._restore = restore
        self._losses: Counter[int] = Counter()  # of its data, by trial
        self._arrays = ArrayStore(store)
        self._specs: dict[int, Spec] = {}
        self._scheduler = Scheduler()
        self._failed_starts = 0  # since a worker was last ready
        self._workers: list[Worker] = []
        for _ in range(count):
            self._workers.append(self._start_worker())

    @property
    def workers(self) -> Sequence[Worker]:
        """Return the workers of now, in the order of their slots."""
        return tuple(self._workers)

    def _start_worker(self) -> Worker:
        try:
            return Worker(self.pins, self.store)
        except OSError as error:
            self.close()
            raise UserError(f"a worker process cannot be started: {error.strerror}") from error

    def submit(self, spec: Spec) -> None:
        """Queue the spec for training; its number identifies the trial in every event."""
        self._specs[spec.number] = spec
        self._scheduler.submit(spec.number)
        self._dispatch()

    def poll(self, timeout: float) -> list[Event]:
        """Return the events since the last call; wait up to `timeout` seconds for the first one.

        Raise UserError if a worker cannot compute with the pinned numerics, if the workers die one
        after another before any is ready, or if lost data cannot be restored.
        """
        readable = wait([worker.child.connection for worker in self._workers], timeout)
        senders = [worker for worker in self._workers if worker.child.connection in readable]
        events = [event for worker in senders for event in self._receive(worker)]
        self._dispatch()
        return events

    def _receive(self, worker: Worker) -> Iterator[Event]:
        try:
            message, payload = worker.child.receive()
        except (EOFError, OSError):
            yield from self._replace_dead(worker)
            return
        kind = message["kind"]
        number: int = message.get("number", -1)
        worker.ready = True
        self._failed_starts = 0
        if kind == "refused":
            raise UserError(message["cause"])
        if kind == "progress":
            earliest_end = message["earliest_end"]
            yield Progressed(number, message["iteration"], message["value"], earliest_end)
        if kind in ("done", "failed"):
            self._scheduler.ended(worker, number)
            del self._specs[number]
        if kind == "data_lost":
            self._run_again(worker, number, message["cause"])
        if kind == "done":
            yield Done(number, payload)
        if kind == "failed":
            yield Failed(number, message["cause"], message["traceback"])

    def _run_again(self, worker: Worker, number: int, cause: str) -> None:
        """Restore the data of the trial and queue it again: nothing has happened to it."""
        self._losses[number] += 1
        check_losses(number, self._losses[number], cause, self.store)
        self._restore(self._specs[number].arrays)
        self._scheduler.requeue(worker, [number])

    def _replace_dead(self, worker: Worker) -> Iterator[Event]:
        """Start a new worker for a dead one, and queue again what the dead one had not begun.

        A death counts against a trial only if its data are whole: a map of a truncated file kills.
        """
        how = worker.child.end()
        if not worker.ready:
            self._count_failed_start(worker.child, how)
        self._workers[self._workers.index(worker)] = self._start_worker()
        self._scheduler.requeue(worker, worker.numbers[1 if worker.ready else 0 :])
        for number in list(worker.numbers):
            stderr = worker.child.stderr_tail
            if not self._arrays.is_intact(self._specs[number].arrays):
                self._run_again(worker, number, how)
            elif failed := self._scheduler.crashed(worker, number, how, stderr):
                del self._specs[number]
                yield failed

    def _count_failed_start(self, child: WorkerProcess, how: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= MAX_FAILED_STARTS * len(self._workers):
            wrote = f": {child.last_line}" if child.last_line else " and wrote nothing to stderr"
            raise UserError(
                f"{self._failed_starts} worker processes in a row ended before they could train, "
                f"the last with {how}{wrote}"
            )

    def _dispatch(self) -> None:
        while assigned := self._scheduler.assign(self._workers):
            worker, number = assigned
            with contextlib.suppress(OSError):  # a dead worker is replaced at the next poll
                worker.child.connection.send_bytes(
                    json.dumps(self._specs[number].as_dict()).encode()
                )

    def close(self) -> None:
        """End the processes at once; trials in training are lost."""
        for worker in self._workers:
            worker.child.end()

"""Workers of a Dask cluster: a pool with the interface of `local_pool`.

The `scheduler` decides which trial runs again, and Dask's own retries are off. A child process that
crashes on a Dask worker counts like the crash of a local worker. If a Dask worker is lost, with its
process, machine or network, its trials are queued again. A worker that was cut off and comes back
is a new one, and answers to its old tasks are ignored. If a result came twice, it would be the same
one: a result depends on its spec alone.

Workers may come and go. One that does not meet the requirements is refused with a message, and the
search uses the others; if none meets them, the search ends.
"""

import json
import queue
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.trials.record import versions
from dnnsearch.trials.spec import Spec
from dnnsearch.validators import shortened
from dnnsearch.workers.cluster_events import (
    ClusterEvent,
    ConnectionLost,
    TaskFinished,
    TaskProgress,
    WorkerJoined,
    WorkerLeft,
    WorkerRefused,
    WorkersSeen,
)
from dnnsearch.workers.dask_cluster import Cluster
from dnnsearch.workers.dask_task import Answer, WorkerRequirements
from dnnsearch.workers.events import Done, Event, Failed, Progressed
from dnnsearch.workers.lost_data import Restore, no_restore
from dnnsearch.workers.scheduler import Scheduler, Slot

PACKAGES = ("dnnsearch", "numpy")  # that a worker computes with
EXACT_PACKAGES = ("dnnsearch",)  # the same of an exact study
MAX_REPORTS_PER_SECOND = 400  # of progress, by all workers: what a coordinator can process
MIN_PROGRESS_SECONDS = 0.1  # between two reports of one training
PATIENCE_SECONDS = 3.0  # without a new worker, after which a search that can use none gives up
MAX_TRANSFERS = 3  # times that the data are sent again to a worker before it ends a trial


class DaskWorker(Slot):
    """A Dask worker that meets the requirements."""

    def __init__(self, address: str, threads: int) -> None:
        super().__init__(machine=urlsplit(address).hostname or address, capacity=threads)
        self.address = address


def requirements_of(pins: str) -> WorkerRequirements:
    """Return what a search in this process requires of its workers.

    Raise WrongNumerics if the pins are not in effect in this process.
    """
    installed = versions()
    topic = f"dnnsearch-{uuid.uuid4().hex[:12]}"
    packages = EXACT_PACKAGES if pins == numerics.EXACT else PACKAGES
    wanted = {name: installed[name] for name in packages}
    return WorkerRequirements(pins, wanted, numerics.check(pins), topic)


class DaskWorkers:
    """The workers of the Dask scheduler at `address` that meet the requirements at any time.

    `arrays` is the digest of the data, in the array store under `store`. `on_message` is called
    with each message for the user, and `restore`, from another thread, before the data are sent.
    Raise UserError if no scheduler answers, or if no worker can be used.
    """

    def __init__(
        self,
        address: str,
        requirements: WorkerRequirements,
        store: Path,
        arrays: str,
        on_message: Callable[[str], None],
        restore: Restore = no_restore,
    ) -> None:
        self.address = address
        self._on_message = on_message
        self._keys = (f"{requirements.topic}-{attempt}" for attempt in count())
        self._scheduler = Scheduler()
        self._specs: dict[int, bytes] = {}
        self._workers: dict[str, DaskWorker] = {}
        self._pending: dict[str, tuple[DaskWorker, int]] = {}  # attempts, by Dask's key
        self._refused: dict[str, str] = {}  # address of a worker to the reason
        self._unreported: list[str] = []  # addresses of refused workers
        self._transfers: dict[str, int] = {}  # by worker: times in a row that it lost the data
        self._seen: frozenset[str] | None = None
        self._last_new = time.monotonic()  # when a new worker was last seen
        self._had_worker = False
        self._has_reported_waiting = False
        self._cluster = Cluster(address, requirements, store, arrays, restore)
        try:
            self._wait_for_first_worker()
        except BaseException:
            self.close()
            raise

    def _wait_for_first_worker(self) -> None:
        """Wait until one worker can be used, so that a bad cluster fails before any trial starts.

        Do not wait if the cluster has no workers at all.
        """
        while self._seen is None or (self._seen and not self._workers):
            self.poll(0.5)

    @property
    def workers(self) -> Mapping[str, DaskWorker]:
        """Return the workers in use now, by address."""
        return dict(self._workers)

    @property
    def pending(self) -> Mapping[str, int]:
        """Return the trials that were given to workers, by the key of the attempt."""
        return {key: number for key, (_, number) in self._pending.items()}

    def submit(self, spec: Spec) -> None:
        """Queue the spec for training; its number identifies the trial in every event."""
        self._specs[spec.number] = json.dumps(spec.as_dict()).encode()
        self._scheduler.submit(spec.number)
        self._dispatch()

    def poll(self, timeout: float) -> list[Event]:
        """Return the events since the last call; wait up to `timeout` seconds for the first one.

        Raise UserError if the scheduler is gone for good, or if no worker could ever be used.
        """
        changes = self._received(timeout)
        events = [event for change in changes for event in self._handle(change)]
        self._dispatch()
        self._report_workers()
        return events

    def _received(self, timeout: float) -> Iterator[ClusterEvent]:
        try:
            yield self._cluster.events.get(timeout=timeout)
            while True:
                yield self._cluster.events.get_nowait()
        except queue.Empty:
            return

    def _handle(self, event: ClusterEvent) -> Iterator[Event]:
        match event:
            case TaskProgress(key, iteration, value, earliest_end):
                if key in self._pending:
                    yield Progressed(self._pending[key][1], iteration, value, earliest_end)
            case TaskFinished(key, answer):
                if key in self._pending:
                    yield from self._handle_answer(*self._pending.pop(key), answer)
            case WorkersSeen(workers):
                if self._seen is None or workers - self._seen:
                    self._last_new = time.monotonic()
                self._seen = workers
            case WorkerJoined(worker, threads):
                self._workers[worker] = DaskWorker(worker, threads)
                self._had_worker = True
                self._has_reported_waiting = False
            case WorkerRefused(worker, why):
                self._refuse(worker, why)
            case WorkerLeft(worker):
                yield from self._lose(worker)
            case ConnectionLost(error):
                raise error

    def _handle_answer(
        self, worker: DaskWorker, number: int, answer: Answer | None
    ) -> Iterator[Event]:
        message, payload = answer or ({"kind": "stopped"}, b"")
        kind, cause, trace = (message.get(key, "") for key in ("kind", "cause", "traceback"))
        if kind == "refused" or kind == "data_lost":
            self._scheduler.requeue(worker, [number])
            self._dismiss(worker, cause if kind == "refused" else "")
        elif kind == "died":
            if failed := self._scheduler.crashed(worker, number, cause, trace):
                del self._specs[number]
                yield failed
        elif kind == "stopped":
            self._scheduler.requeue(worker, [number])
        else:
            self._scheduler.ended(worker, number)
            del self._specs[number]
            self._transfers.pop(worker.address, None)
            yield Done(number, payload) if kind == "done" else Failed(number, cause, trace)

    def _dismiss(self, worker: DaskWorker, why: str) -> None:
        """Queue its trials again; refuse it for the reason `why`, or send it the data again."""
        self._remove(worker)
        self._scheduler.requeue(worker, list(worker.numbers))
        address = worker.address
        transfers = self._transfers[address] = self._transfers.get(address, 0) + (not why)
        if why or transfers > MAX_TRANSFERS:
            self._refuse(address, why or "does not keep the data that it is sent")
        else:
            self._cluster.repeat_handshake(address)

    def _refuse(self, address: str, why: str) -> None:
        self._refused[address] = why
        self._unreported.append(address)

    def _lose(self, address: str) -> Iterator[Event]:
        self._refused.pop(address, None)
        if worker := self._workers.get(address):
            self._remove(worker)
            for failed in self._scheduler.lost(worker, "it vanished"):
                del self._specs[failed.number]
                yield failed

    def _remove(self, worker: DaskWorker) -> None:
        """Stop using the worker and cancel its tasks."""
        del self._workers[worker.address]
        keys = [key for key, (at, _) in self._pending.items() if at is worker]
        for key in keys:
            del self._pending[key]
        self._cluster.cancel(keys)

    def _dispatch(self) -> None:
        workers = list(self._workers.values())
        self._take_back(workers)
        while assigned := self._scheduler.assign(workers):
            worker, number = assigned
            key = next(self._keys)
            self._pending[key] = assigned
            trainings = sum(worker.capacity for worker in workers)
            interval = max(MIN_PROGRESS_SECONDS, trainings / MAX_REPORTS_PER_SECOND)
            self._cluster.start(key, worker.address, self._specs[number], interval)

    def _take_back(self, workers: list[DaskWorker]) -> None:
        """Queue again the trials that wait behind others while workers are idle."""
        if self._scheduler.is_waiting or any(worker.alone for worker in workers):
            return
        idle = sum(not worker.numbers for worker in workers)
        for worker in sorted(workers, key=lambda worker: worker.load, reverse=True)[:idle]:
            if len(worker.numbers) > worker.capacity:
                last = worker, worker.numbers[-1]
                key = next(key for key, attempt in self._pending.items() if attempt == last)
                del self._pending[key]
                self._cluster.cancel([key])
                self._scheduler.requeue(worker, [last[1]])

    def _report_workers(self) -> None:
        """Report refused workers, and that the search waits for one; give up if none fits."""
        waited = time.monotonic() - self._last_new
        if self._had_worker:
            for worker in self._unreported:
                self._on_message(
                    f"worker {worker} {self._refused.get(worker, 'is gone')}; it is not used"
                )
            self._unreported.clear()
        elif self._seen and self._all_are_refused() and waited >= PATIENCE_SECONDS:
            raise UserError(self._refusal())
        stuck = self._scheduler.is_waiting and not self._workers and self._all_are_refused()
        if stuck and not self._has_reported_waiting:
            self._has_reported_waiting = True
            refused = "that can be used any more: waiting for others"
            state = refused if self._seen else "yet: waiting for them"
            self._on_message(f"no workers at {self.address} {state}")

    def _all_are_refused(self) -> bool:
        return self._refused.keys() >= (self._seen or set())

    def _refusal(self) -> str:
        refused = shortened([f"{worker} {why}" for worker, why in self._refused.items()], 1, "; ")
        return f"no worker at {self.address} can be used: {refused}"

    def close(self) -> None:
        """End the trainings at once; trials in training are lost."""
        self._cluster.close()

"""Workers of a Dask cluster: the seam of the local pool, played over a network.

What counts against a trial is decided by `turns`, and never by Dask's own reruns: a child process
that dies on a worker counts like the death of a local worker; a worker that vanishes, with its
process, machine or network, gives back what it had. A worker that was cut off and comes back is a
newcomer, and what it still had is not asked for any more. Were a result to come twice, it would be
the same one: results are by spec.

Workers may come and go. One that does not fit is refused with a line, and the search goes on with
the others; where none fits, it ends.
"""

import json
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics as arithmetic
from dnnsearch.trials.record import versions
from dnnsearch.trials.spec import Spec
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
from dnnsearch.workers.scheduler import Scheduler, Slot

PACKAGES = ("dnnsearch", "numpy")  # what a worker computes with
PROGRESS_UPDATES = (
    400  # reports of progress a second that a coordinator can take from all its workers
)
PROGRESS_SECONDS = 0.1  # between two reports of one training, at least
PATIENCE = 3.0  # seconds without a newcomer, after which it is said that none fits
LACKING = 3  # times that a worker is sent the data anew


class DaskWorker(Slot):
    """A Dask worker that fits."""

    def __init__(self, address: str, threads: int) -> None:
        super().__init__(machine=urlsplit(address).hostname or address, capacity=threads)
        self.address = address


def requirements_of(numerics: str) -> WorkerRequirements:
    """What a search in this process, whose numerics these must be, expects of its workers."""
    installed = versions()
    wanted = {name: installed[name] for name in PACKAGES}
    return WorkerRequirements(
        numerics, wanted, arithmetic.check(numerics), f"dnnsearch-{uuid.uuid4().hex[:12]}"
    )


class DaskWorkers:
    """All workers at the scheduler at `address` that fit, whoever they are at a time.

    `arrays` is the digest of the data, in the array store under `store`. `say` is given a line for
    people. Raises UserError where no scheduler answers, or none of the workers there fits.
    """

    def __init__(
        self,
        address: str,
        terms: WorkerRequirements,
        store: Path,
        arrays: str,
        say: Callable[[str], None],
    ) -> None:
        self.address, self._say = address, say
        self._keys = (f"{terms.topic}-{attempt}" for attempt in count())
        self._turns = Scheduler()
        self._specs: dict[int, bytes] = {}
        self._guests: dict[str, DaskWorker] = {}
        self._at: dict[str, tuple[DaskWorker, int]] = {}  # attempts that are awaited, by Dask's key
        self._refused: dict[str, str] = {}
        self._unsaid: list[str] = []  # addresses of refused workers
        self._lacking: dict[str, int] = {}
        self._seen: frozenset[str] | None = None
        self._newest = time.monotonic()  # when a newcomer was seen last
        self._has_begun = self._has_said = False
        self._cluster = Cluster(address, terms, store, arrays)
        try:
            self._wait_for_the_first()
        except BaseException:
            self.close()
            raise

    def _wait_for_the_first(self) -> None:
        """Nothing is asked or written before one fits, unless nobody is there at all."""
        while self._seen is None or (self._seen and not self._guests):
            self.poll(0.5)

    def submit(self, spec: Spec) -> None:
        """Have the spec trained; its number stands in every event about it."""
        self._specs[spec.number] = json.dumps(spec.as_dict()).encode()
        self._turns.submit(spec.number)
        self._dispatch()

    def poll(self, timeout: float) -> list[Event]:
        """What has happened, waiting up to `timeout` seconds for the first of it.

        Raises UserError when the scheduler is gone for good, or when no worker ever fitted.
        """
        events = [event for news in self._news(timeout) for event in self._take(news)]
        self._dispatch()
        self._tell_of_workers()
        return events

    def _news(self, timeout: float) -> Iterator[ClusterEvent]:
        try:
            yield self._cluster.news.get(timeout=timeout)
            while True:
                yield self._cluster.news.get_nowait()
        except queue.Empty:
            return

    def _take(self, news: ClusterEvent) -> Iterator[Event]:
        match news:
            case TaskProgress(key, iteration, value):
                if key in self._at:
                    yield Progressed(self._at[key][1], iteration, value)
            case TaskFinished(key, answer):
                if key in self._at:
                    yield from self._answered(*self._at.pop(key), answer)
            case WorkersSeen(workers):
                self._look_at(workers)
            case WorkerJoined(worker, threads):
                self._guests[worker] = DaskWorker(worker, threads)
                self._has_begun, self._has_said = True, False
            case WorkerRefused(worker, why):
                self._refuse(worker, why)
            case WorkerLeft(worker):
                yield from self._lose(worker)
            case ConnectionLost(error):
                raise error

    def _look_at(self, workers: frozenset[str]) -> None:
        if self._seen is None or workers - self._seen:
            self._newest = time.monotonic()
        self._seen = workers

    def _answered(self, guest: DaskWorker, number: int, answer: Answer | None) -> Iterator[Event]:
        message, payload = answer or ({"kind": "stopped"}, b"")
        kind, cause, trace = (message.get(key, "") for key in ("kind", "cause", "traceback"))
        if kind == "refused" or message.get("lacking"):
            self._turns.requeue(guest, [number])
            self._send_away(guest, cause if kind == "refused" else "")
        elif kind == "died":
            if failed := self._turns.crashed(guest, number, cause, trace):
                del self._specs[number]
                yield failed
        elif kind == "stopped":
            self._turns.requeue(guest, [number])
        else:
            self._turns.ended(guest, number)
            del self._specs[number]
            yield Done(number, payload) if kind == "done" else Failed(number, cause, trace)

    def _send_away(self, guest: DaskWorker, why: str) -> None:
        """It gives back what it has: for good, or until it has the data again."""
        self._forget(guest)
        self._turns.requeue(guest, list(guest.numbers))
        lacked = self._lacking[guest.address] = self._lacking.get(guest.address, 0) + (not why)
        if why or lacked > LACKING:
            self._refuse(guest.address, why or "does not keep the data that it is sent")
        else:
            self._cluster.greet_again(guest.address)

    def _refuse(self, worker: str, why: str) -> None:
        self._refused[worker] = why
        self._unsaid.append(worker)

    def _lose(self, worker: str) -> Iterator[Event]:
        self._refused.pop(worker, None)
        if guest := self._guests.get(worker):
            self._forget(guest)
            for failed in self._turns.lost(guest, "it vanished"):
                del self._specs[failed.number]
                yield failed

    def _forget(self, guest: DaskWorker) -> None:
        """Nothing is awaited of it any more."""
        del self._guests[guest.address]
        keys = [key for key, (where, _) in self._at.items() if where is guest]
        for key in keys:
            del self._at[key]
        self._cluster.forget(keys)

    def _dispatch(self) -> None:
        guests = list(self._guests.values())
        self._call_back(guests)
        while given := self._turns.assign(guests):
            guest, number = given
            key = next(self._keys)
            self._at[key] = given
            every = max(
                PROGRESS_SECONDS, sum(guest.capacity for guest in guests) / PROGRESS_UPDATES
            )
            self._cluster.begin(key, guest.address, self._specs[number], every)

    def _call_back(self, guests: list[DaskWorker]) -> None:
        """A trial that waits behind another is better off with a newcomer that has none."""
        if self._turns.is_waiting or any(guest.alone for guest in guests):
            return
        idle = sum(not guest.numbers for guest in guests)
        for guest in sorted(guests, key=lambda guest: guest.load, reverse=True)[:idle]:
            if len(guest.numbers) > guest.capacity:
                last = guest, guest.numbers[-1]
                key = next(key for key, at in self._at.items() if at == last)
                del self._at[key]
                self._cluster.forget([key])
                self._turns.requeue(guest, [last[1]])

    def _tell_of_workers(self) -> None:
        """Whom the search goes on without, and that it waits for somebody."""
        if self._has_begun:
            for worker in self._unsaid:
                self._say(f"worker {worker} {self._refused.get(worker, 'is gone')}; it is not used")
            self._unsaid.clear()
        elif self._fits_nobody():
            raise UserError(self._none_fits())
        nobody = self._turns.is_waiting and not self._guests and self._all_are_refused()
        if nobody and not self._has_said:
            self._has_said = True
            usable = "that can be used any more: waiting for others"
            state = usable if self._seen else "yet: waiting for them"
            self._say(f"no workers at {self.address} {state}")

    def _all_are_refused(self) -> bool:
        return self._refused.keys() >= (self._seen or set())

    def _fits_nobody(self) -> bool:
        """Whether all who are there are refused, and no newcomer is to be expected."""
        patient = time.monotonic() - self._newest < PATIENCE
        return bool(self._seen) and self._all_are_refused() and not patient

    def _none_fits(self) -> str:
        worker, why = next(iter(self._refused.items()))
        others = f" (and {len(self._refused) - 1} more)" if len(self._refused) > 1 else ""
        return f"no worker at {self.address} can be used: {worker} {why}{others}"

    def close(self) -> None:
        """End the trainings at once; what was in training is lost."""
        self._cluster.close()

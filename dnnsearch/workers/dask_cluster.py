"""The conversation with a Dask cluster, on a thread and an event loop of its own.

It looks who is there, asks each newcomer whether it can train for the search, sends it the data
that its machine lacks, gives out trials and hears of them; all that happens comes out as news. A
trial is a Dask task that is bound to one worker, with a key of its own for each attempt, so that
Dask never decides where it runs or whether it runs again. All communication goes through the
scheduler, the one machine that everybody reaches.

Knows nothing of the order of trials, of suspects and of failures.
"""

import asyncio
import logging
import queue
import threading
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from distributed import CancelledError, Client, KilledWorker
from distributed.core import rpc
from distributed.security import Security
from distributed.versions import VersionMismatchWarning

from dnnsearch.errors import UserError
from dnnsearch.workers import dask_task, transfer
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
from dnnsearch.workers.dask_task import WorkerRequirements

CONNECT_SECONDS = 5.0  # for a scheduler to answer at all
RECONNECT_SECONDS = 60.0  # for one that had answered
LOOK_SECONDS = 0.5  # between two looks at who is there
GREET_SECONDS = 60.0  # for a worker to say what it is
PIECE_SECONDS = 60.0  # for a worker to take a piece of the data
GREETINGS = 3  # attempts to greet a worker that gives no answer
CLOSE_SECONDS = 1.0

for name in ("distributed", "distributed.client", "tornado", "tornado.application"):
    logging.getLogger(name).setLevel(logging.CRITICAL)  # what concerns a person is said by us
warnings.simplefilter("ignore", VersionMismatchWarning)


class Cluster:
    """Workers that are heard of at the scheduler at `address`."""

    def __init__(self, address: str, terms: WorkerRequirements, store: Path, arrays: str) -> None:
        self.address, self.terms, self.store, self.arrays = address, terms, store, arrays
        self.news: queue.SimpleQueue[ClusterEvent] = queue.SimpleQueue()
        self._greetings: dict[str, asyncio.Task[None]] = {}  # of all workers that were seen
        self._trainings: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="dask", daemon=True)
        self._thread.start()

    def begin(self, key: str, worker: str, spec: bytes, every: float) -> None:
        """Have the spec trained there, and its progress told so often."""
        self._soon(self._begin, key, worker, spec, every)

    def forget(self, keys: Collection[str]) -> None:
        """Stop these trainings; nothing more is heard of them."""
        self._soon(self._forget, list(keys))

    def greet_again(self, worker: str) -> None:
        """It lacks something: treat it as if it had just come."""
        self._soon(self._greetings.pop, worker, None)

    def close(self) -> None:
        """Stop everything. What a lost network leaves over, the scheduler clears away."""
        self._soon(self._closing.set)
        self._thread.join(CLOSE_SECONDS)

    def _soon(self, action: Callable[..., object], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended, and has said why
            self._loop.call_soon_threadsafe(action, *arguments)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._converse())
        except BaseException as error:
            self.news.put(ConnectionLost(error))

    async def _converse(self) -> None:
        await self._find_scheduler()
        self._client = Client(
            self.address, asynchronous=True, timeout=RECONNECT_SECONDS, set_as_default=False
        )
        async with self._client as client:
            client.subscribe_topic(self.terms.topic, self._hear)
            while not self._closing.is_set():
                await self._look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)
            self._forget(list(self._trainings))
            for greeting in self._greetings.values():
                greeting.cancel()

    async def _find_scheduler(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                security = Security().get_connection_args("client")
                async with rpc(self.address, connection_args=security) as server:
                    kind = (await server.identity())["type"]
        except Exception as error:
            raise UserError(
                f"workers: no Dask scheduler answers at {self.address} "
                f"({str(error) or f'nothing within {CONNECT_SECONDS:.0f} s'})"
            ) from error
        if kind != "Scheduler":
            raise UserError(f"workers: at {self.address} is a Dask {kind}, not the scheduler")

    async def _look(self) -> None:
        if self._client.status == "closed":
            raise UserError(
                f"the Dask scheduler at {self.address} is gone; the same command goes on with the "
                "study when it is back"
            )
        try:
            threads: dict[str, int] = await asyncio.wait_for(
                self._client.nthreads(), LOOK_SECONDS * 10
            )
        except (OSError, TimeoutError):
            return  # the connection is being mended
        for worker in self._greetings.keys() - threads.keys():
            self._greetings.pop(worker).cancel()
            self.news.put(WorkerLeft(worker))
        self.news.put(WorkersSeen(frozenset(threads)))
        for worker in threads.keys() - self._greetings.keys():
            self._greetings[worker] = asyncio.create_task(self._greet(worker, threads[worker]))

    async def _greet(self, worker: str, threads: int) -> None:
        """Find out whether it fits, and send it what it lacks."""
        for attempt in range(GREETINGS):
            try:
                why = await self._objection(worker) or await self._ship(worker)
                break
            except Exception as error:  # whatever a stranger, or one that is just leaving, answers
                why = f"gives no answer ({str(error) or type(error).__name__})"
                await asyncio.sleep(LOOK_SECONDS * (attempt + 1))
        self.news.put(WorkerRefused(worker, why) if why else WorkerJoined(worker, threads))

    async def _objection(self, worker: str) -> str:
        """First what works without our package, or with another version of it."""
        for package, wanted in self.terms.versions.items():
            try:
                found = await self._run(worker, GREET_SECONDS, metadata.version, package)
            except metadata.PackageNotFoundError:
                return f"has no {package}, and this search {wanted}"
            if found != wanted:
                return f"has {package} {found}, and this search {wanted}"
        return str(await self._run(worker, GREET_SECONDS, dask_task.welcome, self.terms))

    async def _ship(self, worker: str) -> str:
        """Bring the data to the worker's machine; why that cannot be, or nothing."""
        while True:
            word = await self._run(worker, PIECE_SECONDS, dask_task.begin_shipping, self.arrays)
            if word == "send":
                return await self._send(worker)
            if word != "wait":
                return "" if word == "there" else str(word)
            await asyncio.sleep(LOOK_SECONDS)

    async def _send(self, worker: str) -> str:
        why = ""
        for piece in transfer.chunks(self.store, self.arrays):
            why = await self._run(worker, PIECE_SECONDS, dask_task.receive, self.arrays, piece)
            if why:
                break
        why = why or await self._run(worker, PIECE_SECONDS, dask_task.end_shipping, self.arrays)
        if why:
            await self._run(worker, PIECE_SECONDS, dask_task.give_up_shipping, self.arrays)
        return why

    async def _run(
        self, worker: str, seconds: float, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """What the function gives there, beside all that is trained."""
        running = self._client.run(function, *arguments, workers=[worker])
        return (await asyncio.wait_for(running, seconds))[worker]

    def _begin(self, key: str, worker: str, spec: bytes, every: float) -> None:
        future = self._client.submit(
            dask_task.train,
            spec,
            self.terms,
            every,
            key=key,
            workers=[worker],
            allow_other_workers=False,
            retries=0,
            pure=False,
        )
        self._trainings[key] = asyncio.create_task(self._await(key, future))

    async def _await(self, key: str, future: Any) -> None:
        try:
            self.news.put(TaskFinished(key, await future))
        except (CancelledError, KilledWorker):
            self.news.put(TaskFinished(key, None))
        except Exception as error:
            self.news.put(ConnectionLost(error))
        finally:
            self._trainings.pop(key, None)
            future.release()

    def _forget(self, keys: Collection[str]) -> None:
        for key in keys:
            if training := self._trainings.pop(key, None):
                training.cancel()  # which releases the task, and so ends the training

    def _hear(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if message.get("kind") == "progress":
            self.news.put(TaskProgress(message["key"], message["iteration"], message["value"]))

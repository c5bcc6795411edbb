"""The connection to a Dask cluster, on a thread and an event loop of its own.

It watches which workers there are, asks each new one whether it can train for the search, sends it
the data that its machine lacks, starts trials and receives their answers. All that happens is put
into a queue of events. A trial is a Dask task that is bound to one worker, with a key of its own
for each attempt, so that Dask never decides where it runs or whether it runs again. All
communication goes through Dask's scheduler: workers need not be able to reach the search.

The connection knows nothing of the order of trials, of suspected trials and of failures.
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

from distributed import CancelledError, Client, KilledWorker, core
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
from dnnsearch.workers.lost_data import Restore

CONNECT_SECONDS = 5.0  # for the first answer of the scheduler
RECONNECT_SECONDS = 60.0  # for a scheduler that had answered before
LOOK_SECONDS = 0.5  # between two looks at which workers there are
HANDSHAKE_SECONDS = 60.0  # for a worker to answer one question
MAX_HANDSHAKES = 3  # attempts with a worker that gives no answer
CHUNK_SECONDS = 60.0  # for a worker to take a chunk of the data
CLOSE_SECONDS = 1.0

for name in ("distributed", "distributed.client", "tornado", "tornado.application"):
    logging.getLogger(name).setLevel(logging.CRITICAL)  # we report what concerns the user
warnings.simplefilter("ignore", VersionMismatchWarning)


class Cluster:
    """The workers of the Dask scheduler at `address`.

    `arrays` is the address of the data in the array store at `store`. `restore` is called with it
    before the data are sent, in another thread: they may be lost here, too.
    """

    def __init__(
        self,
        address: str,
        requirements: WorkerRequirements,
        store: Path,
        arrays: str,
        restore: Restore,
    ) -> None:
        self.address = address
        self.requirements = requirements
        self.store = store
        self.arrays = arrays
        self._restore = restore
        self.events: queue.SimpleQueue[ClusterEvent] = queue.SimpleQueue()
        self._handshakes: dict[str, asyncio.Task[None]] = {}  # of all workers that were seen
        self._trainings: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="dask", daemon=True)
        self._thread.start()

    def start(self, key: str, worker: str, spec: bytes, interval: float) -> None:
        """Train the spec on the worker; report progress at most every `interval` seconds."""
        self._call_soon(self._start, key, worker, spec, interval)

    def cancel(self, keys: Collection[str]) -> None:
        """Stop these trainings; there will be no more events about them."""
        self._call_soon(self._cancel, list(keys))

    def repeat_handshake(self, worker: str) -> None:
        """Treat the worker as a new one, because it lacks something."""
        self._call_soon(self._handshakes.pop, worker, None)

    def close(self) -> None:
        """Stop everything. If the network is down, the scheduler cancels what is left."""
        self._call_soon(self._closing.set)
        self._thread.join(CLOSE_SECONDS)

    def _call_soon(self, action: Callable[..., object], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended, and ConnectionLost has the reason
            self._loop.call_soon_threadsafe(action, *arguments)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._converse())
        except BaseException as error:
            self.events.put(ConnectionLost(error))

    async def _converse(self) -> None:
        await self._find_scheduler()
        self._client = Client(
            self.address, asynchronous=True, timeout=RECONNECT_SECONDS, set_as_default=False
        )
        async with self._client as client:
            client.subscribe_topic(self.requirements.topic, self._on_progress)
            while not self._closing.is_set():
                await self._look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)
            self._cancel(list(self._trainings))
            for handshake in self._handshakes.values():
                handshake.cancel()

    async def _find_scheduler(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                kind = await _kind_of_server(self.address)
        except Exception as error:
            raise UserError(
                f"workers: no Dask scheduler answers at {self.address} "
                f"({str(error) or f'nothing within {CONNECT_SECONDS:.0f} s'})"
            ) from error
        if kind != "Scheduler":
            raise UserError(f"workers: at {self.address} is a Dask {kind}, not the scheduler")

    async def _look(self) -> None:
        """Report workers that have left, and start the handshake with new ones."""
        if self._client.status == "closed":
            raise UserError(
                f"the Dask scheduler at {self.address} is gone; run the same command to resume "
                "the study when it is back"
            )
        try:
            threads: dict[str, int] = await asyncio.wait_for(
                self._client.nthreads(), LOOK_SECONDS * 10
            )
        except (OSError, TimeoutError):
            return  # Dask is reconnecting
        for worker in self._handshakes.keys() - threads.keys():
            self._handshakes.pop(worker).cancel()
            self.events.put(WorkerLeft(worker))
        self.events.put(WorkersSeen(frozenset(threads)))
        for worker in threads.keys() - self._handshakes.keys():
            handshake = self._handshake(worker, threads[worker])
            self._handshakes[worker] = asyncio.create_task(handshake)

    async def _handshake(self, worker: str, threads: int) -> None:
        """Ask the worker whether it can train for the search, and send it the data it lacks."""
        for attempt in range(MAX_HANDSHAKES):
            try:
                why = await self._objection(worker) or await self._transfer(worker)
                break
            except Exception as error:  # another program may answer anything, as may one that ends
                why = f"gives no answer ({str(error) or type(error).__name__})"
                await asyncio.sleep(LOOK_SECONDS * (attempt + 1))
        self.events.put(WorkerRefused(worker, why) if why else WorkerJoined(worker, threads))

    async def _objection(self, worker: str) -> str:
        """Return why the worker cannot train for the search, or ''.

        The versions are asked first: that works without our package, or with another version of it.
        """
        for package, wanted in self.requirements.versions.items():
            try:
                version = await self._run(worker, HANDSHAKE_SECONDS, metadata.version, package)
            except metadata.PackageNotFoundError:
                return f"has no {package}, but this search needs {wanted}"
            if version != wanted:
                return dask_task.version_objection(package, version, wanted)
        handshake = (dask_task.handshake, self.requirements)
        return str(await self._run(worker, HANDSHAKE_SECONDS, *handshake))

    async def _transfer(self, worker: str) -> str:
        """Copy the data to the worker's machine; return why that cannot be done, or ''."""
        while True:
            answer = await self._run(worker, CHUNK_SECONDS, dask_task.begin_transfer, self.arrays)
            if answer == "send":
                return await self._send(worker)
            if answer != "wait":
                return "" if answer == "there" else str(answer)
            await asyncio.sleep(LOOK_SECONDS)

    async def _send(self, worker: str) -> str:
        try:
            await asyncio.to_thread(self._restore, self.arrays)
        except UserError as error:
            self.events.put(ConnectionLost(error))  # the search ends
            raise
        why = ""
        for chunk in transfer.chunks(self.store, self.arrays):
            why = await self._run(worker, CHUNK_SECONDS, dask_task.receive, self.arrays, chunk)
            if why:
                break
        why = why or await self._run(worker, CHUNK_SECONDS, dask_task.end_transfer, self.arrays)
        if why:
            await self._run(worker, CHUNK_SECONDS, dask_task.cancel_transfer, self.arrays)
        return why

    async def _run(
        self, worker: str, seconds: float, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """Return the function's result on the worker; it runs at once, next to all trainings."""
        running = self._client.run(function, *arguments, workers=[worker])
        return (await asyncio.wait_for(running, seconds))[worker]

    def _start(self, key: str, worker: str, spec: bytes, interval: float) -> None:
        future = self._client.submit(
            dask_task.train,
            spec,
            self.requirements,
            interval,
            key=key,
            workers=[worker],
            allow_other_workers=False,
            retries=0,
            pure=False,
        )
        self._trainings[key] = asyncio.create_task(self._await(key, future))

    async def _await(self, key: str, future: Any) -> None:
        try:
            self.events.put(TaskFinished(key, await future))
        except (CancelledError, KilledWorker):
            self.events.put(TaskFinished(key, None))
        except Exception as error:
            self.events.put(ConnectionLost(error))
        finally:
            self._trainings.pop(key, None)
            future.release()

    def _cancel(self, keys: Collection[str]) -> None:
        for key in keys:
            if training := self._trainings.pop(key, None):
                training.cancel()  # which releases the task, and so ends the training

    def _on_progress(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if message.get("kind") == "progress":
            iteration, value = message["iteration"], message["value"]
            # a worker with older code reports the point at which it ends, too
            earliest_end = message.get("earliest_end", 0)
            self.events.put(TaskProgress(message["key"], iteration, value, earliest_end))


async def _kind_of_server(address: str) -> str:
    """Return what answers at the address: `Scheduler`, `Worker`, ...

    Dask's `rpc` is private. Without it a client is opened, which connects to schedulers alone.
    """
    rpc = getattr(core, "rpc", None)
    if rpc is None:
        async with Client(address, asynchronous=True, set_as_default=False):
            return "Scheduler"
    security = Security().get_connection_args("client")
    async with rpc(address, connection_args=security) as server:
        return str((await server.identity())["type"])

"""What runs on a Dask worker: pinned child processes that train for it, never the worker itself.

A child stays for the next trial, and ends after two seconds without one. While it trains, the Dask
task that it trains for is watched: when that is cancelled, because the search has ended or its
process has died, the child is killed. When the Dask worker dies, its children die with it.

The answer to a task is a message and a payload, as a child sends them: `done` or `failed`; or
`died`, the child without a word; `refused`, where nothing can be trained as the search wants it;
`stopped`. Exceptions that are mistakes of ours stay exceptions.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dnnsearch.storage.array_store import DamagedArrays, default_root
from dnnsearch.workers import transfer
from dnnsearch.workers.worker_process import WorkerProcess

IDLE_SECONDS = 2.0  # that a child lives without a trial
WATCH_SECONDS = 0.2  # between two looks at whether the task is still wanted
MAX_STARTS = 3  # attempts to start a child
NUMERICS_KEYS = ("machine", "blas", "cpu_targets", "rounding")  # what must be the search's own

Answer = tuple[dict[str, Any], bytes]


@dataclass(frozen=True)
class WorkerRequirements:
    """What a search expects of whoever trains for it."""

    numerics: str
    versions: dict[str, str]  # of the packages that a child computes with
    arithmetic: dict[str, Any]  # as `numerics.check` has it
    topic: str  # of Dask's events, where progress is told

    def objection(self, made: dict[str, Any]) -> str:
        """Why a child that says this of itself cannot train for the search, or nothing."""
        for name, wanted in self.versions.items():
            if made["versions"][name] != wanted:
                return f"has {name} {made['versions'][name]}, and this search {wanted}"
        for part in NUMERICS_KEYS:
            if made["numerics"][part] != self.arithmetic[part]:
                found, wanted = made["numerics"][part], self.arithmetic[part]
                return f"computes in another way: {part} is {found} there, and {wanted} here"
        return ""


class RequirementsNotMet(Exception):
    """No child can train here as the search wants it."""


@dataclass(eq=False)
class IdleChild:
    """A child without a trial."""

    child: WorkerProcess
    made: dict[str, Any]
    numerics: str
    retirement: threading.Timer


class ChildPool:
    """The children of this process that wait for a trial."""

    def __init__(self) -> None:
        self._parked: list[IdleChild] = []
        self._lock = threading.Lock()

    def take(self, numerics: str) -> tuple[WorkerProcess, dict[str, Any]]:
        """A child and what it is made of; raises Refused where none can be had."""
        while parked := self._unpark(numerics):
            parked.retirement.cancel()
            if parked.child.process.poll() is None:
                return parked.child, parked.made
            parked.child.end()
        return _started(numerics)

    def _unpark(self, numerics: str) -> IdleChild | None:
        with self._lock:
            found = next((one for one in self._parked if one.numerics == numerics), None)
            if found:
                self._parked.remove(found)
            return found

    def park(self, child: WorkerProcess, made: dict[str, Any], numerics: str) -> None:
        """Keep the child for a while."""
        timer = threading.Timer(IDLE_SECONDS, lambda: self._retire(parked))
        parked = IdleChild(child, made, numerics, timer)
        with self._lock:
            self._parked.append(parked)
        timer.daemon = True
        timer.start()

    def _retire(self, parked: IdleChild) -> None:
        with self._lock:
            if parked not in self._parked:
                return
            self._parked.remove(parked)
        parked.child.end()


CHILD_POOL = ChildPool()


def _started(numerics: str) -> tuple[WorkerProcess, dict[str, Any]]:
    """A new child that has said what it is made of."""
    how = ""
    for _ in range(MAX_STARTS):
        try:
            child = WorkerProcess(numerics, default_root())
        except OSError as error:
            raise RequirementsNotMet(f"cannot start a process: {error.strerror}") from error
        try:
            message, _ = child.receive()
        except (EOFError, OSError):
            how = f"{child.end()} {child.last_line}".rstrip()
            continue
        if message["kind"] == "refused":
            child.end()
            raise RequirementsNotMet(f"cannot train: {message['cause']}")
        return child, message["made"]
    raise RequirementsNotMet(f"cannot start a process: it ends with {how}")


def train(spec: bytes, terms: WorkerRequirements, every: float) -> Answer:
    """A Dask task: have the spec trained by a child, and tell of its progress so often."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    tell = _throttled(every, lambda message: worker.log_event(terms.topic, message))

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return supervise(spec, terms, is_wanted, lambda message: tell({**message, "key": key}))


def supervise(
    spec: bytes,
    terms: WorkerRequirements,
    is_wanted: Callable[[], bool],
    tell: Callable[[dict[str, Any]], None],
) -> Answer:
    """Give the spec to a child and stay with it until it has ended or is not wanted."""
    try:
        child, made = CHILD_POOL.take(terms.numerics)
    except RequirementsNotMet as refused:
        return {"kind": "refused", "cause": str(refused)}, b""
    if objection := terms.objection(made):
        child.end()
        return {"kind": "refused", "cause": objection}, b""
    with suppress(OSError):  # that it is dead is seen when it is listened to
        child.connection.send_bytes(spec)
    try:
        while is_wanted():
            if child.connection.poll(WATCH_SECONDS):
                message, payload = child.receive()
                if message["kind"] != "progress":
                    CHILD_POOL.park(child, made, terms.numerics)
                    return message, payload
                tell(message)
    except (EOFError, OSError):
        how = child.end()
        return {"kind": "died", "cause": how, "traceback": child.words}, b""
    child.end()
    return {"kind": "stopped"}, b""


def _throttled(
    seconds: float, tell: Callable[[dict[str, Any]], None]
) -> Callable[[dict[str, Any]], None]:
    last = time.monotonic()

    def throttled(message: dict[str, Any]) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            tell(message)

    return throttled


async def welcome(terms: WorkerRequirements) -> str:
    """Why nothing can be trained here for the search, or nothing."""
    return await asyncio.to_thread(_handshake, terms)


def _handshake(terms: WorkerRequirements) -> str:
    try:
        child, made = CHILD_POOL.take(terms.numerics)
    except RequirementsNotMet as refused:
        return str(refused)
    CHILD_POOL.park(child, made, terms.numerics)
    return terms.objection(made)


async def begin_shipping(address: str) -> str:
    """As `shipping.begin`, or why nothing can be kept here."""
    return await _kept(lambda: transfer.begin(default_root(), address))


async def receive(address: str, piece: transfer.Chunk) -> str:
    """Why the piece cannot be kept, or nothing."""
    return await _kept(lambda: transfer.receive(default_root(), address, piece))


async def end_shipping(address: str) -> str:
    """Why the group cannot be kept, or nothing."""
    return await _kept(lambda: transfer.end(default_root(), address))


async def _kept(action: Callable[[], str | None]) -> str:
    try:
        return await asyncio.to_thread(action) or ""
    except (OSError, DamagedArrays) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"cannot keep the data in {default_root()}: {why}"


async def give_up_shipping(address: str) -> None:
    await asyncio.to_thread(transfer.give_up, default_root(), address)

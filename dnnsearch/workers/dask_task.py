"""What runs on a Dask worker: pinned child processes train for it; the Dask worker never does.

An idle child is kept for the next trial and ended after two seconds without one. While a child
trains, its Dask task is watched: if the task is cancelled, because the search has ended or its
process has died, the child is killed. If the Dask worker dies, its children end with it.

The answer to a task is a message and a payload. A child sends `done`, `failed`, or `data_lost` if
its arrays are missing or damaged; `died` means that the child crashed, `refused` that nothing can
be trained here as the search requires, `stopped` that the task is no longer wanted. Errors of our
own code stay exceptions.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.runtime.numerics import EXACT
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root
from dnnsearch.workers import transfer
from dnnsearch.workers.worker_process import WorkerProcess

IDLE_SECONDS = 2.0  # that a child lives without a trial
WATCH_SECONDS = 0.2  # between two checks whether the task is still wanted
MAX_STARTS = 3  # attempts to start a child
NUMERICS_KEYS = ("machine", "blas", "cpu_targets", "rounding")  # that must equal the search's own

Answer = tuple[dict[str, Any], bytes]


@dataclass(frozen=True)
class WorkerRequirements:
    """What a search requires of its workers."""

    pins: str
    versions: dict[str, str]  # of the packages that a child computes with
    numerics: dict[str, Any]  # as `numerics.check` returns them
    topic: str  # of the Dask events that report progress

    def objection(self, made: dict[str, Any]) -> str:
        """Return why a child that reports this of itself cannot train for the search, or ''."""
        for name, wanted in self.versions.items():
            if made["versions"][name] != wanted:
                return version_objection(name, made["versions"][name], wanted)
        for part in () if self.pins == EXACT else NUMERICS_KEYS:
            if made["numerics"][part] != self.numerics[part]:
                there, here = made["numerics"][part], self.numerics[part]
                return f"has other numerics: {part} is {there} there, and {here} here"
        return ""


def version_objection(package: str, installed: str, wanted: str) -> str:
    """Return the reason to refuse a worker that has another version of a package."""
    return f"has {package} {installed}, but this search needs {wanted}"


class RequirementsNotMet(Exception):
    """No child can train here as the search requires."""


@dataclass(eq=False)
class IdleChild:
    """A child without a trial; the timer ends it."""

    child: WorkerProcess
    made: dict[str, Any]
    pins: str
    timer: threading.Timer


class ChildPool:
    """The idle children of this process."""

    def __init__(self) -> None:
        self._idle: list[IdleChild] = []
        self._lock = threading.Lock()

    def take(self, pins: str) -> tuple[WorkerProcess, dict[str, Any]]:
        """Return an idle or a new child, and what it reports of itself.

        Raise RequirementsNotMet if no child can be started.
        """
        while idle := self._pop(pins):
            idle.timer.cancel()
            if idle.child.process.poll() is None:
                return idle.child, idle.made
            idle.child.end()
        return _start_child(pins)

    def _pop(self, pins: str) -> IdleChild | None:
        with self._lock:
            idle = next((one for one in self._idle if one.pins == pins), None)
            if idle:
                self._idle.remove(idle)
            return idle

    def put_back(self, child: WorkerProcess, made: dict[str, Any], pins: str) -> None:
        """Keep the child for `IDLE_SECONDS`."""
        timer = threading.Timer(IDLE_SECONDS, lambda: self._end(idle))
        idle = IdleChild(child, made, pins, timer)
        with self._lock:
            self._idle.append(idle)
        timer.daemon = True
        timer.start()

    def _end(self, idle: IdleChild) -> None:
        with self._lock:
            if idle not in self._idle:
                return
            self._idle.remove(idle)
        idle.child.end()


CHILD_POOL = ChildPool()


def _start_child(pins: str) -> tuple[WorkerProcess, dict[str, Any]]:
    """Start a child and return it with what it reports of itself."""
    how = ""
    for _ in range(MAX_STARTS):
        try:
            child = WorkerProcess(pins, default_root())
        except OSError as error:
            raise RequirementsNotMet(f"cannot start a process: {error.strerror}") from error
        except UserError as error:  # the cache is another user's
            raise RequirementsNotMet(f"cannot train: {error}") from error
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


def train(spec: bytes, requirements: WorkerRequirements, interval: float) -> Answer:
    """Train the spec in a child: the Dask task.

    Progress is reported as Dask events of the search's topic, at most every `interval` seconds.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    report = _throttled(interval, lambda message: worker.log_event(requirements.topic, message))

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return supervise(spec, requirements, is_wanted, lambda message: report({**message, "key": key}))


def supervise(
    spec: bytes,
    requirements: WorkerRequirements,
    is_wanted: Callable[[], bool],
    report: Callable[[dict[str, Any]], None],
) -> Answer:
    """Give the spec to a child and stay with it until it has ended or is no longer wanted."""
    try:
        child, made = CHILD_POOL.take(requirements.pins)
    except RequirementsNotMet as refused:
        return {"kind": "refused", "cause": str(refused)}, b""
    if objection := requirements.objection(made):
        child.end()
        return {"kind": "refused", "cause": objection}, b""
    with suppress(OSError):  # a dead child is noticed below
        child.connection.send_bytes(spec)
    try:
        while is_wanted():
            if child.connection.poll(WATCH_SECONDS):
                message, payload = child.receive()
                if message["kind"] != "progress":
                    CHILD_POOL.put_back(child, made, requirements.pins)
                    return message, payload
                report(message)
    except (EOFError, OSError):
        return _death(child.end(), child.stderr_tail, json.loads(spec)["arrays"]), b""
    child.end()
    return {"kind": "stopped"}, b""


def _death(how: str, stderr: str, arrays: str) -> dict[str, Any]:
    """Return the message about a dead child: only if its data are whole is the trial suspected."""
    if ArrayStore(default_root()).is_intact(arrays):
        return {"kind": "died", "cause": how, "traceback": stderr}
    return {"kind": "data_lost", "cause": how}


def _throttled(
    seconds: float, report: Callable[[dict[str, Any]], None]
) -> Callable[[dict[str, Any]], None]:
    last = time.monotonic()

    def throttled(message: dict[str, Any]) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            report(message)

    return throttled


async def handshake(requirements: WorkerRequirements) -> str:
    """Return why nothing can be trained here for the search, or ''."""
    return await asyncio.to_thread(_handshake, requirements)


def _handshake(requirements: WorkerRequirements) -> str:
    try:
        child, made = CHILD_POOL.take(requirements.pins)
    except RequirementsNotMet as refused:
        return str(refused)
    CHILD_POOL.put_back(child, made, requirements.pins)
    return requirements.objection(made)


async def begin_transfer(address: str) -> str:
    """Return what `transfer.begin` does, or why the store here cannot be written."""
    return await _store_error(lambda: transfer.begin(default_root(), address))


async def receive(address: str, chunk: transfer.Chunk) -> str:
    """Write the chunk; return why it cannot be kept, or ''."""
    return await _store_error(lambda: transfer.receive(default_root(), address, chunk))


async def end_transfer(address: str) -> str:
    """Put the group in place; return why it cannot be kept, or ''."""
    return await _store_error(lambda: transfer.end(default_root(), address))


async def _store_error(action: Callable[[], str | None]) -> str:
    """Return what the action does, or the error that prevents it, in one line."""
    try:
        return await asyncio.to_thread(action) or ""
    except UserError as error:
        return str(error)
    except (OSError, DamagedArrays) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"cannot keep the data in {default_root()}: {why}"


async def cancel_transfer(address: str) -> None:
    """Remove what was received of the group."""
    await asyncio.to_thread(transfer.cancel, default_root(), address)

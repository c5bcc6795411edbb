"""Local worker processes, and what happens when one of them dies.

Each worker has a socket of its own, so that a killed one can hold no lock that others need. A
worker is sent its next spec while it still trains the last, so that it does not wait for us. When
one dies without a word, the trial that it was training is suspected: it runs again alone, since
the machine may have run out of memory for reasons of others. Three deaths while alone are its own.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from dnnsearch import numerics as arithmetic
from dnnsearch.errors import UserError
from dnnsearch.spec import Spec
from dnnsearch.workers.events import Done, Event, Failed, Progressed

AHEAD = 2  # specs that a worker holds: one in training, one to go on with
DEATHS_ALONE = 3  # after so many deaths while alone a trial has failed


@dataclass
class Worker:
    """A child process with its end of the socket; the first of its trials is in training."""

    process: subprocess.Popen[bytes]
    connection: Connection
    numbers: deque[int] = field(default_factory=deque)
    ready: bool = False
    alone: bool = False

    def end(self) -> str:
        """Kill, and say in words how it ended."""
        self.process.kill()
        code = self.process.wait()
        self.connection.close()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class LocalWorkers:
    """A pool of `count` pinned processes on this machine."""

    def __init__(self, count: int, numerics: str, store: Path) -> None:
        self.numerics, self.store = numerics, store
        self._specs: dict[int, bytes] = {}
        self._waiting: deque[int] = deque()
        self._suspects: deque[int] = deque()
        self._deaths: Counter[int] = Counter()
        self._workers = [self._start() for _ in range(count)]

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "dnnsearch.workers.child"]
                + [str(theirs.fileno()), self.numerics, str(self.store)],
                env=arithmetic.pinned(self.numerics),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C at a terminal is for the coordinator alone
            )
        return Worker(process, Connection(ours.detach()))

    def submit(self, spec: Spec) -> None:
        """Have the spec trained; its number stands in every event about it."""
        self._specs[spec.number] = json.dumps(spec.as_dict()).encode()
        self._waiting.append(spec.number)
        self._dispatch()

    def poll(self, timeout: float) -> list[Event]:
        """What has happened, waiting up to `timeout` seconds for the first of it.

        Raises UserError when a worker refuses to compute here.
        """
        ready = wait([worker.connection for worker in self._workers], timeout)
        talking = [worker for worker in self._workers if worker.connection in ready]
        events = [event for worker in talking for event in self._receive(worker)]
        self._dispatch()
        return events

    def _receive(self, worker: Worker) -> Iterator[Event]:
        try:
            header, payload = worker.connection.recv_bytes().split(b"\n", 1)
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        message = json.loads(header)
        kind, number = message["kind"], message.get("number")
        worker.ready = True
        if kind == "refused":
            raise UserError(message["cause"])
        if kind == "progress":
            yield Progressed(number, message["iteration"], message["value"])
        if kind in ("done", "failed"):
            self._finish(worker, number)
        if kind == "done":
            yield Done(number, payload)
        if kind == "failed":
            yield Failed(number, message["cause"], message["traceback"])

    def _finish(self, worker: Worker, number: int) -> None:
        worker.numbers.remove(number)
        worker.alone = False
        del self._specs[number]

    def _bury(self, worker: Worker) -> Iterator[Event]:
        """Replace a dead worker; suspect what it trained, give back what it had not begun."""
        how = worker.end()
        if not worker.ready and "exit" in how:
            raise RuntimeError(f"a worker process could not start: {how}")
        self._workers[self._workers.index(worker)] = self._start()
        self._waiting.extendleft(reversed(list(worker.numbers)[1:]))
        if not worker.numbers:
            return
        number = worker.numbers[0]
        self._deaths[number] += worker.alone
        if self._deaths[number] < DEATHS_ALONE:
            self._suspects.append(number)
        else:
            del self._specs[number]
            yield Failed(number, f"its worker died {DEATHS_ALONE} times ({how})", "")

    def _dispatch(self) -> None:
        """Suspects first and alone; otherwise to whoever has least to do."""
        if self._suspects:
            if not any(worker.numbers for worker in self._workers):
                self._workers[0].alone = True
                self._send(self._workers[0], self._suspects.popleft())
            return
        if any(worker.alone for worker in self._workers):
            return
        while self._waiting:
            worker = min(self._workers, key=lambda worker: len(worker.numbers))
            if len(worker.numbers) == AHEAD:
                return
            self._send(worker, self._waiting.popleft())

    def _send(self, worker: Worker, number: int) -> None:
        worker.numbers.append(number)
        with contextlib.suppress(OSError):  # a dead worker is buried at the next poll
            worker.connection.send_bytes(self._specs[number])

    def close(self) -> None:
        """End the processes at once; what was in training is lost."""
        for worker in self._workers:
            worker.end()

"""The process that trains: `python -m dnnsearch.workers.worker_main FD NUMERICS STORE`.

It reads specs from the socket FD, trains them one after another, and sends back progress and
packed records. It was started with the pins of NUMERICS, checks that they are in effect, opens
its data in the array store by digest, and dies as soon as the other end of the socket is gone.
"""

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from dnnsearch.runtime import numerics
from dnnsearch.runtime.childprocess import inbox
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.record import encode, versions
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import Progress

NICE = 5  # whoever feeds us and whoever records what we did are served first: they are single
PROGRESS_SECONDS = 0.02  # at most so often: others wait until the clock knows how far a trial is


def send(connection: Connection, message: dict[str, object], payload: bytes = b"") -> None:
    """One line of JSON, then the payload as it is."""
    connection.send_bytes(json.dumps(message).encode() + b"\n" + payload)


def main(descriptor: int, pins: str, root: str) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody is there any more
        _serve(descriptor, pins, root)


def _serve(descriptor: int, pins: str, root: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    os.nice(NICE)
    connection = Connection(descriptor)
    try:
        made = {"versions": versions(), "numerics": numerics.check(pins)}
    except numerics.WrongNumerics as error:
        return send(connection, {"kind": "refused", "cause": str(error)})
    send(connection, {"kind": "ready", "made": made})
    specs = inbox(connection.recv_bytes)
    store = ArrayStore(Path(root))
    while True:
        _run(connection, Spec.from_dict(json.loads(specs.get())), store, made)


def _run(connection: Connection, spec: Spec, store: ArrayStore, made: Mapping[str, object]) -> None:
    lacking = True
    try:
        data = store.open(spec.arrays)
        lacking = False
        packed = encode(spec, run_trial(spec, data, _Watch(connection, spec)), made)
    except Exception as error:
        message = {
            "kind": "failed",
            "number": spec.number,
            "cause": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
            "lacking": lacking,  # the data could not be opened, and nothing was begun
        }
        send(connection, message)
    else:
        send(connection, {"kind": "done", "number": spec.number}, packed)


class _Watch:
    """Sends a training's progress, but not more often than anybody wants to know."""

    def __init__(self, connection: Connection, spec: Spec) -> None:
        self.connection, self.spec = connection, spec
        self.last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.last < PROGRESS_SECONDS:
            return
        self.last = time.monotonic()
        value = float(progress.value(self.spec.objective).mean())
        send(
            self.connection,
            {
                "kind": "progress",
                "number": self.spec.number,
                "iteration": progress.iteration,
                "value": value,
            },
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])

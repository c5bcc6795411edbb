"""The program of a worker process: `dnnsearch.workers.worker_main FD PINS STORE`.

It reads specs from the socket FD, trains them one after another, and sends back progress and
packed records. It was started with the pins named PINS and checks that they are in effect. It opens
its data in the array store by digest, and ends as soon as the other end of the socket is closed.
"""

import contextlib
import json
import math
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from dnnsearch.runtime import numerics
from dnnsearch.runtime.childprocess import inbox
from dnnsearch.runtime.process_control import lower_priority
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.trials.record import encode, versions
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import Progress

NICENESS = 5  # the coordinator and the publisher go first: there is one of each
MIN_PROGRESS_SECONDS = 0.02  # between two reports; the virtual clock waits for these reports


def send(connection: Connection, message: dict[str, object], payload: bytes = b"") -> None:
    """Send one line of JSON, then the payload as it is."""
    connection.send_bytes(json.dumps(message).encode() + b"\n" + payload)


def main(descriptor: int, pins: str, root: str) -> None:
    """Train until the other end of the socket is closed."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the coordinator is gone
        _serve(descriptor, pins, root)


def _serve(descriptor: int, pins: str, root: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator handles Ctrl-C
    lower_priority(NICENESS)
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
    try:
        message, packed = _trained(connection, spec, store, made)
    except (DamagedArrays, KeyError) as error:  # of the arrays: the training's own are caught
        cause = f"{type(error).__name__}: {error}"
        message, packed = {"kind": "data_lost", "cause": cause}, b""
    send(connection, {**message, "number": spec.number}, packed)


def _trained(
    connection: Connection, spec: Spec, store: ArrayStore, made: Mapping[str, object]
) -> tuple[dict[str, object], bytes]:
    """Return the message about the end of the training, and its record.

    Raise KeyError or DamagedArrays if the arrays are missing or damaged, before or after it: then
    neither a result nor a failure is believed.
    """
    data = store.open(spec.arrays)
    try:
        packed = encode(spec, run_trial(spec, data, _ProgressReporter(connection, spec)), made)
        message: dict[str, object] = {"kind": "done"}
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        message, packed = {"kind": "failed", "cause": cause}, b""
        message["traceback"] = traceback.format_exc()
    store.check(data, spec.arrays)
    return message, packed


class _ProgressReporter:
    """Sends the progress of a training, at most every `MIN_PROGRESS_SECONDS`.

    The first point is sent in any case: then the virtual clock knows that the trial does not end
    before the second one, which lets others be told.
    """

    def __init__(self, connection: Connection, spec: Spec) -> None:
        self.connection = connection
        self.spec = spec
        self.last = -math.inf

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.last < MIN_PROGRESS_SECONDS:
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
                "earliest_end": self.spec.next_point(progress.iteration),
            },
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])

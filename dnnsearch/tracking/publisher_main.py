"""The process that publishes: `python -m dnnsearch.tracking.publisher_main FD`, started by `apart`.

It reads what is to be shown from the socket FD and tells what MLflow shows, and dies as soon as the
other end of the socket is gone.
"""

import gc
import queue
import signal
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from dnnsearch.runtime.childprocess import inbox
from dnnsearch.tracking.publisher_thread import Publisher
from dnnsearch.trials.run import TrialView

COLLECT = 200_000  # new objects between two searches for garbage: importing makes 700,000 that stay
SPARED = "pandas"  # MLflow does without it where it is not installed: 0.3 s of import
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # are for the coordinator to handle


def main(descriptor: int) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    gc.set_threshold(COLLECT)
    connection = Connection(descriptor)
    messages: queue.SimpleQueue[tuple[Any, ...]] = inbox(connection.recv)
    sys.modules[SPARED] = None  # type: ignore[assignment]  # as Python has it: not to be imported
    with suppress(Exception):  # the publisher meets it again, and says it in a line
        import_module("dnnsearch.tracking.tracker")  # MLflow: before there is anything to publish
    del sys.modules[SPARED]  # whoever needs it later shall have it
    gc.freeze()  # what is imported stays: no search for garbage looks through it again
    _serve(connection, messages)


def _serve(connection: Connection, messages: "queue.SimpleQueue[tuple[Any, ...]]") -> None:
    def say(text: str) -> None:
        connection.send(("say", text))

    def shown(view: TrialView) -> None:
        connection.send(("shown", view.number, view.state, view.digest))

    _, uri, card, known = messages.get()
    publisher = Publisher(uri, card, say, shown=shown, known=known)
    publisher.start()
    while True:
        name, *arguments = messages.get()
        getattr(publisher, name)(*arguments)
        if name == "close":
            connection.send(("closed",))


if __name__ == "__main__":
    main(int(sys.argv[1]))

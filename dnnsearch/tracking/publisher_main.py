"""The process that publishes: `dnnsearch.tracking.publisher_main FD`.

It is started by `publisher_process`, reads commands from the socket FD and answers with events. It
exits as soon as the other end of the socket is closed.
"""

import gc
import queue
import signal
import sys
from multiprocessing.connection import Connection

from dnnsearch.runtime.childprocess import inbox
from dnnsearch.runtime.optional_import import import_without
from dnnsearch.runtime.process_control import STOP_SIGNALS
from dnnsearch.tracking.publisher_messages import (
    ClosePublisher,
    Command,
    ConcludeStudy,
    InformPublisher,
    Notice,
    PublisherClosed,
    PublishTrial,
    StartPublishing,
    TrialPublished,
)
from dnnsearch.tracking.publisher_thread import ThreadPublisher
from dnnsearch.trials.run import TrialView

UNUSED = ("pandas", "polars")  # by what is published, and MLflow does without them
OBJECTS_PER_COLLECTION = 200_000  # new objects between two runs of the garbage collector


def main(descriptor: int) -> None:
    """Publish what the process at the other end of the socket `descriptor` asks for."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # only the coordinator handles them
    gc.set_threshold(OBJECTS_PER_COLLECTION)  # the import makes 700,000 objects that stay
    connection = Connection(descriptor)
    commands: queue.SimpleQueue[Command] = inbox(connection.recv)
    import_without(UNUSED, "dnnsearch.tracking.tracker")  # MLflow, before the first command
    gc.freeze()  # the collector need not look at what is imported: it stays
    _serve(connection, commands)


def _serve(connection: Connection, commands: "queue.SimpleQueue[Command]") -> None:
    def report(text: str) -> None:
        connection.send(Notice(text))

    def published(view: TrialView) -> None:
        connection.send(TrialPublished(view.number, view.state, view.digest))

    first = commands.get()
    assert isinstance(first, StartPublishing)
    publisher = ThreadPublisher(
        first.uri, first.info, report, on_published=published, trials=first.trials
    )
    publisher.start()
    while True:
        match commands.get():
            case PublishTrial(view):
                publisher.put(view)
            case InformPublisher(info):
                publisher.inform(info)
            case ConcludeStudy(state, fingerprint, files):
                publisher.conclude(state, fingerprint, files)
            case ClosePublisher(deadline):
                publisher.close(deadline)
                connection.send(PublisherClosed())


if __name__ == "__main__":
    main(int(sys.argv[1]))

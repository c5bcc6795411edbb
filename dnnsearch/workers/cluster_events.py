"""What the connection to a Dask cluster reports: workers that come and go, and tasks."""

from dataclasses import dataclass

from dnnsearch.workers.dask_task import Answer


@dataclass(frozen=True)
class WorkersSeen:
    """All workers of the cluster now, usable or not; the first event of all."""

    workers: frozenset[str]


@dataclass(frozen=True)
class WorkerJoined:
    """The worker can train `threads` trials at once."""

    worker: str
    threads: int


@dataclass(frozen=True)
class WorkerRefused:
    """The worker cannot train for this search, for the reason `why`."""

    worker: str
    why: str


@dataclass(frozen=True)
class WorkerLeft:
    """The worker is gone."""

    worker: str


@dataclass(frozen=True)
class TaskProgress:
    """The trial of the task has made `iteration` updates; its objective is `value`."""

    key: str
    iteration: int
    value: float
    earliest_end: int  # as in `Progressed`


@dataclass(frozen=True)
class TaskFinished:
    """A task has ended; the answer is None if Dask cancelled it or lost its worker."""

    key: str
    answer: Answer | None


@dataclass(frozen=True)
class ConnectionLost:
    """The conversation has ended with this error: this is the last event."""

    error: BaseException


ClusterEvent = (
    WorkersSeen
    | WorkerJoined
    | WorkerRefused
    | WorkerLeft
    | TaskProgress
    | TaskFinished
    | ConnectionLost
)

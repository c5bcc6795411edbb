"""What is heard from a Dask cluster: who comes and goes, and what becomes of a trial there."""

from dataclasses import dataclass

from dnnsearch.workers.dask_task import Answer


@dataclass(frozen=True)
class WorkersSeen:
    """Who is there, fit or not; the first of all news."""

    workers: frozenset[str]


@dataclass(frozen=True)
class WorkerJoined:
    """The worker can train, so many trials at once."""

    worker: str
    threads: int


@dataclass(frozen=True)
class WorkerRefused:
    """The worker cannot train for this search, and why."""

    worker: str
    why: str


@dataclass(frozen=True)
class WorkerLeft:
    """The worker is gone."""

    worker: str


@dataclass(frozen=True)
class TaskProgress:
    """A trial has come so far."""

    key: str
    iteration: int
    value: float


@dataclass(frozen=True)
class TaskFinished:
    """A task has ended; the answer is None when Dask gave it back."""

    key: str
    answer: Answer | None


@dataclass(frozen=True)
class ConnectionLost:
    """Nothing more will come."""

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

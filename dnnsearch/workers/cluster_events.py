"""What is heard from a Dask cluster: who comes and goes, and what becomes of a trial there."""

from dataclasses import dataclass

from dnnsearch.workers.dask_task import Answer


@dataclass(frozen=True)
class Seen:
    """Who is there, fit or not; the first of all news."""

    workers: frozenset[str]


@dataclass(frozen=True)
class Joined:
    """The worker can train, so many trials at once."""

    worker: str
    threads: int


@dataclass(frozen=True)
class Refused:
    """The worker cannot train for this search, and why."""

    worker: str
    why: str


@dataclass(frozen=True)
class Left:
    """The worker is gone."""

    worker: str


@dataclass(frozen=True)
class Told:
    """A trial has come so far."""

    key: str
    iteration: int
    value: float


@dataclass(frozen=True)
class Answered:
    """A task has ended; the answer is None when Dask gave it back."""

    key: str
    answer: Answer | None


@dataclass(frozen=True)
class Broken:
    """Nothing more will come."""

    error: BaseException


News = Seen | Joined | Refused | Left | Told | Answered | Broken

"""What a pool of workers reports of the trials that it was given."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progressed:
    """The trial has made `iteration` updates; `value` is its objective at that point.

    It goes on, and will have made at least `earliest_end` updates when it ends.
    """

    number: int
    iteration: int
    value: float
    earliest_end: int = 0


@dataclass(frozen=True)
class Done:
    """The trial ended by its own rules; `packed` is its record."""

    number: int
    packed: bytes


@dataclass(frozen=True)
class Failed:
    """The trial failed: `cause` in one line, equal for equal failures, and the traceback if any."""

    number: int
    cause: str
    traceback: str


Event = Progressed | Done | Failed

"""What workers tell about the trials that they were given."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progressed:
    """So many updates were made; `value` is the objective at that point of the curve."""

    number: int
    iteration: int
    value: float


@dataclass(frozen=True)
class Done:
    """The trial ended by its own rules; `packed` is its record."""

    number: int
    packed: bytes


@dataclass(frozen=True)
class Failed:
    """An accident: `cause` in one line, equal for equal accidents, and the traceback if any."""

    number: int
    cause: str
    traceback: str


Event = Progressed | Done | Failed

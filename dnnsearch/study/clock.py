"""The virtual clock: when a trial is asked and when it is told, whatever the real workers do.

A study has `parallelism` virtual workers, and a trial lasts as long as it costs, in multiply-adds.
Its virtual finish is known when it has ended; until then the progress that it has reported bounds
it from below. A trial may be told as soon as nothing in flight can still finish before it. Time is
an integer and ties go by number, so the order of asking and telling is a function of the costs
alone. The clock knows nothing of Optuna, processes or seconds.
"""

from dataclasses import dataclass


@dataclass
class InFlightTrial:
    """A trial that was asked and not yet told."""

    number: int
    start: int
    finish: int  # a lower bound until it has ended
    ended: bool = False

    @property
    def order(self) -> tuple[int, int]:
        return self.finish, self.number


class VirtualClock:
    """Orders the trials of one study."""

    def __init__(self, parallelism: int) -> None:
        self.parallelism = parallelism
        self.now = 0
        self._flights: dict[int, InFlightTrial] = {}

    @property
    def is_full(self) -> bool:
        """Whether no virtual worker is free."""
        return len(self._flights) >= self.parallelism

    @property
    def in_flight(self) -> list[int]:
        return list(self._flights)

    def ask(self, number: int) -> None:
        """A free virtual worker begins the trial now."""
        self._flights[number] = InFlightTrial(number, self.now, self.now)

    def progress(self, number: int, cost: int) -> None:
        """So much is spent, and the trial goes on."""
        flight = self._flights[number]
        if not flight.ended:
            flight.finish = max(flight.finish, flight.start + cost)

    def end(self, number: int, cost: int) -> None:
        """The trial has ended, having spent so much in all."""
        flight = self._flights[number]
        flight.finish, flight.ended = flight.start + cost, True

    def due(self) -> int | None:
        """The trial to be told next, or None while one in flight could still come before it."""
        first = min(self._flights.values(), key=lambda flight: flight.order, default=None)
        return first.number if first and first.ended else None

    def tell(self, number: int) -> None:
        """The trial's virtual worker falls free, and its finish is now."""
        self.now = self._flights.pop(number).finish

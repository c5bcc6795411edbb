"""The virtual clock: the order in which trials are asked and told, whatever the real workers do.

A study has `parallelism` virtual workers, and a trial lasts as long as it costs, in multiply-adds.
Its virtual finish is known when it has ended; until then its reported progress gives a lower bound
of it: a trial ends only at a point of its curves, so not before the next one. A trial may be told
as soon as no trial in flight can still finish before it. Time is an integer and ties go to the
smaller number, so the order of asking and telling is a function of the costs alone. The clock knows
nothing of Optuna, processes or seconds.
"""

from dataclasses import dataclass


@dataclass
class InFlightTrial:
    """A trial that was asked and is not told yet; times are in multiply-adds."""

    number: int
    start: int
    finish: int  # a lower bound until the trial has ended
    ended: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """The trial with the smallest order is told first."""
        return self.finish, self.number


class VirtualClock:
    """Orders the trials of one study."""

    def __init__(self, parallelism: int) -> None:
        self.parallelism = parallelism
        self.now = 0
        self.flights: dict[int, InFlightTrial] = {}  # by number

    @property
    def is_full(self) -> bool:
        """Whether no virtual worker is free."""
        return len(self.flights) >= self.parallelism

    @property
    def in_flight(self) -> list[int]:
        """Numbers of the trials in flight, in the order in which they were asked."""
        return list(self.flights)

    def ask(self, number: int) -> None:
        """Start the trial on a free virtual worker, now."""
        self.flights[number] = InFlightTrial(number, start=self.now, finish=self.now)

    def progress(self, number: int, cost: int) -> None:
        """The trial will spend at least `cost` multiply-adds."""
        trial = self.flights[number]
        if not trial.ended:
            trial.finish = max(trial.finish, trial.start + cost)

    def end(self, number: int, cost: int) -> None:
        """The trial has ended after `cost` multiply-adds in all."""
        trial = self.flights[number]
        trial.finish = trial.start + cost
        trial.ended = True

    def due(self) -> int | None:
        """Return the trial to be told next; None if a trial in flight could still come before."""
        first = min(self.flights.values(), key=lambda trial: trial.order, default=None)
        return first.number if first and first.ended else None

    def tell(self, number: int) -> None:
        """Free the trial's virtual worker and move the clock to the trial's finish."""
        self.now = self.flights.pop(number).finish

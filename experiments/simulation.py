"""A simulation of workers on the study's virtual clock; nothing is trained.

The virtual clock (`dnnsearch.study.clock`) decides the order in which trials are asked and told. In
the simulation each multiply-add takes equally long and nothing else takes time. So workers lose
time only to the order: a worker waits if the next trial may not be asked yet.
"""

from collections import deque
from collections.abc import Sequence

from dnnsearch.study.clock import VirtualClock


class Simulation:
    """A study whose trials have these costs (multiply-adds), in the order of their numbers."""

    def __init__(self, costs: Sequence[int], parallelism: int, workers: int) -> None:
        self.costs, self.workers = costs, workers
        self.clock = VirtualClock(parallelism)
        self.now = self.asked = 0
        self.waiting: deque[int] = deque()
        self.started: dict[int, int] = {}  # number of a trial in training -> when it started
        self.ended: list[int] = []  # trials that ended but are not told yet

    def busy_share(self) -> float:
        """Return the share of the workers' time in which they train, until the last trial ends."""
        self.settle()
        while self.started:
            self.now = min(self.moments())
            self.settle()
        return sum(self.costs) / (self.workers * self.now)

    def moments(self) -> list[int]:
        """Return when something can change: a trial ends, or its progress lets another be told."""
        ends = [since + self.costs[number] for number, since in self.started.items()]
        if not self.ended:
            return ends
        flights = self.clock.flights
        first = min(flights[number].finish for number in self.ended)
        passes = [since + first - flights[n].start + 1 for n, since in self.started.items()]
        return [moment for moment in (*ends, *passes) if moment > self.now]

    def settle(self) -> None:
        """Do everything that happens at this moment."""
        self.report()
        while self.tell() or self.ask() or self.start():
            pass

    def report(self) -> None:
        """Report the progress and the end of trials to the clock."""
        for number, since in list(self.started.items()):
            spent = self.now - since
            if spent < self.costs[number]:
                self.clock.progress(number, spent)
            else:
                self.clock.end(number, self.costs[number])
                self.ended.append(number)
                del self.started[number]

    def tell(self) -> bool:
        due = self.clock.due()
        if due is not None:
            self.clock.tell(due)
            self.ended.remove(due)
        return due is not None

    def ask(self) -> bool:
        wanted = self.asked < len(self.costs) and not self.clock.is_full
        if wanted:
            self.clock.ask(self.asked)
            self.waiting.append(self.asked)
            self.asked += 1
        return wanted

    def start(self) -> bool:
        starts = bool(self.waiting) and len(self.started) < self.workers
        if starts:
            self.started[self.waiting.popleft()] = self.now
        return starts

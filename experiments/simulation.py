"""Real workers on the study's virtual clock, played through without a machine.

The order in which trials are asked and told is the clock's own (`dnnsearch.study.clock`). Here
every multiply-add takes equally long and nothing else takes any time, so what workers lose is what
the order itself costs: they wait when the next trial may not be asked yet.
"""

from collections import deque
from collections.abc import Sequence

from dnnsearch.study.clock import VirtualClock


class Simulation:
    """Trials of these costs, in the order of their numbers."""

    def __init__(self, costs: Sequence[int], parallelism: int, workers: int) -> None:
        self.costs, self.workers = costs, workers
        self.clock = VirtualClock(parallelism)
        self.now = self.asked = 0
        self.waiting: deque[int] = deque()
        self.began: dict[int, int] = {}  # in training, and since when
        self.ended: list[int] = []  # and not told

    def busy_share(self) -> float:
        """The share of the workers' time that they train, until the last trial has ended."""
        self.settle()
        while self.began:
            self.now = min(self.moments())
            self.settle()
        return sum(self.costs) / (self.workers * self.now)

    def moments(self) -> list[int]:
        """When something can change: a training ends, or has come so far that another is due."""
        ends = [since + self.costs[number] for number, since in self.began.items()]
        if not self.ended:
            return ends
        flights = self.clock.flights
        first = min(flights[number].finish for number in self.ended)
        passes = [since + first - flights[n].start + 1 for n, since in self.began.items()]
        return [moment for moment in (*ends, *passes) if moment > self.now]

    def settle(self) -> None:
        """All that happens at this moment."""
        self.report()
        while self.tell() or self.ask() or self.begin():
            pass

    def report(self) -> None:
        """What workers tell the clock."""
        for number, since in list(self.began.items()):
            spent = self.now - since
            if spent < self.costs[number]:
                self.clock.progress(number, spent)
            else:
                self.clock.end(number, self.costs[number])
                self.ended.append(number)
                del self.began[number]

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

    def begin(self) -> bool:
        begins = bool(self.waiting) and len(self.began) < self.workers
        if begins:
            self.began[self.waiting.popleft()] = self.now
        return begins

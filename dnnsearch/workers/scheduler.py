"""Which trial runs where, and what a crash means: one rule for all kinds of workers.

Trials are trained in slots; a machine may have several. If the process of a slot crashes, the trial
in training there is suspected: it runs again alone on its machine, because the crash may have
another cause, such as memory that other trials used up. A trial that crashes three times while
alone has failed.

A slot can also be lost, with its machine or its network. That is not the trial's fault: its trials
are queued again and nothing is counted, until more than `MAX_LOST_SLOTS` slots were lost under one
trial. Then the trial may be the cause (it can crash a whole container), and it is suspected like
any other; while it is alone, a lost slot counts as a crash.

The scheduler knows nothing of processes and networks: the caller reports what has happened and asks
what to do next.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dnnsearch.workers.events import Failed

MAX_QUEUED_PER_TRAINING = 2  # one in training, and one that waits behind it in the slot
MAX_CRASHES_ALONE = 3
MAX_LOST_SLOTS = 5  # under one trial


@dataclass(eq=False)
class Slot:
    """Where `capacity` trials are trained at once: the first ones of `numbers`."""

    machine: str = ""
    capacity: int = 1
    numbers: list[int] = field(default_factory=list)
    alone: bool = False  # with a suspected trial

    @property
    def load(self) -> float:
        """Return the number of its trials per trial that it can train at once."""
        return len(self.numbers) / self.capacity


AnySlot = TypeVar("AnySlot", bound=Slot)


class Scheduler:
    """The trials that wait, those that are suspected, and how often each one crashed."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._suspects: deque[int] = deque()
        self._crashes: Counter[int] = Counter()  # by trial
        self._lost_slots: Counter[int] = Counter()  # by trial
        self._reserved_machine = ""

    @property
    def is_waiting(self) -> bool:
        """Whether a trial waits that could start if there were a slot for it."""
        return bool(self._waiting or self._suspects)

    def submit(self, number: int) -> None:
        """Queue a trial behind all others."""
        self._waiting.append(number)

    def assign(self, slots: Sequence[AnySlot]) -> tuple[AnySlot, int] | None:
        """Put the next trial into a slot and return both; return None if no trial can start.

        A suspected trial gets an empty machine of its own, any other the slot with the least load.
        """
        reserved = self._reserve(slots)
        free = [slot for slot in slots if slot.machine != reserved]
        if self._suspects and (slot := _first_of_empty_machine(slots, reserved)):
            slot.alone = True
            return self._put(slot, self._suspects.popleft())
        slot = min(free, key=lambda slot: slot.load, default=None)
        if slot is None or slot.load >= MAX_QUEUED_PER_TRAINING:
            return None
        if len(self._waiting) <= _held_back(slot, free):
            return None
        return self._put(slot, self._waiting.popleft())

    def _put(self, slot: AnySlot, number: int) -> tuple[AnySlot, int]:
        slot.numbers.append(number)
        return slot, number

    def _reserve(self, slots: Sequence[Slot]) -> str | None:
        """Return the machine that is kept for suspected trials, None if there are none."""
        if not self._suspects and not any(slot.alone for slot in slots):
            return None
        loads: Counter[str] = Counter()
        for slot in slots:
            loads[slot.machine] += len(slot.numbers)
        if self._reserved_machine not in loads:
            self._reserved_machine = min(loads, key=lambda machine: loads[machine], default="")
        return self._reserved_machine

    def ended(self, slot: Slot, number: int) -> None:
        """Record that the trial is over, by its own rules or with an error of its own."""
        self._remove(slot, number)
        self._crashes.pop(number, None)
        self._lost_slots.pop(number, None)

    def _remove(self, slot: Slot, number: int) -> bool:
        """Take the trial out of its slot; return whether it was there alone."""
        alone, slot.alone = slot.alone, False
        slot.numbers.remove(number)
        return alone

    def crashed(self, slot: Slot, number: int, how: str, stderr: str = "") -> Failed | None:
        """Record that the process crashed that trained the trial.

        Return None if the trial is to run again alone, else its failure, with the tail of what the
        process wrote to stderr.
        """
        self._crashes[number] += self._remove(slot, number)
        if self._crashes[number] < MAX_CRASHES_ALONE:
            self._suspects.append(number)
            return None
        return Failed(number, f"its worker died {MAX_CRASHES_ALONE} times ({how})", stderr)

    def requeue(self, slot: Slot, numbers: Iterable[int]) -> None:
        """Queue the trials again, in front of all others; no crash is counted."""
        for number in reversed(list(numbers)):
            suspected = self._remove(slot, number)
            (self._suspects if suspected else self._waiting).appendleft(number)

    def lost(self, slot: Slot, how: str) -> list[Failed]:
        """Record that the slot is gone, with its trials; return those that have failed by that."""
        training = slot.numbers[: slot.capacity]
        self._lost_slots.update(training)
        blamed = [n for n in training if slot.alone or self._lost_slots[n] > MAX_LOST_SLOTS]
        self.requeue(slot, [n for n in slot.numbers if n not in blamed])
        return [failed for n in blamed if (failed := self.crashed(slot, n, how))]


def _held_back(slot: Slot, free: Sequence[Slot]) -> int:
    """Return how many trials to leave in the queue rather than put one more into this slot.

    A trial that waits behind another one in a slot cannot be taken back: if few trials wait, it
    would wait behind a long one while another slot is idle.
    """
    if slot.load < 1:
        return 0
    return sum(other.capacity for other in free if other is not slot)


def _first_of_empty_machine(slots: Sequence[AnySlot], machine: str | None) -> AnySlot | None:
    """Return a slot of the machine if nothing is trained there."""
    there = [slot for slot in slots if slot.machine == machine]
    return there[0] if there and not any(slot.numbers for slot in there) else None

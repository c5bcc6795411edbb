"""Who trains what next, and what it means that somebody died: one rule for all kinds of workers.

Trials are trained at places, of which a machine has several. When a place dies without a word, the
trial in training there is suspected: it runs again alone on its machine, which may have run out of
memory for reasons of others. Three deaths while alone are its own.

A place can also vanish, with its machine or its network. That is nobody's fault: its trials go back
and nothing is counted, unless so many places have vanished under one trial that it may be the cause
(it can take a whole container down with it). From then on it is suspected like any other, and while
it is alone a place that vanishes counts as one that died.

Knows nothing of processes and networks: it is told what has happened and asked what to do next.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dnnsearch.workers.events import Failed

MAX_QUEUED_PER_TRAINING = 2  # trials that a place holds for each that it trains: one to go on with
MAX_CRASHES_ALONE = 3  # after so many deaths while alone a trial has failed
MAX_LOST_SLOTS = 5  # places that vanish under a trial before it is suspected


P = TypeVar("P", bound="Slot")


@dataclass(eq=False)
class Slot:
    """Where trials are trained, `width` of them at once, the first of its numbers first."""

    machine: str = ""
    capacity: int = 1
    numbers: list[int] = field(default_factory=list)
    alone: bool = False  # with a suspect

    @property
    def load(self) -> float:
        return len(self.numbers) / self.capacity


class Scheduler:
    """The trials that wait, those that are suspected, and how often they died."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._suspects: deque[int] = deque()
        self._deaths: Counter[int] = Counter()
        self._vanished: Counter[int] = Counter()
        self._reserved = ""

    @property
    def is_waiting(self) -> bool:
        """Whether any trial could begin if there were a place for it."""
        return bool(self._waiting or self._suspects)

    def submit(self, number: int) -> None:
        self._waiting.append(number)

    def assign(self, places: Sequence[P]) -> tuple[P, int] | None:
        """Give a trial to a place: a suspect alone, any other to whoever has least to do."""
        reserved = self._reserve(places)
        free = [place for place in places if place.machine != reserved]
        if self._suspects and (place := _empty(places, reserved)):
            place.alone = True
            return self._give(place, self._suspects.popleft())
        place = min(free, key=lambda place: place.load, default=None)
        if place is None or place.load >= MAX_QUEUED_PER_TRAINING:
            return None
        if len(self._waiting) <= _kept_for_others(place, free):
            return None
        return self._give(place, self._waiting.popleft())

    def _give(self, place: P, number: int) -> tuple[P, int]:
        place.numbers.append(number)
        return place, number

    def _reserve(self, places: Sequence[Slot]) -> str | None:
        """The machine that suspects have to themselves, while there are any."""
        if not self._suspects and not any(place.alone for place in places):
            return None
        loads = _loads(places)
        if self._reserved not in loads:
            self._reserved = min(loads, key=lambda machine: loads[machine], default="")
        return self._reserved

    def ended(self, place: Slot, number: int) -> None:
        """The trial is over, by its own rules or with an error of its own."""
        self._leave(place, number)
        for counted in (self._deaths, self._vanished):
            counted.pop(number, None)

    def _leave(self, place: Slot, number: int) -> bool:
        """Whether it was there alone."""
        alone, place.alone = place.alone, False
        place.numbers.remove(number)
        return alone

    def crashed(self, place: Slot, number: int, how: str, words: str = "") -> Failed | None:
        """Its process died under the trial, which runs again alone, or has failed by that.

        `words` are all that the process said of it.
        """
        self._deaths[number] += self._leave(place, number)
        if self._deaths[number] < MAX_CRASHES_ALONE:
            self._suspects.append(number)
            return None
        return Failed(number, f"its worker died {MAX_CRASHES_ALONE} times ({how})", words)

    def requeue(self, place: Slot, numbers: Iterable[int]) -> None:
        """The trials run elsewhere, before all others, and nothing is held against them."""
        for number in reversed(list(numbers)):
            suspected = self._leave(place, number)
            (self._suspects if suspected else self._waiting).appendleft(number)

    def lost(self, place: Slot, how: str) -> list[Failed]:
        """The place is gone, and with it what it had in training."""
        training = place.numbers[: place.capacity]
        self._vanished.update(training)
        accused = [n for n in training if place.alone or self._vanished[n] > MAX_LOST_SLOTS]
        self.requeue(place, [n for n in place.numbers if n not in accused])
        return [failed for n in accused if (failed := self.crashed(place, n, how))]


def _kept_for_others(place: Slot, free: Sequence[Slot]) -> int:
    """So many trials at least go on waiting, rather than that the place gets one more.

    One that is held ahead cannot be taken back: while few wait, it would stand behind a long trial
    when another place has nothing to do.
    """
    if place.load < 1:
        return 0
    return sum(other.capacity for other in free if other is not place)


def _loads(places: Sequence[Slot]) -> Counter[str]:
    """How many trials each machine has."""
    loads: Counter[str] = Counter()
    for place in places:
        loads[place.machine] += len(place.numbers)
    return loads


def _empty(places: Sequence[P], machine: str | None) -> P | None:
    """A place on the machine, once nothing is trained there."""
    there = [place for place in places if place.machine == machine]
    return there[0] if there and not any(place.numbers for place in there) else None

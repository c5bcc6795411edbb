"""The loop of a study: ask on the virtual clock, have it trained, tell in virtual order.

Search, resume and verify are this one loop. The memo says which specs have a result already: an
empty memo makes it a search, a partial one a resume, an empty one beside a record a verify. What
the sampler knows when it chooses a trial is therefore the same however many workers there are,
however fast they are, and however often the program was killed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from optuna.trial import FrozenTrial

from dnnsearch.study.clock import VirtualClock
from dnnsearch.study.definition import Definition
from dnnsearch.study.replayed_study import ReplayedStudy
from dnnsearch.trials.record import Record, decode, encode_failure
from dnnsearch.trials.spec import Spec, Value
from dnnsearch.workers import Done, Event, Failed, Progressed

POLL_SECONDS = 0.5


class ResultCache(Protocol):
    """The results that are known."""

    def find(self, spec: Spec) -> Record | None: ...

    def keep(self, packed: bytes) -> Record: ...


class TrialLog(Protocol):
    """Where asking and telling are written down."""

    def asked(self, trial: FrozenTrial, spec: Spec) -> None: ...

    def told(self, record: Record, packed: bytes | None) -> None: ...

    def flush(self) -> None: ...


class Workers(Protocol):
    """Who trains."""

    def submit(self, spec: Spec) -> None: ...

    def poll(self, timeout: float) -> list[Event]: ...


class Coordinator:
    """Runs one study; it alone knows the order of things."""

    def __init__(
        self,
        definition: Definition,
        memo: ResultCache,
        book: TrialLog,
        workers: Workers,
        progressed: Callable[[Progressed], None] = lambda event: None,
        retries: Mapping[int, Mapping[str, Value]] = MappingProxyType({}),
    ) -> None:
        self.definition, self.memo, self.book, self.workers = definition, memo, book, workers
        self.progressed = progressed
        self.twin = ReplayedStudy(definition.config)
        self.clock = VirtualClock(definition.config.parallelism)
        self.given = {**dict(enumerate(definition.first_params())), **retries}
        self.asked = 0
        self.specs: dict[int, Spec] = {}  # in flight
        self._digests: dict[int, str] = {}
        self._ended: dict[int, tuple[Record, bytes | None]] = {}

    def run(self, trials: int, may_ask: Callable[[int], bool] = lambda number: True) -> None:
        """Bring the study to so many trials in all, or until `may_ask(number)` says no."""
        while True:
            wanted = self.asked < trials and may_ask(self.asked)
            if wanted and not self.clock.is_full:
                self._ask(self.asked)
            elif self.clock.in_flight:
                self._tell(self._next_due())
            else:
                break
        self.book.flush()

    @property
    def digests(self) -> list[str]:
        """Of the trials that were told, in the order of their numbers."""
        return [digest for _, digest in sorted(self._digests.items())]

    def _ask(self, number: int) -> None:
        trial, hyperparameters = self.twin.ask(number, self.given.get(number))
        spec = self.definition.spec(number, hyperparameters, self.twin.told)
        self.book.asked(trial, spec)
        self.asked, self.specs[number] = number + 1, spec
        self.clock.ask(number)
        record = self.memo.find(spec)
        if record:
            self._end(number, record, None)
        else:
            self.workers.submit(spec)

    def _end(self, number: int, record: Record, packed: bytes | None) -> None:
        self._ended[number] = record, packed
        self.clock.end(number, record.cost)

    def _next_due(self) -> int:
        """Wait until it is certain which trial comes next in virtual time."""
        while (due := self.clock.due()) is None:
            for event in self.workers.poll(POLL_SECONDS):
                self._receive(event)
        return due

    def _receive(self, event: Event) -> None:
        match event:
            case Progressed(number, iteration):
                self.clock.progress(number, self.specs[number].cost(iteration))
                self.progressed(event)
            case Done(number, packed):
                self._end(number, self.memo.keep(packed), None)
            case Failed(number, cause, traceback):
                packed = encode_failure(self.specs[number], cause, traceback)
                self._end(number, decode(packed), packed)

    def _tell(self, number: int) -> None:
        record, packed = self._ended.pop(number)
        del self.specs[number]
        self._digests[number] = record.digest
        self.clock.tell(number)
        self.twin.tell(number, record)
        self.book.told(record, packed)

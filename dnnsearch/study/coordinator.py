"""The loop of a study: ask on the virtual clock, have the trial trained, tell in virtual order.

Search, resume and verify are this one loop. The memo holds the results that are known already: an
empty memo makes it a search, a partial one a resume, an empty one next to a record a verification.
What the sampler knows when it chooses a trial is therefore the same however many workers there are,
however fast they are, and however often the program was killed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from optuna.trial import FrozenTrial

from dnnsearch.study.clock import VirtualClock
from dnnsearch.study.definition import Definition
from dnnsearch.study.replayed_study import ReplayedStudy
from dnnsearch.study.stopping import GainWatch
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record import Record, decode, encode_failure
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Event, Failed, Progressed

POLL_SECONDS = 0.5


class ResultCache(Protocol):
    """The memo: results that are known."""

    def find(self, spec: Spec) -> Record | None:
        """Return the result of this spec, or None if it has none."""

    def save(self, packed: bytes) -> Record:
        """Save a new result and return it decoded."""


class TrialLog(Protocol):
    """Writes down, or compares, what is asked and told."""

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        """The trial was asked."""

    def told(self, record: Record, packed: bytes | None) -> None:
        """The trial was told; `packed` is a failure's record that is not kept yet."""

    def flush(self) -> None:
        """Write what was deferred."""


class Workers(Protocol):
    """Trains specs."""

    def submit(self, spec: Spec) -> None:
        """Have the spec trained."""

    def poll(self, timeout: float) -> list[Event]:
        """Return what has happened, after at most `timeout` seconds."""


class Coordinator:
    """Runs one study; no other part knows the order of its trials."""

    def __init__(
        self,
        definition: Definition,
        memo: ResultCache,
        log: TrialLog,
        workers: Workers,
        on_progress: Callable[[Progressed], None] | None = None,
        presets: Mapping[int, Mapping[str, Value]] = MappingProxyType({}),
    ) -> None:
        """`presets` are params by number: retries, and what the user has given."""
        self.definition = definition
        self.memo = memo
        self.log = log
        self.workers = workers
        self.on_progress = on_progress
        self.study = ReplayedStudy(definition.config)
        self.clock = VirtualClock(definition.config.parallelism)
        self.preset = {**dict(enumerate(definition.first_params())), **presets}
        self.gains = GainWatch(definition.config)
        self.asked = 0
        self.specs: dict[int, Spec] = {}  # of the trials in flight
        self._digests: dict[int, str] = {}
        self._ended: dict[int, tuple[Record, bytes | None]] = {}

    def run(
        self,
        trials: int,
        may_ask: Callable[[int], bool] | None = None,
        on_all_asked: Callable[[], None] = lambda: None,
    ) -> None:
        """Run the study to `trials` trials in all, or until `may_ask(number)` is False.

        `on_all_asked` is called once, when no further trial is asked and the last ones are trained.
        """
        all_asked = False
        while True:
            wanted = self.asked < trials and (may_ask is None or may_ask(self.asked))
            if not (wanted or all_asked):
                all_asked = True
                on_all_asked()
            if wanted and not self.clock.is_full:
                self._ask(self.asked)
            elif self.clock.in_flight:
                self._tell(self._next_due())
            else:
                break
        self.log.flush()

    @property
    def digests(self) -> list[str]:
        """Digests of the told trials' records, in the order of the trials' numbers."""
        return [digest for _, digest in sorted(self._digests.items())]

    def _ask(self, number: int) -> None:
        trial, hyperparameters = self.study.ask(number, self.preset.get(number))
        spec = self.definition.spec(number, hyperparameters, self.study.finished_curves)
        self.log.asked(trial, spec)
        self.asked = number + 1
        self.specs[number] = spec
        self.clock.ask(number)
        if record := self.memo.find(spec):
            self._end(number, record, None)
        else:
            self.workers.submit(spec)

    def _end(self, number: int, record: Record, packed: bytes | None) -> None:
        self._ended[number] = record, packed
        self.clock.end(number, record.cost)

    def _next_due(self) -> int:
        """Wait until it is certain which trial is next in virtual time; return its number."""
        while (due := self.clock.due()) is None:
            for event in self.workers.poll(POLL_SECONDS):
                self._receive(event)
        return due

    def _receive(self, event: Event) -> None:
        match event:
            case Progressed(number, earliest_end=updates):
                self.clock.progress(number, self.specs[number].cost(updates))
                if self.on_progress:
                    self.on_progress(event)
            case Done(number, packed):
                self._end(number, self.memo.save(packed), None)
            case Failed(number, cause, traceback):
                packed = encode_failure(self.specs[number], cause, traceback)
                self._end(number, decode(packed), packed)

    def _tell(self, number: int) -> None:
        record, packed = self._ended.pop(number)
        del self.specs[number]
        self._digests[number] = record.digest
        self.clock.tell(number)
        self.study.tell(number, record)
        self.gains.tell(record)
        self.log.told(record, packed)

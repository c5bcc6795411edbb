"""A whole study from nothing, beside its record: the same loop, with an empty memo.

Accidents of a machine cannot be had again on demand, so recorded failures are given; all else is
prepared, asked, trained and told anew. What a trial is asked with and what it comes to is compared
as it happens. The first difference ends it, since what comes later may differ for that alone.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from optuna.trial import FrozenTrial

from dnnsearch import numerics
from dnnsearch.arrays import ArrayStore
from dnnsearch.comparison import cause, row_difference, spec_difference, training_difference
from dnnsearch.record import Record, decode, fingerprint
from dnnsearch.rounding import units_in_the_last_place
from dnnsearch.spec import Spec
from dnnsearch.study.coordinator import Coordinator
from dnnsearch.study.definition import differences
from dnnsearch.study.reading import OpenStudy
from dnnsearch.study.search import define, local_workers

MEND = (
    "what can be done: bring back what is named here and verify again, or begin a new study "
    "with --study NAME"
)


class Different(Exception):
    """The first difference, in words."""


@dataclass
class Witness:
    """The memo and the book of a study that is lived through again: it only compares."""

    study: OpenStudy
    compared: Callable[[int], None]
    failures: int = 0
    distance: float = 0.0  # the largest so far, in units in the last place
    why: str = ""  # it is not zero

    @cached_property
    def rows(self) -> list[FrozenTrial]:
        return self.study.trials()

    def find(self, spec: Spec) -> Record | None:
        """Only what was an accident is known beforehand."""
        recorded = self.study.record(spec.number)
        return recorded if recorded.end == "failed" and recorded.spec == spec else None

    def keep(self, packed: bytes) -> Record:
        return decode(packed)

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        found = spec_difference(self.study.record(spec.number).spec, spec)
        if found:
            raise Different(f"trial {spec.number}: {found}")

    def told(self, record: Record, packed: bytes | None) -> None:
        number = record.spec.number
        if packed is not None:
            raise Different(f"trial {number}: it failed now: {record.document['cause']}")
        recorded = self.study.record(number)
        self.failures += record.end == "failed"
        if found := row_difference(recorded, self.rows[number]):
            raise Different(f"trial {number}: Optuna's row: {found}")
        if found := training_difference(recorded, record):
            self._weigh(f"trial {number}: {found}", recorded, record)
        self.compared(number)

    def _weigh(self, found: str, recorded: Record, now: Record) -> None:
        """Go on after a difference that is rounding, and of which we know why it is there."""
        why = cause(recorded, now)
        distance = units_in_the_last_place(recorded, now)
        if distance is None or why.startswith("code"):
            raise Different(f"{found} ({why})")
        self.distance, self.why = max(self.distance, distance), why

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a study: `identical`, `equal within rounding` or `different`."""

    verdict: str
    lines: list[str]

    @property
    def exit_code(self) -> int:
        return 0 if self.verdict == "identical" else 1


def verify(
    study: OpenStudy, workers: int, compared: Callable[[int], None] = lambda number: None
) -> Verification:
    """Live through the study again, in this process, whose numerics must be the study's.

    `compared` is called with the number of each trial that has been compared. Raises UserError
    where the study has unfinished trials, or where its records or its data cannot be read.
    """
    recorded = study.fingerprint()
    trials = len(study.trials())
    witness = Witness(study, compared)
    changed: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
            definition = define(study.config, ArrayStore(Path(folder)))
            numerics.check(definition.numerics)
            changed = differences(study.definition, definition.as_dict())
            with local_workers(definition, workers, Path(folder)) as pool:
                coordinator = Coordinator(definition, witness, witness, pool)
                coordinator.run(trials)
    except Different as difference:
        return _different(study, str(difference), changed)
    if witness.distance or fingerprint(coordinator.digests) != recorded:
        return _rounded(study, witness)
    given = f", given {witness.failures} recorded failures" if witness.failures else ""
    spite = [f"  the same in spite of: {'; '.join(changed)}"] if changed else []
    lines = [f"{study.name}: {trials} trials identical{given}", *spite, f"fingerprint {recorded}"]
    return Verification("identical", lines)


def _different(study: OpenStudy, difference: str, changed: list[str]) -> Verification:
    also = [f"  since the study began: {'; '.join(changed)}"] if changed else []
    lines = [f"{study.name} different: {difference}", *also, f"  {MEND}"]
    return Verification("different", lines)


def _rounded(study: OpenStudy, witness: Witness) -> Verification:
    text = f"{study.name} equal within rounding: costs differ by {witness.distance:.0f} units"
    return Verification(
        "equal within rounding", [f"{text} in the last place at most, because of {witness.why}"]
    )

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

from dnnsearch.reproduce.record_comparison import (
    MEND,
    cause,
    row_difference,
    spec_difference,
    training_difference,
)
from dnnsearch.reproduce.rounding import explained_units
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.coordinator import Coordinator
from dnnsearch.study.definition import differences
from dnnsearch.study.retries import given
from dnnsearch.study.search import open_workers, resolve_definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record, decode, fingerprint, inconsistencies
from dnnsearch.trials.spec import Spec


class Different(Exception):
    """The first difference, in words."""


@dataclass
class ReplayVerifier:
    """The memo and the book of a study that is lived through again: it only compares."""

    study: OpenStudy
    tell: Callable[[int, int], None]
    compared: int = 0
    failures: int = 0
    rounded: str = ""  # the first difference that is rounding
    units: float = 0.0  # the largest of those, in the last place
    why: str = ""  # they are there

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
        if found := row_difference(recorded, self.rows[number]):
            raise Different(f"trial {number}: Optuna's row: {found}")
        if found := training_difference(recorded, record):
            self._weigh(f"trial {number}: {found}", recorded, record)
        self.failures += record.end == "failed"
        self.compared += 1
        self.tell(self.compared, len(self.rows))

    def _weigh(self, found: str, recorded: Record, now: Record) -> None:
        """Go on after a difference that is rounding, and of which we know why it is there."""
        units, why = explained_units(recorded, now), cause(recorded, now)
        if units is None:
            raise Different(found if inconsistencies(recorded) else f"{found} ({why})")
        self.rounded, self.why = self.rounded or found, why
        self.units = max(self.units, units)

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
    study: OpenStudy,
    workers: int | str,
    tell: Callable[[int, int], None] = lambda compared, trials: None,
    say: Callable[[str], None] = lambda text: None,
) -> Verification:
    """Live through the study again, in this process, whose numerics must be the study's.

    `workers` is a number of processes or a Dask scheduler's address. `tell` is called after each
    trial with how many are compared, and how many there are, `say` with what people should know.
    Raises UserError where a trial is unfinished, or where the records or the data cannot be read.
    """
    recorded = study.fingerprint()
    witness = ReplayVerifier(study, tell)
    changed: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
            store = Path(folder)
            definition = resolve_definition(study.config, ArrayStore(store))
            numerics.check(definition.numerics)
            changed = differences(study.definition, definition.as_dict())
            with open_workers(definition, workers, store, say) as pool:
                again = given(study)
                coordinator = Coordinator(definition, witness, witness, pool, retries=again)
                coordinator.run(len(witness.rows))
    except Different as difference:
        return _different(study, str(difference), changed)
    if witness.rounded:
        return _rounded(study, witness)
    assert fingerprint(coordinator.digests) == recorded  # each of them was compared
    return _identical(study, witness, recorded, changed)


def _identical(
    study: OpenStudy, witness: ReplayVerifier, recorded: str, changed: list[str]
) -> Verification:
    given = f", given {_counted(witness.failures, 'recorded failure')}" if witness.failures else ""
    spite = [f"  the same in spite of: {'; '.join(changed)}"] if changed else []
    first = f"{study.name} identical: {_counted(witness.compared, 'trial')}{given}"
    return Verification("identical", [first, *spite, f"fingerprint {recorded}"])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _different(study: OpenStudy, difference: str, changed: list[str]) -> Verification:
    also = [f"  since the study began: {'; '.join(changed)}"] if changed else []
    lines = [f"{study.name} different: {difference}", *also, f"  {MEND}"]
    return Verification("different", lines)


def _rounded(study: OpenStudy, witness: ReplayVerifier) -> Verification:
    first = (
        f"{study.name} equal within rounding: its costs differ by {witness.units:.0f} units in the "
        f"last place at most, because of {witness.why}"
    )
    lines = [first, f"  the first that differs: {witness.rounded}", f"  {MEND}"]
    return Verification("equal within rounding", lines)

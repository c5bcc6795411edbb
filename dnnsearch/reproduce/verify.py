"""Replay a whole study from scratch and compare it with its record: the same loop, an empty memo.

Machine failures cannot be reproduced on demand, so recorded failures are replayed as they were. All
else is prepared, asked, trained and told again. The spec of a trial and its result are compared as
soon as they exist. The first difference ends the verification, since later ones may follow from it.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from optuna.trial import FrozenTrial

from dnnsearch.reproduce.record_comparison import (
    ADVICE,
    cause,
    row_difference,
    spec_difference,
    training_difference,
)
from dnnsearch.reproduce.rounding import explained_units
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.computing_code import other_code
from dnnsearch.study.coordinator import Coordinator
from dnnsearch.study.definition import differences, resolve_definition
from dnnsearch.study.given_trials import given_count, presets
from dnnsearch.study.reading_difference import check_reading
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.worker_factory import open_workers
from dnnsearch.trials.record import Record, decode, fingerprint, inconsistencies
from dnnsearch.trials.spec import Spec
from dnnsearch.validators import short_digests

LAST_LINES = ("champion ", "fingerprint ")


class Different(Exception):
    """The first difference, in words."""


@dataclass
class ReplayVerifier:
    """The memo and the log of a replayed study: it stores nothing and compares everything.

    `on_progress` is called after each trial with the number of compared trials and of all trials.
    """

    study: OpenStudy
    on_progress: Callable[[int, int], None]
    compared: int = 0
    failures: int = 0  # recorded ones that were replayed
    first_rounding: str = ""  # the first difference that is only rounding
    max_units: float = 0.0  # the largest such difference, in units in the last place
    rounding_cause: str = ""

    @cached_property
    def other_code(self) -> str:
        """Which files are not the code that computed the study."""
        return other_code(self.study.attributes)

    @cached_property
    def rows(self) -> list[FrozenTrial]:
        """Optuna's trials of the study, by number."""
        return self.study.trials()

    def find(self, spec: Spec) -> Record | None:
        """Return the record if the trial failed; every other trial is trained again."""
        recorded = self.study.stated_record(spec.number)
        return recorded if recorded.end == "failed" and recorded.spec == spec else None

    def save(self, packed: bytes) -> Record:
        """Return the new result decoded; it is not stored."""
        return decode(packed)

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        """Compare the spec; raises Different."""
        difference = spec_difference(self.study.stated_record(spec.number).spec, spec)
        if difference:
            raise Different(f"trial {spec.number}: {difference}")

    def told(self, record: Record, packed: bytes | None) -> None:
        """Compare the result and Optuna's row; raises Different unless it is only rounding."""
        number = record.spec.number
        if packed is not None:
            raise Different(f"trial {number}: it failed now: {record.document['cause']}")
        recorded = self.study.stated_record(number)
        if difference := row_difference(recorded, self.rows[number]):
            raise Different(f"trial {number}: Optuna's row: {difference}")
        if difference := training_difference(recorded, record):
            self._accept_rounding(f"trial {number}: {difference}", recorded, record)
        self.failures += record.end == "failed"
        self.compared += 1
        self.on_progress(self.compared, len(self.rows))

    def _accept_rounding(self, difference: str, recorded: Record, now: Record) -> None:
        """Note a difference that is rounding with a known cause; raise Different for any other."""
        units = explained_units(recorded, now)
        why = cause(recorded, now, self.other_code)
        if units is None:
            damaged = inconsistencies(recorded)
            raise Different(difference if damaged else f"{difference} ({why})")
        self.first_rounding = self.first_rounding or difference
        self.rounding_cause = why
        self.max_units = max(self.max_units, units)

    def flush(self) -> None:
        """Do nothing: no write is deferred."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a study: `identical`, `equal within rounding` or `different`."""

    verdict: str
    lines: list[str]

    @property
    def exit_code(self) -> int:
        """0 if identical, else 1."""
        return 0 if self.verdict == "identical" else 1

    def with_lines(self, more: Sequence[str]) -> "Verification":
        """Return the verdict with more lines, before those of the fingerprints, which stay last."""
        ends = (i for i, line in enumerate(self.lines) if line.startswith(LAST_LINES))
        end = next(ends, len(self.lines))
        return replace(self, lines=[*self.lines[:end], *more, *self.lines[end:]])

    def but(self, study: str, difference: str) -> "Verification":
        """Return the verdict on a study whose trials have this one, and something else differs."""
        first = f"{study} different: {difference}"
        lines = [first, f"  its trials: {self.verdict}", f"  {ADVICE}"]
        return Verification("different", lines)


def verify(
    study: OpenStudy,
    workers: int | str,
    on_progress: Callable[[int, int], None],
    on_message: Callable[[str], None],
) -> Verification:
    """Replay the study in this process, whose numerics must be the study's, and compare it.

    `workers` is a number of processes or a Dask scheduler's address. `on_progress` is called after
    each trial with the number of compared trials and of all trials, `on_message` with what the user
    should know. Raises UserError if a trial is unfinished, if the records or the data cannot be
    read, or if the unchanged file is read otherwise than when the study began.
    """
    ended = study.ended_trials()
    recorded = fingerprint(study.stated_record(row.number).digest for row in ended)
    verifier = ReplayVerifier(study, on_progress)
    changed: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
            store = Path(folder)
            definition = resolve_definition(study.config, ArrayStore(store))
            numerics.check(definition.numerics)
            check_reading(study, definition.prepared, ArrayStore(store))
            changed = differences(study.definition, definition.as_dict())
            changed += [verifier.other_code] if verifier.other_code else []
            with open_workers(definition, workers, store, on_message) as pool:
                coordinator = Coordinator(
                    definition, verifier, verifier, pool, presets=presets(study)
                )
                coordinator.run(len(verifier.rows))
    except Different as difference:
        return _different(study, str(difference), changed)
    if verifier.first_rounding:
        return _rounded(study, verifier)
    assert fingerprint(coordinator.digests) == recorded  # every digest was compared
    return _identical(study, verifier, recorded, changed)


def _identical(
    study: OpenStudy, verifier: ReplayVerifier, recorded: str, changed: list[str]
) -> Verification:
    failures = _count(verifier.failures, "recorded failure")
    given = f", given {failures}" if verifier.failures else ""
    own = f", {given_count(len(study.given))}" if study.given else ""
    despite = [f"  the same in spite of: {'; '.join(changed)}"] if changed else []
    first = f"{study.name} identical: {_count(verifier.compared, 'trial')}{given}{own}"
    return Verification("identical", [first, *despite, f"fingerprint {recorded}"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _different(study: OpenStudy, difference: str, changed: list[str]) -> Verification:
    short = (short_digests(one) for one in changed)
    also = [f"  since the study began: {'; '.join(short)}"] if changed else []
    lines = [f"{study.name} different: {difference}", *also, f"  {ADVICE}"]
    return Verification("different", lines)


def _rounded(study: OpenStudy, verifier: ReplayVerifier) -> Verification:
    first = (
        f"{study.name} equal within rounding: its costs differ by {verifier.max_units:.0f} units "
        f"in the last place at most, because of {verifier.rounding_cause}"
    )
    lines = [first, f"  the first that differs: {verifier.first_rounding}", f"  {ADVICE}"]
    return Verification("equal within rounding", lines)

"""Run a study again from its config and data, and compare it with its lock file.

No record is needed. The loop is that of a search; its records stay in a folder that is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from dnnsearch.reproduce.lock_file import LockFile, trial_line
from dnnsearch.reproduce.locking import as_stored, defined_by, trials_asked
from dnnsearch.reproduce.verify import Different, Verification
from dnnsearch.runtime import numerics
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.computing_code import are_equal, code_digest, module_digests, other_files
from dnnsearch.study.coordinator import Coordinator
from dnnsearch.study.definition import differences
from dnnsearch.study.given_trials import given_count
from dnnsearch.study.worker_factory import open_workers
from dnnsearch.trials.record import Record, encode_failure, fingerprint
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import Records
from dnnsearch.trials.spec import Spec

ARRAYS, RECORDS = "arrays", "records"  # below the folder of a verification
# Keys of a definition that say with what it was computed: a difference there may be the cause of
# another result, but it is no other study.
ENVIRONMENT = ("arithmetic", "numerics", "rounding", "versions")


@dataclass
class LockedReplay:
    """The memo and the log of a study that is compared with its lock as it runs."""

    lock: LockFile
    records: Records
    on_progress: Callable[[int, int], None]
    compared: int = 0

    def find(self, spec: Spec) -> Record | None:
        """Return a failure if the trial failed, since that cannot be repeated; else None."""
        if not self.lock.trial.get(spec.number, "").startswith("failed "):
            return None
        return self.save(encode_failure(spec, "a failure, as the lock file has it", ""))

    def save(self, packed: bytes) -> Record:
        """Save a new result and return it decoded."""
        return self.records.save(packed)

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        """Do nothing: the digest of the result covers what was asked."""

    def told(self, record: Record, packed: bytes | None) -> None:
        """Compare the result; raise Different, with what was asked, if it is another."""
        number = record.spec.number
        if packed is not None:
            raise Different(f"trial {number}: it failed now: {record.document['cause']}")
        then, now = self.lock.trial.get(number, "nothing"), trial_line(record)
        if then != now:
            asked = record.spec.hyperparameters.describe()
            raise Different(
                f"trial {number}: the lock has {then}, and run again ({asked}) it is {now}"
            )
        self.compared += 1
        self.on_progress(self.compared, len(self.lock.trial))

    def flush(self) -> None:
        """Do nothing: no write is deferred."""


def verify_lock(
    lock: LockFile,
    path: Path,
    folder: Path,
    workers: int | str | None,
    on_progress: Callable[[int, int], None],
    on_message: Callable[[str], None],
) -> Verification:
    """Run the study of the lock file at `path` in this process, and compare it.

    The numerics of the process must be the study's. `folder` is for the prepared data and the
    records. `workers` is as for `verify`; by default the config's. Raise UserError if the config or
    the data cannot be read.
    """
    config = path.with_name(lock.config)
    definition = defined_by(config, lock.study, len(lock.trial), ArrayStore(folder / ARRAYS))
    numerics.check(definition.numerics)
    changed = differences(dict(lock.definition), as_stored(definition))
    causes = [one for one in changed if one.startswith(ENVIRONMENT)]
    causes += [other_modules(lock)] if other_modules(lock) else []
    replay = LockedReplay(lock, Records(folder / RECORDS, lock.study), on_progress)
    count = workers or definition.config.processes
    try:
        asked = trials_asked(config, lock.study)
        if lock.trials is None and len(lock.trial) < asked:
            raise Different(
                f"the lock has {len(lock.trial)} trials, and {config.name} asks for {asked}; if "
                f"these are all that there are, write it anew: {program_name()} lock {lock.study}"
            )
        if others := [one for one in changed if one not in causes]:
            raise Different(f"{config.name} or its data, against the lock: {others[0]}")
        with open_workers(definition, count, folder / ARRAYS, on_message) as pool:
            coordinator = Coordinator(definition, replay, replay, pool, presets=lock.presets)
            coordinator.run(len(lock.trial))
        _compare_fingerprint(lock, fingerprint(coordinator.digests))
    except Different as difference:
        why = [f"  since the lock was written: {'; '.join(causes)}"] if causes else []
        return Verification("different", [f"{lock.study} different: {difference}", *why])
    return Verification("identical", _identical_lines(lock, path, asked, causes))


def _identical_lines(lock: LockFile, path: Path, asked: int, causes: Sequence[str]) -> list[str]:
    """Return what is said of the same bits, of a study of which the config asks for so many trials.

    `causes` are what changed since, and could have changed the bits.
    """
    failed = sum(line.startswith("failed ") for line in lock.trial.values())
    given = f", given {failed} failed in the lock" if failed else ""
    given += f", {given_count(len(lock.given))}" if lock.given else ""
    fewer = f" of the {asked} in {lock.config}" if len(lock.trial) < asked else ""
    trials = f"{len(lock.trial)} trials{fewer}, as {path.name} has them{given}"
    despite = [f"  the same in spite of: {'; '.join(causes)}"] if causes else []
    without = [] if lock.champion else ["  no champion in it, so nothing is said of a test figure"]
    first, last = f"{lock.study} identical: {trials}", f"fingerprint {lock.fingerprint}"
    return [first, *despite, *without, last]


def other_modules(lock: LockFile) -> str:
    """Return which files are not the code of the lock; empty if it is the same, or unknown."""
    now: Mapping[str, Any] = module_digests()
    if not lock.code or not now or are_equal(lock.code, code_digest(now)):
        return ""
    short = {name: digest[:DIGEST_PREFIX] for name, digest in now.items()}
    names = sorted(n for n in {**lock.module, **short} if lock.module.get(n) != short.get(n))
    return other_files([f"dnnsearch/{name}" for name in names])


def _compare_fingerprint(lock: LockFile, now: str) -> None:
    if lock.fingerprint != now:
        raise Different(
            f"the lock has the fingerprint {lock.fingerprint}, and run again it is {now}"
        )

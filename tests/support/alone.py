"""Runs a study, or verifies files of studies, in this process alone.

So an emulator can do it, which cannot start processes. It prints the fingerprints as JSON, or the
lines of each verdict. Usage: alone.py CONFIG, or alone.py FILE.dnnstudy...
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # as a program

# The fingerprint of configs/exact_digits.yaml, on every machine, and that with four more trials,
# the first that TPE proposes.
GOLDEN = "fc4f8cfc9bc616de76b5137dffa592bac32a35f6de14c6e836caa1a89ee32df9"
MORE_TRIALS = 4
GOLDENS = [GOLDEN, "5878f2d20a9f44bea61dbef7d67782e44d38048be6caad87580dbbb0bbf11e92"]


class Alone:
    """The workers of a study: a trial is trained when it is asked."""

    def __init__(self, store: Any, made: dict[str, Any]) -> None:
        self.store, self.made, self.done = store, made, []  # type: Any, dict[str, Any], list[Any]

    def submit(self, spec: Any) -> None:
        from dnnsearch.trials.record import encode
        from dnnsearch.trials.run import run_trial
        from dnnsearch.workers import Done

        result = run_trial(spec, self.store.open(spec.arrays))
        self.done.append(Done(spec.number, encode(spec, result, self.made)))

    def poll(self, timeout: float) -> list[Any]:
        events, self.done = self.done, []
        return events


class Memory:
    """The memo and the log of a study: nothing is known, nothing is kept."""

    def find(self, spec: Any) -> None:
        return None

    def save(self, packed: bytes) -> Any:
        from dnnsearch.trials.record import decode

        return decode(packed)

    def asked(self, trial: Any, spec: Any) -> None:
        pass

    def told(self, record: Any, packed: bytes | None) -> None:
        assert packed is None, record.document["traceback"]

    def flush(self) -> None:
        pass


def searched(config: str) -> list[str]:
    """Return the fingerprint of a config's study, and that with MORE_TRIALS."""
    from dnnsearch.config.config import load_config
    from dnnsearch.storage.array_store import ArrayStore
    from dnnsearch.study.coordinator import Coordinator
    from dnnsearch.study.definition import resolve_definition
    from dnnsearch.trials.record import fingerprint

    with tempfile.TemporaryDirectory() as folder:
        store, memory = ArrayStore(Path(folder)), Memory()
        definition = resolve_definition(load_config(config), store)
        coordinator = Coordinator(definition, memory, memory, Alone(store, {}))
        trials = definition.config.trials
        coordinator.run(trials + MORE_TRIALS)
    return [fingerprint(coordinator.digests[:trials]), fingerprint(coordinator.digests)]


def verified(file: str) -> list[str]:
    """Return the lines of the verdict on a study's file."""
    from dnnsearch.deployment.bundle.archive import read
    from dnnsearch.deployment.bundle.study_import import opened
    from dnnsearch.reproduce import verify
    from dnnsearch.runtime import numerics
    from dnnsearch.storage.array_store import ArrayStore
    from dnnsearch.trials.record import versions

    @contextmanager
    def open_alone(definition: Any, workers: int, store: Path, on_message: Any) -> Iterator[Alone]:
        made = {"versions": versions(), "numerics": numerics.check(definition.numerics)}
        yield Alone(ArrayStore(store), made)

    verify.open_workers = open_alone  # in place of processes
    with opened(read(Path(file)), file, None) as study:
        return verify.verify(study, 1, lambda done, total: None, lambda text: None).lines


def main(arguments: list[str]) -> None:
    is_config = arguments[0].endswith(".yaml")
    found = searched(arguments[0]) if is_config else [verified(file) for file in arguments]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])

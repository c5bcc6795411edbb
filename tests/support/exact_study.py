"""Runs the study of a config in this process alone, and prints its fingerprint.

So it can be run by an emulator, which cannot start processes. Usage: exact_study.py CONFIG
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # as a program


class Memory:
    """The memo, the log and the workers of a study: a trial is trained when it is asked."""

    def __init__(self, store: Any) -> None:
        self.store, self.done = store, []  # type: Any, list[Any]

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

    def submit(self, spec: Any) -> None:
        from dnnsearch.trials.record import encode
        from dnnsearch.trials.run import run_trial
        from dnnsearch.workers import Done

        result = run_trial(spec, self.store.open(spec.arrays))
        self.done.append(Done(spec.number, encode(spec, result, {})))

    def poll(self, timeout: float) -> list[Any]:
        events, self.done = self.done, []
        return events


def main(config: str) -> None:
    from dnnsearch.config.config import load_config
    from dnnsearch.storage.array_store import ArrayStore
    from dnnsearch.study.coordinator import Coordinator
    from dnnsearch.study.definition import resolve_definition
    from dnnsearch.trials.record import fingerprint

    with tempfile.TemporaryDirectory() as folder:
        store = ArrayStore(Path(folder))
        definition = resolve_definition(load_config(config), store)
        memory = Memory(store)
        coordinator = Coordinator(definition, memory, memory, memory)
        coordinator.run(definition.config.trials)
    json.dump(fingerprint(coordinator.digests), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])

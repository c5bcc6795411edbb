"""One trial trained again where no result can be seen: `python -m dnnsearch.retraining FOLDER`.

The process is given the study's config and what was asked of the trial, nothing of what came out.
It loads the data from their source into an array store of its own, so that a data set or a split
that has changed is found, and has the trial trained by a worker like every other.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dnnsearch import numerics
from dnnsearch.arrays import ArrayStore
from dnnsearch.comparison import spec_difference
from dnnsearch.config import Config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.record import Record, decode
from dnnsearch.spec import Spec
from dnnsearch.study.definition import Definition
from dnnsearch.tables import prepare
from dnnsearch.workers import Done, Failed, LocalWorkers

REQUEST, SPEC, RECORD, ERROR = "request.json", "spec.json", "record.npz", "error.txt"


@dataclass(frozen=True)
class Retrained:
    """What the definition asks now and, unless that differs from the record, what came of it."""

    spec: Spec
    record: Record | None


class Retraining:
    """A training in a process of its own."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self.folder, self.process = folder, process

    def result(self) -> Retrained:
        """Wait for it; raises UserError when it could not be done."""
        code = self.process.wait()
        error, record = self.folder / ERROR, self.folder / RECORD
        if error.exists():
            raise UserError(error.read_text())
        if code != 0:
            raise RuntimeError(f"the process that was to train again ended with exit code {code}")
        spec = Spec.from_dict(json.loads((self.folder / SPEC).read_text()))
        return Retrained(spec, decode(record.read_bytes()) if record.exists() else None)


@contextlib.contextmanager
def retraining(config: Config, spec: Spec) -> Iterator[Retraining]:
    """Begin to train the trial again; on leaving, nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as name:
        folder, pins = Path(name), numerics.playable(spec.numerics)
        request = {"config": config.document(), "spec": spec.as_dict()}
        (folder / REQUEST).write_text(json.dumps(request))
        process = subprocess.Popen(
            [sys.executable, "-m", "dnnsearch.retraining", name],
            env=numerics.pinned(pins),
            stdin=subprocess.DEVNULL,
        )
        try:
            yield Retraining(folder, process)
        finally:
            process.kill()
            process.wait()


def train_again(folder: Path) -> None:
    """In the child: prepare the data, derive the spec, and train it if it is the one recorded."""
    request = json.loads((folder / REQUEST).read_text())
    recorded = Spec.from_dict(request["spec"])
    config = parse_config(request["config"], "the study's config", "study")
    pins = numerics.playable(recorded.numerics)
    numerics.check(pins)
    prepared = prepare(config, ArrayStore(folder / "arrays"))
    now = Definition(config, prepared, pins).spec(recorded.number, recorded.hyperparameters, [])
    now = replace(now, thresholds=recorded.thresholds)
    (folder / SPEC).write_text(json.dumps(now.as_dict()))
    if not spec_difference(recorded, now):
        (folder / RECORD).write_bytes(_train(now, folder / "arrays"))


def _train(spec: Spec, store: Path) -> bytes:
    """The packed record; raises UserError where the training fails or nobody waits for it."""
    parent, workers = os.getppid(), LocalWorkers(1, spec.numerics, store)
    try:
        workers.submit(spec)
        while os.getppid() == parent:
            for event in workers.poll(0.5):
                if isinstance(event, Done):
                    return event.packed
                if isinstance(event, Failed):
                    raise UserError(f"trained again, the trial failed: {event.cause}")
        raise UserError("nobody waits for the result")
    finally:
        workers.close()


if __name__ == "__main__":
    try:
        train_again(Path(sys.argv[1]))
    except UserError as error:
        Path(sys.argv[1], ERROR).write_text(str(error))
        sys.exit(2)

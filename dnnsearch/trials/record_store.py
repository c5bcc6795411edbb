"""The record files of a study: a memo table from spec to result, stored in a folder.

The name of a file has the trial's number, the digest of its spec and the digest of its result. A
file is written completely or not at all. Search, resume, rerun and verify ask this table the same
question: is there a result for this spec?

With `records: mlflow` the records are in MLflow's artifact store, where every machine finds them,
and the folder has copies of those that this machine has made or needed. This module does not know
how they are fetched.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import DamagedArrays, default_root
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.trials.record import Record, decode, inconsistencies
from dnnsearch.trials.spec import Spec

DIGEST_PREFIX = 16  # hex digits of a digest in the name of a file
IN_MLFLOW = "mlflow"  # the value of a config's `records` that is not a folder


class RemoteRecords(Protocol):
    """Where to fetch records that are missing from the folder; both may raise UserError."""

    def record(self, number: int) -> bytes | None:
        """Return the packed record of a trial; None if there is none."""

    def side_file(self, name: str) -> bytes | None:
        """Return the content of a side file; None if there is none."""


def root(where: str) -> Path:
    """Return the folder of the records of all studies; `where` is a config's `records`."""
    return default_root() / "records" if where == IN_MLFLOW else Path(where)


class Records:
    """The folder of one study's record files, and the remote store that may have more."""

    def __init__(self, root: Path, study: str, remote: RemoteRecords | None = None) -> None:
        self.folder = root / quote(study, safe="")
        self.remote = remote

    def save(self, packed: bytes) -> Record:
        """Write the record to its file, then return it; raise UserError if that is impossible."""
        record = decode(packed)
        write_whole(self.path(record), packed)
        return record

    def put_side_file(self, name: str, content: bytes) -> None:
        """Write a file that all records of the study need, unless it is there already."""
        path = self.folder / name
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)

    def side_file(self, name: str) -> bytes | None:
        """Return the content of a side file, fetched if it is not here; None if there is none."""
        path = self.folder / name
        if path.is_file():
            return path.read_bytes()
        content = self.remote.side_file(name) if self.remote else None
        if content is not None:
            write_whole(path, content)
        return content

    def path(self, record: Record) -> Path:
        """Return the path of a record's file."""
        spec = record.spec
        name = (
            f"{spec.number:05d}-{spec.digest[:DIGEST_PREFIX]}-{record.digest[:DIGEST_PREFIX]}.npz"
        )
        return self.folder / name

    def find(self, spec: Spec) -> Record | None:
        """Return the record of this spec; None if there is none.

        A damaged file does not count: the trial is trained again.
        """
        for path in self.folder.glob(f"{spec.number:05d}-{spec.digest[:DIGEST_PREFIX]}-*.npz"):
            record = _decoded(path.read_bytes())
            if record and record.spec == spec:
                return record
        return None

    def every(self, number: int) -> list[Record]:
        """Return all undamaged records of a trial in the folder, in the order of their names."""
        paths = sorted(self.folder.glob(f"{number:05d}-*.npz"))
        return [record for path in paths if (record := _decoded(path.read_bytes()))]

    def paths(self) -> list[Path]:
        """Return the record files, in the order of the trials' numbers."""
        return sorted(self.folder.glob("[0-9]*.npz"))

    def path_of(self, number: int, digests: Callable[[], Sequence[str]] | None = None) -> Path:
        """Return the record file of a trial; raise UserError if there is none.

        Studies of one name in several storages may share the folder. If a trial has several files,
        `digests()` returns the digests of its spec and its result.
        """
        if found := sorted(self.folder.glob(f"{number:05d}-*.npz")):
            known = digests() if digests and len(found) > 1 else []
            wanted = [digest[:DIGEST_PREFIX] for digest in known]
            return max(found, key=lambda path: [digest in path.name for digest in wanted])
        if record := self._fetch(number):
            return self.path(record)
        place = f"{self.folder}, nor in MLflow" if self.remote else self.folder
        raise UserError(
            f"there is no record of trial {number} in {place}; the same search trains it again"
        )

    def prefetch(self, numbers: Iterable[int]) -> None:
        """Fetch the records of these trials that the folder does not have, if they exist."""
        here = {int(path.name.partition("-")[0]) for path in self.paths()}
        for number in numbers:
            if number not in here:
                self._fetch(number)

    def _fetch(self, number: int) -> Record | None:
        """Fetch the remote record and write it to the folder; None if it is missing or damaged."""
        packed = self.remote.record(number) if self.remote else None
        record = _decoded(packed) if packed is not None else None
        if packed is None or not record or record.spec.number != number:
            return None
        write_whole(self.path(record), packed)
        return record

    def remove(self, specs: Collection[str] = ()) -> None:
        """Delete the records of these specs' digests.

        The whole folder is deleted if it has no other records.
        """
        own = {digest[:DIGEST_PREFIX] for digest in specs}
        mine = {path for path in self.paths() if path.name.split("-")[1] in own}
        if mine.issuperset(self.paths()):
            shutil.rmtree(self.folder, ignore_errors=True)
        for path in mine:
            path.unlink(missing_ok=True)


def _decoded(packed: bytes) -> Record | None:
    """Return the record that was packed; None if it is damaged in any way."""
    try:
        record = decode(packed)
    except DamagedArrays:
        return None
    return None if inconsistencies(record) else record

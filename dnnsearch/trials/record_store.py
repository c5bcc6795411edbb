"""The record files of a study: a memo table from spec to result, kept in a folder.

A file is named for the trial's number, the digest of its spec and the digest of its result, and
appears whole or not at all. Search, resume, rerun and verify ask the same question of this table:
is there a result for this spec?

With `records: mlflow` the records lie in MLflow's artifact store, where every machine finds them,
and the folder is this machine's copy of those that it has made or needed. How they are fetched is
not known here.
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

DIGEST_PREFIX = 16  # hex digits of a digest in a file's name
IN_MLFLOW = "mlflow"  # instead of a folder


class RemoteRecords(Protocol):
    """Where records lie that the folder may lack; either may raise UserError."""

    def record(self, number: int) -> bytes | None: ...

    def side_file(self, name: str) -> bytes | None: ...


def root(where: str) -> Path:
    """The folder of all studies' records, by a config's `records`."""
    return default_root() / "records" if where == IN_MLFLOW else Path(where)


class Records:
    """The folder of one study's record files, and where else they are looked for."""

    def __init__(self, root: Path, study: str, elsewhere: RemoteRecords | None = None) -> None:
        self.folder, self.elsewhere = root / quote(study, safe=""), elsewhere

    def keep(self, packed: bytes) -> Record:
        """Write the record, and only then return it."""
        record = decode(packed)
        write_whole(self.path(record), packed)
        return record

    def put_side_file(self, name: str, content: bytes) -> None:
        """Something that all records of the study need, unless it is there already."""
        path = self.folder / name
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)

    def side_file(self, name: str) -> bytes | None:
        """What `keep_beside` kept."""
        path = self.folder / name
        if path.is_file():
            return path.read_bytes()
        content = self.elsewhere.side_file(name) if self.elsewhere else None
        if content is not None:
            write_whole(path, content)
        return content

    def path(self, record: Record) -> Path:
        spec = record.spec
        name = (
            f"{spec.number:05d}-{spec.digest[:DIGEST_PREFIX]}-{record.digest[:DIGEST_PREFIX]}.npz"
        )
        return self.folder / name

    def find(self, spec: Spec) -> Record | None:
        """The result that this spec has, or None while it has none.

        A file that is damaged in any way does not count: the trial is trained again.
        """
        for path in self.folder.glob(f"{spec.number:05d}-{spec.digest[:DIGEST_PREFIX]}-*.npz"):
            record = _decoded(path.read_bytes())
            if record and record.spec == spec:
                return record
        return None

    def every(self, number: int) -> list[Record]:
        """All sound records of a trial that are in the folder, by name."""
        paths = sorted(self.folder.glob(f"{number:05d}-*.npz"))
        return [record for path in paths if (record := _decoded(path.read_bytes()))]

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.npz"))

    def path_of(self, number: int, digests: Callable[[], Sequence[str]] = tuple) -> Path:
        """The file of a trial; raises UserError when there is none.

        Studies of one name in several storages may share the folder: where there are several
        files, `digests` says what its spec and its result have.
        """
        if found := sorted(self.folder.glob(f"{number:05d}-*.npz")):
            wanted = [digest[:DIGEST_PREFIX] for digest in digests()] if len(found) > 1 else []
            return max(found, key=lambda path: [digest in path.name for digest in wanted])
        if record := self._fetch(number):
            return self.path(record)
        place = f"{self.folder}, nor in MLflow" if self.elsewhere else self.folder
        raise UserError(
            f"there is no record of trial {number} in {place}; the same search trains it again"
        )

    def prefetch(self, numbers: Iterable[int]) -> None:
        """Fetch what the folder lacks of these trials; one that is nowhere is trained again."""
        here = {int(path.name.partition("-")[0]) for path in self.paths()}
        for number in numbers:
            if number not in here:
                self._fetch(number)

    def _fetch(self, number: int) -> Record | None:
        """A copy from elsewhere, kept if each part of it has its digest."""
        packed = self.elsewhere.record(number) if self.elsewhere else None
        record = _decoded(packed) if packed is not None else None
        if packed is None or not record or record.spec.number != number:
            return None
        write_whole(self.path(record), packed)
        return record

    def remove(self, specs: Collection[str] = ()) -> None:
        """Take away what belongs to trials with these digests; all, if nothing else is there."""
        own = {digest[:DIGEST_PREFIX] for digest in specs}
        mine = {path for path in self.paths() if path.name.split("-")[1] in own}
        if mine.issuperset(self.paths()):
            shutil.rmtree(self.folder, ignore_errors=True)
        for path in mine:
            path.unlink(missing_ok=True)


def _decoded(packed: bytes) -> Record | None:
    """None for what is damaged in any way."""
    try:
        record = decode(packed)
    except DamagedArrays:
        return None
    return None if inconsistencies(record) else record

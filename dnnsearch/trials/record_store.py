"""The record files of a study: a memo table from spec to result, stored in a folder.

The name of a file has the trial's number, the digest of its spec and the digest of its result. A
file is written completely or not at all. Search, resume, rerun and verify ask this table the same
question: is there a result for this spec?

With `records: mlflow` the records are in MLflow's artifact store, where every machine finds them,
and the folder has copies of those that this machine has made or needed. This module does not know
how they are fetched.

No record is believed unread: whoever reads one here gets it verified, see `record_file`.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.storage.array_store import DamagedArrays, default_root
from dnnsearch.storage.atomic_write import remove, write_whole
from dnnsearch.storage.regular_file import Unreadable, read_regular
from dnnsearch.trials import record_file
from dnnsearch.trials.record import Record, decode, inconsistencies
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.spec import Spec

SET_ASIDE = "damaged-"  # before the name of a file that is not the record of its name
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
    """The folder of one study's record files, and the remote store that may have more.

    `maker` is the command that makes them, for messages.
    """

    def __init__(
        self, root: Path, study: str, remote: RemoteRecords | None = None, maker: str = "search"
    ) -> None:
        self.folder = root / quote(study, safe="")
        self.remote = remote
        self.maker = maker

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
        """Return the content of a side file, fetched if it is not here; None if there is none.

        Raise DamagedFile if it is a folder or anything else than a file.
        """
        path = self.folder / name
        try:
            content = read_regular(path)
        except Unreadable as error:
            raise DamagedFile(f"{path} cannot be used: {error}; remove it") from None
        if content is None and self.remote:
            content = self.remote.side_file(name)
            if content is not None:
                write_whole(path, content)
        return content

    def path(self, record: Record) -> Path:
        """Return the path of a record's file."""
        return self.folder / record_file.name_of(record)

    def read(
        self,
        number: int,
        digests: Callable[[], tuple[str, str]] = lambda: ("", ""),
        reader: Callable[[Path], Record] = record_file.read,
    ) -> Record:
        """Return the record of a trial; `digests` as for `path_of`.

        Raise UserError if there is none, DamagedFile if it is not the one that was written.
        """
        path = self.path_of(number, digests)
        try:
            record = reader(path)
            record_file.check_digests(record, *digests())
        except DamagedArrays as error:
            raise self._damaged(path, error) from error
        return record

    def digest(self, number: int, digests: Callable[[], tuple[str, str]]) -> str:
        """Return the digest of a trial's result, from a verified record; see `read`."""
        known = record_file.verified_digest(self.path_of(number, digests))
        return known if known and known == digests()[1] else self.read(number, digests).digest

    def every(self, number: int) -> list[Record]:
        """Return all records of a trial in the folder, in the order of their names.

        Raise DamagedFile if one of them is not the one that was written.
        """
        records = []
        for path in record_file.named(self.folder, number):
            try:
                records.append(record_file.read(path))
            except DamagedArrays as error:
                raise self._damaged(path, error) from error
        return records

    def _damaged(self, path: Path, reason: Exception) -> DamagedFile:
        again = f"run the same {self.maker} again, which trains the trial again"
        advice = "remove it, and it is fetched again" if self.remote else again
        return DamagedFile(f"the record {path} is damaged: {reason}; restore it, or {advice}")

    def paths(self) -> list[Path]:
        """Return the record files, in the order of the trials' numbers."""
        return record_file.named(self.folder)

    def path_of(self, number: int, digests: Callable[[], tuple[str, str]] | None = None) -> Path:
        """Return the record file of a trial; raise UserError if there is none.

        Studies of one name in several storages may share the folder. `digests()` returns the
        digests of the trial's spec and its result, by which its file is found among several.
        """
        known = digests() if digests else ("", "")
        path = self.folder / record_file.name(number, *known)
        if all(known) and os.path.lexists(path):  # the whole folder may have thousands of files
            return path
        if found := record_file.named(self.folder, number):
            wanted = [digest[:DIGEST_PREFIX] for digest in known if digest]
            return max(found, key=lambda path: [digest in path.name for digest in wanted])
        if record := self.fetch(number):
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
                self.fetch(number)

    def fetch(self, number: int) -> Record | None:
        """Fetch the remote record and write it to the folder; None if it is missing or damaged."""
        packed = self.remote.record(number) if self.remote else None
        if packed is None:
            return None
        try:
            record = record_file.decoded(packed)
        except DamagedArrays:
            return None
        if inconsistencies(record) or record.spec.number != number:
            return None
        write_whole(self.path(record), packed)
        return record

    def check_removable(self) -> None:
        """Raise UserError if the folder has files that this user may not remove."""
        if self.folder.is_dir() and not os.access(self.folder, os.W_OK | os.X_OK):
            raise UserError(
                f"the records in {self.folder} cannot be removed: the folder is read-only"
            )

    def remove(self, specs: Collection[str] = ()) -> None:
        """Delete the records of these specs' digests.

        The whole folder is deleted if it has no other records.
        """
        own = {digest[:DIGEST_PREFIX] for digest in specs}
        mine = {path for path in self.paths() if path.name.split("-")[1] in own}
        if mine.issuperset(self.folder.glob("[0-9]*.npz")):
            shutil.rmtree(self.folder, ignore_errors=True)
        for path in mine:
            remove(path)


@dataclass(frozen=True)
class RecordMemo:
    """The records of a study as the memo of its loop: what is known of a spec is not trained again.

    A file that has the name of a spec's record and is not that record is set aside, and `tell` is
    told: the trial is trained again, or its record is fetched again.
    """

    records: Records
    tell: Callable[[str], object]

    def find(self, spec: Spec) -> Record | None:
        """Return the record of this spec; None if there is none that is as it was written.

        It is looked for among the files that were there at the first call: this study has one
        writer, and it asks for a spec before it is trained.
        """
        for path in self._paths.get(spec.number, []):
            if path.name.split("-")[1] == spec.digest[:DIGEST_PREFIX]:
                try:
                    return record_file.read(path)
                except DamagedArrays as reason:
                    if record := self._replaced(path, reason, spec):
                        return record
        return None

    @cached_property
    def _paths(self) -> dict[int, list[Path]]:
        """The files by trial: to list the folder for each trial takes long where it has many."""
        found: dict[int, list[Path]] = {}
        for path in self.records.paths():
            found.setdefault(int(path.name.split("-")[0]), []).append(path)
        return found

    def save(self, packed: bytes) -> Record:
        """Write a new record to its file, then return it."""
        return self.records.save(packed)

    def _replaced(self, path: Path, reason: Exception, spec: Spec) -> Record | None:
        """Set the file aside; return the remote record if there is one."""
        aside = path.with_name(f"{SET_ASIDE}{path.name}")
        try:
            remove(aside)
            path.rename(aside)
        except OSError as error:
            raise UserError(
                f"the record {path} is damaged: {reason}; it cannot be set aside: "
                f"{error.strerror}; restore it, or remove it"
            ) from error
        record = self.records.fetch(spec.number)
        is_there = record is not None and record.spec == spec
        what = (
            "its record is fetched again" if is_there else f"trial {spec.number} is trained again"
        )
        self.tell(f"the record {path} is damaged: {reason}; it is set aside as {aside}, and {what}")
        return record if is_there else None

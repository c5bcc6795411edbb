"""The record files of a study: a memo table from spec to result, kept in a folder.

A file is named for the trial's number, the digest of its spec and the digest of its result, and
appears whole or not at all. Search, resume, rerun and verify ask the same question of this table:
is there a result for this spec?
"""

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from dnnsearch.arrays import DamagedArrays
from dnnsearch.errors import UserError
from dnnsearch.record import Record, decode, inconsistencies
from dnnsearch.spec import Spec

SHORT = 16  # hex digits of a digest in a file's name


class Records:
    """The folder of one study's record files."""

    def __init__(self, root: Path, study: str) -> None:
        self.folder = root / quote(study, safe="")

    def keep(self, packed: bytes) -> Record:
        """Write the record, and only then return it."""
        record = decode(packed)
        write_whole(self.path(record), packed)
        return record

    def keep_beside(self, name: str, content: bytes) -> None:
        """Something that all records of the study need, unless it is there already."""
        if self.beside(name) != content:
            write_whole(self.folder / name, content)

    def beside(self, name: str) -> bytes | None:
        """What `keep_beside` kept."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def path(self, record: Record) -> Path:
        spec = record.spec
        name = f"{spec.number:05d}-{spec.digest[:SHORT]}-{record.digest[:SHORT]}.npz"
        return self.folder / name

    def find(self, spec: Spec) -> Record | None:
        """The result that this spec has, or None while it has none.

        A file that is damaged in any way does not count: the trial is trained again.
        """
        for path in self.folder.glob(f"{spec.number:05d}-{spec.digest[:SHORT]}-*.npz"):
            record = _read(path)
            if record and not inconsistencies(record) and record.spec == spec:
                return record
        return None

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.npz"))

    def of(self, number: int) -> Path:
        """The file of a trial; raises UserError when there is none."""
        for path in self.folder.glob(f"{number:05d}-*.npz"):
            return path
        raise UserError(f"there is no record of trial {number} in {self.folder}")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path) -> Record | None:
    try:
        return decode(path.read_bytes())
    except DamagedArrays:
        return None


def write_whole(path: Path, content: bytes) -> None:
    """Write under a temporary name, then rename; raises UserError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be written to {path.parent}: {error.strerror}"
        ) from error

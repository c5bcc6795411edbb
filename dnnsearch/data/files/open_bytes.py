"""The bytes of a file, decompressed if necessary, and their SHA-256.

It knows nothing about tables; the formats do.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from dnnsearch.data.files.foreign_formats import (
    START_BYTES,
    check_members,
    check_start,
    database_refusal,
    folder_refusal,
)
from dnnsearch.data.files.signatures import BZIP2, GZIP, JSON, XZ, ZIP, has_lines
from dnnsearch.data.files.size_limits import LineLimit, check_values
from dnnsearch.storage.sqlite_connection import is_database
from dnnsearch.validators import nearest, shortened

MAX_BYTES = 16 << 30  # decompressed; more is a bomb, or does not fit into memory
BLOCK_BYTES = 1 << 24
LARGE_BYTES = 1 << 25  # of a text: it is checked as a stream before it is read into memory
NOT_MEMBERS = ("__MACOSX/", ".DS_Store")
NOT_DATA = (".dnn", ".dnnstudy", ".studylock", ".yaml", ".yml", ".html", ".db", ".lock", ".py")
Check = Callable[[], None]
Opener = Callable[[IO[bytes]], Any]
COMPRESSED: tuple[tuple[str, bytes | tuple[bytes, ...], Opener], ...] = (
    ("gzip", GZIP, lambda file: gzip.GzipFile(fileobj=file)),
    ("bzip2", BZIP2, bz2.BZ2File),
    ("xz", XZ, lzma.LZMAFile),
)
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
WORKBOOK = "xl/workbook.xml"  # the member of a zip that makes it an .xlsx


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file as it is, in hex; raise ValueError if it cannot be read."""
    _check_readable(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise ValueError(_refusal(path, error)) from None


def unpacked(path: Path, check_large: Check = lambda: None) -> bytes:
    """Return the content of a file, of a compressed one, or of the only file in a `.zip`.

    A zip that is itself a format (`.npz`, `.xlsx`) is returned as it is. `check_large` is called
    for a large text before the rest of it is read. Raise ValueError if there is no content, for a
    format that has no table, and what the check raises.
    """
    raw = _decompressed(_read(path, check_large), path, check_large)
    if raw.startswith(ZIP):
        raw = _unzip(raw, path, check_large)
    check_content(raw, str(path))
    return raw


def check_content(content: str | bytes, place: str = "the file") -> None:
    """Raise ValueError if there is nothing in it, or blank lines alone."""
    if not content or content.isspace():
        found = "has only blank lines" if content else "is empty"
        raise ValueError(f"{place} must have content, but it {found}")


def _opener(start: bytes) -> tuple[str, Opener] | None:
    """Return the name of the compression and what opens it; None for other files."""
    return next(((name, to) for name, magic, to in COMPRESSED if start.startswith(magic)), None)


@contextmanager
def rereadable(path: Path) -> Iterator[Path]:
    """Yield the path or, for a pipe, which can be read only once, that of a temporary copy."""
    if not _is_pipe(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        copy = Path(folder, path.name)
        try:
            with path.open("rb") as file, copy.open("wb") as out:
                shutil.copyfileobj(file, out)
        except OSError as error:
            raise ValueError(_refusal(path, error)) from None
        yield copy


def _is_pipe(path: Path) -> bool:
    """Return whether the path is a pipe, such as /dev/stdin or `<(...)`, or a terminal."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    is_null = stat.S_ISCHR(mode) and path.samefile(os.devnull)  # an empty file
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISBLK(mode) or is_null)


def _read(path: Path, check: Check) -> bytes:
    _check_readable(path)
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise ValueError(_refusal(path, error)) from None
    with file:
        try:
            return _limited(file, path, check)
        except OSError as error:
            raise ValueError(_refusal(path, error)) from None


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the same as a stream, for files larger than memory; raise ValueError as `unpacked`."""
    _check_readable(path)
    try:
        with path.open("rb") as file:
            start = file.peek(START_BYTES)
            compressed = _opener(start)
            if compressed:
                with compressed[1](file) as inner:
                    check_start(inner.peek(START_BYTES), path)
                    yield inner
            elif start.startswith(ZIP):
                with zipfile.ZipFile(file) as archive, _inside(archive, path, file) as inner:
                    yield inner
            else:
                check_start(start, path)
                yield file
    except DAMAGED as error:
        reason = _refusal(path, error) if isinstance(error, OSError) else f"{path}: {error}"
        raise ValueError(reason) from None


def _check_readable(path: Path) -> None:
    """Raise ValueError, before the file is opened, for a database, which may be in use, or a pipe.

    A pipe can be read only once, and a search reads its data again.
    """
    if is_database(path):
        raise ValueError(database_refusal(path))
    if _is_pipe(path):
        raise ValueError(f"{path} is a pipe, which can be read only once: save it as a file")


def _inside(archive: zipfile.ZipFile, path: Path, file: IO[bytes]) -> IO[bytes]:
    """Open the only file in the archive, or return the archive itself if it is an `.npz`."""
    name = _member(archive, path)
    if name is not None:
        return archive.open(name)
    file.seek(0)
    return file


def _refusal(path: Path, error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no file {path}{_near(path)}"
        case IsADirectoryError():
            return folder_refusal(path)
        case OSError():
            return f"{path} cannot be read: {error.strerror or error}"
    return f"{str(path)!r} cannot be a path: {error}"


def _near(path: Path) -> str:
    """Return ` (did you mean FILE?)` if a file beside it, which can be data, has a similar name."""
    try:
        files = [other for other in path.parent.iterdir() if other.is_file()]
        names = [str(other) for other in files if other.suffix.lower() not in NOT_DATA]
    except OSError:
        return ""
    return nearest(str(path), names[:1000])


def _decompressed(raw: bytes, path: Path, check: Check) -> bytes:
    """Return the content of compressed bytes, others as they are."""
    compressed = _opener(raw)
    if compressed is None:
        return raw
    name, opener = compressed
    try:
        with opener(io.BytesIO(raw)) as file:
            return _limited(file, path, check)
    except DAMAGED as error:
        raise ValueError(f"{path} must be a complete {name} file, but: {error}") from None


def _unzip(raw: bytes, path: Path, check: Check) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            name = _member(archive, path)
            if name is None:
                return raw
            with archive.open(name) as file:
                return _limited(file, path, check)
    except ValueError:
        raise
    except Exception as error:  # a damaged or encrypted zip raises many types
        raise ValueError(f"{path} must be a complete zip file, but: {error}") from None


def _member(archive: zipfile.ZipFile, path: Path) -> str | None:
    """Return the name of the only file in a zip, None for a zip that is itself a format.

    Raise ValueError for several files.
    """
    names = [n for n in archive.namelist() if not n.endswith("/")]
    names = [n for n in names if not any(part in n for part in NOT_MEMBERS)]
    if WORKBOOK in names or (names and all(name.endswith(".npy") for name in names)):
        return None
    check_members(names, path)
    if len(names) != 1:
        shown = shortened(names, 5)
        rule = f"{path} must contain one file, but has {len(names)}: {shown}"
        raise ValueError(f"{rule}; unpack it and name one of them" if names else rule)
    return names[0]


def is_workbook(raw: bytes) -> bool:
    """Return whether the bytes are an Excel workbook (.xlsx)."""
    return raw.startswith(ZIP) and WORKBOOK in zipfile.ZipFile(io.BytesIO(raw)).namelist()


def _limited(file: IO[bytes], path: Path, check: Check) -> bytes:
    blocks: list[bytes] = []
    size, limit = 0, LineLimit()
    while block := file.read(BLOCK_BYTES):
        if not blocks:
            check_start(block, path)
        start = blocks[0] if blocks else block
        if start.lstrip()[:1] in JSON:
            check_values(block, path)
        if has_lines(start):
            _check_lines(limit, block, path)
            if size <= LARGE_BYTES < size + len(block):
                check()
        blocks.append(block)
        size += len(block)
        if size > MAX_BYTES:
            raise ValueError(
                f"{path} must have at most {MAX_BYTES} bytes decompressed, but has more"
            )
    return b"".join(blocks)


def _check_lines(limit: LineLimit, block: bytes, path: Path) -> None:
    try:
        limit.check(block)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None

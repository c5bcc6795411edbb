"""The bytes of a file, decompressed if necessary, and their SHA-256.

It knows nothing about tables; the formats do.
"""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dnnsearch.data.files.signatures import has_lines
from dnnsearch.data.files.size_limits import LineLimit
from dnnsearch.storage.sqlite_connection import is_database
from dnnsearch.validators import nearest, shortened

MAX_BYTES = 16 << 30  # decompressed; more is a zip bomb, or does not fit into memory
BLOCK_BYTES = 1 << 24
NOT_MEMBERS = ("__MACOSX/", ".DS_Store")


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file as it is, in hex; raise ValueError if it cannot be read."""
    _check_no_database(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise ValueError(_refusal(path, error)) from None


def unpacked(path: Path) -> bytes:
    """Return the content of a file, of a `.gz`, or of the only file in a `.zip`.

    A zip of `.npy` members (`.npz`) is returned as it is. Raise ValueError if there is no content.
    """
    _check_no_database(path)
    raw = _read(path)
    if raw[:2] == b"\x1f\x8b":
        raw = _gunzip(raw, path)
    if raw[:4] == b"PK\x03\x04":
        raw = _unzip(raw, path)
    if not raw or raw.isspace():
        raise ValueError(f"{path} must have content, but it is empty")
    return raw


def _read(path: Path) -> bytes:
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise ValueError(_refusal(path, error)) from None
    with file:
        try:
            return _limited(file, path)
        except OSError as error:
            raise ValueError(_refusal(path, error)) from None


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open the same as a stream, for files larger than memory; raise ValueError as `unpacked`."""
    _check_no_database(path)
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start[:2] == b"\x1f\x8b":
                with gzip.GzipFile(fileobj=file) as inner:
                    yield inner
            elif start == b"PK\x03\x04":
                with zipfile.ZipFile(file) as archive, _inside(archive, path, file) as inner:
                    yield inner
            else:
                yield file
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        reason = _refusal(path, error) if isinstance(error, OSError) else f"{path}: {error}"
        raise ValueError(reason) from None


def _check_no_database(path: Path) -> None:
    """Raise ValueError, before the file is opened, if it is a database: it may be in use."""
    if is_database(path):
        raise ValueError(f"{path} must be a file with data, but it is a SQLite database")


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
            return f"{path} must be a file, but it is a folder"
        case OSError():
            return f"{path} cannot be read: {error.strerror or error}"
    return f"{str(path)!r} cannot be a path: {error}"


def _near(path: Path) -> str:
    try:
        names = [str(other) for other in path.parent.iterdir() if other.is_file()]
    except OSError:
        return ""
    return nearest(str(path), names[:1000])


def _gunzip(raw: bytes, path: Path) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            return _limited(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} must be a complete gzip file, but: {error}") from None


def _unzip(raw: bytes, path: Path) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            name = _member(archive, path)
            if name is None:
                return raw
            with archive.open(name) as file:
                return _limited(file, path)
    except ValueError:
        raise
    except Exception as error:  # a damaged or encrypted zip raises many types
        raise ValueError(f"{path} must be a complete zip file, but: {error}") from None


def _member(archive: zipfile.ZipFile, path: Path) -> str | None:
    """Return the name of the only file in a zip, None for an `.npz`; raise ValueError for more."""
    names = [n for n in archive.namelist() if not n.endswith("/")]
    names = [n for n in names if not any(part in n for part in NOT_MEMBERS)]
    if names and all(name.endswith(".npy") for name in names):
        return None
    if any(name.startswith(("xl/", "word/")) for name in names):
        raise ValueError(f"{path} is a spreadsheet: save its sheet as CSV")
    if len(names) != 1:
        shown = shortened(names, 5)
        raise ValueError(f"{path} must contain one file, but has {len(names)}: {shown}")
    return names[0]


def _limited(file: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    blocks: list[bytes] = []
    size, limit = 0, LineLimit()
    while block := file.read(BLOCK_BYTES):
        if has_lines(blocks[0] if blocks else block):
            _check_lines(limit, block, path)
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

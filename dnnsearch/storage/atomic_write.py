"""Files that appear whole or not at all: written under a temporary name, then renamed.

The temporary file is in the same folder, because a rename is atomic only within a file system. It
is removed if anything fails; a process that is killed leaves it, under a name that starts with
`.new-`. This module does not know what is written.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage.permissions import create_folder

PREFIX = ".new-"
MAX_NAME_CHARACTERS = (
    50  # of the file's own name in the temporary one: names have at most 255 bytes
)


def temporary_prefix(path: Path) -> str:
    """Return how the names of all temporary files for `path` start."""
    return f"{PREFIX}{path.name[:MAX_NAME_CHARACTERS]}-"


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """Yield an unused path next to `path`; remove the file or folder left there at the end."""
    new = path.with_name(f"{temporary_prefix(path)}{uuid.uuid4().hex[:12]}")
    try:
        yield new
    finally:
        remove(new)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` unless the caller raises.

    Raise OSError if the disk is full or the folder cannot be written.
    """
    with temporary_sibling(path) as new:
        yield new
        new.replace(path)


def create_whole(path: Path, content: bytes) -> None:
    """Write the content to a new file; after an error, none is left.

    Raise FileExistsError if there is one already, and OSError if the disk refuses.
    """
    file = path.open("xb")
    try:
        with file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write the content to `path`, and create its folder; raise UserError if the disk refuses."""
    try:
        create_folder(path.parent)
        with whole_file(path) as new:
            new.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be written to {path.parent}: {error.strerror}"
        ) from error

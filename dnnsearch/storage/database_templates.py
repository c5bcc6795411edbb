"""Databases whose tables are empty, kept on the machine beside the arrays.

MLflow goes through all its migrations to create its tables, which takes longer than a small search.
They are the same each time, so a copy of the first one serves the next study. It is kept under a
name with its own hash: a damaged copy is never used. Does not know whose tables they are. What is
read and written here as plain files is not in use yet: `create` is for a name that nobody knows.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dnnsearch.storage.array_store import default_root

FOLDER = "databases"


def create_from_template(path: Path, name: str, make: Callable[[Path], None]) -> None:
    """Write the database `name` to `path`, by `make(path)` where this machine has no copy of it.

    `name` must say all that the content depends on: whose tables, of which version. A copy that
    cannot be kept is only made anew the next time.
    """
    content = _kept(name)
    if content is None:
        make(path)
        _keep(name, path.read_bytes())
    else:
        path.write_bytes(content)


def _folder() -> Path:
    return default_root() / FOLDER


def _kept(name: str) -> bytes | None:
    with suppress(OSError):  # not to be read, or taken away by somebody else meanwhile
        for path in _folder().glob(f"{name}-*.db"):
            content = path.read_bytes()
            if path.name == _file(name, content):
                return content
            path.unlink()
    return None


def _keep(name: str, content: bytes) -> None:
    new = _folder() / f".new-{os.getpid()}"
    with suppress(OSError):  # full, or read-only
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        new.replace(new.with_name(_file(name, content)))


def _file(name: str, content: bytes) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()}.db"

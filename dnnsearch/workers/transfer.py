"""How a group of arrays comes from one machine's cache into another's: in pieces, whole or not.

A group is sent once to a machine, however many workers it has: whoever makes the folder in which
the pieces are gathered is the one who gets them, and the others wait until the group is there or
nobody has written for a while. It is put in place only when it has the content of its address.

Knows nothing of networks: pieces come and go as plain values.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dnnsearch.storage.array_store import ArrayStore, DamagedArrays

CHUNK_BYTES = 8 << 20  # bytes
ABANDONED = 30.0  # seconds without a piece, after which somebody else may begin anew

Chunk = tuple[str, int, bytes]  # a file's name, where the content begins in it, the content


def chunks(root: Path, address: str) -> Iterator[Chunk]:
    """All of a group, in pieces that fit into memory."""
    for path in sorted((root / address).iterdir()):
        with path.open("rb") as file:
            while content := file.read(CHUNK_BYTES):
                yield path.name, file.tell() - len(content), content


def begin(root: Path, address: str) -> str:
    """`there`; `send`, and then nobody else is told so; or `wait`, for somebody else sends.

    A damaged group is dropped. Raises OSError where nothing can be kept.
    """
    store, folder = ArrayStore(root), _gathered(root, address)
    if store.is_intact(address):
        return "there"
    root.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if time.time() - folder.stat().st_mtime > ABANDONED:
            give_up(root, address)
    try:
        folder.mkdir()
    except FileExistsError:
        return "wait"
    store.drop(address)
    return "send"


def receive(root: Path, address: str, piece: Chunk) -> None:
    """Raises OSError where there is no room for it."""
    name, start, content = piece
    folder = _gathered(root, address)
    with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o644), "wb") as file:
        file.seek(start)
        file.write(content)
    os.utime(folder)


def end(root: Path, address: str) -> None:
    """Put in place what was received; raises DamagedArrays when that is something else."""
    try:
        ArrayStore(root).adopt(_gathered(root, address), address)
    except DamagedArrays:
        give_up(root, address)
        raise


def give_up(root: Path, address: str) -> None:
    """Leave nothing of what was received."""
    shutil.rmtree(_gathered(root, address), ignore_errors=True)


def _gathered(root: Path, address: str) -> Path:
    return root / f".new-{address}"

"""Copies a group of arrays from one machine's array store into another's, in chunks.

A group is sent once to a machine, however many workers run there: the worker that creates the
folder for the chunks is the one that receives them. The others wait until the group is there, or
until no chunk has come for a while. The group is put in place only if it has the content that its
address, a digest, stands for.

This module knows nothing of networks: chunks are plain values.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.storage.permissions import create_folder

CHUNK_BYTES = 8 << 20
ABANDONED_SECONDS = 30.0  # without a chunk, after which another worker may start again

Chunk = tuple[str, int, bytes]  # a file's name, where the content begins in it, the content


def chunks(root: Path, address: str) -> Iterator[Chunk]:
    """Yield the whole group in chunks of at most `CHUNK_BYTES`."""
    for path in sorted((root / address).iterdir()):
        with path.open("rb") as file:
            while content := file.read(CHUNK_BYTES):
                yield path.name, file.tell() - len(content), content


def begin(root: Path, address: str) -> str:
    """Return `there` if the group is, `send` to the one caller that is to send it, else `wait`.

    A damaged group is dropped first. Raise OSError if the store cannot be written.
    """
    store, folder = ArrayStore(root), _incoming(root, address)
    if store.is_intact(address):
        return "there"
    create_folder(root)
    with suppress(FileNotFoundError):
        if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
            cancel(root, address)
    try:
        folder.mkdir()
    except FileExistsError:
        return "wait"
    store.drop(address)
    return "send"


def receive(root: Path, address: str, chunk: Chunk) -> None:
    """Write a chunk; raise OSError if there is no room for it."""
    name, start, content = chunk
    folder = _incoming(root, address)
    with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
        file.seek(start)
        file.write(content)
    os.utime(folder)


def end(root: Path, address: str) -> None:
    """Put the received group in place; raise DamagedArrays if its content is not the right one."""
    try:
        ArrayStore(root).adopt(_incoming(root, address), address)
    except DamagedArrays:
        cancel(root, address)
        raise


def cancel(root: Path, address: str) -> None:
    """Remove what was received."""
    shutil.rmtree(_incoming(root, address), ignore_errors=True)


def _incoming(root: Path, address: str) -> Path:
    return root / f".new-{address}"

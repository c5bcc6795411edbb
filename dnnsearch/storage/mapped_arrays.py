"""A folder of `.npy` files as read-only memory maps, with the files behind them kept open.

A map of a file that was truncated kills the process that reads it (SIGBUS). So the content is read
again from the open file, never through the map, whenever it must be known whether it is still
right. The open file is the mapped one even if another lies in its place, or none.
"""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from dnnsearch.storage.regular_file import FileState, state_of

HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class DamagedArrays(Exception):
    """The content that lies under a digest does not have that digest."""


class MappedArrays(dict[str, np.ndarray]):
    """Read-only memory maps of the `.npy` files in a folder, by name.

    `states` has the state of each file before it was mapped. Raise DamagedArrays if a file cannot
    be mapped.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.states: dict[str, FileState] = {}
        self._descriptors: dict[str, int] = {}
        path = folder
        try:
            for path in sorted(folder.glob("*.npy")):
                self._map(path)
        except Exception as error:  # a damaged header raises many kinds of errors
            raise DamagedArrays(f"{path} cannot be read: {error}") from error

    def _map(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # no wait for a pipe
        weakref.finalize(self, os.close, descriptor)
        self._descriptors[path.stem] = descriptor
        self.states[path.stem] = state_of(os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            self[path.stem] = _memory_map(file)

    @property
    def states_now(self) -> dict[str, FileState]:
        """Return the states of the mapped files now; raise DamagedArrays if one is not there."""
        try:
            return {name: state_of(os.fstat(file)) for name, file in self._descriptors.items()}
        except OSError as error:  # of a network's file that another machine has removed
            raise DamagedArrays(f"{self.folder} cannot be read: {error}") from error

    def blocks(self, name: str, elements: int) -> Iterator[np.ndarray]:
        """Yield the values of an array in C order, `elements` at a time, read from its file.

        Raise DamagedArrays if the file is shorter than its map.
        """
        array: Any = self[name]
        if not array.flags.c_contiguous:
            content = self._read(name, array.offset, array.nbytes)
            yield np.frombuffer(content, array.dtype).reshape(array.shape, order="F").ravel()
            return
        for start in range(0, array.nbytes, size := elements * array.itemsize):
            content = self._read(name, array.offset + start, min(size, array.nbytes - start))
            yield np.frombuffer(content, array.dtype)

    def _read(self, name: str, start: int, size: int) -> bytes:
        content = bytearray()
        try:
            while len(content) < size:
                at = start + len(content)
                if not (part := _read_at(self._descriptors[name], size - len(content), at)):
                    raise DamagedArrays(f"{self.folder / name}.npy has become shorter")
                content += part
        except OSError as error:
            raise DamagedArrays(f"{self.folder / name}.npy cannot be read: {error}") from error
        return bytes(content)


def _read_at(descriptor: int, size: int, start: int) -> bytes:
    if hasattr(os, "pread"):
        content: bytes = os.pread(descriptor, size, start)
        return content
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, size)


def _memory_map(file: IO[bytes]) -> np.ndarray:
    """Return the array of an open `.npy` file; raise any error if it is not one."""
    shape, is_fortran, dtype = HEADER_READERS[np.lib.format.read_magic(file)](file)
    if dtype.hasobject:
        raise ValueError("it holds objects")
    order: Any = "F" if is_fortran else "C"
    return np.memmap(file, dtype, "r", file.tell(), shape, order)

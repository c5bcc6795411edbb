"""Arrays by address: digests of their content, a store of memory maps, and packed records.

An array's digest depends on its values alone, not on memory layout, byte order or the spelling of
NaN and zero. The store keeps a group of arrays under the digest of the group. It is opened as
read-only memory maps, so that processes on one machine share one copy. A packed record is one zip
of JSON and `.npy` members; pickle is never read or written.
"""

import hashlib
import io
import json
import math
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dnnsearch.storage.array_lock import lock_shared
from dnnsearch.storage.atomic_write import remove, temporary_sibling
from dnnsearch.storage.mapped_arrays import DamagedArrays as DamagedArrays
from dnnsearch.storage.mapped_arrays import MappedArrays
from dnnsearch.storage.permissions import check_cache, create_folder, users_cache
from dnnsearch.storage.regular_file import FileState

HEADER = re.compile(  # of a `.npy` file, after its magic bytes, its version 1.0 and a length
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][biufU][0-9]{1,5})', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*[0-9]{0,18})\), \} *\n",
    re.DOTALL,
)
BLOCK_ELEMENTS = 1 << 18  # hashed at a time, so that hashing needs little memory
DOCUMENT = "record.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: equal content, equal bytes
MAX_RENAMES = 5  # attempts, while other processes put the same group in place


def canonical(document: Any) -> str:
    """Return the document as JSON, in the same spelling for equal documents."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256, in hex, of named arrays: of their names, types, shapes and values."""
    return _digest(arrays, lambda name: _blocks(arrays[name]))


def _digest(arrays: Mapping[str, np.ndarray], blocks: Callable[[str], Iterator[np.ndarray]]) -> str:
    """Return the digest of arrays whose values are what `blocks` yields, in C order."""
    sha = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        sha.update(f"{name} {array.dtype.newbyteorder('<').str} {array.shape};".encode())
        for block in blocks(name):
            sha.update(_canonical_bytes(block))
    return sha.hexdigest()


def _blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    flat = np.ascontiguousarray(array).reshape(-1)
    for start in range(0, flat.size, BLOCK_ELEMENTS):
        yield flat[start : start + BLOCK_ELEMENTS]


def _canonical_bytes(block: np.ndarray) -> bytes:
    """Return the values in one form: little-endian, one NaN, no negative zero."""
    if block.dtype.kind == "f":
        block = np.where(np.isnan(block), block.dtype.type(np.nan), block + 0.0)
    return block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes()


def default_root() -> Path:
    """Return the folder of this machine's arrays: $DNNSEARCH_CACHE, or in the user's cache.

    Raise UserError if the user's cache belongs to another user or can be written by one. That
    $DNNSEARCH_CACHE is shared is the user's decision.
    """
    root = os.environ.get("DNNSEARCH_CACHE")
    if root:
        return Path(root)
    cache = users_cache()
    for folder in (cache, cache / "arrays"):
        check_cache(folder)
    return cache / "arrays"


class ArrayStore:
    """Groups of arrays on disk, each under the digest of its content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: dict[str, dict[str, FileState]] = {}

    def put(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Save the arrays, unless they are there already, and return their digest.

        A damaged group under the same digest is replaced. The folder appears whole or not at all.
        """
        address = digest(arrays)
        if self.is_intact(address):
            return address
        create_folder(self.root)
        with temporary_sibling(self.root / address) as folder:
            folder.mkdir()
            lock = lock_shared(folder)
            try:
                for name, array in arrays.items():
                    np.save(folder / f"{name}.npy", array, allow_pickle=False)
                self._put_in_place(folder, address)
            finally:
                os.close(lock)
        return address

    def _put_in_place(self, folder: Path, address: str) -> None:
        """Rename into place, unless another process has put the same content there first."""
        for attempt in range(MAX_RENAMES):
            try:
                folder.rename(self.root / address)
            except OSError:
                if self.is_intact(address):
                    return
                if attempt + 1 == MAX_RENAMES:
                    raise
                self.drop(address)
            else:
                return

    def is_intact(self, address: str) -> bool:
        """Return whether the group is there and its content has the digest `address`."""
        try:
            self.open(address)
        except (DamagedArrays, KeyError):
            return False
        return True

    def open(self, address: str) -> MappedArrays:
        """Return read-only memory maps of the group, by name.

        The content is verified the first time, and again if a file is not the one that was verified
        or has changed since. Raise KeyError if there is no such group, DamagedArrays if its content
        has another digest.
        """
        if address not in self:
            raise KeyError(address)
        arrays = MappedArrays(self.root / address)
        if self._verified.get(address) != arrays.states:
            _verify(arrays, address)
            self._verified[address] = arrays.states
        return arrays

    def check(self, arrays: MappedArrays, address: str) -> None:
        """Raise DamagedArrays if mapped files have changed since `open`, and their content too.

        It is called before a result of the arrays is believed.
        """
        if arrays.states_now != arrays.states:
            _verify(arrays, address)

    def adopt(self, folder: Path, address: str) -> None:
        """Put a folder of received files in place as the group `address`.

        Raise DamagedArrays if its content has another digest.
        """
        _verify(MappedArrays(folder), address)
        self._put_in_place(folder, address)

    def __contains__(self, address: str) -> bool:
        return (self.root / address).is_dir()

    def drop(self, address: str) -> None:
        """Remove a group; processes that have mapped it keep their maps."""
        self._verified.pop(address, None)
        remove(self.root / address)


def _verify(arrays: MappedArrays, address: str) -> None:
    if _digest(arrays, lambda name: arrays.blocks(name, BLOCK_ELEMENTS)) != address:
        raise DamagedArrays(f"{arrays.folder} does not have the content of {address}")


def pack(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a zip of `record.json` and `.npy` members; equal content gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False)
        archive.writestr(zipfile.ZipInfo(DOCUMENT, EPOCH), text)
        for name in sorted(arrays):
            member = io.BytesIO()
            np.save(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), member.getvalue())
    return buffer.getvalue()


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the document and the arrays that `pack` was given.

    Raise DamagedArrays for anything that `pack` did not write, or that is not whole. The memory
    needed is at most a few times the size of `packed`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = _members(archive, len(packed))
        document = json.loads(members.pop(DOCUMENT))
        arrays = {name.removesuffix(".npy"): _array(raw) for name, raw in members.items()}
    except Exception as error:  # a damaged zip raises many kinds of errors
        raise DamagedArrays(f"not a whole record: {error}") from error
    if not isinstance(document, dict):
        raise DamagedArrays(f"not a whole record: {DOCUMENT} is not a mapping")
    return document, arrays


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, bytes]:
    """Return the content of each member; refuse compressed ones, and sizes beyond the file's."""
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its members claim to be larger than the file")
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise ValueError("its members must be uncompressed")
    return {info.filename: archive.read(info) for info in infos}


def _array(raw: bytes) -> np.ndarray:
    """Return the array of a `.npy` member, as `np.save` writes numbers and text; no pickle."""
    header = HEADER.match(raw)
    if header is None:
        raise ValueError("an array does not begin as np.save writes it")
    shape = tuple(int(n) for n in header[2].decode().split(",") if n.strip())
    dtype = np.dtype(header[1].decode())
    if math.prod(shape) * dtype.itemsize != len(raw) - header.end():
        raise ValueError(f"an array has another size than its shape {shape}")
    return np.ndarray(shape, dtype, raw, header.end()).copy()

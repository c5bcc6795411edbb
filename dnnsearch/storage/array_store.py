"""Arrays with an address: digests of their content, a store of memory maps, and packed records.

An array's digest depends on its values alone, not on memory layout, byte order or the spelling of
NaN and zero. The store keeps a group of arrays under the digest of the group; whoever opens it gets
read-only memory maps, so that processes on one machine share one copy. A packed record is one zip
of JSON and `.npy` members; pickle is never read or written.
"""

import hashlib
import io
import json
import math
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

HEADER = re.compile(  # of a `.npy` file, after its magic bytes, its version 1.0 and a length
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][biufU][0-9]{1,5})', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*[0-9]{0,18})\), \} *\n",
    re.DOTALL,
)
BLOCK = 1 << 18  # elements that are hashed at a time, so that hashing needs little memory
DOCUMENT = "record.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: equal content, equal bytes


def canonical(document: Any) -> str:
    """One spelling for equal JSON documents."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


class DamagedArrays(Exception):
    """What lies under a digest does not have that digest."""


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256, in hex, of named arrays: names, types, shapes and values."""
    sha = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        sha.update(f"{name} {array.dtype.newbyteorder('<').str} {array.shape};".encode())
        for block in _blocks(array):
            sha.update(block)
    return sha.hexdigest()


def _blocks(array: np.ndarray) -> Iterator[bytes]:
    """The values in C order and one canonical form: little-endian, one NaN, no negative zero."""
    flat = np.ascontiguousarray(array).reshape(-1)
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK]
        if block.dtype.kind == "f":
            block = np.where(np.isnan(block), block.dtype.type(np.nan), block + 0.0)
        yield block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes()


def default_root() -> Path:
    """Where a machine keeps its arrays: $DNNSEARCH_CACHE, else the user's cache folder."""
    root = os.environ.get("DNNSEARCH_CACHE")
    return Path(root) if root else platformdirs.user_cache_path("dnnsearch") / "arrays"


class ArrayStore:
    """Groups of arrays on disk, each under the digest of its content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: set[str] = set()

    def put(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Keep the arrays and return their digest; what is there already stays.

        A damaged group under the same digest is replaced. The folder appears whole or not at all.
        """
        address = digest(arrays)
        if address in self and self.is_intact(address):
            return address
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".new-") as parent:
            folder = Path(parent, "group")
            folder.mkdir()
            for name, array in arrays.items():
                np.save(folder / f"{name}.npy", array, allow_pickle=False)
            self._put_in_place(folder, address)
        return address

    def _put_in_place(self, folder: Path, address: str) -> None:
        """Rename into place; whoever put the same content there first has done our work."""
        try:
            folder.rename(self.root / address)
        except OSError:
            if not self.is_intact(address):
                self.drop(address)
                folder.rename(self.root / address)

    def is_intact(self, address: str) -> bool:
        """Whether the group lies there with the content of its name."""
        try:
            self.open(address)
        except (DamagedArrays, KeyError):
            return False
        return True

    def open(self, address: str) -> dict[str, np.ndarray]:
        """Read-only memory maps of the group; the content is verified once in each process.

        Raises KeyError when nothing lies under the digest, DamagedArrays when something else does.
        """
        if address not in self:
            raise KeyError(address)
        arrays = _maps(self.root / address)
        if address not in self._verified and digest(arrays) != address:
            raise DamagedArrays(f"{self.root / address} does not have the content of its name")
        self._verified.add(address)
        return arrays

    def adopt(self, folder: Path, address: str) -> None:
        """Put a folder that was filled elsewhere in place of the group that it should be.

        Raises DamagedArrays when it does not have that content.
        """
        if digest(_maps(folder)) != address:
            raise DamagedArrays(f"{folder} does not have the content of {address}")
        self._put_in_place(folder, address)

    def __contains__(self, address: str) -> bool:
        return (self.root / address).is_dir()

    def drop(self, address: str) -> None:
        """Forget a group; processes that have it mapped keep what they see."""
        self._verified.discard(address)
        shutil.rmtree(self.root / address, ignore_errors=True)


def _maps(folder: Path) -> dict[str, np.ndarray]:
    return {path.stem: _map(path) for path in sorted(folder.glob("*.npy"))}


def _map(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DamagedArrays(f"{path} cannot be read: {error}") from error
    return array


def pack(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """One zip of `record.json` and `.npy` members; equal content gives equal bytes."""
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
    """The document and the arrays of `pack`.

    Raises DamagedArrays for anything that `pack` did not write whole, and never takes more memory
    than a few times what it was given.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = _members(archive, len(packed))
        document = json.loads(members.pop(DOCUMENT))
        arrays = {name.removesuffix(".npy"): _array(raw) for name, raw in members.items()}
    except Exception as error:  # a damaged zip raises nearly anything, by where the damage lies
        raise DamagedArrays(f"not a whole record: {error}") from error
    if not isinstance(document, dict):
        raise DamagedArrays(f"not a whole record: {DOCUMENT} is no mapping")
    return document, arrays


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, bytes]:
    """The content of each member: as it lies there, and all together no larger than the file."""
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its members claim to be larger than the file")
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise ValueError("its members must lie in it uncompressed")
    return {info.filename: archive.read(info) for info in infos}


def _array(raw: bytes) -> np.ndarray:
    """Of a `.npy` member, as `np.save` writes numbers and text: nothing is evaluated."""
    header = HEADER.match(raw)
    if header is None:
        raise ValueError("an array does not begin as np.save writes it")
    shape = tuple(int(n) for n in header[2].decode().split(",") if n.strip())
    dtype = np.dtype(header[1].decode())
    if math.prod(shape) * dtype.itemsize != len(raw) - header.end():
        raise ValueError(f"an array has another size than its shape {shape}")
    return np.ndarray(shape, dtype, raw, header.end()).copy()

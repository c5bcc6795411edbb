"""Corrupt input: bytes that are torn, values that are reworded, and model files with both.

A model file is changed anywhere, with a correct hash, or within its valid parts.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from dnnsearch.models import model_file
from dnnsearch.storage.array_store import EPOCH, pack, unpack


def rehashed(packed: bytes, format_: int = 1) -> bytes:
    sha = hashlib.sha256(packed).hexdigest()
    return model_file.FIRST_LINE.format(format_, sha).encode() + packed


def parts_of(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return buffer.getvalue()


def torn(rng: np.random.Generator, content: bytes) -> bytes:
    """Flip bits, or cut, insert or copy bytes, up to four times."""
    raw = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at, length = int(rng.integers(len(raw) or 1)), int(rng.integers(1, 40))
        what = rng.integers(5)
        if what == 0 and raw:
            raw[at] ^= 1 << int(rng.integers(8))
        elif what == 1:
            del raw[at : at + length]
        elif what == 2:
            raw[at:at] = rng.bytes(length)
        elif what == 3:
            raw[at : at + length] = rng.choice(WORDS)
        else:
            there = int(rng.integers(len(raw) or 1))
            raw[at : at + length] = raw[there : there + length]
    return bytes(raw)


WORDS = [b"9" * 12, b"-1", b"null", b"{}", b"[]", b"1e999", b'"a"', b"<f8", b"|O", b"\0" * 4, b""]
VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**70,
    1e308,
    "",
    "x",
    "number",
    [],
    {},
    [[]],
    {"a": 1},
    ["x", "x"],
]


def reworded(rng: np.random.Generator, value: Any) -> Any:
    """Replace, remove or duplicate one value of the JSON document."""
    if isinstance(value, dict) and value and rng.uniform() < 0.9:
        key = str(rng.choice(sorted(value)))
        if rng.uniform() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: reworded(rng, value[key])}
    if isinstance(value, list) and value and rng.uniform() < 0.8:
        i = int(rng.integers(len(value)))
        new = [[], [value[i]] * 2, [reworded(rng, value[i])]][rng.integers(3)]
        return [*value[:i], *new, *value[i + 1 :]]
    return VALUES[rng.integers(len(VALUES))]


def _reshaped(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    flat: np.ndarray = array.reshape(-1)
    odd = np.array([np.nan, np.inf, 1e300, 0.0, -1.0])
    ways: list[Callable[[], np.ndarray]] = [
        lambda: flat,
        lambda: array[:-1],
        lambda: np.concatenate([array, array]),
        lambda: array[..., np.newaxis],
        lambda: array.astype(rng.choice(["f2", "f4", "f8", "i8", "u1", "U4"])),
        lambda: np.where(rng.uniform(size=array.shape) < 0.1, rng.choice(odd), array),
        lambda: np.empty((0, *array.shape[1:]), array.dtype),
    ]
    return ways[int(rng.integers(7))]()


def mutant(rng: np.random.Generator, content: bytes) -> bytes:
    """Return a corrupt file: changed anywhere, with a correct hash, or within its valid parts."""
    packed = content.split(b"\n", 1)[1]
    depth = rng.integers(5)
    if depth == 0:
        return torn(rng, content)
    if depth == 1:
        return rehashed(torn(rng, packed))
    if depth == 2:
        parts = parts_of(packed)
        name = str(rng.choice(sorted(parts)))
        return rehashed(zipped({**parts, name: torn(rng, parts[name])}))
    document, arrays = unpack(packed)
    if depth == 3:
        return rehashed(_repacked(rng, document, arrays))
    name = str(rng.choice(sorted(arrays)))
    with np.errstate(all="ignore"):
        return rehashed(pack(document, {**arrays, name: _reshaped(rng, arrays[name])}))


def _repacked(rng: np.random.Generator, document: Any, arrays: dict[str, np.ndarray]) -> bytes:
    if "preparation" in arrays and rng.uniform() < 0.5:
        inner = json.loads(arrays["preparation"].tobytes())
        text = json.dumps(reworded(rng, inner)).encode()
        return pack(document, {**arrays, "preparation": np.frombuffer(text, np.uint8)})
    return pack(reworded(rng, document), arrays)

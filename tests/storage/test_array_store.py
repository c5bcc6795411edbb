"""Covers the digests of arrays, the store of memory maps, and packed records."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, digest, pack, unpack
from dnnsearch.storage.mapped_arrays import MappedArrays

X = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_a_digest_does_not_depend_on_memory_layout_or_byte_order() -> None:
    assert digest({"X": X}) == digest({"X": np.asfortranarray(X)})
    assert digest({"X": X}) == digest({"X": X.astype(">f4")})


def test_a_digest_has_one_nan_and_one_zero() -> None:
    strange = np.frombuffer(b"\x01\x00\xc0\xff\x00\x00\x00\x80", np.float32)
    assert digest({"x": strange}) == digest({"x": np.array([np.nan, 0], np.float32)})


@pytest.mark.parametrize(
    "other",
    [
        {"Y": X},
        {"X": X.reshape(4, 3)},
        {"X": X.astype(np.float64)},
        {"X": np.nextafter(X, np.float32(99))},
        {"X": X, "Y": X},
    ],
)
def test_a_digest_depends_on_name_shape_type_and_every_bit(other: dict[str, np.ndarray]) -> None:
    assert digest(other) != digest({"X": X})


def test_a_digest_is_the_same_in_another_process() -> None:
    code = (
        "import numpy as np; from dnnsearch.storage.array_store import digest; "
        "print(digest({'X': np.arange(12, dtype=np.float32).reshape(3, 4)}))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert printed.stdout.strip() == digest({"X": X})


def test_a_large_array_is_hashed_in_blocks_to_the_same_digest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = digest({"X": X})
    monkeypatch.setattr("dnnsearch.storage.array_store.BLOCK_ELEMENTS", 5)
    assert digest({"X": X}) == whole


def test_the_store_returns_read_only_maps(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    arrays = ArrayStore(tmp_path).open(store.put({"X": X}))
    assert isinstance(arrays["X"], np.memmap)
    assert not arrays["X"].flags.writeable
    np.testing.assert_array_equal(arrays["X"], X)


def test_a_missing_group_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        ArrayStore(tmp_path).open("0" * 64)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_damaged_arrays_are_never_used_and_are_replaced(tmp_path: Path, damage: str) -> None:
    address = ArrayStore(tmp_path).put({"X": X})
    file = tmp_path / address / "X.npy"
    content = file.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    file.write_bytes({"flip": flipped, "truncate": content[:-1], "empty": b""}[damage])
    with pytest.raises(DamagedArrays):
        ArrayStore(tmp_path).open(address)
    assert ArrayStore(tmp_path).put({"X": X}) == address
    np.testing.assert_array_equal(ArrayStore(tmp_path).open(address)["X"], X)


def flip(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        opened.write(b"\x42")


def test_a_file_that_changes_in_place_is_found_before_a_result_and_at_the_next_open(
    tmp_path: Path,
) -> None:
    store = ArrayStore(tmp_path)
    address = store.put({"X": X})
    file = tmp_path / address / "X.npy"
    arrays, times = store.open(address), file.stat()
    store.check(arrays, address)
    flip(file)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(DamagedArrays, match="does not have the content of"):
        store.check(arrays, address)
    with pytest.raises(DamagedArrays):
        store.open(address)


def test_a_truncated_file_is_damaged_and_kills_nobody(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    address = store.put({"X": X})
    arrays = store.open(address)
    os.truncate(tmp_path / address / "X.npy", 0)
    with pytest.raises(DamagedArrays, match=r"X\.npy has become shorter"):
        store.check(arrays, address)


def test_maps_of_files_that_are_removed_replaced_or_touched_are_still_right(
    tmp_path: Path,
) -> None:
    store = ArrayStore(tmp_path)
    address = store.put({"X": X})
    file = tmp_path / address / "X.npy"
    arrays = store.open(address)
    os.utime(file)
    store.check(arrays, address)
    file.rename(tmp_path / "away")
    file.write_bytes(b"another file")
    store.check(arrays, address)
    (tmp_path / "away").unlink()
    store.check(arrays, address)
    np.testing.assert_array_equal(arrays["X"], X)


def test_equal_files_are_hashed_once_in_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArrayStore(tmp_path)
    address = store.put({"X": X})
    store.open(address)
    hashed: list[str] = []
    true = MappedArrays.blocks
    monkeypatch.setattr(
        MappedArrays, "blocks", lambda *given: hashed.append(given[1]) or true(*given)
    )
    store.check(store.open(address), address)
    assert hashed == []
    os.utime(tmp_path / address / "X.npy")
    store.open(address)
    assert hashed == ["X"]


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": np.asfortranarray(X)},
        {"X": np.zeros((0, 3)), "y": np.array(7)},
        {"names": np.array(["a", "bc"]), "mask": np.array([True, False])},
    ],
)
def test_what_is_read_from_the_files_has_the_digest_of_the_arrays(
    tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.storage.array_store.BLOCK_ELEMENTS", 5)
    store = ArrayStore(tmp_path)
    found = ArrayStore(tmp_path).open(store.put(arrays))
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_in_the_place_of_a_group_is_replaced(tmp_path: Path, kind: str) -> None:
    place = tmp_path / digest({"X": X})
    place.touch() if kind == "file" else place.symlink_to("nowhere")
    address = ArrayStore(tmp_path).put({"X": X})
    np.testing.assert_array_equal(ArrayStore(tmp_path).open(address)["X"], X)


def test_open_files_are_closed_with_the_arrays(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    address = store.put({"X": X})
    arrays = store.open(address)
    assert _open_files(tmp_path), "else the test would prove nothing"
    del arrays
    for _ in range(5):
        store.open(address)
    assert not _open_files(tmp_path)


def _open_files(folder: Path) -> list[str]:
    """Return the files in the folder that this process has open; others may be closed meanwhile."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return [path for path in found if path.startswith(str(folder))]


def test_what_is_packed_is_unpacked_and_equal_content_is_equal_bytes() -> None:
    document, arrays = unpack(pack({"a": [1, 0.1]}, {"X": X}))
    assert document == {"a": [1, 0.1]}
    np.testing.assert_array_equal(arrays["X"], X)
    assert pack({"a": 1, "b": 2}, {"X": X}) == pack({"b": 2, "a": 1}, {"X": X.copy(order="F")})


def test_objects_are_neither_packed_nor_unpacked() -> None:
    with pytest.raises(ValueError, match="pickle"):
        pack({}, {"X": np.array([object()])})


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_damaged_pack_is_an_error_or_has_the_same_members(position: int, bits: int) -> None:
    packed = bytearray(pack({"a": 1}, {"X": X}))
    packed[position % len(packed)] ^= bits
    try:
        document, arrays = unpack(bytes(packed))
    except DamagedArrays:
        return
    assert document.keys() | arrays.keys() <= {"a", "X"}


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_not_a_pack(content: bytes) -> None:
    with pytest.raises(DamagedArrays):
        unpack(content)

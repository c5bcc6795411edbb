"""Covers the transfer of a group of arrays into another array store."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.workers import transfer


@pytest.fixture
def source(tmp_path: Path) -> ArrayStore:
    return ArrayStore(tmp_path / "source")


@pytest.fixture
def address(source: ArrayStore) -> str:
    return source.put({"X": np.arange(5000.0), "y": np.arange(7), "none": np.zeros((0, 3))})


def send(source: ArrayStore, address: str, root: Path) -> int:
    """Send all chunks; return how many there were."""
    sent = 0
    for chunk in transfer.chunks(source.root, address):
        transfer.receive(root, address, chunk)
        sent += 1
    return sent


def test_a_group_arrives_in_chunks_and_whole(
    source: ArrayStore, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 1000)
    root = tmp_path / "cache"
    assert transfer.begin(root, address) == "send"
    assert send(source, address, root) > 40
    assert address not in ArrayStore(root)
    transfer.end(root, address)
    arrays = ArrayStore(root).open(address)
    assert arrays["X"].tolist() == list(range(5000))
    assert transfer.begin(root, address) == "there"
    assert [path.name for path in root.iterdir()] == [address]


def test_of_several_workers_on_a_machine_one_is_sent_the_group_and_the_others_wait(
    source: ArrayStore, address: str, tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    answers = [transfer.begin(root, address) for _ in range(3)]
    assert answers == ["send", "wait", "wait"]
    send(source, address, root)
    transfer.end(root, address)
    assert transfer.begin(root, address) == "there"


def test_a_worker_that_waits_starts_again_if_no_chunk_has_come_for_a_while(
    source: ArrayStore, address: str, tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    transfer.begin(root, address)
    send(source, address, root)
    assert transfer.begin(root, address) == "wait"
    long_ago = time.time() - transfer.ABANDONED_SECONDS - 1
    os.utime(root / f".new-{address}", (long_ago, long_ago))
    assert transfer.begin(root, address) == "send"
    assert list((root / f".new-{address}").iterdir()) == []


def test_a_damaged_group_is_sent_again(source: ArrayStore, address: str, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    transfer.begin(root, address)
    send(source, address, root)
    transfer.end(root, address)
    path = root / address / "X.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert transfer.begin(root, address) == "send"
    send(source, address, root)
    transfer.end(root, address)
    assert transfer.begin(root, address) == "there"


def test_what_arrives_damaged_is_not_kept(source: ArrayStore, address: str, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    transfer.begin(root, address)
    for name, start, content in list(transfer.chunks(source.root, address))[:-1]:
        transfer.receive(root, address, (name, start, content))
    with pytest.raises(DamagedArrays):
        transfer.end(root, address)
    assert list(root.iterdir()) == []

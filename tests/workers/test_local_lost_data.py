"""Covers data that change or are lost under local workers: the trial runs again, or one line."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.record import decode
from dnnsearch.workers import Done, LocalWorkers, Progressed
from tests.workers.test_local_pool import ends, running, spec_of


class Copies:
    """A copy of a group in a store of its own, put back by `restore`."""

    def __init__(self, store: ArrayStore, address: str, root: Path) -> None:
        self.whole, self.copy = store.root / address, root / address
        self.root = root
        self.restored = 0
        shutil.copytree(self.whole, self.copy)

    def restore(self, address: str) -> None:
        assert address == self.copy.name
        self.restored += 1
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.whole, self.copy)


@pytest.mark.parametrize(
    "damage", [pytest.param("emptied", marks=pytest.mark.proof), "flipped", "killed"]
)
def test_a_trial_whose_data_change_under_it_runs_again_to_the_same_bits(
    store: ArrayStore, address: str, tmp_path: Path, damage: str
) -> None:
    copies = Copies(store, address, tmp_path)
    file = copies.copy / "X_train.npy"
    undisturbed = LocalWorkers(1, "portable", store.root)
    workers = LocalWorkers(1, "portable", tmp_path, copies.restore)
    try:
        for pool in (undisturbed, workers):
            pool.submit(spec_of(address, iterations=20_000))
        seen: list[object] = []
        while not any(isinstance(event, Progressed) for event in seen):
            assert not any(isinstance(event, Done) for event in seen), "it ended too soon"
            seen = workers.poll(1)
        if damage == "flipped":
            with file.open("r+b") as opened:
                opened.seek(-1, os.SEEK_END)
                opened.write(b"\x41")
        else:
            os.truncate(file, 0)
        if damage == "killed":
            os.kill(running(workers, 0), signal.SIGKILL)
        (one, two) = (ends(pool, 1)[0] for pool in (undisturbed, workers))
        assert isinstance(one, Done)
        assert isinstance(two, Done)
        assert decode(one.packed).digest == decode(two.packed).digest
        assert copies.restored == 1
    finally:
        undisturbed.close()
        workers.close()


def test_an_error_that_comes_of_damaged_data_is_no_failure(
    store: ArrayStore, address: str, tmp_path: Path
) -> None:
    copies = Copies(store, address, tmp_path)
    workers = LocalWorkers(1, "portable", tmp_path, copies.restore)
    try:
        workers.submit(spec_of(address, 0))
        assert isinstance(ends(workers, 1)[0], Done)
        (copies.copy / "y_train.npy").unlink()
        workers.submit(spec_of(address, 1))
        assert isinstance(ends(workers, 1)[1], Done)
        assert copies.restored == 1
    finally:
        workers.close()


def test_data_that_nobody_restores_end_the_search_in_one_line(
    store: ArrayStore, address: str, tmp_path: Path
) -> None:
    workers = LocalWorkers(1, "portable", tmp_path)
    workers.submit(spec_of(address, 4))
    line = (
        f"the data of trial 4 were missing or damaged 10 times: KeyError: '{address}'; something "
        f"empties or changes {tmp_path}, choose another folder: DNNSEARCH_CACHE=FOLDER"
    )
    try:
        with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
            ends(workers, 1)
    finally:
        workers.close()

"""The prepared arrays that a study uses: kept from `clean`, and restored if they are lost."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dnnsearch.data.restored_arrays import restore
from dnnsearch.storage.array_lock import lock_shared
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition

MAX_ATTEMPTS = 3  # to lock what another process may remove at that moment


class UsedArrays:
    """The groups of a definition that this process uses. Threads may share it."""

    def __init__(self, definition: Definition, store: ArrayStore) -> None:
        self._config = definition.config
        self._store = store
        self._locks: dict[str, int] = {}  # descriptors, by digest of the group
        self._thread_lock = threading.Lock()

    def restore(self, address: str) -> None:
        """Make the group whole and keep it from `clean`.

        Raise UserError if its source is gone or has changed, or if it cannot be stored.
        """
        with self._thread_lock:
            for _ in range(MAX_ATTEMPTS):
                restore(self._config, self._store, address)
                if self._lock(address):
                    return

    def keep(self, address: str) -> None:
        """Keep the group from `clean`; restore it if it is not there."""
        with self._thread_lock:
            there = self._lock(address)
        if not there:
            self.restore(address)

    def _lock(self, address: str) -> bool:
        """Lock the folder that is there now; return whether there is one."""
        self._unlock(address)
        try:
            self._locks[address] = lock_shared(self._store.root / address)
        except OSError:
            return False
        return True

    def _unlock(self, address: str) -> None:
        if address in self._locks:
            os.close(self._locks.pop(address))

    def release(self) -> None:
        """Let `clean` remove the groups again."""
        for address in list(self._locks):
            self._unlock(address)


@contextmanager
def used_arrays(definition: Definition, store: ArrayStore) -> Iterator[UsedArrays]:
    """Keep the definition's arrays from `clean` during the `with` block.

    Raise UserError if they are missing and cannot be restored.
    """
    arrays = UsedArrays(definition, store)
    try:
        arrays.keep(definition.prepared.key)
        arrays.keep(definition.prepared.test_key)
        yield arrays
    finally:
        arrays.release()

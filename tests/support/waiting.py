"""Waiting for what another process does."""

import time
from pathlib import Path


def wait_until_removed(folder: Path) -> None:
    for _ in range(1000):
        if not folder.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{folder} is still there after ten seconds")

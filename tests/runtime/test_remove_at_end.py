"""Covers the folder that is removed when the process that needs it has ended."""

import os
import subprocess
import sys
import time
from pathlib import Path

from dnnsearch.runtime.remove_at_end import remove_at_end
from tests.support.waiting import wait_until_removed


def test_a_folder_stays_until_the_last_holder_ends_even_if_it_is_killed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (folder / "link").symlink_to(elsewhere)
    descriptor = remove_at_end(folder)
    holder = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor]
    )
    os.close(descriptor)
    time.sleep(0.3)
    assert (folder / "link").exists()
    holder.kill()
    holder.communicate()
    wait_until_removed(folder)
    assert (elsewhere / "kept").exists()

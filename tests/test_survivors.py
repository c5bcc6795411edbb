"""Covers the check that no process outlives the tests that have started it."""

import os
import signal
import subprocess
import sys

from tests.support.survivors import started_here, survivors

# The child leaves the process group and its parent, as a server in the background does.
LEAVING = """
import subprocess, sys
child = subprocess.Popen(
    ["sleep", "61.25"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
print(child.pid)
"""


def test_a_process_that_has_left_its_parent_and_its_group_is_found() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING], capture_output=True, text=True, check=True
    )
    pid = int(done.stdout)
    try:
        assert started_here()[pid] == "sleep 61.25"
        assert "sleep 61.25" in survivors(seconds=0)
    finally:
        os.kill(pid, signal.SIGKILL)

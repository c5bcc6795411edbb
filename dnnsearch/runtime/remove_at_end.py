"""Remove a folder when the process that needs it has ended, however that ends.

A process that becomes another program, such as a server, cannot remove anything afterwards. So a
small process waits for the end of a pipe, which the system closes with the last process that holds
it. It is in a session of its own, where no Ctrl-C reaches it. It is started by a process that ends
at once, so that its caller need not wait for it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dnnsearch.runtime.process_control import OWN_SESSION
from dnnsearch.runtime.python_command import python_command, python_environment

START, WAIT = "start", "wait"  # the two processes


def remove_at_end(folder: Path) -> int:
    """Return a descriptor; the folder is removed when no process has it open any more.

    Raise OSError if the machine cannot start another process.
    """
    reading, writing = os.pipe()
    try:
        subprocess.run(
            _command(START, folder.absolute()),
            check=True,
            env=python_environment(),
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **OWN_SESSION,
        )
    except BaseException:
        os.close(writing)
        raise
    finally:
        os.close(reading)
    return writing


def _command(what: str, folder: Path) -> list[str]:
    return python_command("dnnsearch.runtime.remove_at_end", what, str(folder))


def _main(what: str, folder: Path) -> None:
    if what == START:
        subprocess.Popen(_command(WAIT, folder), cwd=folder.anchor, **OWN_SESSION)
        os._exit(0)
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))

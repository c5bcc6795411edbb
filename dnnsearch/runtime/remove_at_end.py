"""Remove a folder when the process that needs it has ended, however that ends.

A process that becomes another program, such as a server, cannot remove anything afterwards. So a
small process waits for the end of a pipe, which the kernel closes with the last process that holds
it. It is in a session of its own, where no Ctrl-C reaches it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dnnsearch.runtime.python_command import python_command, python_environment


def remove_at_end(folder: Path) -> int:
    """Return a descriptor; the folder is removed when no process has it open any more.

    Raise OSError if the machine cannot start another process.
    """
    reading, writing = os.pipe()
    try:
        subprocess.run(
            python_command("dnnsearch.runtime.remove_at_end", str(folder.absolute())),
            check=True,
            env=python_environment(),
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        os.close(writing)
        raise
    finally:
        os.close(reading)
    return writing


def _main(folder: Path) -> None:
    if os.fork():
        os._exit(0)  # the caller waits for this process only
    os.chdir("/")
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))

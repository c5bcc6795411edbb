"""A real Dask cluster, by the commands `dask scheduler` and `dask worker`, for tests to break."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

DASK = str(Path(sys.executable).with_name("dask"))
AGAIN = ("sh", "-c", 'while :; do "$@"; sleep 0.5; done', "sh")
FAST = {  # a lost connection is noticed after 12 s instead of 30 s
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "12s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}


def wait_for(text: str, log: Path, seconds: float = 90) -> re.Match[str]:
    """Wait until the log contains the pattern; return the match."""
    until = time.monotonic() + seconds
    while not (found := re.search(text, log.read_text() if log.exists() else "")):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return found


class DaskCluster:
    """A scheduler and its workers; each worker is a process without a nanny, unless asked for."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.cache = folder / "worker-cache"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start(["scheduler", "--host", host, "--port", "0"], "scheduler")
        self.address = wait_for(r"Scheduler at: +(tcp://\S+)", folder / "scheduler.log")[1]

    def start(
        self, command: Sequence[str], name: str, prefix: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, DASK, *command, "--no-dashboard"],
                cwd=self.folder,
                env={**os.environ, **FAST, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, name: str, *options: str, **variables: str) -> "subprocess.Popen[bytes]":
        """Start a worker; do not wait until it has joined."""
        own = ["--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder / name)]
        variables = {"DNNSEARCH_CACHE": str(self.cache), **variables}
        return self.start(["worker", self.address, *own, *options], name, **variables)

    def hosted(self, name: str, inside: Sequence[str], address: str) -> None:
        """Start a worker on a host of its own, and again when it ends, as a cluster manager does.

        A worker that has lost its scheduler ends itself.
        """
        own = ["--nthreads", "1", "--host", address, "--local-directory", str(self.folder / name)]
        cache = str(self.folder / f"{name}-cache")
        self.start(
            ["worker", self.address, *own], name, prefix=[*inside, *AGAIN], DNNSEARCH_CACHE=cache
        )

    def joined(self, name: str) -> str:
        """Wait until the worker has joined; return its address."""
        log = self.folder / f"{name}.log"
        wait_for(r"Registered to", log)
        return wait_for(r"Start worker at: +(tcp://\S+)", log)[1]

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def children(parent: int) -> list[int]:
    """Return the ids of the pinned children of a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            below = int((path / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if below and b"dnnsearch.workers.worker_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found

"""Start real commands, mostly `dnnsearch search`; find and kill them and their child processes."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WORKER, PUBLISHER = b"dnnsearch.workers", b"dnnsearch.tracking.publisher_main"
MAX_ORPHAN_SECONDS = 5.0  # after its coordinator's death a child must end within this time
UNTRACED = ("MLFLOW_TRACKING_URI", "DNNSEARCH_STORAGE", "DNNSEARCH_CACHE")


def write_config(folder: Path, study: str, config: Mapping[str, Any]) -> Path:
    """Write a config whose storage, tracking and records lie in the folder; return its path."""
    own = {
        "storage": f"sqlite:///{folder}/optuna.db",
        "tracking": f"sqlite:///{folder}/mlflow.db",
        "records": str(folder / "records"),
    }
    path = folder / f"{study}.yaml"
    path.write_text(json.dumps({**own, **config}))  # JSON is also YAML
    return path


def start(
    config: Path,
    options: Sequence[str] = (),
    memory: int | None = None,
    cache: Path | None = None,
) -> subprocess.Popen[str]:
    """Start `dnnsearch search` in the folder of the config.

    `memory` limits the address space of each process, in bytes. Prepared data are kept in `cache`,
    or in the folder of the config.
    """
    arguments = ["search", str(config), "--quiet", *options]
    process = start_command(config.parent, arguments, cache or config.parent / "cache")
    if memory is not None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
    return process


def start_command(folder: Path, arguments: Sequence[str], cache: Path) -> subprocess.Popen[str]:
    """Start `dnnsearch ARGUMENTS` in a folder; its output and errors are one stream."""
    return subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments],
        cwd=folder,
        env=environment(cache),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environment(cache: Path) -> dict[str, str]:
    """Return our environment with this cache, without variables that name another study."""
    ours = {name: value for name, value in os.environ.items() if name not in UNTRACED}
    return {**ours, "DNNSEARCH_CACHE": str(cache)}


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a search; return its output.

    Raises RuntimeError with the output if the exit code is not 0.
    """
    output, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the search ended with {process.returncode}: {output}")
    return output


def workers_of(coordinator: int) -> list[int]:
    """Return the process ids of a coordinator's workers."""
    return [pid for pid in children_of(coordinator) if _is(pid, WORKER)]


def children_of(coordinator: int) -> list[int]:
    """Return the process ids of a coordinator's workers and of its publisher process."""
    found = (int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat"))
    return sorted(pid for pid in found if _parent(pid) == coordinator and _is_child(pid))


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if state == "Z" else int(parent)
    return 0


def _is_child(pid: int) -> bool:
    return _is(pid, WORKER) or _is(pid, PUBLISHER)


def _is(pid: int, program: bytes) -> bool:
    with contextlib.suppress(OSError):
        return program in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def kill(pid: int) -> None:
    """Kill a process with SIGKILL, which it cannot handle."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def survivors(pids: Sequence[int], seconds: float = MAX_ORPHAN_SECONDS) -> list[int]:
    """Return the children that still exist after `seconds`, or none as soon as all have ended."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if _is_child(pid)]) and time.monotonic() < until:
        time.sleep(0.02)
    return left

"""The real command `dnnsearch search` as a process, and its child processes, to be killed."""

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
ORPHAN_SECONDS = 5.0  # so long after its coordinator's death no child may exist
UNTRACED = ("MLFLOW_TRACKING_URI", "DNNSEARCH_STORAGE", "DNNSEARCH_CACHE")


def write_config(folder: Path, study: str, config: Mapping[str, Any]) -> Path:
    """A config whose study, with all that belongs to it, stays in the folder."""
    own = {
        "storage": f"sqlite:///{folder}/optuna.db",
        "tracking": f"sqlite:///{folder}/mlflow.db",
        "records": str(folder / "records"),
    }
    path = folder / f"{study}.yaml"
    path.write_text(json.dumps({**own, **config}))  # which is YAML, too
    return path


def start(
    config: Path,
    options: Sequence[str] = (),
    memory: int | None = None,
    cache: Path | None = None,
) -> subprocess.Popen[str]:
    """`dnnsearch search` in the config's folder; each process may have so many bytes of memory.

    Prepared data are kept in `cache`, or in the config's folder.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", "search", str(config), "--quiet", *options],
        cwd=config.parent,
        env=environment(cache or config.parent / "cache"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if memory is not None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
    return process


def environment(cache: Path) -> dict[str, str]:
    """Ours, with this cache of prepared data, and no study of anybody else's."""
    ours = {name: value for name, value in os.environ.items() if name not in UNTRACED}
    return {**ours, "DNNSEARCH_CACHE": str(cache)}


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a search; raises RuntimeError with its words unless all went well."""
    words, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the search ended with {process.returncode}: {words}")
    return words


def workers_of(coordinator: int) -> list[int]:
    """The process ids of a coordinator's workers."""
    return [pid for pid in children_of(coordinator) if _is(pid, WORKER)]


def children_of(coordinator: int) -> list[int]:
    """The process ids of a coordinator's workers and of who publishes for it."""
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
    """With a signal that nobody can handle."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def survivors(pids: Sequence[int], seconds: float = ORPHAN_SECONDS) -> list[int]:
    """The children that are still there after so many seconds; waits no longer than it must."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if _is_child(pid)]) and time.monotonic() < until:
        time.sleep(0.02)
    return left

"""One command of a tree's dnnsearch: its seconds, its CPU seconds and its memory.

A tree is a checkout. CPU seconds (user and system) are those of the command and of all processes
that it has waited for; other load on the machine makes them a little longer, and the seconds much.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.processes import environment

TICKS = os.sysconf("SC_CLK_TCK")
FIRST, LAST = "first trial", "last trial"  # its start, its end
IMPORT_TIMER = Path(__file__).with_name("import_timer.py")


@dataclass(frozen=True)
class Spent:
    """What a command, or a part of it, took."""

    seconds: float
    cpu: float
    megabytes: float = 0.0  # the largest resident set of one of its processes; 0 if not measured


@dataclass(frozen=True)
class Place:
    """A tree whose commands run in a folder, with a cache of prepared data."""

    tree: Path
    folder: Path
    cache: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its commands."""
        return {**environment(self.cache), "PYTHONPATH": str(self.tree)}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `dnnsearch ARGUMENTS`."""
        return subprocess.Popen(
            [sys.executable, "-m", "dnnsearch", *arguments],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, with_memory: bool = False) -> Spent:
        """Run `dnnsearch ARGUMENTS` to its end; raise RuntimeError if it fails.

        With memory it must print little, for its output is read when it has ended.
        """
        started = time.monotonic()
        process = self.start(*arguments)
        assert process.stdout is not None
        megabytes = _peak_until_end(process.pid) if with_memory else 0.0
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)} of {self.tree}: {output}")
        cpu = used.ru_utime + used.ru_stime
        return Spent(time.monotonic() - started, cpu, megabytes)

    def imports(self, *arguments: str) -> dict[str, float]:
        """Return the CPU seconds of the imports of a command, by package."""
        command = [sys.executable, str(IMPORT_TIMER), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.variables, check=True, capture_output=True, text=True
        )
        found: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
        return found


def search_parts(place: Place, config: str, *options: str) -> dict[str, Spent]:
    """Return what the parts of a search took, each by the event that ends it, in their order.

    The CPU seconds are those of the coordinator and of the children that it has at that moment.
    """
    marks = {"": (time.monotonic(), 0.0)}
    process = place.start("search", config, "--json", *options)
    assert process.stdout is not None
    for line in process.stdout:
        name = ended_part(json.loads(line)) if line.startswith("{") else ""
        if name == LAST or (name and name not in marks and FIRST not in marks):
            marks[name] = time.monotonic(), cpu_of(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise RuntimeError(f"search {config} ended with {process.returncode}: {line}")
    marks["prompt"] = time.monotonic(), used.ru_utime + used.ru_stime
    return {
        name: Spent(now[0] - last[0], now[1] - last[1])
        for last, (name, now) in zip(marks.values(), list(marks.items())[1:])
    }


def ended_part(event: Mapping[str, str]) -> str:
    """Return the name of the part that ends with an event; empty if none does."""
    if event["event"] == "stage":
        return event["text"]
    if event["event"] != "trial":
        return ""
    return FIRST if event["state"] == "running" else LAST


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process, of its ended children and of its present ones."""
    return sum(map(_ticks, family(pid))) / TICKS


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *map(int, children.split())]


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def served(place: Place, model: str, body: Path, port: int) -> Spent:
    """Post a CSV to the server; return what the request took, and the server's largest memory."""
    server = place.start("serve", model, "--port", str(port))
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(server, f"{address}/ping")
        before, started = cpu_of(server.pid), time.monotonic()
        with body.open("rb") as rows:
            request = urllib.request.Request(
                f"{address}/invocations", rows, {"Content-Type": "text/csv"}
            )
            request.add_header("Content-Length", str(body.stat().st_size))
            with urllib.request.urlopen(request) as answer:
                while answer.read(1 << 20):
                    pass
        seconds, cpu = time.monotonic() - started, cpu_of(server.pid) - before
        return Spent(seconds, cpu, max(map(_peak, family(server.pid))))
    finally:
        server.terminate()
        server.communicate()


def _wait_for(server: "subprocess.Popen[str]", address: str) -> None:
    """Return when the server answers; raise RuntimeError if it ends."""
    while server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the server has ended: {server.communicate()[0]}")


def _peak_until_end(pid: int) -> float:
    """Return the largest resident set of a child; `wait4` would count what it had before exec."""
    peak = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        with contextlib.suppress(ValueError, OSError):  # it has just ended
            peak = max(peak, _peak(pid))
        time.sleep(0.02)
    return peak


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6

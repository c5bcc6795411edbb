"""One input for a fuzzer: read here or by a command, with its end, its time and its memory."""

import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from dnnsearch.errors import UserError
from experiments.processes import environment

MAX_SECONDS = 30  # of processor time: more is a hang
MAX_WALL_SECONDS = 600  # an idle hang, or a very busy machine
MAX_ADDRESS_SPACE = 8 << 30  # of a command: a bomb must not harm the machine
POLL_SECONDS = 0.02
TICKS = 100  # a second, in /proc
MAX_LINE_CHARACTERS = 2000  # of a refusal


@dataclass
class Tally:
    """What became of the inputs of one kind."""

    name: str
    inputs: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0  # of processor time: the most of one input
    megabytes: float = 0.0  # the most of one process

    def count(self, end: str, seconds: float = 0.0, megabytes: float = 0.0) -> None:
        self.inputs += 1
        self.ends[end] = self.ends.get(end, 0) + 1
        self.seconds, self.megabytes = max(self.seconds, seconds), max(self.megabytes, megabytes)

    def problem(self, i: object, what: str) -> None:
        self.problems.append(f"input {i}: {what}")
        print(self.name, self.problems[-1], file=sys.stderr, flush=True)

    def row(self) -> list[object]:
        taken = sum(
            n for end, n in self.ends.items() if end.startswith("taken") or ": taken," in end
        )
        wrong = sum(n for end, n in self.ends.items() if "problem" in end)
        found = [self.name, self.inputs, taken, self.inputs - taken - wrong, wrong]
        return [*found, f"{self.seconds:.1f}", f"{self.megabytes:.0f}" if self.megabytes else "-"]


class HangError(Exception):
    """An input takes too much time."""


def _hang(number: int, frame: FrameType | None) -> None:
    raise HangError


def attempt(tally: Tally, i: object, read: Callable[..., str], *arguments: object) -> None:
    """Read one input in this process; anything but an answer or one line is a problem."""
    signal.signal(signal.SIGPROF, _hang)
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    began = time.process_time()
    try:
        end = read(*arguments)
    except UserError as error:
        end = _refusal(tally, i, str(error))
    except Exception:
        end = "problem"
        tally.problem(i, traceback.format_exc()[-1500:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    tally.count(end, time.process_time() - began)


def _refusal(tally: Tally, i: object, said: str) -> str:
    if "\n" in said.strip() or not said.strip() or len(said) > MAX_LINE_CHARACTERS:
        tally.problem(i, f"not one line: {said[:1500]!r}")
        return "problem"
    return "one line"


def run_command(tally: Tally, i: object, arguments: Sequence[str]) -> str:
    """Let the real command read one input, in the working folder; return how it ended."""
    log = Path("command.log")
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dnnsearch", *arguments],
            env=environment(Path("cache").resolve()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    with suppress(ProcessLookupError):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    began, used = time.monotonic(), (0.0, 0.0)
    while process.poll() is None:
        used = usage(process.pid) or used
        if used[0] > MAX_SECONDS or time.monotonic() - began > MAX_WALL_SECONDS:
            process.kill()
            process.wait()
            tally.problem(i, f"a hang of {' '.join(arguments)}")
        time.sleep(POLL_SECONDS)
    end = _end_of(tally, i, process.returncode, log.read_text(errors="replace"))
    tally.count(f"{end}, by the command", *used)
    return end


def _end_of(tally: Tally, i: object, code: int, said: str) -> str:
    if code == 0:
        return "taken"
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    if code != 2 or "Traceback" in said or len(errors) != 1:
        tally.problem(i, f"exit code {code}: {said[-1500:]}")
        return "problem"
    return "one line, exit code 2"


def usage(pid: int) -> tuple[float, float] | None:
    """Return the processor seconds of a process and the most megabytes that it has had."""
    with suppress(OSError, IndexError, ValueError, StopIteration):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return (int(fields[11]) + int(fields[12])) / TICKS, int(peak.split()[1]) / 1000
    return None

"""The signals that a storm sends to a command, one row each, and what is wrong with its end."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from experiments.processes import children_of, survivors

COMMAND, CHILD, ALL = "the command", "one of its children", "both"
MAX_PASSING_PER_RUN = 3  # one kill of a child makes a trial a suspect, three more would fail it
MAX_STOP_SECONDS = 3.0  # between SIGSTOP and SIGCONT
HANG_SECONDS = 30.0  # without progress and without need for a processor: the command hangs
MAX_BUSY_SECONDS = 300.0  # without progress, though it computes: the command hangs as well
SAMPLE_SECONDS = 0.25
BUSY_SHARE = 0.2  # of the samples in which a process wants a processor: it computes


@dataclass(frozen=True)
class Kind:
    """A signal, who gets it, and the exit codes of a command that it ends."""

    number: signal.Signals
    target: str = COMMAND
    codes: tuple[int, ...] = ()  # none: the command goes on


KINDS = {
    "KILL": Kind(signal.SIGKILL, COMMAND, (-9,)),
    "KILL all": Kind(signal.SIGKILL, ALL, (-9,)),
    "KILL child": Kind(signal.SIGKILL, CHILD),
    "TERM": Kind(signal.SIGTERM, COMMAND, (143, -15)),  # negative: before Python has begun
    "INT": Kind(signal.SIGINT, COMMAND, (130, -2)),
    "HUP": Kind(signal.SIGHUP, COMMAND, (129, -1)),
    "QUIT": Kind(signal.SIGQUIT, COMMAND, (-3,)),
    "STOP": Kind(signal.SIGSTOP, COMMAND),
    "STOP child": Kind(signal.SIGSTOP, CHILD),
}
ENDING = [name for name, kind in KINDS.items() if kind.codes]
PASSING = [name for name, kind in KINDS.items() if not kind.codes]
Progress = Callable[[], object]


class HangError(Exception):
    """A command hangs; it was ended, and the message is what its threads were doing."""


def take_signals() -> None:
    """Let our children get every signal, even if a shell or nohup lets us ignore some of them."""
    for kind in KINDS.values():
        if signal.getsignal(kind.number) == signal.SIG_IGN:
            signal.signal(kind.number, signal.SIG_DFL)
    os.environ["PYTHONFAULTHANDLER"] = "1"  # for the message of HangError


def has_ended(process: subprocess.Popen[str], seconds: float) -> bool:
    """Wait at most `seconds` for the end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is not None


def planned(rng: random.Random, most: int) -> list[str]:
    """Return the signals of one run: some after which it goes on, then one that ends it."""
    passing = rng.choices(PASSING, k=rng.randint(0, MAX_PASSING_PER_RUN))
    return [*passing, rng.choice(ENDING)][:most]


def hit(process: subprocess.Popen[str], name: str, rng: random.Random) -> bool:
    """Send the signal; after a SIGSTOP, SIGCONT follows. Return False if there is no such child."""
    kind, children = KINDS[name], children_of(process.pid)
    if kind.target == CHILD:
        targets = [rng.choice(children)] if children else []
    else:
        targets = [process.pid, *(children if kind.target == ALL else [])]
    send(targets, kind.number)
    if kind.number == signal.SIGSTOP:
        time.sleep(rng.uniform(0, MAX_STOP_SECONDS))
        send(targets, signal.SIGCONT)
    return bool(targets)


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def problems_of_end(process: subprocess.Popen[str], name: str) -> list[str]:
    """Wait for the end of a command that got an ending signal; return what is wrong with it."""
    children = children_of(process.pid)
    try:
        output = output_of(process)
    except HangError as error:
        return [f"{name}: {error}"]
    found = [f"process {pid} outlived its coordinator" for pid in survivors(children)]
    if process.returncode not in (0, *KINDS[name].codes):
        found.append(f"{name}: exit code {process.returncode}: {output[-2000:]}")
    return found + problems_of_output(output)


def problems_of_output(output: str) -> list[str]:
    return [output] if "Traceback" in output else []


def output_of(process: subprocess.Popen[str], progress: Progress = lambda: None) -> str:
    """Return the output of a command, once it has ended; raise HangError if it never would."""
    watch = Watch(process, progress)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=SAMPLE_SECONDS)[0]
        watch.check()


class Watch:
    """Sees that a command hangs: no progress, and it computes nothing, or computes for ever."""

    def __init__(self, process: subprocess.Popen[str], progress: Progress) -> None:
        self._process, self._progress, self._next = process, progress, 0.0
        self._restart(progress())

    def _restart(self, reached: object) -> None:
        self._reached, self._since = reached, time.monotonic()
        self._samples = deque[bool](maxlen=int(HANG_SECONDS / SAMPLE_SECONDS))

    def check(self) -> None:
        """Look again, SAMPLE_SECONDS after the last time; end a command that hangs: HangError."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SAMPLE_SECONDS
        if (reached := self._progress()) != self._reached:
            self._restart(reached)
        pids, samples = [self._process.pid, *children_of(self._process.pid)], self._samples
        samples.append(any(map(_wants_processor, pids)))
        is_idle = len(samples) == samples.maxlen and sum(samples) < BUSY_SHARE * len(samples)
        if is_idle or time.monotonic() - self._since > MAX_BUSY_SECONDS:
            raise HangError(_end(self._process, "idle" if is_idle else "busy"))


def _wants_processor(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        states = Path(f"/proc/{pid}/task").glob("*/stat")
        return any(path.read_text().rpartition(")")[2].split()[0] in "RD" for path in states)
    return False


def _end(process: subprocess.Popen[str], how: str) -> str:
    """End a command that hangs; return what its threads were doing."""
    children = children_of(process.pid)
    send([process.pid], signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return f"hangs, {how}: {process.communicate(timeout=10)[0][-4000:]}"
    send([process.pid, *children], signal.SIGKILL)
    return f"hangs, {how}, and does not end on SIGABRT: {process.communicate()[0][-4000:]}"

"""Damaged model files by the hundred: each is refused in one line, or answers; no code is run."""

import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from experiments.mutations import mutant
from tests.models.test_model_file import KINDS, rows_for


class Guard:
    """Records whether Python runs code or opens anything while it is watching."""

    EVENTS = ("exec", "compile", "import", "open", "pickle.find_class", "os.system")
    EVENTS += ("subprocess.Popen", "ctypes.dlopen", "marshal.loads", "socket.connect")

    def __init__(self) -> None:
        self.watching, self.seen = False, []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event in self.EVENTS:
            self.seen.append((event, arguments))


def outcomes(count: int, seed: int) -> Iterator[str]:
    """Yield the outcome of each of `count` mutants; an error that is not a UserError is raised."""
    rng = np.random.default_rng(seed)
    files = [model_file.encode(make()) for make in KINDS.values()]
    rows = [rows_for(make()) for make in KINDS.values()]
    guard = Guard()
    for content, these in zip(files, rows):
        model_file.decode(content, "x").predict(these)  # late imports happen now
    tracemalloc.start()
    for i in range(count):
        k = int(rng.integers(len(files)))
        content = mutant(rng, files[k])
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        guard.watching = True
        try:
            outcome = _outcome(content, rows[k])
        finally:
            guard.watching = False
        assert guard.seen == [], f"mutant {i} of seed {seed}"
        _, peak = tracemalloc.get_traced_memory()
        assert peak - before < 16 << 20, f"mutant {i} of seed {seed}"
        yield outcome


def _outcome(content: bytes, rows: Any) -> str:
    try:
        model = model_file.decode(content, "x")
    except UserError as error:
        assert "\n" not in str(error)
        return "refused"
    try:
        assert len(model.predict(rows)) == len(rows)
    except ValueError:
        return "cannot answer"
    return "answers"


def fuzz(count: int, seed: int) -> dict[str, int]:
    try:
        found = list(outcomes(count, seed))
    finally:
        tracemalloc.stop()
    return {name: found.count(name) for name in sorted(set(found))}


def test_of_hundreds_of_mutants_none_runs_code_none_crashes_and_none_takes_memory() -> None:
    counts = fuzz(400, seed=0)
    assert counts["refused"] > 200
    assert counts["answers"] > 10  # the checks are not so strict that nothing passes


@pytest.mark.proof
def test_of_ten_thousand_mutants_none_runs_code_none_crashes_and_none_takes_memory() -> None:
    counts = fuzz(10_000, seed=1)
    print(counts)
    assert sum(counts.values()) == 10_000


def test_the_guard_sees_code_that_is_run() -> None:
    guard = Guard()
    guard.watching = True
    exec("1 + 1")
    guard.watching = False
    assert {event for event, _ in guard.seen} >= {"exec"}

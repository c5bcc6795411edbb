"""Covers the local pool and its worker processes, which are really killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import decode
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Event, Failed, LocalWorkers, Progressed
from tests.support.paths import first_on_path


def spec_of(address: str, number: int = 0, **changes: object) -> Spec:
    hyper = {"learning_rate": 0.1, "iterations": 50, "units": (4,), "activation": "relu"}
    hyper |= {"momentum": 0.9, "batch_size": 32}
    values: dict[str, object] = {"seed": 0, "data": "d", "split": "s", "arrays": address}
    values |= {"features": 8, "outputs": 1, "train_examples": 150, "output": "sigmoid"}
    values |= {"objective": "dev_accuracy", "initialization": "he", "dtype": "float32"}
    values |= {"curve_every": 10, "numerics": "portable", "arithmetic": 1, "number": number}
    hyper |= {name: changes.pop(name) for name in hyper.keys() & changes.keys()}
    return Spec(hyperparameters=Hyperparameters(**hyper), **values | changes)  # type: ignore[arg-type]


@pytest.fixture
def pool(store: ArrayStore) -> Iterator[LocalWorkers]:
    workers = LocalWorkers(2, "portable", store.root)
    yield workers
    workers.close()


def ends(pool: LocalWorkers, count: int, seconds: float = 60) -> dict[int, Done | Failed]:
    """Return the last event of each trial, when `count` trials have ended."""
    ended: dict[int, Done | Failed] = {}
    until = time.monotonic() + seconds
    while len(ended) < count:
        assert time.monotonic() < until
        events: list[Event] = pool.poll(1)
        ended |= {e.number: e for e in events if not isinstance(e, Progressed)}
    return ended


def running(pool: LocalWorkers, number: int) -> int:
    """Return the id of the process that trains the trial."""
    return next(w.child.process.pid for w in pool.workers if w.numbers and w.numbers[0] == number)


def test_every_spec_comes_back_with_its_result(pool: LocalWorkers, address: str) -> None:
    for number in range(7):
        pool.submit(spec_of(address, number))
    ended = ends(pool, 7)
    for number in range(7):
        end = ended[number]
        assert isinstance(end, Done)
        assert decode(end.packed).spec == spec_of(address, number)


def test_equal_specs_have_equal_results_in_any_worker(pool: LocalWorkers, address: str) -> None:
    digests = set()
    for _ in range(4):
        pool.submit(spec_of(address))
        end = ends(pool, 1)[0]
        assert isinstance(end, Done)
        digests.add(decode(end.packed).digest)
    assert len(digests) == 1


def test_a_killed_workers_trial_is_trained_again_to_the_same_bits(
    pool: LocalWorkers, address: str
) -> None:
    pool.submit(spec_of(address, 0, iterations=200))
    undisturbed = ends(pool, 1)[0]
    pool.submit(spec_of(address, 0, iterations=200))
    for number in range(1, 5):
        pool.submit(spec_of(address, number))
    os.kill(running(pool, 0), signal.SIGKILL)
    again = ends(pool, 5)[0]
    assert isinstance(undisturbed, Done)
    assert isinstance(again, Done)
    assert decode(again.packed).digest == decode(undisturbed.packed).digest


def test_only_crashes_while_alone_count_and_three_make_a_failure(
    pool: LocalWorkers, address: str
) -> None:
    for number in range(3):
        pool.submit(spec_of(address, number, iterations=10**6 if number == 0 else 50))
    killed, end = set(), None
    until = time.monotonic() + 60
    while end is None and time.monotonic() < until:
        if any(w.ready and w.numbers and w.numbers[0] == 0 for w in pool.workers):
            killed.add(victim := running(pool, 0))
            os.kill(victim, signal.SIGKILL)  # perhaps twice, if its death is noticed late
        end = next((e for e in pool.poll(0.2) if isinstance(e, Failed)), None)
    assert end
    assert len(killed) == 4
    assert "died 3 times (signal SIGKILL)" in end.cause


def test_an_exception_is_a_failure_with_its_traceback(pool: LocalWorkers, address: str) -> None:
    pool.submit(spec_of(address, activation="none of ours"))
    end = ends(pool, 1)[0]
    assert isinstance(end, Failed)
    assert end.cause == "KeyError: 'none of ours'"
    assert "Traceback" in end.traceback


def test_progress_is_reported_while_a_trial_runs(pool: LocalWorkers, address: str) -> None:
    pool.submit(spec_of(address, iterations=200_000))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        progress = [e for e in pool.poll(1) if isinstance(e, Progressed)]
        if progress:
            break
    assert progress[0].number == 0
    assert progress[0].iteration % 10 == 0
    assert 0 <= progress[0].value <= 1


def test_a_worker_without_the_pinned_kernels_is_refused(
    store: ArrayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(numerics.PINS["portable"], "OPENBLAS_CORETYPE", "Nehalem")
    workers = LocalWorkers(1, "portable", store.root)
    try:
        with pytest.raises(UserError, match="Nehalem"):
            ends(workers, 1)
    finally:
        workers.close()


def test_if_workers_die_as_they_start_the_error_has_the_last_line_of_stderr(
    store: ArrayStore, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("import a_library_that_is_not_there")
    monkeypatch.setenv("PYTHONPATH", first_on_path(tmp_path))
    workers = LocalWorkers(2, "portable", store.root)
    workers.submit(spec_of(address))
    line = (
        "6 worker processes in a row ended before they could train, the last with exit code 1: "
        "ModuleNotFoundError: No module named 'a_library_that_is_not_there'"
    )
    try:
        with pytest.raises(UserError, match=f"^{line}$"):
            ends(workers, 1)
    finally:
        workers.close()


def test_workers_that_die_as_they_start_are_replaced_and_a_ready_one_clears_the_count(
    store: ArrayStore, address: str
) -> None:
    workers = LocalWorkers(1, "portable", store.root)
    try:
        for number in range(2):
            workers.submit(spec_of(address, number, iterations=10_000))  # outlives the kill
            for _ in range(2):
                dying = workers.workers[0]
                dying.child.process.kill()
                while dying in workers.workers:
                    workers.poll(1)
            assert isinstance(ends(workers, 1)[number], Done)
    finally:
        workers.close()


def test_no_worker_outlives_its_coordinator(store: ArrayStore, address: str) -> None:
    code = (
        "import sys, pathlib, time; from dnnsearch.workers import LocalWorkers;"
        "pool = LocalWorkers(2, 'portable', pathlib.Path(sys.argv[1])); pool.poll(30);"
        "print(*[w.child.process.pid for w in pool.workers], flush=True); time.sleep(60)"
    )
    arguments = [sys.executable, "-c", code, str(store.root)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as coordinator:
        assert coordinator.stdout
        children = [int(pid) for pid in coordinator.stdout.readline().split()]
        coordinator.kill()
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}/stat").exists() for pid in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_worker_whose_coordinator_is_gone_when_it_starts_ends_without_a_message() -> None:
    ours, theirs = socket.socketpair()
    command = [
        sys.executable,
        "-m",
        "dnnsearch.workers.worker_main",
        str(theirs.fileno()),
        "native",
        ".",
    ]
    with (
        theirs,
        subprocess.Popen(
            command,
            env=numerics.pinned("native"),
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        ) as worker,
    ):
        ours.close()
        theirs.close()
        _, errors = worker.communicate()
    assert (worker.returncode, errors) == (0, "")


def test_a_worker_imports_nothing_heavy() -> None:
    code = (
        "import sys, dnnsearch.workers.worker_main; "
        "print([m for m in ('optuna', 'mlflow', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"

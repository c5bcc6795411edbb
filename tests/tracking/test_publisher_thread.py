"""The publishing thread with a real server of MLflow, which is killed and started again."""

import http.server
import os
import random
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from dnnsearch.tracking import NullPublisher, StudyInfo, ThreadPublisher, fields
from dnnsearch.tracking.read_runs import find_trial
from dnnsearch.tracking.tracker import Tracker


def statuses(uri: str, experiment: str) -> dict[str, str]:
    """Return the status by trial number, the parent's under `study`; each exists once."""
    client = MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    assert len(found) == len({run.data.tags.get(fields.TRIAL) for run in found})
    return {run.data.tags.get(fields.TRIAL, "study"): run.info.status for run in found}


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_newest_view_of_each_trial_arrives_and_is_counted(folder, info, make_view):
    said: list[str] = []
    uri = f"sqlite:///{folder}/mlflow.db"
    publisher = ThreadPublisher(uri, info, said.append)
    publisher.start()
    for state in ("running", "finished"):
        for number in range(3):
            publisher.put(make_view(number, state))
    publisher.conclude("finished", "f" * 64, {1: {"config.yaml": b"learning_rate: 0.1"}})
    assert publisher.close(30) == 0
    run = find_trial(uri, "moons", "moons", 1)
    assert run is not None
    (shown,) = Path("mlruns").glob(f"*/{run.run_id}/artifacts/config.yaml")
    assert shown.read_bytes() == b"learning_rate: 0.1"
    assert statuses(uri, "moons") == dict.fromkeys(["study", "0", "1", "2"], "FINISHED")
    assert said == []


def test_a_short_trial_is_never_published_as_running(folder, info, make_view):
    shown: list[tuple[int, str]] = []
    publisher = ThreadPublisher(
        f"sqlite:///{folder}/mlflow.db",
        info,
        print,
        on_published=lambda view: shown.append((view.number, view.state)),
    )
    publisher.start()
    publisher.put(make_view(0, "running"))  # and nothing else happens
    wait_until(lambda: bool(shown))
    for state in ("running", "finished"):
        publisher.put(make_view(1, state))
    wait_until(lambda: len(shown) == 2)
    assert shown == [(0, "running"), (1, "finished")]
    publisher.close(30)


def test_after_an_interrupt_nothing_is_left_running(folder, info, make_view):
    uri = f"sqlite:///{folder}/mlflow.db"
    publisher = ThreadPublisher(uri, info, print)
    for number in range(3):
        publisher.put(make_view(number, "running"))
    publisher.start()
    wait_until(lambda: publisher.pending == 0)
    publisher.put(make_view(0))
    for number in (1, 2):
        publisher.put(make_view(number, "interrupted"))
    publisher.conclude("interrupted")
    assert publisher.close(30) == 0
    wanted = {"study": "KILLED", "0": "FINISHED", "1": "KILLED", "2": "KILLED"}
    assert statuses(uri, "moons") == wanted


def test_interrupted_trials_are_published_first(folder, info, make_view, monkeypatch):
    order: list[str] = []
    monkeypatch.setattr(Tracker, "publish_batch", lambda self, views: [])
    monkeypatch.setattr(Tracker, "publish", lambda self, view: order.append(view.state))
    monkeypatch.setattr(Tracker, "describe", lambda self, *a: order.append("study"))
    publisher = ThreadPublisher(f"sqlite:///{folder}/mlflow.db", info, print)
    for state in ("finished", "finished", "interrupted"):
        publisher.put(make_view(publisher.pending, state))
    publisher.conclude("interrupted")
    publisher.start()
    publisher.close(30)
    assert order[-4:] == ["interrupted", "study", "finished", "finished"]


def test_a_trial_that_mlflow_refuses_does_not_delay_others(folder, info, make_view):
    said: list[str] = []
    uri = f"sqlite:///{folder}/mlflow.db"
    refused = make_view(0, record=Path("nowhere.zip"))
    publisher = ThreadPublisher(uri, info, said.append, interval=0.05)
    publisher.start()
    publisher.put(refused)
    wait_until(lambda: bool(said))
    publisher.put(make_view(1))
    publisher.conclude("finished")
    assert publisher.close(30) == 1
    assert len(said) == 1 and "MLflow refuses trial 0" in said[0]
    assert statuses(uri, "moons") == {"study": "RUNNING", "0": "RUNNING", "1": "FINISHED"}


def test_a_deleted_experiment_is_reported_once_and_may_be_restored(folder, info, make_view):
    said: list[str] = []
    uri = f"sqlite:///{folder}/mlflow.db"
    tracker = Tracker(uri, info)
    tracker.client.delete_experiment(tracker.experiment)
    publisher = ThreadPublisher(uri, info, said.append, interval=0.05)
    publisher.put(make_view(0))
    publisher.start()
    time.sleep(0.5)
    assert len(said) == 1 and "experiment 'moons' was deleted" in said[0]
    tracker.client.restore_experiment(tracker.experiment)
    wait_until(lambda: len(said) == 2)
    assert "works again" in said[1]
    assert publisher.close(30) == 0


def test_a_full_disk_is_reported_once_and_destroys_nothing(
    info, make_view, tmp_path, created, monkeypatch
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        (disk / "mlflow.db").write_bytes(created.read_bytes())
        monkeypatch.chdir(disk)
        fill_and_free(disk, info, make_view)
    finally:
        monkeypatch.undo()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill_and_free(disk: Path, info: StudyInfo, make_view: Callable) -> None:
    said: list[str] = []
    record = disk.parent / "record.zip"
    record.write_bytes(b"the record")
    uri = f"sqlite:///{disk}/mlflow.db"
    publisher = ThreadPublisher(uri, info, said.append, interval=0.05)
    publisher.put(make_view(0, record=record))
    publisher.start()
    wait_until(lambda: publisher.pending == 0)
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))
    for number in range(1, 9):
        publisher.put(make_view(number, record=record))
    wait_until(lambda: bool(said))
    time.sleep(0.5)
    assert len(said) == 1 and "the disk is full" in said[0]
    (disk / "ballast").unlink()
    publisher.conclude("finished")
    wait_until(lambda: len(said) == 2)
    assert publisher.close(30) == 0
    assert set(statuses(uri, "moons").values()) == {"FINISHED"}


@pytest.mark.proof
def test_the_server_goes_away_and_comes_back(server, info, make_view, folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
    said: list[str] = []
    publisher = ThreadPublisher(server.url, info, said.append, interval=0.1)
    publisher.start()
    publisher.put(make_view(0))
    publisher.put(make_view(1, "running"))
    wait_until(lambda: publisher.pending == 0)
    server.kill()
    for number in (1, 2, 3):
        began = time.monotonic()
        publisher.put(make_view(number))
        assert time.monotonic() - began < 0.1, "the search does not wait"
    wait_until(lambda: bool(said))
    time.sleep(0.5)
    assert len(said) == 1 and "connection" in said[0]
    server.start()
    wait_until(lambda: len(said) == 2)
    publisher.conclude("finished", "f" * 64)
    assert publisher.close(30) == 0
    assert statuses(server.url, "moons") == dict.fromkeys(["study", *"0123"], "FINISHED")
    assert find_trial(server.url, "moons", "moons", 3).record == b"the record"


def test_a_server_that_stays_away_is_given_up_at_the_deadline(make_view):
    said: list[str] = []
    info = StudyInfo("s", "s", {}, 2)
    publisher = ThreadPublisher("http://127.0.0.1:9", info, said.append)
    for number in range(2):
        publisher.put(make_view(number))
    publisher.start()
    began = time.monotonic()
    assert publisher.close(20) == 2
    assert time.monotonic() - began < 10
    assert len(said) == 1


class LossyProxy(http.server.BaseHTTPRequestHandler):
    """Forwards every request to the server, but loses some of the answers."""

    server_url = ""
    lose: Callable[[str], bool] = staticmethod(lambda path: False)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def _forward(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
        body = self.rfile.read(length) or None
        url = self.server_url + self.path
        request = urllib.request.Request(url, body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        if self.lose(self.path):
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def proxy(server) -> Iterator[type[LossyProxy]]:
    handler = type("ProxyHere", (LossyProxy,), {"server_url": server.url})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as lossy:
        handler.url = f"http://127.0.0.1:{lossy.server_port}"
        threading.Thread(target=lossy.serve_forever, daemon=True).start()
        yield handler
        lossy.shutdown()


def test_a_lost_answer_makes_no_second_run(server, proxy, make_view, folder):
    """The proxy loses a third of the answers to calls that write, after they were executed."""
    lost: list[str] = []
    chance = random.Random(0)

    def lose(path: str) -> bool:
        writes = any(word in path for word in ("create", "log-", "update"))
        if loses := writes and chance.random() < 1 / 3:
            lost.append(path)
        return loses

    proxy.lose = staticmethod(lose)
    said: list[str] = []
    publisher = ThreadPublisher(
        proxy.url, StudyInfo("lossy", "lossy", {}, 6), said.append, interval=0.05
    )
    publisher.start()
    for number in range(6):
        publisher.put(make_view(number))
    wait_until(lambda: publisher.pending == 0)
    publisher.conclude("finished")
    wait_until(lambda: statuses(server.url, "lossy")["study"] == "FINISHED")
    publisher.close(30)
    assert statuses(server.url, "lossy") == dict.fromkeys(["study", *"012345"], "FINISHED")
    assert len(lost) > 5 and any("runs/create" in path for path in lost)


def test_the_null_publisher_does_nothing(make_view):
    with NullPublisher() as publisher:
        publisher.start("", StudyInfo("s", "s", {}, 1), print)
        publisher.put(make_view(0))
        publisher.conclude("finished", "f")
        assert publisher.close(1.0) == 0

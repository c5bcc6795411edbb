"""MLflow's UI with an announcement, as a real process on a terminal of its own."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import dropwhile, islice
from pathlib import Path

import pytest

from dnnsearch.tracking import announced_ui_command, ui_main
from dnnsearch.tracking.tracker import Tracker
from dnnsearch.tracking.ui import NO_STUDY, _announcement, study_links
from tests.support.servers import free_port, is_healthy


@pytest.fixture
def uri(folder) -> str:
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture
def two_studies(uri, info) -> str:
    """The database with two studies."""
    for name in ("moons", "moons-2"):
        Tracker(uri, replace(info, name=name)).close()
    return uri


def test_what_the_command_announces_are_the_links_and_the_newest_is_opened(
    two_studies, monkeypatch, capsys
):
    opened: list[str] = []
    monkeypatch.setattr(ui_main.webbrowser, "open", opened.append)
    asked: list[str] = []

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = announced_ui_command(two_studies, server.server_port, browser=True)
        at = command.argv.index("dnnsearch.tracking.ui_main") + 1
        ui_main.announce(*command.argv[at : at + 3])
        server.shutdown()
    ready, *lines = (line.split() for line in capsys.readouterr().out.splitlines())
    assert ready[0] == "ready:"
    assert [line[:3] for line in lines] == [
        ["charts", "of", "moons:"],
        ["charts", "of", "moons-2:"],
    ]
    assert all("compareRunsMode=CHART" in line[3] for line in lines)
    assert opened == [lines[-1][3]]
    assert asked == ["/health"]


@pytest.mark.proof
def test_the_links_are_printed_last_when_it_answers_and_the_browser_is_opened(
    two_studies, folder, monkeypatch
):
    browser = folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {folder}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    command = announced_ui_command(two_studies, free_port(), browser=True)
    with subprocess.Popen(command.argv, env=command.environment, stdout=subprocess.PIPE) as ui:
        assert ui.stdout is not None
        printed = (line.decode().split() for line in ui.stdout)
        later = dropwhile(lambda line: line[:1] != ["ready:"], printed)  # MLflow prints before
        lines = list(islice(later, 3))
        try:
            assert [line[:3] for line in lines[1:]] == [
                ["charts", "of", "moons:"],
                ["charts", "of", "moons-2:"],
            ]
            link, newest = (line[3] for line in lines[1:])
            assert all("compareRunsMode=CHART" in address for address in (link, newest))
            assert is_healthy(link.partition("/#")[0])
            while not Path("opened").exists() or not Path("opened").read_text().strip():
                assert ui.poll() is None
            assert Path("opened").read_text().strip() == newest
        finally:
            ui.terminate()


@pytest.mark.parametrize("is_ready", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_ctrl_c_ends_it_without_a_traceback(uri, info, folder, is_ready):
    Tracker(uri, info).close()
    port = free_port()
    command = announced_ui_command(uri, port, browser=False)
    log = folder / "log"
    with log.open("wb") as output:
        ui = subprocess.Popen(
            command.argv,
            env=command.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while is_ready and "ready: " not in log.read_text():
            assert ui.poll() is None
            time.sleep(0.1)
        time.sleep(0 if is_ready else 2)  # it imports
        os.killpg(ui.pid, signal.SIGINT)  # as a terminal does: to all in the foreground
        assert ui.wait(30) == 130
    finally:
        if ui.poll() is None:
            ui.terminate()
    said = log.read_text()
    assert said.endswith("MLflow's UI has stopped\n")
    assert not any(word in said for word in ("Traceback", "Warning", "INFO", "0.0.0.0"))
    assert not is_healthy(f"http://127.0.0.1:{port}")


def test_a_folder_without_studies_is_said_to_have_none(uri):
    command = announced_ui_command(uri, 5001, browser=False)
    assert NO_STUDY in command.argv[command.argv.index("server") - 2]
    assert study_links("sqlite:///nowhere.db") == {}


def test_a_link_that_is_too_long_for_the_terminal_begins_a_line() -> None:
    links = {"moons": "http://127.0.0.1:5000/#/" + "x" * 60}
    log, narrow = (_announcement("", links, width).splitlines() for width in (None, 80))
    assert log[1:] == [f"charts of moons: {links['moons']}"]
    assert narrow[1:] == ["charts of moons:", links["moons"]]
    assert log[0] == "ready: MLflow's UI, with charts of each study (press Ctrl-C to stop it)"


def test_the_view_of_an_older_version_is_linked(uri, info):
    tracker = Tracker(uri, info)
    for tag in tracker.client.get_experiment(tracker.experiment).tags:
        if tag.startswith("mlflow.sharedViewState.dnnsearch-"):
            tracker.client.delete_experiment_tag(tracker.experiment, tag)
    (link,) = study_links(uri).values()
    assert "viewStateShareKey=dnnsearch&" in link


@pytest.mark.proof
def test_an_error_of_mlflow_is_passed_on(uri, info):
    Tracker(uri, info).close()
    command = announced_ui_command(uri, free_port(), browser=False)
    argv = [*command.argv, "--no-such-option"]
    ended = subprocess.run(argv, env=command.environment, capture_output=True, text=True)
    assert ended.returncode == 2 and "No such option" in ended.stderr


def test_nothing_is_said_before_the_server_answers(capsys):
    asked: list[str] = []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503 if len(asked) < 3 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ui_main.announce(f"http://127.0.0.1:{server.server_port}/health", "ready", "")
        server.shutdown()
    assert len(asked) == 3 and capsys.readouterr().out == "ready\n"


def test_a_server_that_never_answers_is_not_announced(capsys, monkeypatch):
    monkeypatch.setattr(ui_main, "MAX_SECONDS", 0.1)
    ui_main.announce(f"http://127.0.0.1:{free_port()}/health", "ready", "")
    assert capsys.readouterr().out == ""

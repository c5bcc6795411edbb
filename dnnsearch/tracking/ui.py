"""The commands that start MLflow's UI and its scoring server. Does not import MLflow."""

import os
import sqlite3
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import NoReturn

from dnnsearch.errors import UserError
from dnnsearch.runtime.process_control import IS_POSIX, replace_process
from dnnsearch.runtime.python_command import python_command, python_environment
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.storage.sqlite_connection import connection
from dnnsearch.tracking import experiment_page, saved_view
from dnnsearch.tracking.environment import ALWAYS
from dnnsearch.tracking.experiment_page import StudyPage
from dnnsearch.urls import sqlite_path

PAGES = """
    SELECT experiment_id, name, key, value
    FROM experiment_tags JOIN experiments USING (experiment_id)
    WHERE lifecycle_stage = 'active' AND key LIKE ? ORDER BY experiment_id
"""
NOT_SHOWN = "ignore::UserWarning:mlflow.server.fastapi_app"  # of the warnings of Python
NO_STUDY = "no study is here yet: dnnsearch search digits makes one"
MAX_LINKS = 10
EXPERIMENTS = "#/experiments?workflowType=machine_learning"  # MLflow's own is on language models


@dataclass(frozen=True)
class Command:
    """The arguments and the environment of a server, and the address where it will answer."""

    argv: list[str]
    environment: dict[str, str]
    address: str
    descriptors: tuple[int, ...] = ()  # that the server keeps open

    def replace_process(self) -> NoReturn:
        """Let the server take this process's place."""
        for descriptor in self.descriptors:
            os.set_inheritable(descriptor, True)
        replace_process(self.argv, self.environment)

    def start(self) -> "subprocess.Popen[bytes]":
        """Return the server as a running process; call it once.

        On Windows, where it inherits no descriptors, they stay open as long as this process.
        """
        if not IS_POSIX:
            return subprocess.Popen(self.argv, env=self.environment)
        try:
            return subprocess.Popen(self.argv, env=self.environment, pass_fds=self.descriptors)
        finally:
            for descriptor in self.descriptors:
                os.close(descriptor)


def ui_command(uri: str, port: int = 5000) -> Command:
    """Return the command of MLflow's UI on 127.0.0.1, which only this machine can open.

    Its address is that of the newest study's charts. Call `prepare_database` first. Raise UserError
    if `uri` is a server, which has its own UI.
    """
    if uri.startswith(("http://", "https://")):
        raise UserError(f"MLflow's UI already runs on its server: open {uri} in a browser")
    found = list(study_links(uri).values())
    start = found[-1] if found else EXPERIMENTS
    return Command(
        python_command("mlflow", *_server(uri, port)), _ui_environment(), f"{_url(port)}/{start}"
    )


def announced_ui_command(uri: str, port: int, browser: bool) -> Command:
    """Return `ui_command` such that it prints links to its studies once it answers.

    With `browser` it also opens the address.
    """
    plain = ui_command(uri, port)
    links = {name: f"{_url(port)}/{link}" for name, link in study_links(uri).items()}
    text = _announcement(plain.address, links, terminal_width())
    page = plain.address if browser else ""
    announced = [f"{_url(port)}/health", text, page, *_server(uri, port)]
    return replace(plain, argv=python_command("dnnsearch.tracking.ui_main", *announced))


def _announcement(address: str, links: Mapping[str, str], width: int | None = None) -> str:
    """Return the last lines on the screen: the newest study is the last."""
    stop = "press Ctrl-C to stop it"
    if not links:
        return f"ready: MLflow's UI, {address} ({stop}); {NO_STUDY}"
    more = len(links) - MAX_LINKS
    lines = [_link(name, link, width) for name, link in list(links.items())[-MAX_LINKS:]]
    left_out = [f"... {more} older ones are in MLflow's list of experiments"] if more > 0 else []
    return "\n".join([f"ready: MLflow's UI, with charts of each study ({stop})", *left_out, *lines])


def _link(name: str, link: str, width: int | None) -> str:
    """Return a line, or two if it is too long for the terminal.

    Then the link begins its line: if the terminal breaks it, it is still one string to select.
    """
    line = f"charts of {name}: {link}"
    return line if width is None or len(line) <= width else f"charts of {name}:\n{link}"


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _server(uri: str, port: int) -> list[str]:
    """Return the arguments of MLflow's command."""
    network = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", uri, "--registry-store-uri", uri]
    return ["server", *stores, *network, "--uvicorn-opts", "--log-level warning"]


def _ui_environment() -> dict[str, str]:
    """Return the environment without several more processes for jobs that we do not have.

    And without a warning of Starlette's on how MLflow uses it.
    """
    environment = _environment()
    filters = [environment.get("PYTHONWARNINGS", ""), NOT_SHOWN]
    return {
        **environment,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONWARNINGS": ",".join(filter(None, filters)),
    }


def serve_command(file: Path, port: int, max_bytes: int, name: str) -> Command:
    """Return the command that serves a model file on 127.0.0.1, by `scoring_server`."""
    options = [str(file), str(port), str(max_bytes), name]
    server = python_command("dnnsearch.tracking.scoring_server", *options)
    return Command(server, _environment(), f"http://127.0.0.1:{port}/invocations")


def _environment() -> dict[str, str]:
    """Return the environment of a server of MLflow's, which starts Python processes of its own.

    These do not import from the current folder either, and uvicorn does not put it on sys.path.
    """
    standard_library = sysconfig.get_path("stdlib")  # on sys.path anyway
    safe = {"PYTHONSAFEPATH": "1", "UVICORN_APP_DIR": standard_library}
    return {**python_environment(), **ALWAYS, **safe}


def study_links(uri: str) -> dict[str, str]:
    """Return the address of each study's charts by its name, to append to that of the UI.

    The newest is the last. There are none if MLflow is not a SQLite file, because MLflow would have
    to be imported.
    """
    links: dict[str, str] = {}
    for page, experiment in sorted(_pages(uri)):
        name = f"{page.name} ({page.key})" if page.name in links else page.name
        links[name] = saved_view.link(experiment, page.key, charts=True)
    return links


def _pages(uri: str) -> Iterator[tuple[StudyPage, str]]:
    """Yield the page of each study, and the id of its experiment."""
    path, rows = sqlite_path(uri), []
    if path is not None and path.exists():
        with suppress(sqlite3.Error), connection(path) as opened:
            rows = opened.execute(PAGES, (f"{saved_view.PREFIX}{saved_view.ALL}%",)).fetchall()
    for (number, name), tags in groupby(rows, key=lambda row: row[:2]):
        pages = experiment_page.studies({key: value for *_, key, value in tags})
        for page in pages or [StudyPage(0, name, saved_view.ALL)]:  # 0.4 had one for all studies
            yield page, str(number)

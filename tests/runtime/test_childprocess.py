"""Covers the start of a child process and the socket between both."""

import os
from pathlib import Path

import pytest

from dnnsearch.runtime.childprocess import start
from tests.support.paths import first_on_path

ECHO = """
import sys
from multiprocessing.connection import Connection
from dnnsearch.runtime.childprocess import inbox

connection = Connection(int(sys.argv[1]))
messages = inbox(connection.recv)
while True:
    connection.send((sys.argv[2], messages.get()))
"""


def test_what_is_sent_arrives_and_the_child_ends_with_our_end_of_the_socket(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    variables = {**os.environ, "PYTHONPATH": first_on_path(tmp_path)}
    process, connection = start("echo", "it said", env=variables)
    for message in (1, "two"):
        connection.send(message)
    assert [connection.recv() for _ in range(2)] == [("it said", 1), ("it said", "two")]
    connection.close()
    assert process.wait(10) == 0


def test_a_child_that_cannot_be_started_leaves_nothing_open(tmp_path: Path) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    with pytest.raises(FileNotFoundError) as caught:  # kept, so that nothing is closed with it
        start("echo", cwd=tmp_path / "nowhere")
    assert opened() <= before, caught

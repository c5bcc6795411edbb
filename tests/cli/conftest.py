"""The fixture that runs a command in this process."""

import gc
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from dnnsearch.__main__ import main
from dnnsearch.runtime.process_control import STOP_SIGNALS

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Return a function that runs a command here: its exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dnnsearch", *arguments])
        code = main()
        gc.unfreeze()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)

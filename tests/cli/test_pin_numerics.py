"""The process that computes starts over with its numerics pinned, once, before NumPy is there."""

import os
import subprocess
import sys

import pytest

from dnnsearch.cli.pin_numerics import pin
from dnnsearch.runtime import numerics

Starts = list[tuple[str, list[str], dict[str, str]]]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Starts:
    """The programs that would have taken this one's place."""
    found: Starts = []
    monkeypatch.setattr(os, "execve", lambda *arguments: found.append(arguments))
    return found


def test_an_unpinned_process_is_replaced_by_the_same_command_with_the_pins(starts: Starts) -> None:
    pin("portable")
    ((program, arguments, environment),) = starts
    assert (program, arguments) == (sys.executable, sys.orig_argv)
    assert numerics.is_pinned(numerics.playable("portable"), environment)


def test_a_pinned_process_goes_on(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in numerics.pinned("native").items():
        monkeypatch.setenv(name, value)
    pin("native")
    assert starts == []


def test_portable_is_native_where_the_machine_cannot_play_it(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numerics, "_can_be_portable", lambda: False)
    pin("portable")
    ((_, _, environment),) = starts
    assert environment[numerics.MARK] == "native"


def test_pinning_itself_does_not_load_numpy() -> None:
    code = "import sys, dnnsearch.cli.pin_numerics; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

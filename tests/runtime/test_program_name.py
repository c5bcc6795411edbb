"""What is printed to be copied must run where it is pasted."""

import os
import sys
from pathlib import Path

import pytest

from dnnsearch.runtime.program_name import program_name


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program called dnnsearch in a folder that is not on PATH."""
    path = tmp_path / "my bin" / "dnnsearch"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_that_no_shell_finds_is_printed_as_it_was_called(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(script.parent.parent)
    monkeypatch.setattr(sys, "argv", ["my bin/dnnsearch", "search"])
    assert program_name() == "'my bin/dnnsearch'"
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}/bin")
    assert program_name() == "dnnsearch"


@pytest.mark.parametrize(
    "called", ["", "-c", "dnnsearch", "/x/dnnsearch/__main__.py", "/x/ipykernel.py"]
)
def test_from_python_it_is_the_name(called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    assert program_name() == "dnnsearch"

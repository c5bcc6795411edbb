"""Covers `search --hook`: what the command gets, and what its failure does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnnsearch.cli.hook import read_hook, run_at_end
from dnnsearch.cli.startup import BEFORE_PINNING, original_environment, pinned_environment
from dnnsearch.errors import UserError
from dnnsearch.runtime.numerics import MARK, PINS

PINNED = {BEFORE_PINNING, MARK, *PINS["portable"]}
KEEP = """
import json, os, sys
with open("kept.json", "w") as file:
    json.dump([dict(os.environ), sys.stdin.read()], file)
"""


def test_the_hook_gets_the_last_event_and_the_users_environment(tiny: Path) -> None:
    """In a process of its own, which is replaced by one with pins."""
    (tiny / "keep.py").write_text(KEEP)
    before = {name: value for name, value in os.environ.items() if name not in PINNED}
    before |= {"OMP_NUM_THREADS": "7", "DNNSEARCH_CACHE": str(tiny / "cache")}
    options = ("--set=tracking=none", "--set=numerics=portable", "--study=other", "--trials=1")
    hook = ("--workers=1", "--quiet", f"--hook={sys.executable} keep.py")
    done = subprocess.run(
        [sys.executable, "-m", "dnnsearch", "search", "tiny.yaml", *options, *hook],
        env=before,
        check=True,
        capture_output=True,
        text=True,
    )
    environment, event = json.loads((tiny / "kept.json").read_text())
    content = json.loads(event)
    assert content["event"] == "study"
    assert done.stdout.splitlines()[-1] == f"fingerprint {content['fingerprint']}"
    assert {name: environment.get(name) for name in before} == before
    assert not environment.keys() & PINNED - {"OMP_NUM_THREADS"}


def test_a_hook_that_fails_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    with run_at_end("sh -c 'cat; exit 3'") as ending:
        ending.event = '{"event": "study"}'
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.splitlines() == [
        '{"event": "study"}',
        "warning: --hook sh -c 'cat; exit 3' ended with exit code 3",
    ]


def test_an_error_of_the_search_reaches_the_hook(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError), run_at_end("cat"):
        raise UserError("the disk is full")
    event = json.loads(capfd.readouterr().err)
    assert (event["event"], event["text"]) == ("error", "the disk is full")


@pytest.mark.parametrize("text", ["no-such-program --now", "", "echo 'open"])
def test_a_hook_that_cannot_be_run_is_refused_at_once(text: str) -> None:
    with pytest.raises(UserError, match="--hook"):
        read_hook(text)


def test_pins_can_be_taken_off_the_environment_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv(BEFORE_PINNING, raising=False)
    for name in ("DNNSEARCH_NUMERICS", "OPENBLAS_CORETYPE"):
        monkeypatch.delenv(name, raising=False)
    before = original_environment()
    for name, value in pinned_environment("portable").items():
        monkeypatch.setenv(name, value)
    assert original_environment() == before
    assert before["OMP_NUM_THREADS"] == "7"

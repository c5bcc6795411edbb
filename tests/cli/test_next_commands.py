"""Covers the commands that a search prints at its end: each one works when it is pasted."""

import re
import shlex
from pathlib import Path

import pytest

from dnnsearch.cli.next_commands import command_on, next_commands
from dnnsearch.config.config import load_config
from tests.support.preloaded import Preloaded

ELSEWHERE = ("--storage=sqlite:///else where.db", "--set=tracking=none", "--workers=1")


def test_commands_find_a_study_in_another_storage(program: Preloaded, tiny: Path) -> None:
    output = program.run(tiny, "search", "tiny.yaml", *ELSEWHERE, "--trials=1", "--quiet")
    found = re.findall(r"^  .*: +dnnsearch (.*)$", output, re.MULTILINE)
    assert [line.split()[0] for line in found] == [
        "best",
        "report",
        "explain",
        "promote",
        "rerun",
    ]
    for line in (found[0], found[2], found[4]):
        program.run(tiny, *shlex.split(line))  # fails unless it ends with 0


@pytest.mark.parametrize(
    ("tracking", "shown"),
    [
        ("sqlite:///mlflow.db", "dnnsearch ui"),
        ("sqlite:///my runs.db", "dnnsearch ui --tracking 'sqlite:///my runs.db'"),
        ("http://ann:secret@mlflow:5000", "http://ann@mlflow:5000"),
    ],
)
def test_mlflow_is_named_with_its_place(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tracking: str, shown: str
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = load_config(tiny / "tiny.yaml", [f"tracking={tracking}"])
    assert next_commands(config, "tiny", None) == [f"  compare all in MLflow:  {shown}"]


def test_no_password_of_a_storage_is_printed(tiny: Path) -> None:
    config = load_config(tiny / "tiny.yaml", ["storage=postgresql://ann:secret@host/studies"])
    assert "secret" not in command_on("best", config, "tiny")

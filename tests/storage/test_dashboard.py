"""Covers optuna-dashboard on a study's storage, as `make dashboard` starts it: it only reads."""

import hashlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import open_study

ROOT = Path(__file__).parents[2]
STORAGE = "sqlite:///optuna.db"


def digest() -> str:
    return hashlib.sha256(Path("optuna.db").read_bytes()).hexdigest()


@pytest.fixture
def address(tiny: Path) -> Iterator[str]:
    """Return the URL at which the program of the make target answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = ["make", "-n", "--no-print-directory", "-o", ".venv/.ready", "dashboard", f"PORT={port}"]
    recipe = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    _, *arguments = recipe.split()
    program = Path(sys.executable).with_name("optuna-dashboard")
    process = subprocess.Popen([program, *arguments], stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}/api"
    process.kill()
    process.wait()


def get(address: str) -> Any:
    for _ in range(1200):  # its first start takes long on a busy machine
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"no answer at {address}")


def test_the_dashboard_shows_every_trial_and_does_not_change_the_study(address: str) -> None:
    before = digest()
    (study,) = get(f"{address}/studies")["study_summaries"]
    trials = get(f"{address}/studies/{study['study_id']}?after=0")["trials"]
    board = leaderboard(open_study("tiny", STORAGE))
    shown = {t["number"]: t["values"][0] for t in trials if t["state"] == "Complete"}
    assert study["study_name"] == "tiny"
    assert shown == {row.number: row.value for row in board.ranked}
    assert len(trials) == len(board.rows)
    detail = get(f"{address}/studies/{study['study_id']}?after=0")
    assert detail["objective_names"] == ["dev_accuracy"]
    columns = {one["key"] for one in detail["union_user_attrs"] if one["sortable"]}
    assert columns == {"dev_accuracy", "dev_cost", "train_accuracy", "train_cost"}
    assert digest() == before

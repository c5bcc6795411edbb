"""`verify` by the real command; what rerun finds is tested with rerunning."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path


def verify(*arguments: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "dnnsearch", "verify", "tiny", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_a_whole_study_is_verified_given_the_accident_of_a_machine(tiny: Path) -> None:
    code, lines = verify("--workers", "1")
    assert code == 0
    assert lines[0] == "tiny identical: 5 trials, given 1 recorded failure"
    assert lines[1].startswith("fingerprint ")


def test_another_seed_is_found_at_the_first_trial(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        where = "FROM study_user_attributes WHERE key = 'config'"
        (text,) = database.execute(f"SELECT value_json {where}").fetchone()
        changed = json.dumps({**json.loads(text), "seed": 1})
        update = "UPDATE study_user_attributes SET value_json = ? WHERE key = 'config'"
        database.execute(update, [changed])
    code, lines = verify("--quiet")
    assert code == 1
    assert lines[0].startswith("tiny different: trial 0: seed: the study's seed has changed: ")

"""Covers `verify` as a command; what `rerun` finds is tested with the room reproduce.

Differences are planted in the stored definition of the study and in the code that every process of
the command runs, also its workers.
"""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dnnsearch.study.stored_study import open_study
from tests.reproduce.test_rerun import OTHER_SLOPE
from tests.support.preloaded import Preloaded

QUIET = ("--quiet", "--workers=1")
PINNED = ("numpy", "scipy", "optuna", "scikit-learn")
OTHER_NUMPY = """
from importlib import metadata
true_version = metadata.version
metadata.version = lambda name: "9.9" if name == "numpy" else true_version(name)
"""
OTHER_ARITHMETIC = """
import sys
if "dnnsearch.study.definition" in sys.modules:
    sys.modules["dnnsearch.study.definition"].ARITHMETIC += 1
"""
STEEPER = OTHER_SLOPE.replace("1.0001", "1.1")  # by more than rounding
LAST_BIT = """
import numpy as np
import dnnsearch.trials.run
true_run = dnnsearch.trials.run.run_trial
def run_trial(*of_it):
    result = true_run(*of_it)
    costs = result.curves["train_cost"]
    costs[:, 1:] = np.nextafter(np.float32(costs[:, 1:]), np.float32(np.inf))
    return result
dnnsearch.trials.run.run_trial = run_trial
"""


@contextmanager
def changed(attribute: str, change: Callable[[dict[str, Any]], object]) -> Iterator[None]:
    """Change an attribute of the study `tiny` in Optuna's storage; restore it at the end."""

    def put(document: str) -> None:
        database.execute(f"UPDATE study_user_attributes SET value_json = ? {where}", [document])
        database.commit()

    database, where = sqlite3.connect("optuna.db"), f"WHERE key = '{attribute}'"
    (text,) = database.execute(f"SELECT value_json FROM study_user_attributes {where}").fetchone()
    document = json.loads(text)
    change(document)
    put(json.dumps(document))
    yield
    put(text)
    database.close()


def test_a_whole_study_is_verified_with_its_recorded_machine_failure(tiny: Path) -> None:
    """In a new process, as a user starts it."""
    command = [sys.executable, "-m", "dnnsearch", "verify", "tiny", "--workers", "1"]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert lines.startswith("tiny identical: 5 trials, given 1 recorded failure\nfingerprint ")


def test_a_part_of_the_definition_that_has_changed_is_named(program: Preloaded, tiny: Path) -> None:
    planted: dict[str, Callable[[dict[str, Any]], object]] = {
        "data: the data set has changed": lambda config: config["data"].update(noise=0.21),
        "split: the split into train, dev and test has": lambda c: c["split"].update(seed=1),
        "hyperparameters: the definition of the trial has changed: momentum (was 0.9, is 0.8)": (
            lambda config: config.update(momentum=0.8)
        ),
    }
    for words, change in planted.items():
        with changed("config", change):
            said = program.run(tiny, "verify", "tiny", *QUIET, code=1)
        assert said.startswith(f"tiny different: trial 0: {words}")
        assert "\n  since the study began: " in said
        assert "\n  what can be done: restore what is named here" in said


def test_other_code_is_named_as_the_cause_with_the_size_of_the_difference(
    program: Preloaded, tiny: Path
) -> None:
    for planted, why in (
        (OTHER_SLOPE, "code or machine: data, split, seed, hyperparameters, versions and num"),
        (OTHER_SLOPE + OTHER_ARITHMETIC, "code: arithmetic (was 1, is 2)"),
        (STEEPER + OTHER_NUMPY, "versions: numpy (was "),
    ):
        said = program.run(tiny, "verify", "tiny", *QUIET, code=1, planted=planted)
        where, because = said.splitlines()[0].split(" (", 1)
        assert where.startswith("tiny different: trial 0: curve dev_cost at iteration 0: the rec")
        assert re.search(r", [0-9.e-]+ (more|less)$", where)
        assert because.startswith(why)


def test_a_last_bit_under_another_version_is_equal_within_rounding_and_the_cause_is_named(
    program: Preloaded, tiny: Path
) -> None:
    (tiny / "mlflow.db").unlink()
    planted = LAST_BIT + OTHER_NUMPY
    first, which, remedy = program.run(
        tiny, "verify", "tiny", *QUIET, code=1, planted=planted
    ).splitlines()
    assert first.startswith(
        "tiny equal within rounding: its costs differ by 1 units in the last place at most, "
        "because of versions: numpy (was "
    )
    assert which.startswith("  the first that differs: trial 0: curve train_cost at iteration 10: ")
    assert remedy.startswith("  what can be done: ")
    rerun = program.run(tiny, "rerun", "tiny/2", code=1, planted=planted)
    assert rerun.startswith("tiny/2 equal within rounding: curve train_cost at iteration 10: ")
    assert "(1 units in the last place at most, by versions: numpy (was " in rerun
    unexplained = program.run(tiny, "verify", "tiny", *QUIET, code=1, planted=LAST_BIT)
    assert unexplained.startswith("tiny different: trial 0: curve train_cost at iteration 10: ")


def test_under_other_versions_or_arithmetic_a_search_is_refused_and_a_verification_names_them(
    program: Preloaded, tiny: Path
) -> None:
    def since(definition: dict[str, Any]) -> None:
        definition["versions"].update(dict.fromkeys(PINNED, "0.1"))
        definition.update(arithmetic=0)

    with changed("definition", since):
        refused = program.run(tiny, "search", "tiny.yaml", "--trials=6", *QUIET, code=2)
        verified = program.run(tiny, "verify", "tiny", *QUIET)
    assert len(open_study("tiny", "sqlite:///optuna.db").trials()) == 5
    (line,) = refused.splitlines()
    assert line.startswith("error: study tiny exists with another definition: arithmetic (was 0, i")
    assert "start a new study with --study NAME" in line
    same, spite, _ = verified.splitlines()
    assert same == "tiny identical: 5 trials, given 1 recorded failure"
    assert spite.startswith("  the same in spite of: arithmetic (was 0, is 1); versions.")
    for name in PINNED:
        assert f"; versions.{name} (was 0.1, is " in line
        assert f"; versions.{name} (was 0.1, is " in spite


@pytest.mark.proof
def test_a_native_study_of_other_kernels_is_equal_within_rounding(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulate two machines by OpenBLAS kernels of two processors."""
    (tiny / "mlflow.db").unlink()
    command = [sys.executable, "-m", "dnnsearch"]
    search = [*command, "search", "tiny.yaml", "--study=other", "--set=tracking=none", *QUIET]
    search += ["--set=numerics=native", "--set=learning_rate=0.1", "--set=try_first=[]"]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    subprocess.run(search, check=True, capture_output=True)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    verify = subprocess.run([*command, "verify", "other", *QUIET], capture_output=True, text=True)
    assert verify.stdout.startswith("other equal within rounding: its costs differ by "), verify
    assert "because of numerics: blas (was ['openblas Nehalem'], is" in verify.stdout

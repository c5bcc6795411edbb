"""A trial trained again: an equal result is `identical`, a planted difference is found and named.

Only tests about MLflow's copy keep its database: importing MLflow takes seconds.
"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnnsearch.errors import UserError
from dnnsearch.reproduce.rerun import Verdict, rerun
from dnnsearch.storage.array_store import pack, unpack
from tests.support.paths import first_on_path
from tests.support.preloaded import Preloaded

pytestmark = pytest.mark.usefixtures("forked_pinned_calls")
STORAGE = "sqlite:///optuna.db"
OTHER_SLOPE = """
import numpy as np
from dnnsearch.nn import activations
relu = activations.ACTIVATIONS["relu"]
def leaning(Z, out=None):
    return np.multiply(relu.function(Z, out), np.float32(1.0001), out=out)
activations.ACTIVATIONS["relu"] = relu._replace(function=leaning)
"""
OTHER_ARITHMETIC = """
import dnnsearch.trials.spec
dnnsearch.trials.spec.ARITHMETIC += 1
"""


@pytest.fixture
def alone(tiny: Path) -> Path:
    """The study without MLflow's copy."""
    (tiny / "mlflow.db").unlink()
    return tiny


def change_record(folder: Path, number: int, change: Callable[[dict[str, Any], Any], None]) -> None:
    """Change the document and the arrays of a record, as a user could by hand."""
    (path,) = (folder / "records" / "tiny").glob(f"{number:05d}-*")
    document, arrays = unpack(path.read_bytes())
    change(document, arrays)
    path.write_bytes(pack(document, arrays))


def change_config(change: Callable[[dict[str, Any]], None]) -> None:
    """Change the config that the study was created with, in Optuna's storage."""
    with sqlite3.connect("optuna.db") as database:
        where = "FROM study_user_attributes WHERE key = 'config'"
        (text,) = database.execute(f"SELECT value_json {where}").fetchone()
        config = json.loads(text)
        change(config)
        update = "UPDATE study_user_attributes SET value_json = ? WHERE key = 'config'"
        database.execute(update, [json.dumps(config)])


def plant(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that every Python process runs as it starts."""
    (folder / "planted").mkdir()
    (folder / "planted" / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", first_on_path(folder / "planted"))


def first_difference(verdict: Verdict) -> str:
    assert verdict.exit_code == 1
    return verdict.differences[0]


def test_an_untouched_trial_is_identical_in_all_its_copies(tracked: Preloaded, tiny: Path) -> None:
    output = tracked.run(tiny, "rerun", "tiny/2")
    assert output.splitlines()[0] == "tiny/2 identical"
    assert "MLflow's run" in output
    assert "note" not in output


def test_a_trial_agrees_with_mlflow_whatever_the_objective(tracked: Preloaded, tiny: Path) -> None:
    tracked.run(tiny, "search", "tiny.yaml", "--study=cost", "--set=objective=dev_cost", "--quiet")
    assert "MLflow's run" in tracked.run(tiny, "rerun", "cost/2")
    assert "MLflow's run" in tracked.run(tiny, "rerun", "tiny/2")


def test_a_trial_is_also_found_by_its_mlflow_run_and_changes_there_are_named(
    tracked: Preloaded, tiny: Path
) -> None:
    with sqlite3.connect("mlflow.db") as database:
        named = "key = 'dnnsearch.trial' AND value = '2'"
        (run,) = database.execute(f"SELECT run_uuid FROM tags WHERE {named}").fetchone()
        point = "run_uuid = ? AND key = 'dev_cost' AND step = 20"
        database.execute(f"UPDATE metrics SET value = value + 0.001 WHERE {point}", [run])
    output = tracked.run(tiny, "rerun", run, code=1)
    named = f"tiny/2 different: MLflow's run {run}: curve dev_cost at iteration 20 is "
    assert output.startswith(named)


@pytest.mark.proof
def test_a_changed_curve_in_optuna_is_named_with_its_iteration(alone: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        point = "trial_id = 3 AND step = 10"  # ids count from 1
        change = "SET intermediate_value = intermediate_value - 0.1"
        assert database.execute(f"UPDATE trial_intermediate_values {change} WHERE {point}").rowcount
    found = first_difference(rerun("tiny/2", STORAGE))
    assert found.startswith("Optuna's row: curve dev_accuracy at iteration 10 is ")


def test_a_changed_curve_in_the_record_is_named_and_the_record_is_blamed(alone: Path) -> None:
    def change(document: dict[str, Any], arrays: Any) -> None:
        arrays["curve.train_cost"][0, 2] += 1e-9

    change_record(alone, 2, change)
    found = first_difference(rerun("tiny/2", STORAGE))
    assert found.startswith("curve train_cost at iteration 20: the record has ")
    assert "the record was changed after it was written: curve.train_cost" in found


def test_other_data_are_named(alone: Path) -> None:
    change_config(lambda config: config["data"].update(noise=0.21))
    found = first_difference(rerun("tiny/2", STORAGE))
    assert found.startswith("data: the data set has changed: the record has ")


@pytest.mark.proof
def test_another_split_is_named(alone: Path) -> None:
    change_config(lambda config: config["split"].update(seed=1))
    found = first_difference(rerun("tiny/2", STORAGE))
    assert found.startswith("split: the split into train, dev and test has changed: ")


def test_another_seed_is_named(alone: Path) -> None:
    change_config(lambda config: config.update(seed=1))
    found = first_difference(rerun("tiny/2", STORAGE))
    assert found == "seed: the study's seed has changed: the record has 0, and it is 1 now"


def test_other_code_is_named_where_it_computes_something_else(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(alone, OTHER_SLOPE, monkeypatch)
    found = first_difference(rerun("tiny/0", STORAGE))
    assert found.startswith("curve dev_cost at iteration 0: the record has ")
    assert "(code or machine: " in found


@pytest.mark.proof
def test_another_arithmetic_is_noted_where_it_computes_the_same(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(alone, OTHER_ARITHMETIC, monkeypatch)
    verdict = rerun("tiny/2", STORAGE)
    assert verdict.exit_code == 0
    assert "the same in spite of code: arithmetic (was 1, is 2)" in verdict.notes


@pytest.mark.proof
def test_a_diverged_trial_diverges_again(alone: Path) -> None:
    verdict = rerun("tiny/1", STORAGE)
    assert verdict.lines[0] == "tiny/1 identical"


def test_a_failed_trial_is_given_and_not_trained(alone: Path) -> None:
    verdict = rerun("tiny/3", STORAGE)
    assert verdict.exit_code == 0
    assert verdict.notes[0].startswith("it failed, and a failure is not trained again: MemoryError")


def test_without_mlflow_the_rest_is_compared_and_that_is_said(alone: Path) -> None:
    verdict = rerun("tiny/3", STORAGE)
    assert verdict.compared == ["Optuna's row"]
    assert verdict.notes[1].startswith("MLflow's copy was not compared: ")
    assert not Path("mlflow.db").exists()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("tiny", "RUN must be STUDY/NUMBER or the id of an MLflow run, but got 'tiny'"),
        ("tiny/x", "RUN must be STUDY/NUMBER or the id of an MLflow run, but got 'tiny/x'"),
        ("tiny/99", "study tiny has 5 trials and no trial 99"),
        ("other/0", "there is no study other; known studies: tiny"),
    ],
)
def test_a_run_that_is_not_there_is_an_error_in_one_line(
    tiny: Path, run: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        rerun(run, STORAGE)


def test_a_missing_and_a_damaged_record_are_errors(alone: Path) -> None:
    (path,) = (alone / "records" / "tiny").glob("00002-*")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match="is damaged"):
        rerun("tiny/2", STORAGE)
    path.unlink()
    with pytest.raises(UserError, match="there is no record of trial 2"):
        rerun("tiny/2", STORAGE)

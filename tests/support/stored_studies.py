"""A folder of studies that an older version has made: how it is unpacked, and what is asked of it.

`make_stored_studies` writes `tests/stored/VERSION.tar.xz` and, as JSON, the answers of that version
next to it; `test_stored_studies` asks the present code the same questions.
"""

import hashlib
import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.preloaded import Preloaded

STORED = Path(__file__).parents[1] / "stored"
# Python has the argument from 3.11.4 on, and wants it from 3.12 on.
SAFELY: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
MADE_IN = "/tmp/stored-studies"  # MLflow keeps the full path of each artifact
# tables and columns of MLflow's database that have such a path
PATHS = {
    "experiments": ["artifact_location"],
    "runs": ["artifact_uri"],
    "model_versions": ["source", "storage_location"],
    "logged_models": ["artifact_location"],
}
# number and key of all that Optuna, and that MLflow, has of a study's finished trials
OPTUNA_KEYS = """
SELECT number, key FROM trials JOIN studies USING (study_id)
JOIN trial_user_attributes USING (trial_id)
WHERE state = 'COMPLETE' AND study_name = ?
"""
MLFLOW_KEYS = """
SELECT trial.value, every.key FROM tags trial
JOIN tags study USING (run_uuid) JOIN tags state USING (run_uuid)
JOIN (
    SELECT run_uuid, 'tag ' || key AS key FROM tags
    UNION SELECT run_uuid, 'param ' || key FROM params
    UNION SELECT run_uuid, 'metric ' || key FROM latest_metrics
) every USING (run_uuid)
WHERE trial.key = 'dnnsearch.trial' AND state.key = 'dnnsearch.state'
AND state.value = 'finished' AND study.key = 'dnnsearch.study' AND study.value = ?
"""
SHORT_SEARCH = ("--trials", "3", "--set", "iterations=60", "--set", "tracking=none", "--quiet")


def pack(folder: Path, names: list[str], archive: Path) -> None:
    """Write these files and folders of `folder` into a .tar.xz, without owner, mode or time."""

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(archive, "w:xz", preset=9) as file:
        for name in sorted(names):
            file.add(folder / name, name, filter=anonymous)


def unpack(version: str, folder: Path) -> None:
    """Put the studies of `version` into `folder`."""
    with tarfile.open(STORED / f"{version}.tar.xz") as file:
        file.extractall(folder, **SAFELY)


def relocate(folder: Path) -> None:
    """Tell MLflow's database that the artifacts are in `folder` now."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        for table, columns in PATHS.items():
            for column in columns:
                change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
                database.execute(change, (MADE_IN, str(folder)))


def expected(version: str) -> dict[str, Any]:
    """Return the answers of that version: `best`, `studies` and `configs`, each by name."""
    return dict(json.loads((STORED / f"{version}.json").read_text()))


def answers(server: Preloaded, folder: Path, study: str, models: list[str]) -> dict[str, Any]:
    """Return what the commands that only read say of the study, and what its models predict."""
    return {
        "fingerprint": fingerprint(server, folder, study),
        "definition": definition(folder, study),
        "table": server.run(folder, "show", study, "--csv", "-"),
        "predictions": {
            model: server.run(folder, "predict", model, f"rows/{study}.csv") for model in models
        },
    }


def fingerprint(server: Preloaded, folder: Path, study: str, trials: int | None = None) -> str:
    """Return the fingerprint of the study, or of its first `trials` trials."""
    first = ["--trials", str(trials)] if trials else []
    return server.run(folder, "fingerprint", study, *first).splitlines()[-1]


def best_trials(server: Preloaded, folder: Path) -> dict[str, list[str]]:
    """Return of each study, as `list` shows it, the objective, the best value and its trial."""
    lines = server.run(folder, "list").splitlines()[1:]
    return {line.split()[0]: line.split()[1:4] for line in lines}


def definition(folder: Path, study: str) -> str:
    """Return the SHA-256 of the study's definition as Optuna's storage has it."""
    query = (
        "SELECT value_json FROM study_user_attributes NATURAL JOIN studies "
        "WHERE key = 'definition' AND study_name = ?"
    )
    with closing(sqlite3.connect(folder / "optuna.db")) as database:
        ((stored,),) = database.execute(query, (study,))
    return hashlib.sha256(json.dumps(json.loads(stored), sort_keys=True).encode()).hexdigest()


def missing_keys(folder: Path, study: str, old: int) -> set[str]:
    """Return what every one of the first `old` trials has, and a later finished one has not.

    It is a key of Optuna's attributes, or of MLflow's tags, params and metrics. Which
    hyperparameters a trial has, and which of them are numbers, depends on the trial.
    """
    missing: set[str] = set()
    for name, query in (("optuna.db", OPTUNA_KEYS), ("mlflow.db", MLFLOW_KEYS)):
        found: dict[int, set[str]] = {}
        with closing(sqlite3.connect(folder / name)) as database:
            for number, key in database.execute(query, (study,)):
                found.setdefault(int(number), set()).add(key)
        shared = set.intersection(*(keys for number, keys in found.items() if number < old))
        assert shared, f"{name} has nothing of the finished trials of {study}"
        later = [keys for number, keys in found.items() if number >= old]
        missing |= shared - set.intersection(shared, *later)
    return {key for key in missing if "units_" not in key and "hp." not in key}


def shortened(server: Preloaded, folder: Path, config: Path) -> str:
    """Return the fingerprint of a short search with this config, made in the new `folder`."""
    folder.mkdir()
    return server.run(folder, "search", str(config), *SHORT_SEARCH).split()[-1]

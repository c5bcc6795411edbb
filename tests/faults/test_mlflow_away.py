"""Covers commands that MLflow does not answer: their work is kept, and they say how to send it."""

import json
import shlex
from pathlib import Path

import pytest

from tests.faults.conftest import CONFIG, new_folder, query
from tests.support.preloaded import Preloaded
from tests.support.servers import free_port

MOONS = "data: {name: moons, examples: 120}"
SEARCH = ("search", "wine.yaml", "--workers=1")
# Before the publisher opens it: later, SQLite may answer from what it has read.
DAMAGE = """
from pathlib import Path
from dnnsearch.tracking.publisher_thread import ThreadPublisher
true = ThreadPublisher.__init__
def damaging(*given, **more):
    Path("mlflow.db").write_bytes(b"not a database" * 1000)
    true(*given, **more)
ThreadPublisher.__init__ = damaging
"""


@pytest.fixture
def moons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = new_folder(tmp_path, monkeypatch)
    (folder / "wine.yaml").write_text(CONFIG.replace("data: wine", MOONS))
    return folder


def away() -> str:
    return f"--set=tracking=http://127.0.0.1:{free_port()}"


def assert_told_at_the_end(said: str, trials: str) -> None:
    *_, told, fingerprint = said.splitlines()
    assert told == f"{trials} trials are not in MLflow; when it works: dnnsearch publish wine"
    assert fingerprint.startswith("fingerprint ")


def test_a_search_without_mlflow_says_so_at_its_end_as_well(
    tracked: Preloaded, moons: Path
) -> None:
    said = tracked.run(moons, *SEARCH, "--trials=2", away())
    assert_told_at_the_end(said, "2 of 2")
    said = tracked.run(moons, *SEARCH, "--trials=3", "--json", away())
    assert json.loads(said.splitlines()[-1])["lacking"] == 3
    tracked.run(moons, "publish", "wine", "--tracking=sqlite:///mlflow.db")
    said = tracked.run(moons, *SEARCH, "--trials=3")
    assert "not in MLflow" not in said


def test_a_search_whose_database_is_damaged_under_it_says_so_at_its_end_as_well(
    tracked: Preloaded, moons: Path
) -> None:
    tracked.run(moons, *SEARCH, "--trials=1")
    said = tracked.run(moons, *SEARCH, "--trials=2", planted=DAMAGE)
    assert_told_at_the_end(said, "2 of 2")  # the publisher can no longer read of trial 0
    (moons / "mlflow.db").unlink()
    said = tracked.run(moons, "publish", "wine")
    assert "lacked 2 of 2 trials, and lacks none now" in said


def test_a_promotion_without_mlflow_keeps_the_model_and_names_the_command_that_sends_it(
    tracked: Preloaded, moons: Path
) -> None:
    tracked.run(moons, *SEARCH, "--trials=2", away())
    promote = ("promote", "wine", "--top=1", "--replicates=2", "--workers=1", "--quiet")
    *_, file, lacking = tracked.run(moons, *promote).splitlines()
    path = moons / file.removeprefix("model: ")
    content = path.read_bytes()
    assert lacking.startswith("not the champion: MLflow lacks the model and its alias (MLflow at ")
    pasted = shlex.split(lacking.rpartition("when it works: ")[2])
    tracked.run(moons, *SEARCH, "--trials=2", "--set=tracking=sqlite:///mlflow.db")
    said = tracked.run(moons, *pasted[1:]).splitlines()
    assert f"model: {path.relative_to(moons)}, models:/wine/1 in MLflow" in said
    assert any(line.startswith("champion: ") for line in said)
    assert path.read_bytes() == content
    assert query(moons / "mlflow.db", "SELECT name FROM registered_models") == [("wine",)]

"""Two users of a group work on one study in a folder of the group, with the umask 002."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.in_turn import run_in_turn
from tests.support.users import ANN, BOB, TEAM, environment_of_all, python_of_all

CONFIG = """
data: wine
trials: 2
learning_rate: 0.1
iterations: 20
hidden_layers: [1]
units: {low: 4, high: 16}
activation: relu
momentum: 0.9
batch_size: 32
"""
ASKING = "reading what MLflow knows of the test set ..."  # progress of a promotion


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the group, below one that everybody can enter; pytest's own are private."""
    python_of_all()
    above = Path(tempfile.mkdtemp())
    above.chmod(0o755)
    folder = above / "team"
    folder.mkdir()
    os.chown(folder, 0, TEAM)
    folder.chmod(0o2775)
    (folder / "wine.yaml").write_text(CONFIG)
    for user in (ANN, BOB):
        (above / str(user)).mkdir()
        os.chown(above / str(user), user, TEAM)
    yield folder
    shutil.rmtree(above)


@pytest.mark.proof
def test_one_user_searches_and_the_other_extends_promotes_and_predicts(folder: Path) -> None:
    commands = [
        {
            "user": user,
            "group": TEAM,
            "umask": 0o002,
            "forks": True,
            "arguments": arguments.split(),
            "variables": {"HOME": str(folder.parent / str(user))},
        }
        for user, arguments in (
            (ANN, "search wine.yaml --workers=1"),
            (BOB, "search wine.yaml --workers=1 --trials=4"),
            (BOB, "rerun wine/0"),
            (ANN, "promote wine --top=1 --replicates=2 --workers=1"),
            (BOB, "publish wine"),
            (BOB, "rm wine --yes"),
        )
    ]
    ended = run_in_turn(folder, environment_of_all(), *commands, python=python_of_all())
    for (code, _, errors), command in zip(ended, commands):
        assert code == 0, (command, errors)
        assert "Traceback" not in errors
        assert "MLflow" not in errors.replace(ASKING, ""), errors
    assert len(ended) == len(commands)

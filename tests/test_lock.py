import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.lock import study_lock

HOLD = """
import sys, time
from pathlib import Path
from dnnsearch.lock import study_lock
with study_lock(Path(sys.argv[1]), "digits"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "Iterator[subprocess.Popen[str]]":
    arguments = [sys.executable, "-c", HOLD, str(tmp_path / "optuna.db")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_holder_is_told_who_holds_it(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with (
        pytest.raises(UserError, match=f"process {holder.pid} on .* since 20"),
        study_lock(tmp_path / "optuna.db", "digits"),
    ):
        pass


def test_another_study_is_free(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with study_lock(tmp_path / "optuna.db", "wine/a b"):
        pass


def test_a_dead_holder_blocks_nobody(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with study_lock(tmp_path / "optuna.db", "digits"):
        pass


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="cannot be opened"),
        study_lock(tmp_path / "missing" / "optuna.db", "digits"),
    ):
        pass

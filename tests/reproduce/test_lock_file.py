"""A lock file as text: what it says comes back, and an edit is seen."""

import subprocess
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.reproduce.lock_file import SUFFIX, EditedLock, LockFile, read_lock
from tests.support.paths import ROOT

LOCK = LockFile(
    study="my study",
    config="my study.yaml",
    definition={"data": {"name": "iris"}, "seed": 0, "units": {"low": 2, "high": 8}},
    code="c" * 64,
    module={"nn/layers.py": "0123456789abcdef"},
    trial={0: "finished 0.97 0123456789abcdef", 1: "failed - 0123456789abcdef"},
    fingerprint="f" * 64,
    retry={2: {"of": 1, "params": {"learning_rate": 0.1, "activation": "relu"}}},
    champion={"trial": 0, "figures": {"ensemble": {"value": 0.5}}},
)
USUAL = (
    "*.lock\n*.db\n*.log\n*.tmp\n*.bak\n*.pid\nbuild/\ndist/\nmlruns/\nrecords/\n.*\n*.py[cod]\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / f"x{SUFFIX}"
    path.write_text(LOCK.encode())
    return path


def test_what_it_says_comes_back(path: Path) -> None:
    assert read_lock(path) == LOCK
    assert read_lock(path).encode() == path.read_text()


def test_line_ends_of_another_system_do_not_count(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lock(path) == LOCK


def test_every_edited_line_is_seen(path: Path) -> None:
    lines = LOCK.encode().splitlines()
    for place in range(1, len(lines)):
        path.write_text("\n".join([*lines[:place], lines[place] + "0", *lines[place + 1 :]]))
        with pytest.raises(EditedLock):
            read_lock(path)
        path.write_text("\n".join(lines[:place] + lines[place + 1 :]))
        with pytest.raises(EditedLock):
            read_lock(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must be a lock file"),
        ("study: a\n", "must be a lock file"),
        ("dnnsearch lock 9\nsha256 0\n", "is a 'dnnsearch lock 9', and this version reads"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "x"
    path.write_text(content)
    with pytest.raises(UserError, match=words):
        read_lock(path)
    with pytest.raises(UserError, match="no such file"):
        read_lock(tmp_path / "y")
    with pytest.raises(UserError, match="cannot be read"):
        read_lock(tmp_path)


@pytest.mark.parametrize("rules", [(ROOT / ".gitignore").read_text(), USUAL], ids=["ours", "usual"])
def test_git_does_not_ignore_it(tmp_path: Path, rules: str) -> None:
    (tmp_path / ".gitignore").write_text(rules)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, ignored in ((f"configs/digits{SUFFIX}", False), ("configs/digits.lock", True)):
        asked = subprocess.run(["git", "check-ignore", "-q", name], cwd=tmp_path, check=False)
        assert (asked.returncode == 0) == ignored

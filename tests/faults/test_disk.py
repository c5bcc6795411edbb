"""Covers a disk that is full or read-only: a real one, small and mounted for the test."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.datasets import load_wine

from tests.faults.conftest import UNTRACKED, assert_whole, fingerprint, new_folder, query
from tests.faults.test_cache import planted
from tests.support.preloaded import Preloaded

SIZE = 4096  # KiB
SEARCH = ("search", "wine.yaml", "--workers=1", *UNTRACKED)


class Disk:
    """A file system of its own, in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def leave(self, kibibytes: int) -> None:
        """Fill it until only this much room is left."""
        state = os.statvfs(self.path)
        room = state.f_bavail * state.f_frsize - 1024 * kibibytes
        (self.path / "filler").write_bytes(b"x" * room)

    def free(self) -> None:
        (self.path / "filler").unlink()

    def make(self, way: str) -> None:
        """Mount it again as `ro` or `rw`."""
        subprocess.run(["mount", "-o", f"remount,{way}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}k", "tmpfs", path]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a file system")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", path], check=True)


def refused(program: Preloaded, folder: Path, *arguments: str, **variables: str) -> str:
    """Return the one line of a search that cannot continue."""
    said = program.run(folder, *SEARCH, "--quiet", *arguments, code=2, **variables)
    (line,) = said.splitlines()
    return line


@pytest.mark.parametrize(
    ("place", "room", "line"),
    [
        ("records", 12, "cannot be written to {disk}/wine: No space left on device"),
        ("storage", 260, "sqlite:///{disk}/optuna.db cannot be used: database or disk is full"),
        ("cache", 4, "arrays cannot be stored in {disk}: "),
    ],
)
def test_a_full_disk_under_one_of_our_folders_is_one_line_and_with_room_the_search_resumes(
    program: Preloaded,
    folder: Path,
    disk: Disk,
    undisturbed: str,
    place: str,
    room: int,
    line: str,
) -> None:
    settings: tuple[str, ...] = ("--set", f"records={disk.path}")
    variables = {}
    if place == "storage":
        settings = ("--storage", f"sqlite:///{disk.path / 'optuna.db'}")
    if place == "cache":
        settings, variables = (), {"DNNSEARCH_CACHE": str(disk.path)}
    disk.leave(room)
    assert line.format(disk=disk.path) in refused(program, folder, *settings, **variables)
    disk.free()
    said = program.run(folder, *SEARCH, *settings, **variables)
    assert fingerprint(said) == undisturbed


FILES = {
    "configs/people.yaml": ("new", "people.csv", "--target=label"),
    "answers.csv": ("predict", "wine/1", "wines.csv", "--out=answers.csv"),
    "report-wine.html": ("report", "wine"),
    "wine.csv": ("show", "wine", "--csv=wine.csv"),
}


def test_a_full_disk_leaves_no_part_of_a_file_and_with_room_the_same_command_works(
    program: Preloaded, folder: Path, disk: Disk
) -> None:
    storage = f"--storage=sqlite:///{folder / 'optuna.db'}"
    records = f"--set=records={folder / 'records'}"
    program.run(folder, *SEARCH, storage, records, "--trials=2")
    rows = "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(60))
    (disk.path / "people.csv").write_text("x,y,label\n" + rows)
    write_wines(disk.path / "wines.csv")
    (disk.path / "configs").mkdir()
    for name, arguments in FILES.items():
        options = () if arguments[0] == "new" else (storage,)
        disk.leave(0)
        said = program.run(disk.path, *arguments, *options, code=2)
        assert "No space left on device" in said.splitlines()[-1]
        assert said.splitlines()[-1].startswith("error: ")
        assert not (disk.path / name).exists(), name
        disk.free()
        if name != "report-wine.html":  # it is larger than this disk
            program.run(disk.path, *arguments, *options)
            assert (disk.path / name).stat().st_size > 100


def write_wines(path: Path) -> None:
    data = load_wine(as_frame=True)
    data.data.to_csv(path, index=False)


def test_a_read_only_cache_is_used_and_if_it_is_damaged_one_line_says_so(
    program: Preloaded, folder: Path, disk: Disk, undisturbed: str
) -> None:
    cache = {"DNNSEARCH_CACHE": str(disk.path)}
    program.run(folder, *SEARCH, "--trials=1", **cache)
    disk.make("ro")
    program.run(folder, *SEARCH, "--trials=2", **cache)
    disk.make("rw")
    for path in disk.path.glob("*/X_train.npy"):
        path.unlink()
    disk.make("ro")
    line = refused(program, folder, "--trials=3", **cache)
    assert f"arrays cannot be stored in {disk.path}: Read-only file system; choose" in line
    disk.make("rw")
    assert fingerprint(program.run(folder, *SEARCH, **cache)) == undisturbed


def test_a_cache_that_is_lost_to_a_full_disk_stops_the_search_and_no_trial_is_told(
    program: Preloaded, folder: Path, disk: Disk, undisturbed: str
) -> None:
    fill = "shutil.rmtree(cache, ignore_errors=True); (cache / 'filler').write_bytes(b'x' * "
    room = "(os.statvfs(cache).f_bavail * os.statvfs(cache).f_frsize - 8192))"
    cache = {"DNNSEARCH_CACHE": str(disk.path)}
    line = refused(program, folder, planted=planted(fill + room), **cache)
    assert f"the prepared data in {disk.path} are missing or damaged and cannot be" in line
    assert f"again: arrays cannot be stored in {disk.path}: " in line
    states = query(folder / "optuna.db", "SELECT state FROM trials")
    assert ("FAIL",) not in states
    disk.free()
    assert fingerprint(program.run(folder, *SEARCH, **cache)) == undisturbed
    assert_whole(folder)


@pytest.mark.proof
@pytest.mark.parametrize("room", [0, 8, 40, 100, 180, 220, 240, 260, 280, 300, 320, 340, 360, 400])
def test_a_full_disk_destroys_nothing_at_any_point(
    program: Preloaded,
    disk: Disk,
    undisturbed: str,
    room: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_folder(disk.path, monkeypatch)
    disk.leave(room)
    search = program.start(disk.path, "search", "wine.yaml", "--quiet", *UNTRACKED)
    assert search.wait() == 2
    disk.free()
    said = program.run(disk.path, "search", "wine.yaml", *UNTRACKED)
    assert fingerprint(said) == undisturbed
    assert_whole(disk.path)


@pytest.mark.proof
def test_a_read_only_disk_can_be_read(
    program: Preloaded,
    disk: Disk,
    undisturbed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_folder(disk.path, monkeypatch)
    partly = fingerprint(program.run(disk.path, "search", "wine.yaml", *UNTRACKED, "--trials=4"))
    disk.make("ro")
    assert program.run(disk.path, "fingerprint", "wine").strip() == partly
    assert "cannot be written: its folder is read-only" in refused(program, disk.path)
    elsewhere = f"--storage=sqlite:///{disk.path.parent}/optuna.db"
    assert "records/wine: Read-only file system" in refused(program, disk.path, elsewhere)
    for command in (["report", "wine"], ["show", "wine", "--csv=wine.csv"]):
        said = program.run(disk.path, *command, code=2)
        assert re.fullmatch(r"error: \S+ cannot be written: .* is read-only\n", said)
    disk.make("rw")
    said = program.run(disk.path, "search", "wine.yaml", *UNTRACKED)
    assert fingerprint(said) == undisturbed

"""Covers compressed files and pipes; `test_read` covers gzip and zip."""

import bz2
import lzma
import os
import threading
from pathlib import Path

import pytest

from dnnsearch.data.files.open_bytes import rereadable, sha256
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import is_people, table


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress], ids=["bz2", "xz"])
def test_bz2_and_xz_are_unpacked(write, tmp_path: Path, pack) -> None:
    content = pack(table().encode())
    is_people(write(content, "people.csv"))
    (part,) = rows_of(tmp_path / "people.csv", {}, ["name"]).parts()
    assert part["name"].tolist() == ["Ann", "Bob", "Eve", "Zoe"]
    for cut in (len(content) // 2, 20):
        with pytest.raises(ValueError, match="must be a complete|must have content"):
            write(content[:cut], "people.csv")
        with pytest.raises(ValueError):
            list(rows_of(tmp_path / "people.csv", {}, ["name"]).parts())


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "people"
    os.mkfifo(path)
    return path


def test_a_pipe_is_refused_before_it_is_read(pipe: Path) -> None:
    """A search would read the data again, and opening an idle pipe would wait forever."""
    for reader in (lambda: read({"file": str(pipe), "target": "member"}), lambda: sha256(pipe)):
        with pytest.raises(ValueError, match="is a pipe.*: save it as a file"):
            reader()


def test_a_copy_of_a_pipe_can_be_read_again(pipe: Path) -> None:
    writer = threading.Thread(target=pipe.write_text, args=[table()])
    writer.start()
    with rereadable(pipe) as again:
        assert again.read_text() == again.read_text() == table()
    writer.join()
    assert not again.exists()
    with rereadable(again) as same:
        assert same == again


def test_only_a_file_that_can_be_data_is_suggested_for_one_that_is_not_there(
    tmp_path: Path,
) -> None:
    ours = ("dnnstudy", "studylock", "yaml", "dnn", "db", "html")
    for ending in ours:
        (tmp_path / f"members.{ending}").touch()
    with pytest.raises(ValueError, match=r"there is no file .*members\.csv$"):
        sha256(tmp_path / "members.csv")
    (tmp_path / "member.csv").touch()
    with pytest.raises(ValueError, match=r"\(did you mean .*member\.csv\?\)$"):
        sha256(tmp_path / "members.csv")

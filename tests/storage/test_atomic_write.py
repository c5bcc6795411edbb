"""Covers files that appear whole or not at all."""

from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage.atomic_write import (
    PREFIX,
    temporary_prefix,
    temporary_sibling,
    whole_file,
    write_whole,
)


def test_a_file_is_replaced_by_the_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    for content in (b"long content", b"short"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with whole_file(path) as new:
            new.write_bytes(b"half of the")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as new:
        new.write_bytes(b"half of the")
        assert [path.name.startswith(PREFIX) for path in tmp_path.iterdir()] == [True]


def test_a_folder_that_is_left_is_removed(tmp_path: Path) -> None:
    with temporary_sibling(tmp_path / "group") as folder:
        folder.mkdir()
        (folder / "x.npy").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(UserError, match=r"^file cannot be written to .*folder: "):
        write_whole(tmp_path / "folder" / "file", b"")
    (tmp_path / "name").mkdir()
    with pytest.raises(UserError, match="^name cannot be written to .*: Is a directory$"):
        write_whole(tmp_path / "name", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "name"]


def test_a_name_of_255_bytes_has_a_temporary_name(tmp_path: Path) -> None:
    path = tmp_path / ("\N{EURO SIGN}" * 85)
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"
    assert len(temporary_prefix(path).encode()) < 200

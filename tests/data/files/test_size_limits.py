"""Files that unpack to much more than they are, and rows without end: one line, little memory."""

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from dnnsearch.data.files.size_limits import MAX_LINE_BYTES, LineLimit, RowReader, check_packed
from dnnsearch.data.files.streaming import text_table

MEGABYTES_OF_BOMB = 600
MAX_MEGABYTES = 350  # more than before the file was opened: a line of 100 MB, twice, and its text
READ = """
import json, resource, sys, time
from pathlib import Path
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from dnnsearch.data.files.sibling_files import companions

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before, reasons = peak(), []
for way in (
    lambda path: companions(path, "y") or read({"file": path, "target": "y"}),
    lambda path: list(rows_of(Path(path), {}, ["a", "b"]).parts()),
):
    try:
        if len(reasons) < int(sys.argv[2]):
            way(sys.argv[1])
        reasons.append("")
    except ValueError as error:
        reasons.append(str(error))
print(json.dumps([reasons, peak() - before]))
"""


def in_a_child(path: Path, ways: int = 2) -> tuple[list[str], int]:
    """Return what `new` and `predict` say of a file, and the MB of memory that this takes.

    With one way, only `new` is asked.
    """
    command = [sys.executable, "-c", READ, str(path), str(ways)]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    reasons, megabytes = json.loads(printed)
    return reasons, megabytes


def repeated(unit: bytes, file: IO[bytes]) -> None:
    for _ in range(MEGABYTES_OF_BOMB // 10):
        file.write(unit * (10_000_000 // len(unit)))


def gzipped(path: Path, unit: bytes, start: bytes = b"") -> None:
    """Write the same as with `repeated`, packed once: files of gzip may follow each other."""
    packed = gzip.compress(unit * (10_000_000 // len(unit)), 1)
    path.write_bytes(gzip.compress(start) + packed * (MEGABYTES_OF_BOMB // 10))


def zipped(path: Path, unit: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("inside.csv", "w") as file:
            repeated(unit, file)


@pytest.mark.parametrize(
    ("pack", "unit", "reason"),
    [
        (gzipped, b"\0", "a line must have at most 100 MB"),
        pytest.param(zipped, b"\0", "a line must have at most 100 MB", marks=pytest.mark.proof),
        pytest.param(gzipped, b"\n", "blanks alone", marks=pytest.mark.proof),
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(
    pack: Callable[[Path, bytes], None], unit: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "bomb"
    pack(path, unit)
    assert path.stat().st_size < 4_000_000
    reasons, megabytes = in_a_child(path)
    for said in reasons:
        assert reason in said and "\n" not in said
    assert megabytes < MAX_MEGABYTES


ARFF = b"@relation r\n@attribute a numeric\n@attribute y {no,yes}\n"


@pytest.mark.parametrize(
    ("start", "unit", "reason"),
    [
        (b'a,y\n1,2\n3,"4\n', b"7,8\n", "a cell must have at most 1,000,000 characters"),
        (ARFF + b"@data\n1,'no\n", b"1,yes\n", "a cell must have at most 1,000,000 characters"),
        (ARFF, b"@attribute b real\n", "at most 100,000 columns"),
        (b'[{"y": "', b"x", "JSON must have values side by side, but has 16 MB without a comma"),
        (b"a,y\n1,2\n3,4\n", b"text\n", "line 4 cannot be read: all rows must have one width"),
    ],
)
def test_what_breaks_a_limit_or_a_rule_is_found_before_the_rest_is_in_memory(
    tmp_path: Path, start: bytes, unit: bytes, reason: str
) -> None:
    path = tmp_path / "bomb.gz"
    gzipped(path, unit, start)
    said, megabytes = in_a_child(path, ways=1)
    assert reason in said[0] and "\n" not in said[0]
    assert megabytes < MAX_MEGABYTES


def test_a_large_sound_file_is_read_whatever_its_encoding_and_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.data.files.open_bytes.LARGE_BYTES", 10)
    path = tmp_path / "sound.csv"
    text = "# it's \"so\n" + "name;y\n" + 'a 5" disc;é\n' * 20 + '"a ""b"";\nc";x\n' * 20
    for encoding in ("utf-8", "latin-1", "utf-16"):
        path.write_bytes(text.encode(encoding))
        assert len(read({"file": str(path), "target": "y"}).frame) == 40


def test_a_header_of_a_million_columns_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{i}" for i in range(10**6)) + "\n" + "1," * (10**6 - 1) + "1\n")
    reasons, megabytes = in_a_child(path)
    limit = "a table must have at most 100,000 columns, but a row has more"
    assert reasons == [f"{path}: line 1 cannot be read: {limit}"] * 2
    assert megabytes < 200


def refusals(path: Path) -> list[str]:
    """Return what `new` and `predict` say of a file; nothing if they read it."""
    found = []
    for way in (
        lambda: read({"file": str(path), "target": "y"}),
        lambda: list(rows_of(path, {}, ["y"]).parts()),
    ):
        try:
            way()
        except ValueError as error:
            found.append(str(error))
    return found


def test_a_cell_of_more_than_a_megabyte_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cell.csv"
    for cell in ("x" * 1_000_001, '"' + "x\n" * 600_000 + '"', '"' + "x\n" * 600_000):
        path.write_text("y,z\n1,2\n3,4\n5," + cell + "\n6,7\n")
        found = refusals(path)
        assert len(found) == 2
        assert all("a cell must have at most 1,000,000 characters" in said for said in found)


def test_long_cells_wide_rows_and_long_headers_that_are_sound_are_read(tmp_path: Path) -> None:
    path = tmp_path / "sound.csv"
    text = "a, " * 150_000  # separators in a cell are no columns
    path.write_text(f'y,z\n1,"{text}"\n2,"{text}\n{text}"\n')
    assert refusals(path) == []
    names = [f"a_column_with_a_long_name_{i}" for i in range(50_000)]  # above 1 MB
    rows = [",".join("01"[i % 2] for _ in names) for i in range(3)]
    path.write_text("\n".join([",".join(["y", *names[1:]]), *rows]))
    assert text_table(path, {}, ["y"]).names == ["y", *names[1:]]


def test_arrays_and_json_in_one_line_may_be_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.data.files.size_limits.MAX_LINE_BYTES", 1000)
    rows = [{"y": i % 2, "z": i} for i in range(500)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert refusals(tmp_path / "rows.json") == []
    (tmp_path / "rows.csv").write_text("y," + "z" * 1500 + "\n1,2\n")
    assert len(refusals(tmp_path / "rows.csv")) == 2


def test_json_nested_too_deeply_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"y": ' + "[" * 10_000 + "]" * 10_000 + "}\n")
    assert len(refusals(path)) == 2
    path.write_text("[1, {}]")
    assert len(refusals(path)) >= 1


def test_a_line_that_goes_on_through_several_blocks_is_measured() -> None:
    limit, block = LineLimit(), b"x" * (MAX_LINE_BYTES // 4)
    for _ in range(3):
        limit.check(block)
        limit.check(b"y\rz")
        limit.check(block)
        limit.check(b"\n")
    for _ in range(4):
        limit.check(block)
    with pytest.raises(ValueError, match="a line must have at most 100 MB"):
        limit.check(b"xy\n")


@pytest.mark.parametrize("width", [100_000, 100_001])
def test_the_number_of_columns_is_exact(width: int) -> None:
    for line in (",".join(["12"] * width), ",".join(['"1,2"'] * width)):
        reader = iter(RowReader([line + "\n"], ",", '"', has_blanks=True))
        if width > 100_000:
            with pytest.raises(ValueError, match="at most 100,000 columns"):
                next(reader)
        else:
            assert len(next(reader)) == width


def bomb_of_arrays(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("X.npy", "w") as file:
            repeated(b"\0", file)
        archive.writestr("y.npy", b"")


def bomb_of_one_value(path: Path) -> None:
    column = pa.array(np.zeros(10**7))
    parquet.write_table(pa.table({"x": column, "y": column}), path)


@pytest.mark.parametrize("make", [bomb_of_arrays, bomb_of_one_value])
def test_arrays_and_columns_that_claim_too_much_are_refused_unread(
    make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.data.files.size_limits.MAX_UNCHECKED_BYTES", 10**8)
    monkeypatch.setattr("dnnsearch.data.files.size_limits.MAX_PACKING", 100)  # zlib's is below 250
    make(tmp_path / "bomb")
    with pytest.raises(ValueError, match="data are packed at most 100-fold, but [0-9,]+ bytes"):
        read({"file": str(tmp_path / "bomb"), "target": "y"})


def test_data_that_are_packed_well_are_no_bomb() -> None:
    check_packed(1 << 30, 1)  # small enough to be read
    check_packed(100 << 30, 1 << 30)

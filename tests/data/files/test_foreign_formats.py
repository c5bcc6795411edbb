"""Covers files without a table that is read here: each refusal names a way that works."""

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io

from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import PEOPLE, is_people, table

FRAME = pd.DataFrame(PEOPLE, columns=["name", "age", "member"]).assign(age=[31, np.nan, 27.5, 40])
ARRAYS = {"X": np.arange(12.0).reshape(6, 2), "y": np.arange(6) % 2}


def refusal(path: Path) -> str:
    """Return the words that both ways of reading a file have for it."""
    with pytest.raises(ValueError) as training:
        read({"file": str(path), "target": "member"})
    with pytest.raises(ValueError) as predicting:
        rows_of(path, {}, ["name"])
    assert str(training.value) == str(predicting.value)
    assert "\n" not in str(training.value) and "null characters" not in str(training.value)
    return str(training.value)


def database(path: Path) -> None:
    with sqlite3.connect(path) as opened:
        FRAME.to_sql('the "people" {of} 1', opened, index=False)
    opened.close()


@pytest.mark.parametrize(
    ("name", "write", "what"),
    [
        ("people.dta", lambda path: FRAME.to_stata(path, write_index=False), "a Stata file"),
        (
            "people.118.dta",
            lambda path: FRAME.to_stata(path, write_index=False, version=118),
            "a Stata file",
        ),
        ("people.pkl", FRAME.to_pickle, "a Python pickle, which can run any code"),
        (
            "it's.pickle",
            lambda path: path.write_bytes(pickle.dumps(FRAME.to_dict("list"), protocol=2)),
            "a Python pickle",
        ),
        ("people.xml", lambda path: FRAME.to_xml(path, parser="etree", index=False), "XML"),
        ("people.orc", FRAME.to_orc, "an ORC file"),
        ("people.db", database, "a SQLite database"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_command_in_a_refusal_converts_the_file(
    tmp_path: Path, name: str, write: Callable[[Path], object], what: str
) -> None:
    write(tmp_path / name)
    said = refusal(tmp_path / name)
    assert what in said
    run_advice(said)
    (csv,) = tmp_path.glob("*.csv")
    is_people(read({"file": str(csv), "target": "member"}))
    assert refusal(tmp_path / name) != said, "a second conversion would overwrite the first"


def run_advice(said: str) -> None:
    """Run the command at the end of a refusal, as a user who pastes it."""
    command = said.split(": ", 2)[2]
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_matlab_file_becomes_arrays(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "arrays.mat", ARRAYS)
    run_advice(refusal(tmp_path / "arrays.mat"))
    sheet = read({"file": str(tmp_path / "arrays.npz"), "target": "y"})
    assert sheet.frame.to_numpy().tolist() == np.column_stack(list(ARRAYS.values())).tolist()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_folder_of_tables_can_be_joined(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for start in (0, 2):
        part = FRAME[start : start + 2]
        to = folder / f"{start}{suffix}"
        part.to_csv(to, index=False) if suffix == ".csv" else part.to_parquet(to, index=False)
    said = refusal(folder)
    assert f"must be a file, but it is a folder of 2 {suffix} files" in said
    run_advice(said)
    is_people(read({"file": str(tmp_path / "parts.csv"), "target": "member"}))


def test_an_archive_names_how_to_unpack_it(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(table())
    for mode in ("gz", "bz2", "xz"):
        archive = tmp_path / f"people.tar.{mode}"
        with tarfile.open(archive, f"w:{mode}") as opened:
            opened.add(tmp_path / "people.csv", "people.csv")
        said = refusal(archive)
        assert "a tar archive: unpack it" in said
        command = said.split("(")[1].split(")")[0]
        subprocess.run(f"mkdir {mode} && cd {mode} && {command}", shell=True, cwd=tmp_path)
        is_people(read({"file": str(tmp_path / mode / "people.csv"), "target": "member"}))


def member(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "x")
        archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an old Excel workbook (.xls): save its sheet"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "Excel workbook in"),
        (b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14", "a SAS file"),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "a SAS transport file"),
        (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + b" " * 500, "a MATLAB file"),
        (b"RDX3\nX\n\0\0", "an R workspace"),
        (gzip.compress(b"X\n\0\0\0\x03\0", mtime=0), "an R object"),
        (b"Obj\x01\x04", "an Avro file"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd -d"),
        (b"7z\xbc\xaf\x27\x1c\0", "7z x"),
        (b"Rar!\x1a\x07\x01", "unrar x"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\0", "one image"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
        (b"-- MySQL dump 10.13\n", "an SQL dump"),
        (b"INSERT INTO people VALUES (1);", "an SQL dump"),
        (member("xl/workbook.bin"), ".xlsb"),
        (member("content.xml"), "an OpenDocument file"),
        (member("Index/Document.iwa"), "Apple Numbers"),
        (member("word/document.xml"), "a Word document"),
        (member("archive/data.pkl"), "a PyTorch file"),
        (member("other.csv"), "has 2: mimetype, other.csv; unpack it and name one of them"),
    ],
)
def test_other_formats_are_called_by_their_name(tmp_path: Path, content: bytes, what: str) -> None:
    for name, pack in (("a", bytes), ("a.bz2", bz2.compress), ("a.xz", lzma.compress)):
        if name == "a" or not content.startswith((b"PK", b"\x1f\x8b")):
            (tmp_path / name).write_bytes(pack(content))
            assert what in refusal(tmp_path / name)


def test_a_folder_of_images_says_how_they_become_arrays(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.jpg", "readme"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert "a folder of 2 .png files: put the images into an array X" in refusal(tmp_path)


def test_text_that_begins_as_other_formats_do_is_a_table(tmp_path: Path) -> None:
    for name in ("ORCA", "Objective", "version", "X", "created", "II*", "insertion"):
        (tmp_path / "a.csv").write_text(table().replace("name", name, 1))
        assert read({"file": str(tmp_path / "a.csv"), "target": "member"}).frame.columns[0] == name

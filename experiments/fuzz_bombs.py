"""Bombs for a fuzzer: small files that unpack to anything, and tables beyond the limits."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from experiments.fuzz_measures import Tally, run_command
from experiments.fuzz_tables import TARGET, csv, zipped

BLOCK = 1 << 20
BOMB_BYTES = 600 * BLOCK
MAX_BOMB_SECONDS, MAX_BOMB_MEGABYTES = 15.0, 700.0  # imports included, which take 3 s and 250 MB
Write = Callable[[IO[bytes]], object]


def repeated(start: bytes, unit: bytes, size: int = BOMB_BYTES) -> Write:
    def write(file: IO[bytes]) -> None:
        file.write(start)
        for _ in range(size // BLOCK):
            file.write(unit * (BLOCK // len(unit)))

    return write


def packed(write: Write, pack: Any) -> Write:
    def into(file: IO[bytes]) -> None:
        with pack(file, "wb") as inside:
            write(inside)

    return into


def in_zip(write: Write) -> Write:
    def into(file: IO[bytes]) -> None:
        with (
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("inside.csv", "w", force_zip64=True) as inside,
        ):
            write(inside)

    return into


def in_gzip(write: Write) -> Write:
    return packed(write, lambda file, mode: gzip.GzipFile(fileobj=file, mode=mode, compresslevel=1))


def array_bomb(rows: int, columns: int) -> Write:
    """A .npz whose array is zeros."""

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("X.npy", "w", force_zip64=True) as inside:
                shape = {"descr": "<f8", "fortran_order": False, "shape": (rows, columns)}
                np.lib.format.write_array_header_1_0(inside, shape)
                for _ in range(rows):
                    inside.write(bytes(8 * columns))
            with archive.open("y.npy", "w") as inside:
                np.save(inside, np.arange(rows) % 2)

    return write


def claim(kind: str) -> Write:
    """A file whose header claims far more values than it has."""

    def write(file: IO[bytes]) -> None:
        if kind == "npy":
            shape = {"descr": "<f8", "fortran_order": False, "shape": (10**7, 10**4)}
            np.lib.format.write_array_header_1_0(file, shape)
        elif kind == "idx":
            file.write(b"\0\0\x08\x03" + np.array([2**31, 2**15, 2**15], ">u4").tobytes())
        else:
            import h5py

            with h5py.File(file, "w") as inside:
                inside.create_dataset("X", (10**7, 10**4), "f8", chunks=(100, 100))
                inside["y"] = np.arange(100)

    return write


def one_value_parquet(file: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1 << 20, np.int32)), ["x" * 1000])
    table = pa.table({"text": text, TARGET: pa.array(np.zeros(1 << 20, np.int8))})
    with parquet.ParquetWriter(file, table.schema) as writer:
        for _ in range(200):
            writer.write_table(table)


ROWS = b"a,b,member\n1,2,yes\n3,4,no\n"
ARFF = b"@relation r\n@attribute a numeric\n@attribute member {no,yes}\n@data\n1,yes\n"
JSON_ROW = b'{"a": 1, "member": "yes"}\n'


def plain(make: Callable[[], bytes]) -> Write:
    """Return what writes the content, which is only made if it is written."""
    return lambda file: file.write(make())


def wide() -> bytes:
    return b",".join(b"c%d" % i for i in range(10**6))


def attributes() -> bytes:
    return b"".join(b"@attribute c%d numeric\n" % i for i in range(200_000))


BOMBS: dict[str, Write] = {
    "gzip of 600 MB of zeros": in_gzip(repeated(b"", b"\0")),
    "zip of 600 MB of zeros": in_zip(repeated(b"", b"\0")),
    "gzip of 600 MB of blanks": in_gzip(repeated(b"", b" ")),
    "gzip of 600 MB of line ends": in_gzip(repeated(ROWS, b"\n")),
    "gzip of gzip of 600 MB of zeros": in_gzip(in_gzip(repeated(b"", b"\0"))),
    "bz2 of 600 MB of zeros": packed(repeated(b"", b"\0"), bz2.open),
    "xz of 600 MB of zeros": packed(repeated(b"", b"\0"), lzma.open),
    "gzip of an unclosed quote before 600 MB": in_gzip(repeated(ROWS + b'5,"6', b"7,8,no\n")),
    "zip of an unclosed quote before 600 MB": in_zip(repeated(ROWS + b'5,"6', b"7,8,no\n")),
    "an unclosed quote before 600 MB": repeated(ROWS + b'5,"6', b"7,8,no\n"),
    "an unclosed single quote before 600 MB": repeated(b"'a','b','member'\n'1", b"7,8,no\n"),
    "an ARFF with an unclosed quote before 600 MB": in_gzip(repeated(ARFF + b"'", b"2,no\n")),
    "an ARFF header of 600 MB": in_gzip(repeated(ARFF[:35], b"@attribute b real\n")),
    "gzip of 600 MB of text without a separator": in_gzip(repeated(ROWS, b"abcdefg\n")),
    "gzip of 600 MB of zeros after sound rows": in_gzip(repeated(ROWS, b"\0")),
    "a line of 600 MB after sound rows": repeated(ROWS, b"1"),
    "a header of a million columns": plain(lambda: wide() + b"\n" + b"1," * (10**6 - 1) + b"1\n"),
    "a row of a million columns": plain(lambda: ROWS + b"1," * 10**6 + b"\n"),
    "a cell of 2 MB": plain(lambda: ROWS + b"1,2," + b"x" * (2 << 20) + b"\n"),
    "an ARFF of 200,000 attributes": plain(lambda: b"@relation r\n" + attributes() + b"@data\n"),
    "sparse ARFF rows of 90,000 columns": plain(
        lambda: b"@relation r\n" + attributes()[: 90_000 * 25] + b"@data\n" + b"{0 1}\n" * 20_000
    ),
    "JSON lines, then 600 MB of line ends": in_gzip(repeated(JSON_ROW * 3, b"\n")),
    "JSON nested 600 MB deep": in_gzip(repeated(b"", b"[")),
    "JSON with a text of 600 MB": in_gzip(repeated(b'[{"a": "', b"x")),
    "JSON, each of 3,000 rows with a key of its own": plain(
        lambda: b"".join(b'{"k%d": 1, "member": "yes"}\n' % i for i in range(3000))
    ),
    "an npz of 8 GB of zeros": array_bomb(100_000, 10_000),
    "an npy that claims 800 GB": claim("npy"),
    "an idx that claims 2,000 GB": claim("idx"),
    "an HDF5 that claims 800 GB": claim("hdf5"),
    "a Parquet of 200 million rows, 200 GB of text": one_value_parquet,
    "a zip that ends early": plain(lambda: zipped(csv())[:200]),
    "bytes of no format": plain(lambda: bytes(range(256)) * 4000),
}


def detonate(tally: Tally, count: int) -> None:
    """Let `new` read every bomb in a process of its own; each must be refused within bounds."""
    path = Path("bomb.csv")
    for name, write in list(BOMBS.items())[:count]:
        with path.open("wb") as file:
            write(file)
        alone = Tally(name)
        end = run_command(alone, name, ["new", str(path), "--target", TARGET, "--name", "bomb"])
        print(f"  {name}: {end}, {alone.seconds:.1f} s, {alone.megabytes:.0f} MB", flush=True)
        if alone.seconds > MAX_BOMB_SECONDS or alone.megabytes > MAX_BOMB_MEGABYTES:
            alone.problem(name, f"took {alone.seconds:.0f} s and {alone.megabytes:.0f} MB")
        tally.problems += alone.problems
        taken = f"{alone.seconds:.1f} s, {alone.megabytes:.0f} MB"
        tally.count(f"{name}: {end}, {taken}", alone.seconds, alone.megabytes)
        path.unlink()

"""Tables for a fuzzer: a sound one of every format, damaged, and tables of odd shapes."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new
from dnnsearch.data.files.size_limits import MAX_COLUMNS
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from experiments import mutations
from experiments.fuzz_measures import Tally, attempt, run_command

NAME, TARGET = "people.csv", "member"
WORDS = [b'"', b"'", b",", b";", b"\t", b"\n", b"\r", b"\0", b"\xff\xfe", b"1e999", b"NaN", b"0x1"]
WORDS += ["١٢٣,".encode(), "\u2028\u202e".encode(), b"a" * 5000, b"\n" * 3000, b'"\n' * 500]
NAMES = ["", "self", "*", "a: b", "#", "x" * 300, "{}", "no", "1e3", '""', TARGET]
MAX_WIDE = 2000  # columns of a sound wide table
Numbered = Iterator[tuple[int, np.random.Generator]]


def people(m: int = 120, seed: int = 0) -> pd.DataFrame:
    """Numbers with gaps, categories, codes, dates, and a target of two classes."""
    rng = np.random.default_rng(seed)
    age = np.where(rng.random(m) < 0.1, np.nan, rng.normal(40, 9, m).round(1))
    table = {
        "age": age,
        "income": rng.lognormal(8, 1, m).round(2),
        "city": rng.choice(["Rome", "Oslo", "São Paulo"], m),
        "code": rng.choice(["01234", "00777"], m),
        "day": rng.choice(["2024-01-01", "2024-02-03"], m),
        TARGET: rng.choice(["no", "yes"], m),
    }
    return pd.DataFrame(table)


def csv(**options: Any) -> bytes:
    return str(people().to_csv(index=False, **options)).encode()


def saved(write: Callable[[IO[bytes]], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def zipped(content: bytes) -> bytes:
    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside.csv", content)

    return saved(write)


def arff(is_sparse: bool) -> bytes:
    head = b"@relation r\n@attribute a numeric\n@attribute b {x,'y z'}\n"
    row = b"{0 1.5, 1 x, 2 yes}\n{1 'y z'}\n" if is_sparse else b"1.5,x,yes\n?,'y z',no\n"
    return head + b"@attribute member {no,yes}\n@data\n" + row * 60


def images() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (60, 4, 4), np.uint8), rng.integers(0, 2, 60)


def formats() -> dict[str, bytes]:
    """Return a sound file of every format."""
    X, y = images()
    square = np.column_stack([X.reshape(60, -1).astype(float), y])
    idx = b"\0\0\x08\x03" + np.array(X.shape, ">u4").tobytes() + X.tobytes()
    return {
        "CSV": csv(),
        "CSV, semicolons": csv(sep=";", decimal=","),
        "CSV, UTF-16": people().to_csv(index=False).encode("utf-16"),
        "CSV, Latin-1": people().to_csv(index=False).encode("latin-1"),
        "CSV, all quoted": csv(quoting=1),
        "TSV": csv(sep="\t"),
        "ARFF": arff(is_sparse=False),
        "ARFF, sparse": arff(is_sparse=True),
        "JSON lines": people().to_json(orient="records", lines=True).encode(),
        "JSON": people().to_json(orient="records").encode(),
        "Parquet": saved(people().to_parquet),
        "npy": saved(lambda file: np.save(file, square)),
        "npz": saved(lambda file: np.savez_compressed(file, X=X, y=y)),
        "idx": idx,
        "HDF5": hdf5(X, y),
        "gzip": gzip.compress(csv()),
        "zip": zipped(csv()),
    }


def hdf5(X: np.ndarray, y: np.ndarray) -> bytes:
    import h5py

    def write(file: IO[bytes]) -> None:
        with h5py.File(file, "w") as inside:
            inside["X"], inside["y"] = X, y

    return saved(write)


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Return the file torn, with words put in, or, of a compressed one, with a torn inside."""
    how = rng.integers(4)
    if content[:2] == b"\x1f\x8b" and how:
        return gzip.compress(damaged(rng, gzip.decompress(content)), 1)
    if how < 2:
        return mutations.torn(rng, content)
    for _ in range(rng.integers(1, 4)):
        at, word = int(rng.integers(len(content) + 1)), WORDS[rng.integers(len(WORDS))]
        content = content[:at] + word * int(rng.integers(1, 3)) + content[at:]
    return content


def shaped(rng: np.random.Generator) -> bytes:
    """Return a table of an odd shape: wide, ragged, of few rows, with long cells, with odd names.

    Some have too many columns; of the others few are wide, for thousands of columns take minutes.
    """
    how = rng.random()
    most = MAX_WIDE if how < 0.1 else 200
    width = MAX_COLUMNS + int(rng.integers(-1, 10**6)) if how > 0.9 else int(rng.integers(2, most))
    rows = int(rng.choice([0, 1, 2, 20, 60])) if width < MAX_COLUMNS - 1 else 0
    names = [f"c{i}" for i in range(width - 1)] + [TARGET]
    if rng.random() < 0.3:
        names[0] = str(rng.choice(NAMES))
    lines = [",".join(names)]
    for _ in range(rows):
        cells = [str(rng.choice(["1", "2.5", "", "x", "1,5"]))] * (width - 1)
        ragged = int(rng.random() < 0.02)
        lines.append(",".join([*cells[ragged:], str(rng.choice(["a", "b"]))]))
    if rng.random() < 0.1:
        lines.append('"' + "long " * int(rng.integers(1, 400_000)))
    return "\n".join(lines).encode()


def fuzz(inputs: Numbered, tally: Tally, one_in: int) -> None:
    """Let `new` read damaged tables, and a search the config that it writes."""
    sound, path = list(formats().values()), Path("table")
    store = ArrayStore(Path("store").resolve())

    def draft(name: str) -> str:
        written = new(str(path), TARGET, name)
        try:
            resolve_definition(load_config(written.path), store)
        except UserError:
            return "taken by `new`, refused by `search`"
        return "taken"

    for i, rng in inputs:
        content = sound[rng.integers(len(sound))]
        path.write_bytes(shaped(rng) if rng.random() < 0.2 else damaged(rng, content))
        attempt(tally, i, draft, f"here{i}")
        if i % one_in == 0:
            run_command(tally, i, ["new", str(path), "--target", TARGET, "--name", f"command{i}"])

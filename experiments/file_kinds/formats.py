"""Formats, also those that hold no table that is read."""

import io
import json
import lzma
import pickle
import random
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from experiments.file_kinds.made import NUMBERS, ROWS, Made, csv, frame, kind


def _stored(rng: random.Random, name: str, write: Callable[[pd.DataFrame, Path], object]) -> Made:
    table = frame(rng)
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        write(table, path)
        return Made(name, path.read_bytes(), saved=csv(table))


@kind
def _json_of_pandas(rng: random.Random) -> Made:
    orient: Any = rng.choice(("columns", "index", "records", "split", "table"))
    return _stored(
        rng,
        "customers.json",
        lambda table, path: path.write_text(table.to_json(None, orient=orient)),
    )


@kind
def _json_of_others(rng: random.Random) -> Made:
    rows = frame(rng).to_dict("records")
    nested = [{**row, "place": {"city": row["city"]}} for row in rows]
    document = rng.choice(({"results": rows, "count": ROWS}, frame(rng).to_dict("list"), nested))
    return Made("customers.json", json.dumps(document).encode())


@kind
def _json_lines(rng: random.Random) -> Made:
    rows = frame(rng).to_dict("records")
    return Made("customers.jsonl", "\n".join(map(json.dumps, rows)).encode())


@kind
def _parquet_and_feather(rng: random.Random) -> Made:
    nullable = rng.random() < 0.5

    def write(table: pd.DataFrame, path: Path) -> None:
        table = table.convert_dtypes() if nullable else table
        table.to_parquet(path) if path.suffix == ".parquet" else table.to_feather(path)

    return _stored(rng, rng.choice(("customers.parquet", "customers.feather")), write)


@kind
def _workbooks(rng: random.Random) -> Made:
    sheets = rng.choice((("customers",), ("read me", "customers")))

    def write(table: pd.DataFrame, path: Path) -> None:
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            for name in sheets:
                shown = table if name == "customers" else pd.DataFrame({"about": ["us"], "x": [1]})
                shown.to_excel(book, sheet_name=name, index=False)

    return _stored(rng, "customers.xlsx", write)


@kind
def _compressed(rng: random.Random) -> Made:
    ending = rng.choice((".gz", ".bz2", ".xz", ".zip"))
    return _stored(
        rng, f"customers.csv{ending}", lambda table, path: table.to_csv(path, index=False)
    )


@kind
def _arff(rng: random.Random) -> Made:
    table, separator = frame(rng), rng.choice((",", " ", "\t", ", "))
    kinds = {**dict.fromkeys(NUMBERS, "numeric"), "city": "{Zürich,Ulm}", "member": "{True,False}"}
    kinds["left"] = "{yes,no}"
    head = "@relation customers\n" + "".join(f"@attribute {n} {k}\n" for n, k in kinds.items())
    rows = csv(table, header=False).decode().replace(",", separator)
    end = "," if separator == "," and rng.random() < 0.5 else ""
    body = "".join(f"{row}{end}\n" for row in rows.splitlines())
    return Made("customers.arff", f"{head}@data\n{body}".encode())


@kind
def _arrays(rng: random.Random) -> Made:
    table, file = frame(rng), io.BytesIO()
    np.savez(file, X=table[[*NUMBERS]].to_numpy(), y=(table["left"] == "yes").to_numpy())
    return Made("customers.npz", file.getvalue(), ("--target", "y"))


@kind
def _old_excel(rng: random.Random) -> Made:
    start = rng.choice((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b'<?xml version="1.0"?> Excel.Sheet'))
    return Made("customers.xls", start + rng.randbytes(600), saved=csv(frame(rng)))


@kind
def _stata(rng: random.Random) -> Made:
    return _stored(
        rng, "customers.dta", lambda table, path: table.to_stata(path, write_index=False)
    )


@kind
def _pickles(rng: random.Random) -> Made:
    columns = frame(rng).to_dict("list")
    return Made("customers.pkl", pickle.dumps(columns), saved=csv(pd.DataFrame(columns)))


@kind
def _databases(rng: random.Random) -> Made:
    def write(table: pd.DataFrame, path: Path) -> None:
        connection = sqlite3.connect(path)
        table.to_sql("customers", connection, index=False)
        connection.close()

    return _stored(rng, "customers.db", write)


@kind
def _archives(rng: random.Random) -> Made:
    content, file = csv(frame(rng)), io.BytesIO()
    names = ["customers.csv", "readme.txt"]
    if rng.random() < 0.5:
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            member = tarfile.TarInfo(names[0])
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        return Made("customers.tar.gz", file.getvalue(), saved=content)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(names[0], content)
        archive.writestr(names[1], "about")
    return Made("customers.zip", file.getvalue(), saved=content)


@kind
def _no_tables(rng: random.Random) -> Made:
    starts = (
        b"%PDF-1.7\n",
        b"<!DOCTYPE html>\n<html>",
        b"\x89PNG\r\n\x1a\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        b"-- MySQL dump 10.13\nINSERT INTO customers VALUES (1);\n",
        b"RDX3\nX\n\0\0\0\x03",
        b"$FL2@(#) SPSS DATA FILE",
        lzma.compress(b"RDX3\nX\n\0\0"),
    )
    return Made("customers", rng.choice(starts), saved=csv(frame(rng)))


@kind
def _too_little(rng: random.Random) -> Made:
    table = frame(rng)
    contents = (b"", b" \n\n", csv(table[:0]), csv(table[:4]), csv(table[["left"]]))
    constant = csv(table.assign(left="yes"))
    unlike = csv(table.assign(left=[f"label {i}" for i in range(ROWS)]))
    return Made("customers.csv", rng.choice((*contents, constant, unlike)), saved=csv(table))

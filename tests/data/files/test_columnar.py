"""Covers Feather and Arrow; Parquet is covered by `test_read`."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from dnnsearch.data.files.columnar import parquet_frame
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import PEOPLE, is_people

FRAME = pd.DataFrame(PEOPLE, columns=["name", "age", "member"]).assign(age=[31, None, 27.5, 40])


def stream(path: Path) -> None:
    arrow = pa.Table.from_pandas(FRAME)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, arrow.schema) as writer:
        writer.write_table(arrow)


@pytest.mark.parametrize(
    "write",
    [
        FRAME.to_feather,
        lambda path: FRAME.to_feather(path, compression="uncompressed"),
        lambda path: pa.feather.write_feather(FRAME.convert_dtypes(), path),
        stream,
    ],
    ids=["lz4", "plain", "nullable", "stream"],
)
def test_feather_and_arrow_are_tables(tmp_path: Path, write) -> None:
    import pyarrow.feather  # noqa: F401

    path = tmp_path / "people.feather"
    write(path)
    is_people(read({"file": str(path), "target": "member"}))
    (part,) = rows_of(path, {}, ["name", "age"]).parts()
    assert part["age"].fillna(-1).tolist() == [31, -1, 27.5, 40]


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    for start, name in ((b"ARROW1\0\0", "Feather"), (b"\xff\xff\xff\xff\0", "Arrow")):
        (tmp_path / "a").write_bytes(start + b"not whole")
        with pytest.raises(ValueError, match=f"must be a complete {name} file"):
            read({"file": str(tmp_path / "a"), "target": "member"})
    with pytest.raises(ValueError, match="must be a complete Parquet file"):
        parquet_frame(b"no")

import gzip
import json
import zipfile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.data.files.read import read
from tests.support.people import PEOPLE, is_people, table
from tests.support.refusals import refused


def test_gzip_and_zip_are_unpacked(write, tmp_path):
    is_people(write(gzip.compress(table().encode()), "people.csv.gz"))
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("folder/people.csv", table())
        archive.writestr("__MACOSX/folder/people.csv", "junk")
    is_people(read({"file": str(tmp_path / "p.zip"), "target": "member"}))


def test_json_lines_and_parquet_are_tables_too(write, tmp_path):
    records = [dict(zip(["name", "age", "member"], row)) for row in PEOPLE]
    is_people(write("\n".join(map(json.dumps, records)), "people.jsonl"))
    is_people(write(json.dumps(records), "people.json"))
    frame = pd.DataFrame(records).assign(age=[31, None, 27.5, 40])
    frame["name"] = frame["name"].astype("category")
    frame.to_parquet(tmp_path / "people.parquet")
    is_people(read({"file": str(tmp_path / "people.parquet"), "target": "member"}))


def test_the_index_of_a_parquet_file_is_a_column_where_it_has_a_name(tmp_path):
    frame = pd.DataFrame({"age": [31.0, 27, 40], "x": [1.0, 2, 3], "member": ["y", "n", "y"]})
    frame.set_index("age").to_parquet(tmp_path / "a.parquet")
    sheet = read({"file": str(tmp_path / "a.parquet"), "target": "member"})
    assert list(sheet.frame.columns) == ["age", "x", "member"]
    frame[1:].to_parquet(tmp_path / "b.parquet")
    sheet = read({"file": str(tmp_path / "b.parquet"), "target": "member"})
    assert list(sheet.frame.columns) == ["age", "x", "member"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        (" \n \n", "must have content, but it has only blank lines"),
        ("a,b,member\n", "header only"),
        ("a,b,member\n1,2,y\n1,2\n", "row 3 has 2 cells and row 2 has 3"),
        ("a,b,member\n1,2,y\n1,2,n,4,5\n", "one width"),
        ("a,a,member\n1,2,y\n3,4,n\n", "'a' is column 0 and 1"),
        ("member\ny\nn\n", "at least 2 columns"),
        ('"a,b,member"\n"1,2,y"\n"3,4,n"\n', "quoted cell"),
        ('"a,b,member";;\n"1,2,y";;\n"3,4,n";;\n', "quoted cell"),
        ("a\0b,member\n1,2\n", "null characters"),
        (b"\x1f\x8b\x08 not whole", "gzip"),
        (b"PK\x03\x04 not whole", "zip"),
        (b"PAR1 not whole", "Parquet"),
        (b"\x93NUMPY not whole", "arrays"),
        (b"\0\0\x08\x03\0\0", "arrays"),
        (b"\x89HDF\r\n\x1a\n not whole", ""),
        ("{not json}\n", "JSON"),
        ('{"a": [1, 2], "member": 1}\n{"a": [3, 4], "member": 0}\n', "list"),
        ("@relation x\n@attribute\n@data\n1\n", "@attribute"),
        ("@relation x\n@data\n", "rows"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(write, content, says):
    assert says in refused(write, content)


def test_a_separator_that_yields_one_column_names_the_right_one(write):
    assert "separator: ';'" in refused(write, table(";"), separator=",", header=True)


def test_a_file_that_is_not_there_is_refused_and_the_nearest_is_named(write, tmp_path):
    write(table(), "people.csv")
    for path, says in [("peple.csv", "people.csv"), (".", "folder"), ("a\0b", "path")]:
        with pytest.raises(ValueError) as caught:
            read({"file": str(tmp_path / path), "target": "x"})
        assert says in str(caught.value)


CELLS = st.sampled_from(["a", "b", "1", "2.5", "-3", "1,5", "?", "", "x y", '"', "'", "é", "1e999"])
TEXT = st.lists(st.lists(CELLS, max_size=4), max_size=6).flatmap(
    lambda rows: st.sampled_from([",", ";", "\t", " ", "|"]).map(
        lambda separator: "\n".join(map(separator.join, rows)).encode()
    )
)
MAGIC = st.sampled_from(
    [b"", b"PK\x03\x04", b"PAR1", b"\x93NUMPY\x01\0", b"\0\0\x08\x01", b"@data\n"]
)


def read_or_refuse(path):
    try:
        read({"file": str(path), "target": "a"})
    except ValueError as error:
        assert "\n" not in str(error)


@settings(max_examples=150)
@given(content=st.one_of(TEXT, st.builds(bytes.__add__, MAGIC, st.binary(max_size=80))))
def test_no_file_ends_in_a_traceback(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    read_or_refuse(path)


@pytest.mark.proof
@settings(max_examples=20_000)
@given(content=st.one_of(TEXT, st.builds(bytes.__add__, MAGIC, st.binary(max_size=300))))
def test_no_file_of_thousands_ends_in_a_traceback(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    read_or_refuse(path)


def test_a_nested_column_may_be_ignored_and_the_refusal_says_so(tmp_path):
    path = tmp_path / "nested.jsonl"
    path.write_text("".join(f'{{"x": {i}, "d": {{"q": [1]}}, "y": "a"}}\n' for i in range(20)))
    asked = {"file": str(path), "target": "y"}
    with pytest.raises(
        ValueError, match=r"'d' .*has a dict: leave it out, --set data.columns.d=ignored"
    ):
        read(asked)
    frame = read({**asked, "columns": {"d": "ignored", "x": "ignored"}}).frame
    assert frame["x"].tolist() == list(range(20))  # a split may go by it
    assert frame["d"].isna().all()

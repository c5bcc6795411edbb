import gzip
import json
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.files.reading import read, read_test

PEOPLE = [["Ann", "31", "yes"], ["Bob", "", "no"], ["Eve", "27.5", "yes"], ["Zoe", "40", "no"]]


@pytest.fixture
def write(tmp_path):
    """Writes a file and reads it back as a table."""

    def write(content, name="people.csv", target="member", **form):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read({"file": str(path), "target": target, **form})

    return write


def table(separator=",", header=True, quote="", decimal="."):
    rows = ([["name", "age", "member"]] if header else []) + PEOPLE
    cells = [[quote + cell.replace(".", decimal) + quote for cell in row] for row in rows]
    return "".join(separator.join(row) + "\n" for row in cells)


def refused(write, content, **form):
    with pytest.raises(ValueError) as caught:
        write(content, **form)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def is_people(sheet):
    names = ["name", "age", "member"]
    assert list(sheet.frame.columns) == names or sheet.frame.columns[0] == "column_0"
    assert sheet.frame.iloc[:, 0].tolist() == ["Ann", "Bob", "Eve", "Zoe"]
    assert sheet.frame.iloc[:, 1].fillna(-1).tolist() == [31, -1, 27.5, 40]
    assert sheet.frame.iloc[:, 2].tolist() == ["yes", "no", "yes", "no"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_separator_header_and_quotes_are_found_out(write, separator, header, quote):
    sheet = write(table(separator, header, quote))
    is_people(sheet)
    assert sheet.found["separator"] == separator
    assert sheet.found["header"] == header


def test_blanks_may_separate_cells(write):
    sheet = write("  a  b member\n 1.5   x yes\n 2.5 y  no\n -3e2 z yes\n")
    assert sheet.frame["a"].tolist() == [1.5, 2.5, -300]
    assert sheet.frame["member"].tolist() == ["yes", "no", "yes"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_found_out(write, separator):
    sheet = write(table(separator, decimal=","))
    assert sheet.found["decimal"] == ","
    is_people(sheet)


@pytest.mark.parametrize("mark", ["", "?", "NA", "   ", "nan", "NULL", " ? "])
def test_marks_and_blanks_are_missing_in_numbers_and_in_text(write, mark):
    sheet = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3, z ,yes\n")
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"][2] == "z"


@pytest.mark.parametrize("mark", ["-", "missing", "Unknown", ".", "n.a."])
def test_words_for_a_gap_are_missing_among_numbers_and_stay_in_text(write, mark):
    sheet = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3,z,yes\n")
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"][1] == mark
    given = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3,z,yes\n", missing=["?"])
    assert given.frame["a"].tolist() == ["1", mark, "3"]


def test_the_config_can_say_what_is_missing(write):
    sheet = write("a,b,member\n1,x,y\n-,NA,n\n3,z,y\n", missing=["-"])
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"].tolist() == ["x", "NA", "z"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "나이"),
        ("utf-8-sig", "나이"),
        ("utf-16", "나이"),
        ("utf-16-le", "Größe"),
        ("utf-16-be", "Größe"),
        ("cp949", "나이와 이름"),
        ("shift_jis", "なまえとねんれい"),
        ("gb18030", "年龄和姓名"),
        ("cp1252", "Größe"),
        ("cp1251", "возраст"),
    ],
)
def test_the_encoding_is_found_out(write, encoding, name):
    sheet = write(f"{name},member\n1,a\n2,b\n3,a\n".encode(encoding))
    assert list(sheet.frame.columns) == [name, "member"]


def test_a_given_encoding_stands_and_a_wrong_one_is_named(write):
    assert write("é,member\n1,a\n2,b\n".encode("cp1252"), encoding="cp1252").frame.shape == (2, 2)
    assert "utf-8" in refused(write, "é,member\n1,a\n".encode("cp1252"), encoding="utf-8")
    assert "encoding" in refused(write, "a,member\n1,a\n", encoding="klingon")


def test_leading_lines_of_comment_are_left_out_and_a_header_with_a_hash_is_not(write):
    sheet = write("|1x3 Cross validator\n" + table())
    is_people(sheet)
    assert sheet.notices
    assert list(write("#id,member\n1,a\n2,b\n").frame.columns) == ["#id", "member"]


def test_a_spreadsheets_line_that_names_the_separator_is_no_row(write):
    is_people(write("sep=;\n" + table(";")))


def test_line_ends_of_three_systems_are_the_same(write):
    for end in ("\n", "\r\n", "\r"):
        is_people(write(table().replace("\n", end)))


def test_cells_may_hold_separators_quotes_and_line_ends(write):
    sheet = write('a,b,member\n"x, ""y""\nz",1,yes\nw,2,no\n')
    assert sheet.frame["a"].tolist() == ['x, "y"\nz', "w"]


def test_a_trailing_separator_adds_no_column_and_names_of_rows_are_one(write):
    trailing = write("a,b,member\n1,2,y,\n3,4,n,\n")
    assert list(trailing.frame.columns) == ["a", "b", "member"]
    assert trailing.frame["a"].tolist() == [1, 3]
    named = write('"a" "member"\n"r1" 1 "y"\n"r2" 2 "n"\n')
    assert named.frame["member"].tolist() == ["y", "n"]
    assert named.frame["a"].tolist() == [1, 2]


def test_the_target_keeps_its_spelling(write):
    assert write("a,member\n1,1\n2,1.0\n3,01\n").frame["member"].tolist() == ["1", "1.0", "01"]


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


ARFF = """% a comment
@RELATION people
@attribute 'first name' {Ann, "Bob", Eve}
@attribute age numeric
@attribute note string
@attribute member {yes,no}
@DATA
Ann, 31, 'some, text', yes
% another
Bob, ?, ?, no
Eve, 27.5, '', yes
"""


def test_arff_has_its_names_and_types(write):
    sheet = write(ARFF, "people.arff")
    assert list(sheet.frame.columns) == ["first name", "age", "note", "member"]
    assert sheet.frame["age"].fillna(-1).tolist() == [31, -1, 27.5]
    assert sheet.frame["note"].fillna("").tolist() == ["some, text", "", ""]
    declared = {"first name": "category", "age": "number", "note": "ignored"}
    assert declared.items() <= sheet.declared.items()


def test_sparse_arff_is_written_out(write):
    head = "@relation r\n@attribute a numeric\n@attribute b {x,y}\n@attribute member {n,p}\n@data\n"
    sheet = write(head + "{0 2.5, 2 p}\n{1 y}\n")
    assert sheet.frame.to_numpy().tolist() == [[2.5, "x", "p"], [0, "y", "n"]]


def idx(array, code=0x08):
    head = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return head + array.tobytes()


IMAGES = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([0, 1, 1, 0], np.uint8)


def test_idx_images_and_labels_are_two_files_and_test_two_more(tmp_path):
    for part in ("train", "test"):
        (tmp_path / f"{part}-x.gz").write_bytes(gzip.compress(idx(IMAGES)))
        (tmp_path / f"{part}-y").write_bytes(idx(LABELS))
    x, y = str(tmp_path / "train-x.gz"), str(tmp_path / "train-y")
    test = {"test_file": x.replace("train", "test"), "test_labels": y.replace("train", "test")}
    source = {"file": x, "labels": y, **test}
    for sheet in (read(source), read_test(source)):
        assert sheet.frame["label"].tolist() == LABELS.tolist()
        assert (
            sheet.frame.drop(columns="label").to_numpy().tolist() == IMAGES.reshape(4, 6).tolist()
        )
        assert sheet.declared == {"*": "pixel"}


def test_arrays_in_npz_have_names_and_those_in_npy_have_columns(tmp_path):
    np.savez(tmp_path / "a.npz", X=IMAGES, y=np.array(["a", "b", "b", "a"]))
    sheet = read({"file": str(tmp_path / "a.npz"), "target": "y"})
    assert sheet.frame.shape == (4, 7)
    assert sheet.frame["y"].tolist() == ["a", "b", "b", "a"]
    np.save(tmp_path / "a.npy", np.arange(12.0).reshape(4, 3))
    assert read({"file": str(tmp_path / "a.npy"), "target": "column_2"}).frame.shape == (4, 3)


def test_hdf5_has_its_sets_by_name(tmp_path):
    h5py = pytest.importorskip("h5py")
    for part in ("train", "test"):
        with h5py.File(tmp_path / f"{part}.h5", "w") as file:
            file[f"{part}_set_x"], file[f"{part}_set_y"] = IMAGES, LABELS
            file["list_classes"] = np.array([b"cat", b"dog"])
    file, test = str(tmp_path / "train.h5"), str(tmp_path / "test.h5")
    source = {"file": file, "target": "train_set_y", "test_file": test}
    assert read(source).frame.shape == read_test(source).frame.shape == (4, 7)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        (" \n \n", "empty"),
        ("a,b,member\n", "header only"),
        ("a,b,member\n1,2,y\n1,2\n", "row 3 has 2 cells where row 2 has 3"),
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


def test_a_spreadsheet_is_told_to_be_saved_as_csv(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(ValueError, match="CSV"):
        read({"file": str(tmp_path / "a.xlsx"), "target": "x"})


def test_pickles_are_never_read(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, {}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="arrays"):
        read({"file": str(tmp_path / "a.npy"), "target": "x"})


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

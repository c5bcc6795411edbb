from pathlib import Path

import pytest

from dnnsearch.data.files.read import read

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


@pytest.mark.parametrize(
    "separate",
    [
        " ".join,
        lambda cells: "\t".join(cells) + " ",
        lambda cells: "  ".join(cells[:2]) + "," + "\t,".join(cells[2:]),
        lambda cells: ",".join(cells) + ",",
        lambda cells: " , ".join(cells) + " , ",
    ],
    ids=["blanks", "tabs", "mixed", "trailing", "trailing-blanks"],
)
def test_values_are_separated_as_weka_separates_them(write, separate):
    head, _ = ARFF.split("@DATA\n")
    cells = [["Ann", "31", "'some, text'", "yes"], ["'Bob'", "?", "?", "no"]]
    cells.append(["Eve", "27.5", "'don\\'t'", "yes"])
    sheet = write(head + "@DATA\n" + "\n".join(map(separate, cells)) + "\n", "people.arff")
    assert sheet.frame["first name"].tolist() == ["Ann", "Bob", "Eve"]
    assert sheet.frame["age"].fillna(-1).tolist() == [31, -1, 27.5]
    assert sheet.frame["note"][0] == "some, text"
    assert sheet.frame["member"].tolist() == ["yes", "no", "yes"]


def test_rows_of_another_width_are_refused(write):
    head = ARFF.split("@DATA\n")[0] + "@DATA\n"
    for row in ("Ann 31 x", "Ann, 31, x, yes, no", "Ann 31 x yes no"):
        with pytest.raises(ValueError, match="one width"):
            write(head + f"Ann,31,x,yes\n{row}\n", "people.arff")


def test_the_reported_file_with_blanks_is_read():
    path = Path(__file__).parents[2] / "cases" / "formats" / "blanks.arff"
    sheet = read({"file": str(path), "target": "control", "reading": 2})
    assert sheet.frame.shape == (120, 4)
    assert sheet.frame["roll"].dtype == "float64"
    assert sheet.declared["pilot"] == "category"

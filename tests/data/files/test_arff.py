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

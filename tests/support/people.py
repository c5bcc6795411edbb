"""Four people as a table in text, and the check that a sheet contains them."""

PEOPLE = [["Ann", "31", "yes"], ["Bob", "", "no"], ["Eve", "27.5", "yes"], ["Zoe", "40", "no"]]


def table(separator=",", header=True, quote="", decimal="."):
    rows = ([["name", "age", "member"]] if header else []) + PEOPLE
    cells = [[quote + cell.replace(".", decimal) + quote for cell in row] for row in rows]
    return "".join(separator.join(row) + "\n" for row in cells)


def is_people(sheet):
    names = ["name", "age", "member"]
    assert list(sheet.frame.columns) == names or sheet.frame.columns[0] == "column_0"
    assert sheet.frame.iloc[:, 0].tolist() == ["Ann", "Bob", "Eve", "Zoe"]
    assert sheet.frame.iloc[:, 1].fillna(-1).tolist() == [31, -1, 27.5, 40]
    assert sheet.frame.iloc[:, 2].tolist() == ["yes", "no", "yes", "no"]

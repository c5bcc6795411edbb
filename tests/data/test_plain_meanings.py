"""Tables whose meaning is plain: words for nothing as labels, grades, mixed levels, headers."""

import re
import shlex

import numpy as np
import pytest

from dnnsearch.config.new_config import new
from dnnsearch.data.file_table import load_table
from dnnsearch.errors import UserError

M = 60


def write(path, header, rows):
    lines = [",".join(map(str, row)) for row in ([header] if header else []) + list(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def load(path, target="y", **more):
    return load_table({"file": str(path), "target": target, "reading": 2, **more}, None)


def labelled(path, labels):
    return write(path, ("x", "z", "y"), [(i % 7, i / 8, y) for i, y in enumerate(labels)])


def pasted(text):
    """Return the settings that a message advises, each as `--set` takes it."""
    return [shlex.split(found)[1] for found in re.findall(r"--set (?:'[^']*'|\S+)", text)]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# ---- Words for nothing


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A", "NULL"])
def test_a_class_called_so_is_a_label_and_a_note_says_how_it_is_a_gap(tmp_path, word):
    path = labelled(tmp_path / "t.csv", ["Insomnia", "Apnea", word] * 20)
    table = load(path)
    assert table.target.counts == {"Apnea": 20, "Insomnia": 20, word: 20}
    (note,) = table.sheet.notices
    assert note.startswith(f"y: {word!r} (20 rows) is a class; if it means missing: ")
    new(str(path), "y", "gaps", None, pasted(note))
    assert load(path, missing=[word]).target.missing == 20
    assert load_table({"file": str(path), "target": "y"}, None).target.missing == 20


def test_empty_cells_and_question_marks_stay_gaps_of_a_target(tmp_path):
    table = load(labelled(tmp_path / "t.csv", ["a", "b", "", "?"] * 15))
    assert table.target.missing == 30


@pytest.mark.parametrize("numbers", [("0", "1"), ("1.5", "2.25"), ("10", "20")])
def test_among_numbers_it_is_missing_with_a_note(tmp_path, numbers):
    labels = [*(numbers[i % 2] for i in range(M - 3)), "NA", "NA", "None"]
    table = load(labelled(tmp_path / "t.csv", labels))
    assert table.target.missing == 3
    (note,) = table.sheet.notices
    assert note == (
        "y: 'NA' (2 rows), 'None' (1 rows) is missing, because the other values are numbers"
    )


def test_a_test_file_has_the_same_labels(tmp_path):
    path = labelled(tmp_path / "t.csv", ["Apnea", "None", "Insomnia"] * 20)
    other = labelled(tmp_path / "test.csv", ["None", "Apnea", "None", "Insomnia"] * 5)
    table = load(path, test_file=str(other))
    assert np.bincount(table.test[1]).tolist() == [5, 5, 10]


# ---- Grades


@pytest.mark.parametrize(
    "grades",
    [
        [*range(8, 20)] * 4 + [0, 20],
        [*range(1, 13)] * 5 + [18],
        [*range(1950, 1966)],
    ],
)
def test_whole_numbers_with_rare_values_are_a_regression_with_a_note(tmp_path, grades):
    path = labelled(tmp_path / "t.csv", grades)
    table = load(path)
    assert table.task == "regression"
    (note,) = table.sheet.notices
    assert pasted(note) == ["data.task=multiclass"]
    with pytest.raises(ValueError, match="different label|at least 2 examples|must have classes"):
        load_table({"file": str(path), "target": "y"}, None)


@pytest.mark.parametrize("labels", [[*range(11)] * 6, [*range(3)] * 20, [0, 1] * 30])
def test_whole_numbers_that_all_recur_stay_classes(tmp_path, labels):
    assert load(labelled(tmp_path / "t.csv", labels)).task != "regression"


def test_a_refused_target_of_few_numbers_names_the_regression_and_that_works(tmp_path):
    path = labelled(tmp_path / "t.csv", [1, 2, 3] * 20 + [4])
    with pytest.raises(UserError, match="or predict it as a number") as refused:
        new(str(path), "y")
    new(str(path), "y", "number", None, pasted(str(refused.value))[-1:])


# ---- Numbers and text in one column


@pytest.mark.parametrize(
    "levels",
    [("2", "3", "4", "5more"), ("1", "2", "2a"), ("0", "1-3", "4+"), ("1st", "2", "3", "crew")],
)
def test_few_levels_of_numbers_and_text_are_a_category_with_a_note(tmp_path, levels):
    rows = [(levels[i % len(levels)], i % 7, "ab"[i % 2]) for i in range(M)]
    path = write(tmp_path / "t.csv", ("doors", "size", "y"), rows)
    column = load(path).columns[0]
    assert (column.role, column.loud) == ("category", True)
    assert f"texts such as '{next(x for x in levels if not x.isdigit())}'" in column.reason
    with pytest.raises(ValueError, match="must be numbers or text"):
        load_table({"file": str(path), "target": "y"}, None)


def test_many_levels_with_stray_marks_are_asked_for_and_each_answer_works(tmp_path):
    cells = [f"{i / 8}" for i in range(M)]
    cells[3] = cells[4] = "off"
    cells[9] = "broken"
    rows = [(cell, i % 7, "ab"[i % 2]) for i, cell in enumerate(cells)]
    path = write(tmp_path / "t.csv", ("door size", "size", "y"), rows)
    with pytest.raises(UserError, match="57 numbers and 3 texts") as refused:
        new(str(path), "y")
    answers = pasted(str(refused.value))
    assert len(answers) == 3
    for i, answer in enumerate(answers):
        new(str(path), "y", f"try{i}", None, [answer])


def test_sound_numbers_are_never_called_a_gap(tmp_path):
    cells = [f"{i}.5" if i % 4 == 0 else f"v{i}" for i in range(M)]
    rows = [(cell, i % 7, "ab"[i % 2]) for i, cell in enumerate(cells)]
    path = write(tmp_path / "t.csv", ("amount", "size", "y"), rows)
    with pytest.raises(ValueError, match="must be numbers or text") as refused:
        load(path)
    assert "data.missing" not in str(refused.value)


# ---- A header of numbers

RNG = np.random.default_rng(3)
FRACTIONS = [tuple(row) for row in RNG.normal(size=(30, 4)).round(4).tolist()]
STEPS = [tuple(a + k * b for k in range(4)) for a, b in RNG.integers(1, 40, (30, 2)).tolist()]
YEARS = [tuple(row) for row in RNG.integers(1950, 2025, (30, 4)).tolist()]
WHOLES = [(i * 7 % 11, i * 5 % 13, i * i % 17, i % 2) for i in range(30)]


@pytest.mark.parametrize(
    ("header", "rows", "target"),
    [
        ((0, 1, 2, 3), FRACTIONS, "-1"),
        ((0, 1, 2, 3), FRACTIONS, "3"),
        ((0, 1, 2, 3), WHOLES, "-1"),
        (("", 0, 1, 2), [(i, *row[1:]) for i, row in enumerate(FRACTIONS)], "-1"),
        ((1, 2, 3, "y"), WHOLES, "y"),
        ((2019, 2020, 2021, 2022), WHOLES, "2022"),
        (
            ("country", 2019, 2020, 2021),
            [(f"c{i % 5}", *row[1:]) for i, row in enumerate(WHOLES)],
            "-1",
        ),
        ((10, 20, 30, 41), WHOLES, "41"),
    ],
)
def test_a_header_of_numbers_is_one(tmp_path, header, rows, target):
    path = write(tmp_path / "t.csv", header, rows)
    made = new(str(path), target, "x", None, ["folds=null"])
    assert "30 rows" in made.lines[0]


@pytest.mark.parametrize(
    "rows",
    [
        WHOLES,
        STEPS,
        YEARS,
        FRACTIONS[1:],
        [(f"c{i % 5}", *row[1:]) for i, row in enumerate(WHOLES)],
    ],
)
def test_rows_of_data_are_no_header(tmp_path, rows):
    path = write(tmp_path / "t.csv", None, rows)
    made = new(str(path), "-1", "x", None, ["folds=null"])
    assert f"{len(rows)} rows" in made.lines[0]

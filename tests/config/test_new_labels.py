"""`new` on labels that are rare or differ in case only: what is said works when it is pasted."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.grades import may_be_grades
from dnnsearch.config.new_config import new
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from tests.support.csv_tables import rows, written

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def advices(said: str) -> list[str]:
    """Return the settings that a message advises, as a shell passes them on."""
    words = shlex.split(said.replace("; ", " ;; "))
    return [after for word, after in pairwise(words) if word == "--set"]


def prepared_with(name: str, target: str, setting: str, config: str, test: str | None = None):
    config = load_config(new(name, target, name=config, test=test, settings=[setting]).path)
    return resolve_definition(config, ArrayStore(Path("store"))).prepared


def labelled(counts: dict[str, int]) -> pd.DataFrame:
    y = np.repeat(list(counts), list(counts.values()))
    return rows(len(y)).assign(y=np.random.default_rng(0).permutation(y))


@pytest.mark.parametrize(
    ("table", "target", "names", "ways"),
    [
        (lambda: pd.read_csv(CASES / "rare_classes" / "ecoli.csv"), "site", ["imL", "imS"], 3),
        (lambda: labelled({"a": 40, "b": 30, "it's": 2, "c 1": 2}), "y", ["it's", "c 1"], 3),
        (lambda: labelled({"a": 60, "b": 50, "c": 1}), "y", ["c"], 2),
        (lambda: labelled({"10": 50, "2": 40, "3": 2, "4": 2, "5": 2}), "y", ["3", "4", "5"], 3),
    ],
)
def test_a_rare_class_is_named_and_each_advice_works(table, target, names, ways) -> None:
    name = written(table())
    with pytest.raises(UserError) as refused:
        new(name, target)
    said = str(refused.value)
    assert all(name in said for name in names)
    found = advices(said)
    assert len(found) == ways
    for number, setting in enumerate(found):
        prepared = prepared_with(name, target, setting, f"way{number}")
        kept = setting.startswith("folds")
        assert [one in prepared.classes for one in names] == [kept] * len(names)


def test_a_class_of_three_rows_that_fits_is_warned_of_with_advice_that_works() -> None:
    name = written(labelled({"a": 60, "b": 50, "c": 3}))
    (line,) = [line for line in new(name, "y").lines if "leave them out" in line]
    assert "c has 3 rows" in line
    for number, setting in enumerate(advices(line)):
        prepared_with(name, "y", setting, f"way{number}")


def graded() -> pd.DataFrame:
    return labelled({"3": 3, "5": 60, "6": 50, "7": 40, "9": 3})


def test_rare_grades_are_joined_with_the_nearest_one() -> None:
    name = written(graded())
    (line,) = [line for line in new(name, "y").lines if "join each with the nearest number" in line]
    assert json.dumps({"3": "5", "9": "7"}) in line
    for number, setting in enumerate(advices(line)):
        prepared_with(name, "y", setting, f"way{number}")


def test_grades_can_be_searched_as_numbers_by_the_command_that_is_named() -> None:
    name = written(graded())
    found = new(name, "y").report
    assert "class 3 has 1.9 % of the rows" in found.head[1]
    (row,) = [row for row in found.rows if "grades in order" in row.warning]
    assert row.column == "y"
    (setting,) = advices(row.warning)
    assert f"--set {setting}" in found.advised
    config = load_config(new(name, "y", name="numbers", settings=[setting]).path)
    assert config.objective == "dev_r2"


@pytest.mark.parametrize("labels", [["0", "1"], ["1", "2", "b"], ["1.5", "2", "3"]])
def test_two_classes_or_words_are_no_grades(labels: list[str]) -> None:
    assert not may_be_grades(labels)


def test_no_advice_is_given_that_would_leave_one_class() -> None:
    with pytest.raises(UserError, match="these have 1: 'b'; add rows of them"):
        new(written(labelled({"a": 90, "b": 1})), "y")


def test_a_rare_class_that_is_kept_is_not_in_test() -> None:
    name = written(labelled({"a": 60, "b": 50, "c": 2}))
    prepared = prepared_with(name, "y", "folds=2", "kept")
    store = ArrayStore(Path("store"))
    y_dev, y_test = store.open(prepared.key)["y_dev"], store.open(prepared.test_key)["y_test"]
    assert [(one == 2).sum() for one in (*y_dev, y_test)] == [1, 1, 0]


def vowels() -> pd.DataFrame:
    return pd.read_csv(CASES / "letter_case" / "vowel.csv").rename(columns={"Class": "y"})


@pytest.mark.parametrize(
    ("table", "classes"),
    [
        (vowels, 11),
        (lambda: labelled({"hAd": 30, "had": 30}), 2),
        (lambda: labelled({"yes": 60, "Yes": 4, "no": 50}), 3),
        (lambda: labelled({"a b": 30, "a\u00a0b": 30, "A  B": 9, "c": 30}), 4),
        (lambda: labelled({"A": 30, "a": 30, "B": 30, "b": 30}), 4),
    ],
)
def test_labels_that_recur_and_differ_in_case_or_blanks_are_different_with_a_warning(
    table, classes
) -> None:
    name = written(table())
    found = new(name, "y")
    (warning,) = [line for line in found.lines if "differ in case or blanks only" in line]
    config = load_config(found.path)
    assert len(resolve_definition(config, ArrayStore(Path("store"))).prepared.classes) == classes
    (setting,) = advices(warning.partition("join them: ")[2])
    if classes > 2:
        joined = prepared_with(name, "y", setting, "joined").classes
        assert (
            len({" ".join(label.casefold().split()) for label in joined}) == len(joined) < classes
        )


@pytest.mark.parametrize(
    "counts",
    [
        {"yes": 60, "Yes": 1, "no": 50},
        {"yes": 60, "Yes": 1, "YES": 1, "no": 50, "No": 1},
        {"1": 60, "1.0": 20, "2": 50},
    ],
)
def test_other_spellings_of_one_label_are_refused_with_an_advice_that_works(counts) -> None:
    name = written(labelled(counts))
    with pytest.raises(UserError, match="in two ways") as refused:
        new(name, "y")
    (setting,) = advices(str(refused.value))
    assert len(prepared_with(name, "y", setting, "joined").classes) == 2


def test_labels_of_the_test_file_are_joined_and_left_out_too() -> None:
    counts = {"a": 60, "b": 50, "c": 20, "d": 5}
    train, test = written(labelled(counts)), written(labelled(counts).assign(x=1.5), "test.csv")
    setting = 'data.relabel={"c": "b", "d": null}'
    prepared = prepared_with(train, "y", setting, "joined", test)
    assert prepared.classes == ("a", "b")
    assert prepared.shape.test == 130


def test_rows_that_relabel_leaves_out_are_not_said_to_have_no_target() -> None:
    table = labelled({"a": 60, "b": 50, "d": 5})
    table.loc[table["y"] == "a", "y"] = ["a"] * 58 + [None, None]
    found = new(written(table), "y", settings=['data.relabel={"d": null}'])
    (target,) = (line for line in found.report.rows if line.role == "target")
    said = [line.warning for line in found.report.rows]
    assert target.warning == "5 rows are left out: relabel gives no class to 'd'"
    assert "2 rows are left out: the target is missing" in said


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("data.relabel={e: a}", "relabel must name labels of 'y', but 'e' is none; they are: a, b"),
        ("data.relabel=a", "must be a mapping of labels to labels or none"),
        ("data.relabel={a: [b]}", "relabel a must be"),
    ],
)
def test_a_wrong_name_is_refused(setting, rule) -> None:
    with pytest.raises(UserError, match=re.escape(rule)):
        new(written(labelled({"a": 60, "b": 50})), "y", settings=[setting])


@pytest.mark.parametrize("form", ["{}", "€{:,}", "{}.5"])
@pytest.mark.parametrize("settings", [[], ["data.task=regression"]])
def test_a_text_in_a_target_of_numbers_is_named_with_advice_that_works(
    form: str, settings: list[str]
) -> None:
    prices = [form.format(price) for price in np.random.default_rng(0).integers(1000, 9000, 99)]
    name = written(rows(100).assign(y=[*prices, "unknown"]))
    with pytest.raises(UserError, match="'y' has 99 numbers and 1 text: if 'unknown' ") as error:
        new(name, "y", settings=settings)
    (setting,) = advices(str(error.value))
    config = load_config(new(name, "y", settings=[*settings, setting]).path)
    assert config.objective == "dev_r2"


def test_a_text_that_recurs_among_classes_of_numbers_is_told_so() -> None:
    name = written(labelled({**{str(price): 4 for price in range(100, 130)}, "unknown": 4}))
    (row,) = [row for row in new(name, "y").report.rows if "'unknown'" in row.warning]
    assert "30 of the classes are numbers" in row.warning
    assert prepared_with(name, "y", *advices(row.warning), "again").classes == ()


def test_labels_with_a_few_numbers_are_no_amount() -> None:
    name = written(labelled({**{str(grade): 9 for grade in range(12)}, "absent": 9, "ill": 1}))
    with pytest.raises(UserError, match="these have 1: 'ill'; leave them out"):
        new(name, "y")

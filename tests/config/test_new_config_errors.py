"""What `new` rejects, in one line and before it writes anything."""

import re

import pytest

from dnnsearch.config.new_config import new
from dnnsearch.errors import UserError
from tests.support.csv_tables import rows, written


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("content", "target", "says"),
    [
        (None, "y", "no file"),
        ("", "y", "empty"),
        ("x,y\n", "y", "header only"),
        ("x,y\n1,a\n2,b\n", "y", "2 examples"),
        ("x,y,y\n" + "1,a,a\n2,b,b\n" * 9, "y", "'y' is column 1 and 2"),
        ("x,y\n" + "1,a\n2,b\n" * 9, "z", "'z' is not"),
        (
            "x,y\n" + "1,a\n2,b\n" * 9,
            "5",
            r"from 0 \(x\) to 1 \(y\), but got 5; the columns: x, y$",
        ),
        ("x,y\n" + "1,a\n1,b\n" * 9, "y", "to learn from"),
        ("x,y\n" + "1,a\n2,a\n" * 9, "y", "2 classes"),
        ("x,y\n" + "1,a\n2,a\n" * 9 + "3,b\n", "y", "of the target 'y' these have 1: 'b'"),
        ("x,y\n" + "1,0\n2,1\n3,1.0\n" * 9, "y", "'1' .9 rows. and '1.0'"),
        ("x,y\n" + "1,\n2,\n" * 9, "y", "all are missing"),
        (
            "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(18)) + "few,a\n",
            "y",
            "18 numbers and 1 text, texts such as 'few'",
        ),
        ("x,y\n" + "1,a\n2,b\n" * 9 + "1e999,a\n", "y", "finite"),
        ("x,y\n" + "1,a\n2,b,c\n" * 9, "y", "row 3 has 3 cells"),
        ("x;y\n" + "1;a\n2;b\n" * 9, None, "--target is required: choose one of x, y"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, content, target, says):
    if content is not None:
        (tmp_path / "data.csv").write_text(content)
    with pytest.raises(UserError, match=says) as caught:
        new("data.csv", target)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "configs").exists()


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("split=5", "split: "),
        ("split.dev=much", "must be a number"),
        ("split.order=time", "needs by"),
        ("split.dve=0.1", "did you mean dev"),
        ("data=5", "must be a mapping"),
        ("data.target=k", "'k' is not"),
        ("data.colums={}", "did you mean columns"),
        ("colums.a=ignored", "^data.csv: 'colums' is unknown .did you mean data.columns"),
        ("units.low=many", "units"),
        ("folds=80", "80 folds"),
        ("batch_size=4096", "must be at most the 33 examples for training, or full"),
        ("objective=dev_acuracy", "did you mean dev_accuracy"),
    ],
)
def test_a_wrong_setting_is_one_line_and_writes_nothing(tmp_path, setting, says):
    name = written(rows(60).assign(y=["a", "b"] * 30))
    with pytest.raises(UserError, match=says) as caught:
        new(name, "y", settings=[setting])
    assert "\n" not in str(caught.value)
    assert ": : " not in str(caught.value)
    assert not (tmp_path / "configs").exists()


def test_a_test_file_equal_to_the_training_file_is_rejected():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    with pytest.raises(UserError, match="identical to the training file"):
        new(name, "y", test=name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("linnerud", "only one target is supported"),
        ("moons", "is generated"),
        ("irsi", "no file irsi.*did you mean iris"),
        ("quite-another", "no file quite-another$"),
    ],
)
def test_a_name_without_a_bundled_data_set_is_rejected(name, says):
    with pytest.raises(UserError, match=says):
        new(name, None)


@pytest.mark.parametrize("number", ["10", "-50"])
def test_a_number_of_a_target_that_is_no_column_says_how_they_count(number):
    name = written(rows(60).assign(y=["a", "b"] * 30))
    first, *others, last = [*rows(1), "y"]
    says = f"number from 0 ({first}) to {len(others) + 1} ({last}), but got {number}; the columns: "
    with pytest.raises(UserError, match=re.escape(says + ", ".join([first, *others, last]))):
        new(name, number)


def test_nothing_is_overwritten():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    new(name, "y")
    with pytest.raises(UserError, match="exists already: search it with `dnnsearch search data`"):
        new(name, "y")
    assert new(name, "y", name="other").path.exists()

"""What `new` says of rows that equal another row, and does with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new
from dnnsearch.data.file_table import load_table
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from tests.support.csv_tables import rows, written


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def copied(rows: pd.DataFrame, copies: int) -> pd.DataFrame:
    return pd.concat([rows, rows[:copies]]).sample(frac=1, random_state=0)


def labelled(m: int) -> pd.DataFrame:
    return rows(m).drop(columns="id").assign(y=np.random.default_rng(1).choice(["a", "b"], m))


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_few_equal_rows_are_kept_in_one_part(task: str) -> None:
    table = copied(labelled(400), 30)
    table["y"] = table["y"] if task == "classes" else np.arange(430) / 7
    found = new(written(table), "y")
    assert load_config(found.path).split.equal_rows == "together"
    assert (
        "60 of 430 rows equal another row in all used features: equal rows are kept"
        in "\n".join(found.lines)
    )
    resolve_definition(load_config(found.path), ArrayStore(Path("configs/store")))
    apart = new(written(table), "y", name="apart", settings=["split.equal_rows=apart"])
    assert load_config(apart.path).split.equal_rows is None
    assert "equal_rows" not in load_config(apart.path).definition()["split"]


TABLE = Path(__file__).parents[1] / "cases" / "duplicates" / "dup.csv"


@pytest.mark.parametrize(
    ("table", "count"),
    [
        (lambda: pd.read_csv(TABLE), 500),
        (lambda: copied(labelled(200), 200), 400),  # a file that was joined with itself
        (lambda: copied(labelled(60), 1), 2),  # two rows are more than 1 % of 61
        (lambda: labelled(300).assign(x=np.arange(300) % 30, z=1.5, city="Rome"), 300),
    ],
)
def test_other_equal_rows_are_counted_and_the_advice_works(table, count: int) -> None:
    name = written(table())
    lines = "\n".join(new(name, "y").lines)
    assert f"{count} of {len(table())} rows equal another row in all used features" in lines
    advice = lines.partition("--set ")[2].split()[0]
    assert advice == "split.equal_rows=together"
    kept = new(name, "y", name="kept", settings=[advice])
    config = load_config(kept.path)
    assert config.split.equal_rows == "together"
    resolve_definition(config, ArrayStore(Path("configs/store")))


def test_no_advice_is_given_that_would_not_work() -> None:
    table = labelled(300).assign(x=np.arange(300) % 2, z=1.5, city="Rome")
    lines = "\n".join(new(written(table), "y").lines)
    assert "300 of 300 rows equal another row" in lines
    assert "split.equal_rows" not in lines


def test_rows_of_the_test_file_that_the_training_file_has_are_counted() -> None:
    table = labelled(200)
    test = pd.concat([table[:7], labelled(230)[200:]])
    found = new(written(table), "y", test=written(test, "test.csv"))
    said = "7 of 37 rows of the test file equal a row of the training file in all used features"
    assert said in "\n".join(found.lines)


def test_with_a_test_file_equal_rows_are_a_matter_of_train_and_dev() -> None:
    table = copied(labelled(200), 200)
    test = pd.concat([labelled(200)[:10], labelled(230)[200:]])
    names = written(table), written(test, "test.csv")
    lines = "\n".join(new(names[0], "y", test=names[1]).lines)
    assert "10 of 40 rows of the test file equal" in lines
    assert "known from train" not in lines
    assert "; --set split.equal_rows=together keeps them in one part" in lines
    kept = new(names[0], "y", test=names[1], name="kept", settings=["split.equal_rows=together"])
    assert "test has" not in "\n".join(kept.lines)


@pytest.mark.parametrize("settings", [["split.by=household", "folds=none"], ["split.by=household"]])
def test_what_becomes_of_the_parts_is_said_if_large_groups_are_drawn_whole(settings) -> None:
    table = labelled(400).assign(household=np.minimum(np.arange(400) // 12, 20))
    name = written(table)
    lines = "\n".join(new(name, "y", settings=settings).lines)
    config = load_config(Path("configs/data.yaml"))
    rows_ = load_table(config.data, "household").split(config.split, config.folds)
    share = rows_["test"].shape[-1] / 400
    assert (f"test has {share:.0%} of the rows in place of 20%" in lines) == (
        abs(share - 0.2) > 0.015
    )
    left_over = len(set(rows_["train"].ravel()) - set(rows_["dev"].ravel())) if config.folds else 0
    assert (f"{left_over} rows are in no dev set" in lines) == (left_over > 0)
    assert "groups of rows are drawn whole" in lines


def test_nothing_is_said_of_parts_that_are_as_asked() -> None:
    lines = "\n".join(new(written(copied(labelled(400), 9)), "y", settings=["folds=none"]).lines)
    assert "drawn whole" not in lines

"""Files with columns: what they are prepared to, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.data.model_inputs import inputs, packed, unpacked
from dnnsearch.data.prepare import prepare
from dnnsearch.data.split_config import Split
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from tests.data.test_prepare import HYPER

M = 120


@pytest.fixture
def people(tmp_path):
    """A file with all kinds of columns."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(M),
            "age": np.where(rng.uniform(size=M) < 0.2, np.nan, rng.normal(40, 9, M)),
            "city": rng.choice(["Rome", "Oslo", "Lima"], M),
            "household": rng.integers(0, 30, M),
            "when": pd.date_range("2024-01-01", periods=M).strftime("%Y-%m-%d"),
            "member": rng.choice(["yes", "no"], M),
            "income": rng.normal(3000, 500, M),
        }
    )
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path / "store")


def config(path, split=None, target="member", folds=None, **data):
    source = {"file": str(path), "target": target, **data}
    document = {**HYPER, "data": source, "split": split or {}, "folds": folds}
    return parse_config(document, "x.yaml", "x")


def opened(prepared, store):
    return {**store.open(prepared.key), **store.open(prepared.test_key)}


def test_a_file_becomes_arrays_fitted_on_train_alone(people, store):
    prepared = prepare(config(people), store)
    arrays = opened(prepared, store)
    assert (prepared.classes, prepared.shape.task) == (("no", "yes"), "binary")
    assert "age is missing" in prepared.feature_names
    assert not any("id" in name.split("=") for name in prepared.feature_names)
    sizes = (prepared.shape.train, prepared.shape.dev, prepared.shape.test)
    assert sizes == (72, 24, 24)
    age = arrays["X_train"][:, prepared.feature_names.index("age")]
    assert np.isclose(age.mean(), 0, atol=1e-6)
    assert np.isclose(age.std(), 1, atol=1e-6)


def test_what_stands_in_dev_and_test_changes_nothing_in_train(people, store):
    before = prepare(config(people), store)
    rows = np.flatnonzero(~np.isin(np.arange(M), split_of(before, people)["train"]))
    frame = pd.read_csv(people)
    frame.loc[rows, "age"] = 1e6
    frame.loc[rows, "city"] = "Atlantis"
    frame.to_csv(people, index=False)
    after = prepare(config(people, columns={"age": "number", "city": "category"}), store)
    assert np.array_equal(opened(before, store)["X_train"], opened(after, store)["X_train"])
    assert before.key != after.key


def split_of(prepared, people):
    from dnnsearch.data import file_table

    table = file_table.load_table({"file": str(people), "target": "member"}, None)
    return table.split(Split(), None)


def test_a_regressions_target_is_standardised_and_its_unit_kept(people, store):
    prepared = prepare(config(people, target="income"), store)
    arrays = opened(prepared, store)
    mean, scale = arrays["target"]
    assert prepared.shape.output == "identity"
    assert np.isclose(arrays["y_train"].mean(), 0, atol=1e-6)
    assert 2500 < mean < 3500
    assert np.allclose(sorted(arrays["y_test"] % 1), sorted(arrays["y_test"] % 1))
    assert abs(arrays["y_test"].mean() - mean) < scale


def test_groups_and_times_are_split_by_their_column(people, store):
    for split in ({"by": "household"}, {"by": "when", "order": "time"}):
        prepared = prepare(config(people, split=split), store)
        assert not any(name.startswith(split["by"]) for name in prepared.feature_names)
        assert prepared.shape.train > prepared.shape.test > 0


def test_folds_stack(people, store):
    prepared = prepare(config(people, folds=3), store)
    arrays = opened(prepared, store)
    assert arrays["X_train"].shape[:2] == (3, 64)
    assert arrays["X_dev"].shape[:2] == (3, 32)


def test_folds_of_numbers_stack_too(people, store):
    prepared = prepare(config(people, folds=3, target="income"), store)
    arrays = opened(prepared, store)
    assert (arrays["X_train"].shape[:2], arrays["y_dev"].shape) == ((3, 64), (3, 32))
    pool = np.concatenate([arrays["y_train"][0], arrays["y_dev"][0]])
    assert pool.mean() == pytest.approx(0, abs=1e-6)  # of which each is in one dev set
    assert sorted(arrays["y_dev"].ravel()) == sorted(pool)


def test_the_official_test_file_is_the_test_part(people, store, tmp_path):
    frame = pd.read_csv(people)
    frame[:30].assign(member=frame["member"] + ".").to_csv(tmp_path / "test.csv", index=False)
    test_file = str(tmp_path / "test.csv")
    prepared = prepare(config(people, test_file=test_file), store)
    assert (prepared.shape.train, prepared.shape.dev, prepared.shape.test) == (96, 24, 30)
    folded = prepare(config(people, test_file=test_file, folds=4), store)
    assert (folded.shape.train, folded.shape.dev, folded.shape.test) == (90, 30, 30)


def test_categories_keep_their_places_whatever_the_columns_are_called(people, store):
    # kept as JSON with sorted keys, they once came back by the alphabet, and predictions were wrong
    frame = pd.read_csv(people)
    frame["zone"], frame["area"] = np.resize(["n", "s", "e"], M), np.resize(["a", "b", "b", "b"], M)
    frame[["zone", "city", "area", "age", "member"]].to_csv(people, index=False)
    prepared = prepare(config(people), store)
    again, arrays = unpacked(packed(prepared, store))
    rows = pd.read_csv(people).iloc[split_of(prepared, people)["test"]]
    assert np.array_equal(inputs(arrays).apply(rows, "float32"), opened(prepared, store)["X_test"])
    categories = [name.split("=")[0] for name in again.feature_names if "=" in name]
    assert list(dict.fromkeys(categories)) == ["zone", "city", "area"]


def test_a_row_of_totals_leaves_numbers_numbers(people, store):
    with people.open("a") as file:
        file.write(f"Total,{M},,,,,\n")
    prepared = prepare(config(people), store)
    assert prepared.data_digest
    from dnnsearch.data import file_table

    table = file_table.load_table({"file": str(people), "target": "member"}, None)
    assert "identifier" in next(c.reason for c in table.columns if c.name == "id")


def test_a_second_start_needs_no_table_and_a_changed_file_is_another(people, store, monkeypatch):
    first = prepare(config(people), store)
    people.rename(people.with_name("moved.csv"))
    monkeypatch.setattr("dnnsearch.data.file_table.load_table", None)
    moved = config(people.with_name("moved.csv"))
    assert prepare(moved, store) == first
    monkeypatch.undo()
    with people.with_name("moved.csv").open("a") as file:
        file.write("999,30,Oslo,1,2024-12-01,yes,1\n")
    assert prepare(moved, store).contents != first.contents


def test_what_is_kept_has_the_preparation_and_no_row(people, store):
    prepared = prepare(config(people), store)
    again, arrays = unpacked(packed(prepared, store))
    assert again == prepared
    assert not {"X_test", "y_test"} & set(arrays)
    rows = pd.read_csv(people).iloc[split_of(prepared, people)["test"]]
    X_test = opened(prepared, store)["X_test"]
    assert np.array_equal(inputs(arrays).apply(rows, "float32"), X_test)
    named = ["age", "city", "household"]
    used = [name for name in rows.columns if name in inputs(arrays).fitted[0].names]
    assert set(named) <= set(used)
    as_list = rows[used].astype(object).where(rows[used].notna(), None).to_numpy()
    assert np.array_equal(inputs(arrays).apply(as_list, "float32"), X_test)
    with pytest.raises(ValueError, match="DataFrame"):
        inputs(arrays).apply(np.zeros((2, 1)), "float32")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"target": "membr"}, "did you mean member"),
        ({"split": {"by": "houshold"}}, "did you mean household"),
        ({"columns": {"agee": "number"}}, "did you mean age"),
        ({"columns": {"age": "numbr"}}, "did you mean number"),
        ({"target": "when"}, "looks like an identifier"),
        ({"task": "regression"}, "needs numbers"),
        ({"split": {"order": "time"}}, "needs by"),
        ({"folds": 3, "split": {"by": "household"}}, "cannot be combined with split.by"),
        ({"folds": 90, "target": "income"}, "90 folds need at least 180 rows"),
        ({"test_file": "nowhere.csv"}, "nowhere.csv"),
        ({"openml": 31}, "must have one of"),
        ({"encoding": "klingon"}, "encoding"),
        ({"separator": "ab"}, "one character"),
        ({"colums": {}}, "did you mean columns"),
    ],
)
def test_what_does_not_fit_the_file_is_one_line(people, store, changes, says):
    with pytest.raises(UserError, match=says) as caught:
        prepare(config(people, **changes), store)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("x.yaml: ")

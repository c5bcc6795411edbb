"""From a config to arrays in the store, and what a second start finds there."""

import json
import subprocess
import sys

import numpy as np
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.data import datasets
from dnnsearch.data.number_table import NumberTable
from dnnsearch.data.prepare import INDEX, Prepared, prepare
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore

HYPER = {
    "learning_rate": 0.1,
    "iterations": 10,
    "hidden_layers": 1,
    "units": 4,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": "full",
}


def config(data="iris", **changes):
    return parse_config({**HYPER, "data": data, **changes}, "x.yaml", "x")


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path / "store")


def test_train_and_dev_lie_together_and_test_apart(store):
    prepared = prepare(config(), store)
    assert set(store.open(prepared.key)) == {"X_train", "y_train", "X_dev", "y_dev"}
    assert set(store.open(prepared.test_key)) == {"X_test", "y_test", "mean", "scale"}


def test_the_arrays_have_the_shape_and_the_type_that_is_said(store):
    prepared = prepare(config("digits", dtype="float64"), store)
    arrays = {**store.open(prepared.key), **store.open(prepared.test_key)}
    for part in ("train", "dev", "test"):
        examples = getattr(prepared.shape, part)
        assert arrays[f"X_{part}"].shape == (examples, prepared.shape.features)
        assert arrays[f"X_{part}"].dtype == np.float64
        assert arrays[f"y_{part}"].shape == (examples,)
        assert arrays[f"y_{part}"].dtype == np.int64
    assert prepare(config("digits"), store).key != prepared.key
    assert store.open(prepare(config("digits"), store).key)["X_train"].dtype == np.float32


@pytest.mark.parametrize(
    ("data", "task", "outputs", "output"),
    [("moons", "binary", 1, "sigmoid"), ("wine", "multiclass", 3, "softmax")],
)
def test_the_task_decides_about_the_outputs(store, data, task, outputs, output):
    shape = prepare(config(data), store).shape
    assert (shape.task, shape.outputs, shape.output) == (task, outputs, output)


def test_what_is_fitted_is_fitted_on_train_only(store):
    prepared = prepare(config("wine", dtype="float64"), store)
    arrays = {**store.open(prepared.key), **store.open(prepared.test_key)}
    assert np.allclose(arrays["X_train"].mean(axis=0), 0)
    assert np.allclose(arrays["X_train"].std(axis=0), 1)
    assert not np.allclose(arrays["X_dev"].mean(axis=0), 0)
    raw = datasets.load(config("wine").data).X
    back = np.concatenate([arrays[f"X_{p}"] for p in ("train", "dev", "test")])
    back = back * arrays["scale"] + arrays["mean"]
    assert np.allclose(np.sort(back, axis=0), np.sort(raw, axis=0))


def test_what_was_prepared_is_not_prepared_again(store, monkeypatch):
    first = prepare(config(), store)
    monkeypatch.setattr("dnnsearch.data.prepare.read_table", None)
    assert prepare(config(), store) == first


def test_a_second_start_imports_neither_scikit_learn_nor_pandas(store):
    prepare(config(), store)
    program = f"""
import sys
from pathlib import Path
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import prepare
prepare(parse_config({config().document()!r}, "x", "x"), ArrayStore(Path({str(store.root)!r})))
print({{"sklearn", "scipy", "pandas", "optuna", "mlflow"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


@pytest.mark.parametrize("damage", ["array", "test array", "gone", "index", "index content"])
def test_a_damaged_cache_is_never_used(store, damage):
    first = prepare(config(), store)
    (entry,) = (store.root / INDEX).glob("*.json")
    match damage:
        case "array" | "test array":
            key, name = (first.key, "X_dev") if damage == "array" else (first.test_key, "X_test")
            path = store.root / key / f"{name}.npy"
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        case "gone":
            store.drop(first.key)
        case "index":
            entry.write_bytes(entry.read_bytes()[:-20])
        case "index content":
            document = json.loads(entry.read_text())
            document["prepared"]["shape"]["features"] = 5
            entry.write_text(json.dumps(document))
    again = ArrayStore(store.root)
    assert prepare(config(), again) == first
    assert set(again.open(first.key)) and set(again.open(first.test_key))


def test_a_single_changed_number_changes_the_digest_of_the_data(store, monkeypatch):
    table = datasets.load(config().data)
    before = prepare(config(), store)
    X = table.X.copy()
    X[3, 2] = np.nextafter(X[3, 2], 10)
    changed = NumberTable(X, table.y, table.classes, table.feature_names)
    monkeypatch.setattr(datasets, "load", lambda data, arithmetic: changed)
    after = prepare(config(), ArrayStore(store.root / "other"))
    assert after.data_digest != before.data_digest
    assert after.split_digest == before.split_digest


def test_renamed_classes_change_the_digest_of_the_data(store, monkeypatch):
    table = datasets.load(config().data)
    before = prepare(config(), store)
    changed = NumberTable(table.X, table.y, table.classes[::-1], table.feature_names)
    monkeypatch.setattr(datasets, "load", lambda data, arithmetic: changed)
    after = prepare(config(), ArrayStore(store.root / "other"))
    assert after.data_digest != before.data_digest
    assert after.key == before.key


def test_another_split_changes_its_digest_and_not_that_of_the_data(store):
    one, other = prepare(config(), store), prepare(config(split={"seed": 1}), store)
    assert one.split_digest != other.split_digest
    assert one.data_digest == other.data_digest
    assert one.key != other.key


def test_prepared_goes_through_json_and_back(store):
    prepared = prepare(config(), store)
    assert Prepared.from_dict(json.loads(json.dumps(prepared.as_dict()))) == prepared


@pytest.mark.parametrize(
    ("data", "changes", "problem"),
    [
        ({"name": "parity", "bits": 30}, {}, "x.yaml: data: examples: all needs bits <= 20"),
        ("iris", {"split": {"dev": 0.01}}, "x.yaml: split: dev needs at least as many examples"),
        ({"name": "spirals", "examples": 9, "arms": 9}, {}, "x.yaml: split: a class needs"),
        ({"name": "spirals", "examples": 9, "arms": 50}, {}, "x.yaml: split: a class needs"),
    ],
)
def test_data_that_cannot_be_loaded_or_split_are_a_user_error(store, data, changes, problem):
    with pytest.raises(UserError, match=problem):
        prepare(config(data, **changes), store)
    assert not store.root.exists()


def test_a_cache_folder_that_is_a_file_is_a_user_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="arrays cannot be stored in .*DNNSEARCH_CACHE=FOLDER"):
        prepare(config(), ArrayStore(tmp_path / "file"))

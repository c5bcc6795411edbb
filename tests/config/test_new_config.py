"""What `new` writes for tables, images, arrays and data sets."""

import gzip
import re
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from dnnsearch.trials.hyperparameters import OPTIONAL_KEYS
from tests.support.csv_tables import rows, written
from tests.support.images import IMAGES, LABELS, idx


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def drafted(*arguments, **options):
    """Return the config that `new` has written and its definition, with the data prepared."""
    found = new(*arguments, **options)
    config = load_config(found.path)
    definition = resolve_definition(config, ArrayStore(found.path.parent / "store"))
    assert found.lines
    return config, definition


def test_the_config_is_complete_and_explains_each_value():
    path = new(written(rows(60).assign(y=["a", "b", "c"] * 20)), "y").path
    assert str(path) == "configs/data.yaml"
    text = path.read_text()
    left_out = {"study", "tracking", "workers", "stop_after", "units"}  # units: width gives them
    keys = load_config(path).document().keys() - yaml.safe_load(text).keys()
    assert keys - {*OPTIONAL_KEYS} == left_out
    lines = [line for line in text.splitlines() if ":" in line and not line.startswith("#")]
    assert [line for line in lines if "#" not in line] == ["data:", "  columns:", "split:"]


@pytest.mark.parametrize(
    ("y", "task", "objective"),
    [
        (["yes", "no"] * 100, "binary", "dev_cost"),
        (["rare"] * 8 + ["usual"] * 192, "binary", "dev_cost"),
        (list(string.ascii_uppercase) * 8, "multiclass", "dev_cost"),
        (["yes"] * 66 + ["no"] * 134, "binary", "dev_cost"),
        (["yes"] * 80 + ["no"] * 120, "binary", "dev_cost"),
        (["a"] * 34 + ["b"] * 80 + ["c"] * 86, "multiclass", "dev_cost"),
        (["a"] * 54 + ["b"] * 70 + ["c"] * 76, "multiclass", "dev_cost"),
        (np.linspace(0, 1, 200), "regression", "dev_r2"),
        (np.linspace(-1e12, 1e12, 200), "regression", "dev_r2"),
        ([3, 4, 5, 6] * 50, "multiclass", "dev_cost"),
    ],
)
def test_task_and_metric_follow_from_the_target(y, task, objective):
    y = pd.Series(y).sample(frac=1, random_state=0).to_numpy()
    config, definition = drafted(written(rows(len(y)).assign(y=y)), "y")
    assert (config.data["task"], config.objective) == (task, objective)
    assert definition.prepared.shape.task == task
    assert config.class_weights is None


def test_a_class_with_two_percent_of_the_rows_is_accepted():
    y = np.where(np.arange(1000) % 50 == 0, "fraud", "fine")
    config, definition = drafted(written(rows(1000).assign(y=y), sep=";", decimal=","), "y")
    assert (config.data["separator"], config.data["decimal"]) == (";", ",")
    assert config.objective == "dev_cost"
    assert definition.prepared.classes == ("fine", "fraud")


def test_a_class_of_four_rows_is_in_every_part():
    _, definition = drafted(written(rows(204).assign(y=["a"] * 4 + ["b", "c"] * 100)), "y")
    store, prepared = ArrayStore(Path("configs/store")), definition.prepared
    arrays = {**store.open(prepared.key), **store.open(prepared.test_key)}
    for part in ("y_train", "y_dev", "y_test"):
        assert set(np.ravel(arrays[part])) == {0, 1, 2}, part


def test_a_rare_class_gets_a_warning_with_its_rows_in_dev_and_test():
    y = np.where(np.arange(1000) % 50 == 0, "fraud", "fine")
    found = new(written(rows(1000).assign(y=y)), "y")
    says = "fraud has 20 rows, about 16 in the folds and about 4 in test"
    says += ": its scores are imprecise"
    assert any(line.startswith("  y ") and line.endswith(says) for line in found.lines)
    assert f"  # {says}" in found.path.read_text().splitlines()
    found = new(written(rows(1000).assign(y=["a", "b"] * 500)), "y", name="even")
    assert "imprecise" not in "\n".join(found.lines) + found.path.read_text()


def test_the_draft_names_the_other_pruners():
    text = new(written(rows(60).assign(y=["a", "b"] * 30)), "y").path.read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("pruner:")]
    assert line.startswith("pruner: none ") and line.endswith("; or median, halving")


def test_without_a_header_the_target_is_a_number_and_test_labels_may_end_in_a_stop():
    frame = rows(80).assign(y=[" <=50K", " >50K"] * 40)
    train, test = written(frame, "a.data", header=False), "a.test"
    frame[:20].assign(y=[" <=50K.", " >50K."] * 10).to_csv(test, header=False, index=False)
    for target in ("-1", "4", "column_4"):
        config, definition = drafted(train, target, name=f"t{target}", test=test)
        assert config.data["target"] == "column_4"
        assert definition.prepared.shape.test == 20
        assert definition.prepared.classes == ("<=50K", ">50K")


@pytest.mark.parametrize("settings", [["folds=null"], ["folds=3"], ["split={by: z, order: time}"]])
@pytest.mark.parametrize("has_test_file", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_task_goes_with_a_test_file_and_with_folds(task, has_test_file, settings):
    targets = {
        "binary": ["no", "yes"] * 60,
        "multiclass": ["a", "b", "c"] * 40,
        "regression": np.linspace(0, 7, 120),
    }
    frame = rows(120).assign(y=targets[task])
    test = written(frame[:30].assign(x=0.5), "test.csv") if has_test_file else None
    config, definition = drafted(written(frame), "y", test=test, settings=settings)
    shape = definition.prepared.shape
    assert (config.data["task"], shape.task) == (task, task)
    assert (shape.test == 30) if has_test_file else (0 < shape.test < 30)


def test_a_folder_of_idx_images_is_accepted(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            many = np.concatenate([array] * (20 if part == "train" else 10))
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(idx(many)))
    config, definition = drafted("images", None)
    assert config.study == "images"
    assert config.data["columns"] == dict.fromkeys([f"pixel_{i}" for i in range(6)], "pixel")
    assert definition.prepared.shape.test == 40
    assert config.numbers.values == ("robust", "standard"), "each pixel, or all alike"
    assert config.start == "images-1"


def test_odd_names_of_columns_survive_the_yaml():
    names = ["yes", "1", "a: b", "나이", '"q"', "# c", "*", "null"]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, len(names))), columns=names)
    frame["나이"] = rng.choice(["x", "y"], 60)
    config, _ = drafted(written(frame), "나이")
    assert set(config.data["columns"]) == set(names) - {"나이"}


def test_many_columns_of_one_role_take_one_line():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 100)))
    config, _ = drafted(written(frame.assign(y=["a", "b"] * 30, constant=1)), "y")
    assert config.data["columns"] == {"constant": "ignored", "*": "number"}


def test_settings_of_the_user_are_written():
    frame = rows(80).assign(y=[1, 2, 3, 4] * 20)
    settings_ = ["data.task=regression", "split.by=city", "seed=7", "split.dev=0.3"]
    with pytest.raises(UserError, match="groups"):
        drafted(written(frame), "y", settings=settings_)
    settings_[1] = "split={by: id, order: time}"
    config, definition = drafted(written(frame), "y", settings=settings_)
    assert (config.seed, config.split.by, config.split.order) == (7, "id", "time")
    assert definition.prepared.shape.task == "regression"


def test_identifiers_and_leaks_are_ignored_with_a_warning():
    frame = rows(60).assign(y=["a", "b"] * 30)
    lines = "\n".join(new(written(frame.assign(copy=frame["y"] + "!")), "y").lines)
    assert re.search(r"\n  id +ignored +it is an identifier", lines)
    assert re.search(r"\n  copy +ignored +it equals the target", lines)


LETTERS, NUMBERS = ["a", "b"] * 150, np.arange(300) / 7


@pytest.mark.parametrize(
    ("y", "settings", "folds", "replicates"),
    [
        (LETTERS, [], 5, 1),
        (NUMBERS, [], 5, 1),
        (LETTERS[:60], [], None, 5),  # dev sets of nine
        (["c"] * 7 + LETTERS, [], None, 5),
        (["c"] * 8 + LETTERS, [], 5, 1),
        (LETTERS, ["replicates=3"], None, 3),
        (LETTERS, ["folds=none"], None, 5),
        (LETTERS, ["folds=3"], 3, 1),
        (LETTERS, ["split.by=by"], None, 5),
        (LETTERS * 30, [], None, 1),
        ([0.0] * 270 + [1.5, 2.5] * 15, ["data.task=regression"], 5, 1),
        ([0.0] * 296 + [1.5, 2.5] * 2, ["data.task=regression"], None, 5),  # a fold of zeros
    ],
)
def test_few_rows_are_split_into_folds_unless_a_fold_would_be_too_small(
    tmp_path: Path, y: list[object], settings: list[str], folds: int | None, replicates: int
) -> None:
    table = rows(len(y)).assign(y=y, by=np.arange(len(y)) // 3)
    config, _ = drafted(written(table), "y", settings=settings)
    assert (config.folds, config.replicates) == (folds, replicates)
    text = (tmp_path / "configs" / "data.yaml").read_text()
    assert ("no effect beside folds" in text) == (folds is not None)


def test_a_part_of_a_range_can_be_set_and_folds_take_the_place_of_replicates():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    settings_ = ["iterations.high=70", "iterations.low=20", "folds=3"]
    config, _ = drafted(name, "y", settings=settings_)
    assert str(config.hyper["iterations"]) == "from 20 to 70"
    assert (config.folds, config.replicates) == (3, 1)


def test_arrays_of_train_and_test_in_one_file_need_no_target(tmp_path):
    rng = np.random.default_rng(0)
    parts = {"train": 60, "test": 20}
    arrays = {f"x_{p}": rng.integers(0, 255, (m, 4, 4), np.uint8) for p, m in parts.items()}
    arrays |= {f"y_{p}": np.arange(m) % 3 for p, m in parts.items()}
    np.savez(tmp_path / "mnist.npz", **arrays)
    config, definition = drafted("mnist.npz", None)
    assert config.data["target"] == "y_train"
    shape = definition.prepared.shape
    assert (shape.train + shape.dev, shape.test, shape.features) == (60, 20, 16)


@pytest.mark.parametrize(
    ("name", "task", "shape"), [("iris", "multiclass", (4, 3)), ("diabetes", "regression", (10, 1))]
)
def test_a_bundled_data_set_is_given_by_its_name(name, task, shape):
    config, definition = drafted(name, None)
    assert (config.study, config.data["bundled"], config.data["task"]) == (name, name, task)
    prepared = definition.prepared.shape
    assert (prepared.features, prepared.outputs) == shape


def test_a_file_wins_over_a_bundled_data_set_of_the_same_name():
    written(rows(60).assign(y=["a", "b"] * 30), "iris")
    config, _ = drafted("iris", "y")
    assert config.data["file"] == "iris"


def test_python_writes_the_same_config(capsys):
    import dnnsearch

    name = written(rows(60).assign(y=["a", "b"] * 30))
    path = dnnsearch.new(name, "y", name="other", set={"trials": 3})
    assert load_config(path).trials == 3
    assert "a binary task" in capsys.readouterr().out
    assert dnnsearch.new(name, -1, quiet=True).name == "data.yaml"
    assert not capsys.readouterr().out


def test_below_5000_rows_nested_cross_validation_is_suggested():
    few = new(written(rows(60).assign(y=["a", "b"] * 30)), "y", name="few")
    assert few.advice.endswith("to test every row once: dnnsearch promote few --outer 5")
    many = new(written(rows(5000).assign(y=["a", "b"] * 2500)), "y", name="many")
    assert many.advice == ""

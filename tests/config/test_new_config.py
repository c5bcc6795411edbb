import gzip
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
from tests.support.images import IMAGES, LABELS, idx


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(m, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=m)
    return pd.DataFrame(
        {
            "id": np.arange(m),
            "x": x,
            "city": rng.choice(["Rome", "Oslo"], m),
            "z": x + rng.normal(size=m),
        }
    )


def written(frame, name="data.csv", **form):
    frame.to_csv(name, index=False, **form)
    return name


def begun(*arguments, **options):
    """The config that was written, ready to be searched: its data are prepared here."""
    found = new(*arguments, **options)
    config = load_config(found.path)
    definition = resolve_definition(config, ArrayStore(found.path.parent / "store"))
    assert found.lines
    return config, definition


def test_the_config_is_complete_and_says_why():
    path = new(written(rows(60).assign(y=["a", "b", "c"] * 20)), "y").path
    assert str(path) == "configs/data.yaml"
    text = path.read_text()
    left_out = {"study", "tracking", "workers"}
    assert load_config(path).document().keys() - yaml.safe_load(text).keys() == left_out
    lines = [line for line in text.splitlines() if ":" in line and not line.startswith("#")]
    assert [line for line in lines if "#" not in line] == ["data:", "  columns:", "split:"]


@pytest.mark.parametrize(
    ("y", "task", "objective"),
    [
        (["yes", "no"] * 100, "binary", "dev_accuracy"),
        (["rare"] * 8 + ["usual"] * 192, "binary", "dev_balanced_accuracy"),
        (list(string.ascii_uppercase) * 8, "multiclass", "dev_accuracy"),
        (["a"] * 34 + ["b"] * 80 + ["c"] * 86, "multiclass", "dev_balanced_accuracy"),
        (["a"] * 42 + ["b"] * 76 + ["c"] * 82, "multiclass", "dev_accuracy"),
        (np.linspace(0, 1, 200), "regression", "dev_r2"),
        (np.linspace(-1e12, 1e12, 200), "regression", "dev_r2"),
        ([3, 4, 5, 6] * 50, "multiclass", "dev_accuracy"),
    ],
)
def test_task_and_metric_follow_from_the_target(y, task, objective):
    y = pd.Series(y).sample(frac=1, random_state=0).to_numpy()
    config, definition = begun(written(rows(len(y)).assign(y=y)), "y")
    assert (config.data["task"], config.objective) == (task, objective)
    assert definition.prepared.shape.task == task
    assert (config.class_weights is not None) == (objective == "dev_balanced_accuracy")


def test_two_in_a_hundred_are_enough():
    y = np.where(np.arange(1000) % 50 == 0, "fraud", "fine")
    config, definition = begun(written(rows(1000).assign(y=y), sep=";", decimal=","), "y")
    assert (config.data["separator"], config.data["decimal"]) == (";", ",")
    assert config.objective == "dev_balanced_accuracy"
    assert definition.prepared.classes == ("fine", "fraud")


def test_a_class_of_four_still_finds_its_way_into_every_part():
    begun(written(rows(204).assign(y=["a"] * 4 + ["b", "c"] * 100)), "y")


def test_of_a_class_with_a_handful_of_rows_it_says_how_few_dev_and_test_have():
    y = np.where(np.arange(1000) % 50 == 0, "fraud", "fine")
    found = new(written(rows(1000).assign(y=y)), "y")
    says = "fraud has 20 rows, about 16 in the folds and about 4 in test"
    says += ": what is measured of it is rough"
    assert f"  warning  {says}" in found.lines
    assert f"  # {says}" in found.path.read_text().splitlines()
    found = new(written(rows(1000).assign(y=["a", "b"] * 500)), "y", name="even")
    assert "rough" not in "\n".join(found.lines) + found.path.read_text()


def test_the_draft_names_the_other_pruners():
    text = new(written(rows(60).assign(y=["a", "b"] * 30)), "y").path.read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("pruner:")]
    assert line.startswith("pruner: none ") and line.endswith("else median or halving")


def test_without_a_header_the_target_is_a_number_and_labels_of_the_test_file_may_end_in_a_stop():
    frame = rows(80).assign(y=[" <=50K", " >50K"] * 40)
    train, test = written(frame, "a.data", header=False), "a.test"
    frame[:20].assign(y=[" <=50K.", " >50K."] * 10).to_csv(test, header=False, index=False)
    for target in ("-1", "4", "column_4"):
        config, definition = begun(train, target, name=f"t{target}", test=test)
        assert config.data["target"] == "column_4"
        assert definition.prepared.shape.test == 20
        assert definition.prepared.classes == ("<=50K", ">50K")


def test_a_folder_of_idx_images_is_enough(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            many = np.concatenate([array] * (20 if part == "train" else 10))
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(idx(many)))
    config, definition = begun("images", None)
    assert config.study == "images"
    assert config.data["columns"] == dict.fromkeys([f"pixel_{i}" for i in range(6)], "pixel")
    assert definition.prepared.shape.test == 40


def test_odd_names_of_columns_survive_the_yaml():
    names = ["yes", "1", "a: b", "나이", '"q"', "# c", "*", "null"]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, len(names))), columns=names)
    frame["나이"] = rng.choice(["x", "y"], 60)
    config, _ = begun(written(frame), "나이")
    assert set(config.data["columns"]) == set(names) - {"나이"}


def test_many_columns_of_one_kind_take_one_line():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 100)))
    config, _ = begun(written(frame.assign(y=["a", "b"] * 30, constant=1)), "y")
    assert config.data["columns"] == {"constant": "ignored", "*": "number"}


def test_what_is_set_by_hand_is_written():
    frame = rows(80).assign(y=[1, 2, 3, 4] * 20)
    settings_ = ["data.task=regression", "split.by=city", "seed=7", "split.dev=0.3"]
    with pytest.raises(UserError, match="groups"):
        begun(written(frame), "y", settings=settings_)
    settings_[1] = "split={by: id, order: time}"
    config, definition = begun(written(frame), "y", settings=settings_)
    assert (config.seed, config.split.by, config.split.order) == (7, "id", "time")
    assert definition.prepared.shape.task == "regression"


def test_identifiers_and_leaks_are_ignored_loudly():
    frame = rows(60).assign(y=["a", "b"] * 30)
    lines = "\n".join(new(written(frame.assign(copy=frame["y"] + "!")), "y").lines)
    assert "warning  id" in lines
    assert "warning  copy: it equals the target" in lines


@pytest.mark.parametrize(
    ("content", "target", "says"),
    [
        (None, "y", "no file"),
        ("", "y", "empty"),
        ("x,y\n", "y", "header only"),
        ("x,y\n1,a\n2,b\n", "y", "2 examples"),
        ("x,y,y\n" + "1,a,a\n2,b,b\n" * 9, "y", "'y' is column 1 and 2"),
        ("x,y\n" + "1,a\n2,b\n" * 9, "z", "'z' is not"),
        ("x,y\n" + "1,a\n2,b\n" * 9, "5", "column from 0 to 1"),
        ("x,y\n" + "1,a\n1,b\n" * 9, "y", "to learn from"),
        ("x,y\n" + "1,a\n2,a\n" * 9, "y", "2 classes"),
        ("x,y\n" + "1,a\n2,a\n" * 9 + "3,b\n", "y", "of the target 'y' these have 1: 'b'"),
        ("x,y\n" + "1,0\n2,1\n3,1.0\n" * 9, "y", "'1' and '1.0'"),
        ("x,y\n" + "1,\n2,\n" * 9, "y", "all are missing"),
        (
            "x,y\n" + "1,a\n2,b\n" * 9 + "few,a\n",
            "y",
            "18 numbers and 1 texts, texts such as 'few'",
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
def test_few_rows_are_cut_into_folds_unless_a_fold_would_have_too_few(
    tmp_path: Path, y: list[object], settings: list[str], folds: int | None, replicates: int
) -> None:
    table = rows(len(y)).assign(y=y, by=np.arange(len(y)) // 3)
    config, _ = begun(written(table), "y", settings=settings)
    assert (config.folds, config.replicates) == (folds, replicates)
    text = (tmp_path / "configs" / "data.yaml").read_text()
    assert ("cut into the folds" in text) == (folds is not None)


def test_a_part_of_a_range_can_be_set_and_folds_take_the_place_of_replicates():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    settings_ = ["iterations.high=70", "iterations.low=20", "folds=3"]
    config, _ = begun(name, "y", settings=settings_)
    assert str(config.hyper["iterations"]) == "from 20 to 70"
    assert (config.folds, config.replicates) == (3, 1)


def test_arrays_of_train_and_test_in_one_file_need_no_name(tmp_path):
    rng = np.random.default_rng(0)
    parts = {"train": 60, "test": 20}
    arrays = {f"x_{p}": rng.integers(0, 255, (m, 4, 4), np.uint8) for p, m in parts.items()}
    arrays |= {f"y_{p}": np.arange(m) % 3 for p, m in parts.items()}
    np.savez(tmp_path / "mnist.npz", **arrays)
    config, definition = begun("mnist.npz", None)
    assert config.data["target"] == "y_train"
    shape = definition.prepared.shape
    assert (shape.train + shape.dev, shape.test, shape.features) == (60, 20, 16)


def test_a_test_file_that_is_the_training_file_again_is_refused():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    with pytest.raises(UserError, match="identical to the training file"):
        new(name, "y", test=name)


@pytest.mark.parametrize(
    ("name", "task", "shape"), [("iris", "multiclass", (4, 3)), ("diabetes", "regression", (10, 1))]
)
def test_a_bundled_set_is_begun_by_its_name(name, task, shape):
    config, definition = begun(name, None)
    assert (config.study, config.data["bundled"], config.data["task"]) == (name, name, task)
    prepared = definition.prepared.shape
    assert (prepared.features, prepared.outputs) == shape


def test_a_file_of_a_bundled_sets_name_goes_first():
    written(rows(60).assign(y=["a", "b"] * 30), "iris")
    config, _ = begun("iris", "y")
    assert config.data["file"] == "iris"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("linnerud", "several targets at once"),
        ("moons", "is generated"),
        ("irsi", "no file irsi.*did you mean iris"),
        ("quite-another", "no file quite-another$"),
    ],
)
def test_a_name_that_is_no_bundled_set_is_refused_in_words(name, says):
    with pytest.raises(UserError, match=says):
        new(name, None)


def test_nothing_is_overwritten():
    name = written(rows(60).assign(y=["a", "b"] * 30))
    new(name, "y")
    with pytest.raises(UserError, match="exists already"):
        new(name, "y")
    assert new(name, "y", name="other").path.exists()


def test_python_has_it_under_the_same_name(capsys):
    import dnnsearch

    name = written(rows(60).assign(y=["a", "b"] * 30))
    path = dnnsearch.new(name, "y", name="other", set={"trials": 3})
    assert load_config(path).trials == 3
    assert "a binary task" in capsys.readouterr().out
    assert dnnsearch.new(name, -1, quiet=True).name == "data.yaml"
    assert not capsys.readouterr().out

"""Covers the config, the name and the data file of a study from arrays."""

from pathlib import Path

import numpy as np
import pytest

import dnnsearch
from dnnsearch.config.config import parse_config
from dnnsearch.data.files.reading_version import READING
from dnnsearch.estimators.array_data import array_study, default_space, npz

RNG = np.random.default_rng(0)
X, y = RNG.standard_normal((40, 3)), np.arange(40) % 2
NAMES = np.array(["no", "yes"], object)[y]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("examples", [10, 128, 5000, 60_000])
def test_the_default_space_is_a_config_for_any_number_of_examples(examples: int, task: str) -> None:
    document = {"data": "iris", **default_space(examples, task)}
    config = parse_config(document, "here", "study")
    assert config.objective == ("dev_r2" if task == "regression" else "dev_accuracy")
    if config.hyper["batch_size"].value != "full":
        assert 4 * config.hyper["batch_size"].value <= examples
    assert config.hyper["iterations"].high >= 2000


@pytest.mark.parametrize(
    ("target", "task"),
    [(y, "binary"), (NAMES, "binary"), (np.arange(40) % 3, "multiclass"), (X[:, 0], "regression")],
)
def test_the_task_is_detected(target: np.ndarray, task: str) -> None:
    asked = array_study(X, target, None, None)
    assert asked.task == asked.document["data"]["task"] == task


def test_a_study_is_named_for_its_data_and_its_config() -> None:
    name = array_study(X, y, None, None).document["study"]
    assert name.startswith("arrays-")
    same = array_study(X.copy(), y, {"records": "elsewhere", "trials": 7}, None)
    assert same.document["study"] == name
    others = [(X + 1, y, None), (X, 1 - y, None), (X, y, {"seed": 1})]
    assert name not in {array_study(*one, None).document["study"] for one in others}
    assert array_study(X, y, {"study": "mine"}, None).document["study"] == "mine"


def test_a_file_gives_all_but_its_data(tmp_path: Path) -> None:
    Path("small.yaml").write_text("data: digits\nunits: 4\nlearning_rate: 0.1\n")
    document = array_study(X, y, "small.yaml", None).document
    assert (document["study"], document["units"]) == ("small", 4)
    assert document["data"]["file"].startswith("records/small/arrays-")


def test_an_invalid_config_is_refused_before_anything_is_written() -> None:
    with pytest.raises(dnnsearch.UserError, match="the search's config: 'unit' is unknown"):
        array_study(X, y, {"unit": 3}, None)
    with pytest.raises(ValueError, match="must have 2 classes"):
        array_study(X, np.zeros(40, int), None, None)
    assert not [*Path().iterdir()]


def test_the_file_exists_while_needed_and_not_after_a_refusal() -> None:
    asked = array_study(X, NAMES, None, None)
    with pytest.raises(KeyboardInterrupt), asked.with_file():
        raise KeyboardInterrupt
    assert not asked.path.parent.exists()
    with asked.with_file() as document, np.load(document["data"]["file"]) as arrays:
        assert np.array_equal(arrays["X"], X)
        assert arrays["y"].tolist() == NAMES.tolist()
    with pytest.raises(KeyboardInterrupt), asked.with_file():
        raise KeyboardInterrupt
    assert asked.path.read_bytes() == asked.content


def test_equal_arrays_give_equal_bytes() -> None:
    assert npz({"X": X}) == npz({"X": X.copy()}) != npz({"X": X + 1})


@pytest.mark.parametrize("reading", [1, 2])
def test_a_study_that_began_with_an_earlier_reading_goes_on_with_it(
    reading: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:  # the newest one of an earlier version
        then.setattr("dnnsearch.estimators.array_data.READING", reading)
        began = array_study(X, y, None, None)
        with began.with_file():
            pass
    again, other = array_study(X, y, None, None), array_study(X, 1 - y, None, None)
    assert again.document == began.document and again.document["data"]["reading"] == reading
    assert other.document["data"]["reading"] == READING

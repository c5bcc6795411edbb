"""The estimate of a search's cost, made before anything is written."""

from pathlib import Path

import pytest

from dnnsearch.config.config import load_config
from dnnsearch.errors import UserError
from dnnsearch.study.dry_run import estimate_cost


@pytest.fixture
def fresh(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the config and no other file."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "tiny.yaml").write_bytes((tiny / "tiny.yaml").read_bytes())
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    return folder


def test_a_new_study_is_planned_whole_and_nothing_is_written(fresh: Path) -> None:
    planned = estimate_cost(load_config("tiny.yaml"))
    assert (planned.done, planned.trials, planned.updates) == (0, 5, 5 * 30)
    assert planned.multiply_adds > 0
    assert planned.seconds > 0
    assert 10_000 < planned.disk < 1_000_000
    assert [path.name for path in fresh.iterdir()] == ["tiny.yaml"]


def test_more_trials_than_are_drawn_are_planned_by_their_number(fresh: Path) -> None:
    some, many = (estimate_cost(load_config("tiny.yaml", [f"trials={n}"])) for n in (200, 2000))
    assert many.updates == 10 * some.updates
    assert many.multiply_adds == pytest.approx(10 * some.multiply_adds)


def test_of_a_study_that_exists_the_rest_is_planned(tiny: Path) -> None:
    planned = estimate_cost(load_config("tiny.yaml", ["trials=7"]))
    assert (planned.done, planned.trials, planned.updates) == (5, 2, 2 * 30)


def test_of_a_study_that_is_complete_nothing_is_left(tiny: Path) -> None:
    planned = estimate_cost(load_config("tiny.yaml"))
    assert (planned.done, planned.trials, planned.seconds, planned.disk) == (5, 0, 0, 0)


def test_what_a_search_would_refuse_is_refused(fresh: Path) -> None:
    with pytest.raises(UserError, match="batch_size: must be at most the 72 examples"):
        estimate_cost(load_config("tiny.yaml", ["batch_size=500"]))

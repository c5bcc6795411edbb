"""The estimate of a search's cost, made before anything is written."""

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.errors import UserError
from dnnsearch.study.dry_run import estimate_cost
from tests.support.csv_tables import customers, written
from tests.support.preloaded import Preloaded

OWN = ("search", "tiny.yaml", "--study=own", "--trials=1", "--workers=1", "--set=tracking=none")
DATA = "--set=data={file: data.csv, target: left}"


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


def test_of_a_study_that_exists_the_rest_is_planned(program: Preloaded, tiny: Path) -> None:
    said = program.run(tiny, "search", "tiny.yaml", "--trials=7", "--dry-run")
    assert "  trials  2 (and 5 that have ended already)\n" in said
    assert " multiply-adds in 60 updates\n" in said


def test_of_a_study_that_is_complete_nothing_is_left(program: Preloaded, tiny: Path) -> None:
    said = program.run(tiny, "search", "tiny.yaml", "--dry-run")
    assert "  trials  0 (and 5 that have ended already)\n" in said
    assert " in 0 updates\n  time    about 0 s with " in said
    assert "  disk    about 0.0 MB\n" in said


def test_what_a_search_would_refuse_is_refused(fresh: Path) -> None:
    with pytest.raises(UserError, match="batch_size: must be at most the 72 examples"):
        estimate_cost(load_config("tiny.yaml", ["batch_size=500"]))


def shorten_the_space(folder: Path) -> None:
    config = folder / "tiny.yaml"
    config.write_text(config.read_text().replace("momentum: 0.9", "momentum: 0.8"))


def add_rows(folder: Path) -> None:
    written(customers(1))


def let_another_program_make_it(folder: Path) -> None:
    optuna.delete_study(study_name="own", storage="sqlite:///optuna.db")
    study = optuna.create_study(study_name="own", storage="sqlite:///optuna.db")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (shorten_the_space, "error: study own exists with another definition: momentum"),
        (add_rows, "error: the data have changed since study own was started: file was "),
        (let_another_program_make_it, "error: study own was not created by dnnsearch"),
    ],
)
def test_a_study_that_a_search_would_not_go_on_with_is_refused_in_the_same_words(
    program: Preloaded, tiny: Path, change: Callable[[Path], None], reason: str
) -> None:
    written(customers(0))
    program.run(tiny, *OWN, DATA)
    assert "  trials  0 (and 1 that have ended" in program.run(tiny, *OWN, DATA, "--dry-run")
    change(tiny)
    said = program.run(tiny, *OWN, DATA, "--dry-run", code=2)
    assert said.startswith(reason)
    assert program.run(tiny, *OWN, DATA, code=2) == said

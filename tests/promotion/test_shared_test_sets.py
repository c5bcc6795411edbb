"""A test set that several studies have opened: the second figure is not called the first."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.prepare import held_out
from dnnsearch.study.stored_study import open_study
from dnnsearch.study.test_set_history import REMOVED_STUDIES, history
from dnnsearch.tracking.client import connect
from tests.promotion.conftest import SMALL, Promote
from tests.support.preloaded import Preloaded
from tests.support.servers import free_port


def searched(program: Preloaded, folder: Path, study: str, *settings: str) -> str:
    """Search the table `clean` under another name; return the name."""
    options = [f"--set={setting}" for setting in settings]
    program.run(folder, "search", "clean.yaml", "--study", study, "--trials=3", *options)
    return study


def said_of_test_set(document: dict[str, Any]) -> str:
    """Return the line of `promote` that says who has opened the test set."""
    return next(line for line in document["lines"] if line.startswith("test set opened"))


def storage(folder: Path) -> str:
    return f"sqlite:///{folder}/optuna.db"


def test_a_second_opening_under_another_name_is_counted(
    program: Preloaded, promote: Promote, promoted: dict, folder: Path
) -> None:
    first = promoted
    assert said_of_test_set(first) == "test set opened once, by clean: this figure counts"
    second = promote(searched(program, folder, "clean-relu", "activation=relu"), code=0)
    third = promote(searched(program, folder, "clean-seed1", "seed=1"))
    assert said_of_test_set(second) == (
        "test set opened 2 times, by clean, clean-relu; the first figure counts, "
        "this is the second:"
    )
    assert said_of_test_set(third) == (
        "test set opened 3 times, by clean, clean-relu, clean-seed1; the first figure counts, "
        "this is the third:"
    )
    assert third["test_set"]["times"] == third["test_set"]["this"] == 3
    assert [one["study"] for one in third["test_set"]["openings"]] == [
        "clean",
        "clean-relu",
        "clean-seed1",
    ]
    assert len(third["openings"]) == 1  # the study's own
    searched(program, folder, "clean-later", "seed=2")
    shown = program.run(folder, "show", "clean", "clean-later")
    by = "test set opened 3 times, by clean, clean-relu, clean-seed1"
    assert f"clean: {by}; the first figure counts, this is it\n" in shown
    assert f"clean-later: {by}; a figure of clean-later will be the fourth\n" in shown
    program.run(folder, "report", "clean-seed1", "--out", "page.html")
    page = (folder / "page.html").read_text()
    assert "Test set opened 3 times, by clean, clean-relu, clean-seed1; the first" in page


@pytest.mark.proof
@pytest.mark.usefixtures("promoted")
def test_rows_of_another_split_are_counted(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    other = searched(program, folder, "other", "split={dev: 0.25, test: 0.25, seed: 5}")
    said = promote(other)
    rows = [
        set(map(tuple, held_out(open_study(name, storage(folder)).config).X.fillna(-1).values))
        for name in ("clean", "other")
    ]
    common = len(rows[0] & rows[1])
    assert 10 < common < 50
    assert said_of_test_set(said) == (
        f"test set opened 2 times, by clean ({common} of these {len(rows[1])} distinct rows), "
        "other; the first figure counts, this is the second:"
    )


@pytest.mark.proof
@pytest.mark.usefixtures("promoted")
def test_folds_another_dev_share_and_ignored_columns_leave_the_test_rows_as_they_are(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    folds = promote(searched(program, folder, "folds", "folds=2"))
    assert "opened 2 times, by clean, folds;" in said_of_test_set(folds)
    fewer = promote(searched(program, folder, "fewer", "data.columns={city: ignored}"))
    assert "opened 3 times, by clean, folds, fewer;" in said_of_test_set(fewer)


@pytest.mark.proof
def test_an_official_test_file_is_known_beside_another_training_file(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    table = pd.read_csv(folder / "clean.csv")
    table[:100].to_csv(folder / "official.csv", index=False)
    for name, rows in {"early": table[100:300], "late": table[200:]}.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
        config = (folder / "clean.yaml").read_text().replace("clean.csv", f"{name}.csv")
        config = config.replace("target: left", "target: left, test_file: official.csv")
        (folder / f"{name}.yaml").write_text(config.replace("split: {dev: 0.25, test: 0.25}", ""))
        program.run(folder, "search", f"{name}.yaml", "--trials=3")
    promote("early")
    assert "opened 2 times, by early, late;" in said_of_test_set(promote("late"))


@pytest.mark.usefixtures("promoted")
def test_a_removed_study_has_opened_its_test_set(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    again = searched(program, folder, "again", "seed=1")
    program.run(folder, "rm", "clean", "--yes")
    said = promote(again)
    assert "opened 2 times, by clean (removed), again;" in said_of_test_set(said)
    assert REMOVED_STUDIES not in program.run(folder, "list")
    refused = program.run(folder, "promote", REMOVED_STUDIES, code=2)
    assert "was not created by dnnsearch" in refused


@pytest.mark.usefixtures("promoted")
def test_a_retuning_logs_that_the_old_champion_has_seen_the_new_test_rows(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    table = pd.read_csv(folder / "clean.csv")
    rng = np.random.default_rng(3)
    table["age"] = (table["age"] + rng.normal(0, 1, len(table))).round(3)
    table["income"] *= 1.01
    table.to_csv(folder / "new.csv", index=False)
    options = ("--data", "new.csv", "--trials", "3", *SMALL)
    said = json.loads(program.run(folder, "retune", "clean", *options).splitlines()[-1])
    own = said_of_test_set(said["promotion"])
    assert own == "test set opened once, by clean-2: this figure counts"  # its own look is no other
    logged = open_study("clean", storage(folder)).attributes["openings for clean-2"]
    assert [sorted(entry) for entry in logged] == [["at", "model", "rows", "test", "trial", "when"]]
    config = (folder / "clean.yaml").read_text().replace("clean.csv", "new.csv")
    (folder / "fresh.yaml").write_text(config)
    program.run(folder, "search", "fresh.yaml", "--trials=3")
    assert said_of_test_set(promote("fresh")) == (
        "test set opened 3 times, by clean (to judge clean-2 by its champion), clean-2, fresh; "
        "the first figure counts, this is the third:"
    )


@pytest.mark.usefixtures("promoted")
@pytest.mark.proof
def test_an_opening_of_before_is_compared_by_the_id_and_said_to_be_unknown_otherwise(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    old = open_study("clean", storage(folder))
    kept = ("when", "trial", "model", "test", "figures")
    entries = [{name: each[name] for name in kept} for each in old.attributes["openings"]]
    old.rows.set_attribute("openings", entries)
    same = promote(searched(program, folder, "same", "seed=1"))
    assert "opened 2 times, by clean, same;" in said_of_test_set(same)
    old.rows.set_attribute("openings", entries)
    split = "split={dev: 0.25, test: 0.25, seed: 5}"
    open_study("same", storage(folder)).rows.set_attribute("openings", [])
    other = promote(searched(program, folder, "other", split))
    assert said_of_test_set(other) == (
        "test set opened once, by other: this figure counts; clean opened another split of the "
        "same data, and how many of these rows it has is not known"
    )


@pytest.fixture
def two_places(tracked: Preloaded, folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders, each with a storage of its own, that share one MLflow."""
    other = tmp_path / "other"
    other.mkdir()
    config = (folder / "clean.yaml").read_text()
    config = config.replace("tracking: none", f"tracking: sqlite:///{tmp_path}/mlflow.db")
    shutil.copy(folder / "clean.csv", other)
    for place, name in ((folder, "here"), (other, "there")):
        (place / f"{name}.yaml").write_text(config)
        tracked.run(place, "search", f"{name}.yaml", "--trials=3")
    return folder, other


@pytest.mark.usefixtures("two_places")
@pytest.mark.proof
def test_without_mlflow_the_openings_of_this_storage_are_counted(
    tracked: Preloaded, folder: Path
) -> None:
    study = open_study("here", storage(folder))
    nobody = f"http://127.0.0.1:{free_port()}"
    study.rows.set_attribute("config", {**study.attributes["config"], "tracking": nobody})
    said = tracked.run(folder, "promote", "here", *SMALL[:-1])
    assert f"openings of the test set by other machines are not known: MLflow at {nobody}" in said
    assert f"MLflow does not know yet that the test set is opened: MLflow at {nobody}" in said
    assert "\ntest set opened once, by here: this figure counts\n" in said


def test_mlflow_tells_machines_of_each_others_openings(
    tracked: Preloaded, two_places: tuple[Path, Path], tmp_path: Path
) -> None:
    here, there = two_places

    def promoted(place: Path, study: str) -> dict[str, Any]:
        return json.loads(tracked.run(place, "promote", study, *SMALL).splitlines()[-1])

    promoted(here, "here")
    said = promoted(there, "there")
    assert said_of_test_set(said) == (
        "test set opened 2 times, by here (in MLflow), there; the first figure counts, "
        "this is the second:"
    )
    assert len(history(open_study("there", storage(there))).openings) == 2  # without MLflow, too
    client = connect(f"sqlite:///{tmp_path}/mlflow.db")
    (version,) = client.search_model_versions("name = 'there'")
    assert version.tags["dnnsearch.test_openings"] == version.tags["dnnsearch.test_opening"] == "2"
    assert version.description.startswith("test_accuracy 0.")
    assert "opened 2 times, by here (in MLflow), there; the first" in version.description
    assert len(history(open_study("here", storage(here))).openings) == 1

"""Intervals of single rows, from a promotion by the real command to a table of answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch import UserError
from dnnsearch.deployment.champion import champion_path, save_champion
from dnnsearch.models import model_file
from dnnsearch.promotion.row_intervals import Coverage, line
from dnnsearch.study.stored_study import open_study
from tests.promotion.conftest import Promote
from tests.support.preloaded import Preloaded

SETTINGS = ("--trials=2", "--set=objective=dev_rmse", "--set=learning_rate=0.05")


def amounts(m: int = 400) -> pd.DataFrame:
    """A regression whose noise grows with x."""
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-2, 2, m), rng.standard_normal(m)
    return pd.DataFrame({"x": x, "z": z, "left": 10 * np.sin(x) + z + rng.standard_normal(m)})


@pytest.mark.parametrize("folds", ["none", "4"])
def test_a_regressions_intervals_hold_the_test_rows_and_new_ones(
    program: Preloaded, folder: Path, folds: str
) -> None:
    amounts().to_csv(folder / "clean.csv", index=False)
    program.run(folder, "search", "clean.yaml", "--study=sums", *SETTINGS, f"--set=folds={folds}")
    said = json.loads(program.run(folder, "promote", "sums", "--top=1", "--replicates=4", "--json"))
    assert said["coverage"]["examples"] == 100
    assert 0.8 < said["coverage"]["share"] <= 1
    assert any(
        line.startswith("  90% intervals hold the true value in a share of 0.")
        for line in said["lines"]
    )
    said_screen = program.run(folder, "predict", "sums", "clean.csv", "--interval", "0.9")
    assert said_screen.splitlines()[0].endswith("prediction,prediction_low,prediction_high")
    new = amounts(1400).iloc[400:]
    found = dnnsearch.predict("sums", new.drop(columns="left"), interval=0.9)
    inside = (found["prediction_low"] <= new["left"]) & (new["left"] <= found["prediction_high"])
    assert 0.82 < inside.mean() < 0.98
    narrow = dnnsearch.predict("sums", new.drop(columns="left"), interval=0.5)
    assert (narrow["prediction_high"] < found["prediction_high"]).all()
    program.run(folder, "verify", "sums", "--quiet")


def test_a_classification_gets_sets_of_labels(
    program: Preloaded, promoted: dict, folder: Path
) -> None:
    said = promoted
    assert said["coverage"]["share"] > 0.8
    assert any(
        "90% sets of labels hold the true label in a share of 0." in line for line in said["lines"]
    )
    table = pd.read_csv(folder / "clean.csv")
    found = dnnsearch.predict("clean", table, interval=0.9)
    sets = [json.loads(text) for text in found["prediction_set"]]
    assert all(label in labels for label, labels in zip(found["prediction"], sets))
    held = np.mean([label in labels for label, labels in zip(table["left"], sets)])
    assert held > 0.85
    program.run(folder, "predict", "clean", "clean.csv", "--interval", "2", code=2)


@pytest.mark.parametrize(
    ("held", "size", "words"),
    [
        (176, 1.0, "(they may hold it more often than 90%); each has one label; to get them: "),
        (162, 1.2, "); 1.20 labels on average, 80% have one"),
        (140, 1.004, "(fewer than they promise); one label on average, 100% have one"),
    ],
)
def test_what_sets_of_labels_hold_is_compared_with_their_level(
    held: int, size: float, words: str
) -> None:
    assert words in line(Coverage(held, 180, size, single=2 - size), "digits", "dnnsearch")


def test_a_model_without_scores_says_so_in_one_line(program: Preloaded, folder: Path) -> None:
    (line,) = program.run(
        folder, "predict", "clean/0", "clean.csv", "--interval=0.9", code=2
    ).splitlines()
    assert line == (
        "error: the network of a trial has no intervals, because dev rows chose it: first "
        "dnnsearch promote clean, then ask its champion, clean"
    )
    with pytest.raises(UserError, match="interval must be above 0 and below 1"):
        dnnsearch.predict("clean/0", "clean.csv", interval=1)


@pytest.mark.usefixtures("promoted")
def test_a_champion_of_before_gets_its_scores_and_stays_champion(
    promote: Promote, folder: Path
) -> None:
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    kept = model_file.read(champion_path(study))
    save_champion(study, model_file.encode(replace(kept, conformal=None)))
    said = promote("clean")
    assert said["champion"]
    assert said["lines"][-1].endswith("it is the champion already, now with scores for intervals")
    again = model_file.read(champion_path(study))
    assert np.array_equal(again.conformal.scores, kept.conformal.scores)
    assert len(said["openings"]) == 1

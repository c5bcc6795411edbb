"""Promotions whose model gets what is fitted on dev: it gains, it is repeated, it is in the log."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnsearch.deployment.champion import champion_path
from dnnsearch.models import model_file
from dnnsearch.promotion.fitted_pieces import Fitted, Tried
from dnnsearch.reproduce.lock_file import read_lock
from dnnsearch.statistics.interval import Interval
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.promotion.conftest import OLDER, Promote
from tests.support.preloaded import Preloaded

CONFIG = """
data: {file: sick.csv, target: sick}
split: {dev: 0.25, test: 0.25}
trials: 3
parallelism: 3
objective: dev_cost
learning_rate: {low: 0.2, high: 0.5, log: true}
iterations: 200
curve_every: 100
hidden_layers: 1
units: [4, 8]
activation: tanh
momentum: 0.9
batch_size: 32
class_weights: 1
tracking: none
"""
PRICE = """
data: {file: price.csv, target: price}
split: {dev: 0.4, test: 0.2}
trials: 5
parallelism: 3
objective: dev_cost
learning_rate: {low: 0.03, high: 0.1, log: true}
iterations: 600
curve_every: 300
hidden_layers: 1
units: [12, 13, 14]
activation: [tanh, silu]
momentum: 0.9
batch_size: 32
tracking: none
"""
QUIET = ("--quiet", "--workers=1")


def patients(m: int = 1200) -> pd.DataFrame:
    """Return a table in which a tenth is sick."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(m, 3))
    drive = 1.2 * x[:, 0] + x[:, 1] * x[:, 2] - 2.6 + 0.7 * rng.logistic(size=m)
    table = pd.DataFrame(x, columns=["age", "dose", "days"])
    return table.assign(sick=np.where(drive > 0, "yes", "no"))


def prices(m: int = 1200) -> pd.DataFrame:
    """Return a table with a number that curves of the others make."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(m, 4))
    curve = np.sin(2 * x[:, 0]) + np.abs(x[:, 1]) * x[:, 2] + 0.3 * rng.normal(size=m)
    return pd.DataFrame(x, columns=list("abcd")).assign(price=100 + 20 * curve)


@pytest.fixture(scope="module")
def searched(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the finished study `sick`."""
    folder = tmp_path_factory.mktemp("sick")
    patients().to_csv(folder / "sick.csv", index=False)
    (folder / "sick.yaml").write_text(CONFIG)
    program.run(folder, "search", "sick.yaml", *QUIET, DNNSEARCH_CACHE=str(folder / "cache"))
    return folder


@pytest.fixture
def folder(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, which is the working folder; `promote` works there, too."""
    copy = tmp_path / "copy"
    shutil.copytree(searched, copy)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(copy / "cache"))
    return copy


def study(folder: Path) -> OpenStudy:
    return open_study("sick", f"sqlite:///{folder}/optuna.db")


def entries(folder: Path) -> list[dict[str, Any]]:
    return EvaluationLog(study(folder).rows).entries


def log_loss(chances: np.ndarray, yes: np.ndarray) -> float:
    return float(-np.log(np.where(yes, chances, 1 - chances)).mean())


@pytest.mark.parametrize(
    ("low", "high", "note", "said"),
    [
        (0.1, 0.3, "", "0.2000 better (95 %: 0.1000 better to 0.3000 better) @; taken"),
        (
            -0.03,
            0.01,
            "",
            "0.0100 worse (95 %: 0.0300 worse to 0.0100 better) @; not taken, because not clear",
        ),
        (
            0.1,
            0.3,
            "1 is best",
            "0.2000 better (95 %: 0.1000 better to 0.3000 better) @; not taken, because 1 is best",
        ),
    ],
)
def test_a_piece_is_said_to_be_better_or_worse_without_a_sign(
    low: float, high: float, note: str, said: str
) -> None:
    where = "on dev rows that did not fit it"
    expected = f"temperature 2: cost {said.replace('@', where)}"
    expected = expected.replace("not clear", "it is not clearly better")
    assert Tried("temperature 2", "dev_cost", Interval(low, high), note).line == expected


def test_networks_with_class_weights_get_honest_probabilities(
    promote: Promote, folder: Path
) -> None:
    said = promote("sick")
    *_, tried = said["tried"]
    assert tried["taken"]
    assert tried["gain"][0] > 0.05
    (line,) = (line for line in said["lines"] if "temperature" in line)
    assert "with a bias for each class: cost 0." in line
    assert line.endswith("on dev rows that did not fit it; taken")
    model = model_file.read(champion_path(study(folder)))
    plain = replace(model, calibration=None)
    table = patients()
    yes = (table["sick"] == "yes").to_numpy()
    honest, weighted = (one.predict_proba(table)[:, 1] for one in (model, plain))
    assert abs(honest.mean() - yes.mean()) < 0.05 < weighted.mean() - yes.mean()
    assert log_loss(honest, yes) < log_loss(weighted, yes) - 0.05
    assert model.predict(table).tolist() == plain.predict(table).tolist()
    assert said["test"]["ensemble"]["value"] < said["test"]["single"]["value"] - 0.05


@pytest.mark.proof
def test_the_whole_promotion_is_repeated_and_locked(
    program: Preloaded, promote: Promote, folder: Path, tmp_path: Path
) -> None:
    said = promote("sick")
    (entry,) = entries(folder)
    assert promote("sick")["openings"] == said["openings"]  # no further opening
    assert entry["refit"] != entry["model"]
    model = model_file.read(champion_path(study(folder)))
    assert Fitted.of(entry["fitted"]).calibration == model.calibration
    lines = program.run(folder, "verify", "sick", *QUIET).splitlines()
    assert lines[0] == "sick identical: 3 trials"
    assert lines[1].startswith(f"  promotion of trial {said['trial']} identical")
    assert program.run(folder, "fingerprint", "sick").splitlines()[0] == lines[-2]
    program.run(folder, "lock", "sick")
    lock = read_lock(folder / "sick.studylock")
    assert lock.champion["fitted"] == entry["fitted"]
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("sick.csv", "sick.yaml", "sick.studylock"):
        shutil.copy(folder / name, clone)
    assert "  champion identical: " in program.run(clone, "verify", "sick.studylock", *QUIET)
    without = {key: value for key, value in lock.champion.items() if key != "fitted"}
    (clone / "sick.studylock").write_text(replace(lock, champion=without).encode())
    said_now = program.run(clone, "verify", "sick.studylock", *QUIET, code=1)
    assert "sick different: the champion: " in said_now  # as one of before, without pieces


@pytest.mark.proof
def test_a_promotion_of_before_goes_on_and_its_pieces_are_another_model(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    before = promote("sick", planted=OLDER)
    assert before["found_by"] == ["dev_roc_auc"]  # by log loss they were no better than guessing
    (entry,) = entries(folder)
    assert "fitted" not in entry
    lines = program.run(folder, "verify", "sick", *QUIET).splitlines()
    assert "identical" in lines[1]
    said = promote("sick")
    assert said["champion"]
    first, second = entries(folder)
    assert first == entry
    assert second["refit"] == first["model"] != second["model"]
    assert any("opened 2 times" in line for line in said["lines"])
    assert program.run(folder, "verify", "sick", *QUIET).count("identical") == 4


def test_a_threshold_is_fitted_for_f1(program: Preloaded, promote: Promote, folder: Path) -> None:
    text = CONFIG.replace("dev_cost", "dev_f1").replace("class_weights: 1\n", "")
    (folder / "rare.yaml").write_text(text.replace("dev: 0.25, ", "dev: 0.45, "))
    program.run(folder, "search", "rare.yaml", *QUIET)
    said = promote("rare")
    *_, temperature, threshold = said["tried"]
    assert threshold["metric"] == "dev_f1"
    assert threshold["taken"]
    assert "bias" not in temperature["piece"]
    rare = open_study("rare", f"sqlite:///{folder}/optuna.db")
    model = model_file.read(champion_path(rare))
    assert model.calibration
    assert model.calibration.shift[0] > 0
    stated = float(threshold["piece"].removeprefix("threshold "))
    chances, table = model.predict_proba(patients())[:, 1], patients()
    by_threshold = np.where(chances > stated, "yes", "no")
    assert (model.predict(table) == by_threshold).mean() > 0.98  # it is printed with three digits
    assert program.run(folder, "verify", "rare", *QUIET).count("identical") == 3


def test_an_ensemble_across_configurations_is_refitted_tested_and_repeated(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    prices().to_csv("price.csv", index=False)
    (folder / "price.yaml").write_text(PRICE)
    program.run(folder, "search", "price.yaml", *QUIET)
    said = promote("price", "--replicates", "2")
    (tried,) = said["tried"]  # a regression has no calibration
    assert tried["piece"].startswith("mixture of trials ")
    assert tried["taken"], said["lines"]
    study = open_study("price", f"sqlite:///{folder}/optuna.db")
    model = model_file.read(champion_path(study))
    (entry,) = EvaluationLog(study.rows).entries
    members = entry["fitted"]["members"]
    assert members[0][0] == said["trial"]
    assert [weight for _, weight, _ in members] == list(model.weights)
    assert model.networks == 2 * len(members) > 2
    assert f"refitted on train and dev: {model.networks} networks" in "".join(said["lines"])
    assert len(model.predict(prices())) == len(prices())
    assert said["test"]["ensemble"]["value"] < said["test"]["single"]["value"]
    lines = program.run(folder, "verify", "price", *QUIET).splitlines()
    assert f"{model.networks} networks refitted" in lines[1]
    assert program.run(folder, "fingerprint", "price").splitlines()[0] == lines[-2]
    again = promote("price", "--replicates", "2")
    assert again["openings"] == said["openings"]
    assert not any("WARNING" in line for line in again["lines"])

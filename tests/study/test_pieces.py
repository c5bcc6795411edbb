"""A study that searches every optional piece: searched, killed, extended, verified, promoted."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dnnsearch.trials.hyperparameters import OPTIONAL_KEYS
from dnnsearch.trials.record import decode
from tests.promotion.conftest import people
from tests.support.preloaded import Preloaded

SPACE = {
    "descent": ["momentum", "nesterov", "rmsprop", "adam", "adamw", "schedule_free"],
    "learning_rate": {
        "momentum": {"low": 0.05, "high": 0.5, "log": True},
        "nesterov": {"low": 0.05, "high": 0.5, "log": True},
        "rmsprop": [0.002, 0.005],
        "adam": 0.01,
        "adamw": {"low": 0.002, "high": 0.02},
        "schedule_free": {"low": 0.002, "high": 0.02},
    },
    "numbers": ["standard", "robust"],
    "codes": ["none", 4],
    "edges": ["quantile", "tree"],
    "embedding": ["none", 3],
    "scaling": [0, 6],
    "parametrization": ["standard", "ntk"],
    "width": [4, 8],
    "checkpoint": ["last", "best"],
    "patience": [3, 30],
    "dropout": [0, 0.1],
    "l2": [0, 0.001],
    "label_smoothing": [0, 0.05],
    "beta2": [0.9, 0.999],
    "weight_decay": [0.0, 0.05],
    "schedule": ["constant", "cosine", "coslog"],
    "warmup": {"low": 0, "high": 0.2},
    "clip": {"low": 0.1, "high": 10, "log": True},
    "class_weights": [0, 1],
}
CONFIG = {
    "data": {"file": "people.csv", "target": "left"},
    "split": {"dev": 0.25, "test": 0.25},
    "trials": 12,
    "parallelism": 3,
    "pruner": "median",
    "objective": "dev_cost",
    "replicates": 2,
    "iterations": 60,
    "curve_every": 5,
    "hidden_layers": [1, 2],
    "activation": ["relu", "silu", "gelu"],
    "momentum": [0.5, 0.9],
    "batch_size": 32,
    "tracking": "none",
    "try_first": [
        {"descent": rule, "schedule": "cosine", "scaling": 6, "codes": 4, "embedding": 3}
        for rule in SPACE["descent"]
    ],
}


@pytest.fixture(scope="module")
def searched(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the study `pieces` of 12 trials."""
    import numpy as np

    folder = tmp_path_factory.mktemp("pieces")
    people(np.random.default_rng(7)).to_csv(folder / "people.csv", index=False)
    (folder / "pieces.yaml").write_text(yaml.safe_dump(CONFIG | SPACE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        program.run(folder, "search", "pieces.yaml", "--workers=2", "--quiet")
        yield folder


def test_the_space_has_every_optional_hyperparameter() -> None:
    assert {*OPTIONAL_KEYS} <= SPACE.keys()


def test_it_is_verified_and_does_not_depend_on_the_workers(
    searched: Path, program: Preloaded, tmp_path: Path
) -> None:
    assert "identical" in program.run(searched, "verify", "pieces", "--workers=1", "--quiet")
    for name in ("people.csv", "pieces.yaml"):
        shutil.copy(searched / name, tmp_path)
    shorter = ("search", "pieces.yaml", "--workers=1", "--quiet")
    program.run(tmp_path, *shorter, "--trials=5")
    program.run(tmp_path, *shorter, "--trials=12")
    ours, other = (program.run(one, "fingerprint", "pieces") for one in (searched, tmp_path))
    assert ours == other


def test_tables_and_reports_show_the_pieces(searched: Path, program: Preloaded) -> None:
    table = program.run(searched, "show", "pieces")
    for name in SPACE.keys() - {"width"}:
        assert name in table
    program.run(searched, "show", "pieces", "--json=rows.json")
    rows = json.loads((searched / "rows.json").read_text())
    assert {row["descent"] for row in rows} == {*SPACE["descent"]}
    assert all(row["learning_rate"] for row in rows)
    program.run(searched, "report", "pieces")
    best = yaml.safe_load(program.run(searched, "best", "pieces"))
    assert best["learning_rate"] > 0


def test_the_champion_predicts(searched: Path, program: Preloaded) -> None:
    said = program.run(searched, "promote", "pieces", "--top=2", "--replicates=4", "--json")
    assert json.loads(said.splitlines()[-1])["trial"] >= 0
    program.run(searched, "predict", "pieces", "people.csv", "--out=answers.csv")
    assert (searched / "answers.csv").read_text().count("\n") == 401


def test_a_study_that_keeps_the_best_points_is_promoted_and_verified(
    searched: Path, program: Preloaded, tmp_path: Path
) -> None:
    """Its refit stops where the confirmations were best, and nothing of it is chosen by dev."""
    shutil.copy(searched / "people.csv", tmp_path)
    best = {"checkpoint": "best", "patience": 6, "schedule": "cosine", "width": 8, "trials": 4}
    best |= {"learning_rate": {"low": 0.5, "high": 2.0}, "try_first": [], "pruner": "none"}
    (tmp_path / "kept.yaml").write_text(yaml.safe_dump(CONFIG | best))
    program.run(tmp_path, "search", "kept.yaml", "--workers=1", "--quiet")
    said = program.run(tmp_path, "promote", "kept", "--top=2", "--replicates=4")
    stop = int(said.split("the mean of those points, ")[1].split()[0])
    assert 0 < stop < 60
    assert "identical" in program.run(tmp_path, "verify", "kept", "--workers=1", "--quiet")
    program.run(tmp_path, "predict", "kept", "people.csv", "--out=answers.csv")
    (refit,) = (
        record
        for record in (decode(one.read_bytes()) for one in tmp_path.glob("records/kept/**/*.npz"))
        if "stop" in record.document.get("spec", {})
    )
    assert refit.spec.hyperparameters.checkpoint == "last"
    assert refit.spec.hyperparameters.patience is None
    assert refit.spec.planned == 60
    assert (refit.iterations, refit.end) == (stop, "finished")

"""Fixtures for promotions: two finished studies of a table, one of them with shuffled labels."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.storage.atomic_write import remove
from tests.support.preloaded import Preloaded

CONFIG = """
data: {{file: {name}.csv, target: left}}
split: {{dev: 0.25, test: 0.25}}
trials: 6
parallelism: 3
objective: dev_accuracy
learning_rate: {{low: 0.05, high: 0.5, log: true}}
iterations: 60
curve_every: 30
hidden_layers: [0, 1]
units: [4, 8]
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""
STUDIES = ("clean", "noise")


def people(rng: np.random.Generator, m: int = 400) -> pd.DataFrame:
    """Numbers with gaps, a skewed column, categories; `left` depends on three of the columns."""
    age, income = rng.normal(40, 12, m), rng.lognormal(8, 1, m)
    plan = rng.choice(["basic", "gold", "none"], m, p=[0.5, 0.3, 0.2])
    city = rng.choice(["Rome", "Oslo", "Lima"], m)
    drive = (age - 40) / 6 + np.log(income) - 8 + 2.0 * (plan == "gold") - 0.6
    left = np.where(drive + 0.5 * rng.standard_normal(m) > 0, "yes", "no")
    age[rng.random(m) < 0.1] = np.nan
    return pd.DataFrame({"age": age, "income": income, "plan": plan, "city": city, "left": left})


@pytest.fixture(scope="session")
def studies(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the studies `clean` and `noise`."""
    folder = tmp_path_factory.mktemp("studies")
    rng = np.random.default_rng(7)
    table = people(rng)
    shuffled = table.assign(left=rng.permutation(table["left"]))
    for name, frame in zip(STUDIES, (table, shuffled), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.yaml").write_text(CONFIG.format(name=name))
    for name in STUDIES:
        program.run(folder, "search", f"{name}.yaml", DNNSEARCH_CACHE=str(folder / "cache"))
    return folder


@pytest.fixture
def folder(studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, which a test may change; it is the working folder."""
    copy = tmp_path / "copy"
    shutil.copytree(studies, copy)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(copy / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    return copy


SMALL = ("--top", "3", "--replicates", "4", "--json")
Promote = Callable[..., dict]
OLDER = """
import sys
if promotion := sys.modules.get("dnnsearch.promotion.promotion"):
    promotion.with_pieces = lambda refitted, *others: refitted
"""  # promotes as before anything was fitted on dev; an older version would be another program


@pytest.fixture
def promote(program: Preloaded, folder: Path) -> Promote:
    """Return a function that runs `dnnsearch promote STUDY` and returns its JSON document."""

    def run(study: str, *arguments: str, code: int = 0, planted: str = "") -> dict:
        command = ("promote", study, *SMALL, *arguments)
        said = program.run(folder, *command, code=code, planted=planted)
        return json.loads(said.splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def first_promotion(
    program: Preloaded, studies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a folder with these studies, after the promotion of `clean`."""
    folder = tmp_path_factory.mktemp("promoted") / "copy"
    shutil.copytree(studies, folder)
    cache = str(folder / "cache")
    said = program.run(folder, "promote", "clean", *SMALL, DNNSEARCH_CACHE=cache)
    (folder / "promoted.json").write_text(said.splitlines()[-1])
    return folder


@pytest.fixture
def promoted(first_promotion: Path, folder: Path) -> dict:
    """Let the folder be as after `promote("clean")`; return its JSON document."""
    for path in folder.iterdir():  # it is the working folder, which has to stay
        remove(path)
    shutil.copytree(first_promotion, folder, dirs_exist_ok=True)
    return dict(json.loads((folder / "promoted.json").read_text()))

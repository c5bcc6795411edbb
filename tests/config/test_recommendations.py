"""How long the drafted trials train: what a trial costs decides, and no training is cut short."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new

EPOCHS = 10  # a network on images is far from its best before


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_large_images_train_for_epochs_enough_and_bad_trials_stop_early(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    m = 12_000
    images = {"x": rng.integers(0, 255, (m, 28, 28), np.uint8), "y": np.arange(m) % 10}
    np.savez(tmp_path / "images.npz", **images)
    config = load_config(new("images.npz", "y").path)
    assert config.pruner == "median"
    assert int(str(config.hyper["iterations"]).split()[-1]) * 64 >= EPOCHS * 0.7 * m


def test_one_network_a_trial_leaves_time_for_more_trials_than_five_folds(tmp_path: Path) -> None:
    found = {}
    for rows in (6000, 12_000):
        x = np.random.default_rng(0).normal(size=(rows, 12))
        file = tmp_path / f"of_{rows}.csv"
        pd.DataFrame(x).assign(y=x[:, 0] * x[:, 1]).to_csv(file, index=False)
        config = load_config(new(file.name, "y").path)
        found[config.folds] = config.trials
    assert found[None] > found[5]

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments import why_deep_parity as experiment


def record(units: tuple[int, ...], rate: float, *accuracies: float) -> Any:
    hyperparameters = SimpleNamespace(units=units, learning_rate=rate)
    spec = SimpleNamespace(hyperparameters=hyperparameters)
    return SimpleNamespace(spec=spec, final={"train_accuracy": np.array(accuracies)})


def test_each_size_is_judged_at_the_rate_that_trains_it_best() -> None:
    found = experiment.best_rates(
        [
            record((8,), 0.1, 0.6, 0.6),
            record((4, 4), 0.1, 0.9, 0.9),
            record((8,), 0.3, 0.8, 0.7),
            record((4, 4), 0.3, 1.0, np.nan),  # what diverged has learnt nothing
        ]
    )
    rates = {size: r.spec.hyperparameters.learning_rate for size, r in found.items()}
    assert rates == {(1, 8): 0.3, (2, 8): 0.1}


def test_the_tiny_mode_writes_tables_and_a_small_picture(tmp_path: Path) -> None:
    experiment.main(["--tiny", "--out", str(tmp_path / "deep.md")])
    text = (tmp_path / "deep.md").read_text()
    assert text.count("0 of 16 |") == len(experiment.CIRCUITS)
    assert "(deep.svg)" in text
    assert 1_000 < (tmp_path / "deep.svg").stat().st_size < 60_000

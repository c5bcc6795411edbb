"""The simulation of promotions whose pieces are fitted on dev."""

from pathlib import Path

import numpy as np

from dnnsearch.models.calibration import Calibration
from experiments import honest_pieces
from experiments.honest_pieces import Promoted, Rows, World


def test_the_program_writes_its_report(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    honest_pieces.main(["--tiny", "--out", str(out)])
    assert "| rare " in out.read_text()


def test_a_simulated_network_without_errors_has_the_true_probabilities() -> None:
    world = World("true", "dev_cost", 10, own=0.0, rest=0.0)
    rows = Rows(world, np.random.default_rng(0), 50_000)
    (p,) = rows.outputs[0]
    assert abs(p.mean() - rows.y.mean()) < 0.01
    model = Promoted((1, 0, 0, 0), Calibration())
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()
    assert abs(-model.value(rows, "dev_cost") - entropy) < 0.01

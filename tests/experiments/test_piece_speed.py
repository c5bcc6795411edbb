"""The ratios and goals of the experiment on the speed of pieces, and its tiny mode."""

import sys
from pathlib import Path

import pytest

from experiments import bench_python, piece_speed, piece_timers
from experiments.piece_timers import PieceJob


@pytest.mark.proof
def test_the_tiny_mode_times_each_piece_and_writes_the_tables(tmp_path):
    """Slow because one process per library trains with each piece."""
    piece_speed.main(["--tiny", "--out", str(tmp_path / "report.md")])
    text = (tmp_path / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    jobs = len(piece_speed.PIECES) + len(piece_speed.NUMBERS) + len(piece_speed.STACKS)
    assert len(rows) == jobs + 2 * 3, "each table has a header and a rule"


def test_a_ratio_has_the_interval_of_its_median():
    longer = [2.0, 4.0, 6.0, 3.0, 5.0, 1.0, 9.0, 7.0, 8.0]
    found = piece_speed.ratio(longer, [1.0] * 9)
    assert found == (5, 2, 8), "the second and the last but one of 9: 96 %"
    assert piece_speed.ratio([3.0], [2.0]) == (1.5, 1.5, 1.5)


def test_a_goal_is_for_the_faster_peer():
    seconds = {"dnnsearch": [1.0], "PyTorch": [5.0], "fused PyTorch": [3.0]}
    assert piece_speed.verdict(seconds, 4) == "missed"
    assert piece_speed.verdict({**seconds, "fused PyTorch": [4.0]}, 4) == "reached"
    assert piece_speed.verdict({"dnnsearch": [1.0]}, 4) == "-"


def test_the_plain_update_has_the_same_inputs():
    assert piece_speed.without_piece(PieceJob(10, {"codes": 8})) == PieceJob(90)
    with_embedding = PieceJob(64, {"codes": 16, "embedding": 12})
    assert piece_speed.without_piece(with_embedding) == PieceJob(768)


@pytest.mark.parametrize("job", [PieceJob(), *piece_speed.STACKS.values()])
def test_every_piece_trains(job):
    assert piece_timers.time_dnnsearch(PieceJob(job.columns, job.hyper, 2, epochs=1)) > 0


def test_a_module_is_looked_for_in_the_other_interpreter(tmp_path):
    assert bench_python.has(Path(sys.executable), "numpy")
    assert not bench_python.has(Path(sys.executable), "no_such_module")
    assert not bench_python.has(tmp_path / "python", "numpy")

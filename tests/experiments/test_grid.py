"""The combinations of a grid."""

from typing import Any

import pytest

from dnnsearch.config.config import parse_config
from experiments import grid

GRID: dict[str, Any] = {
    "data": "iris",
    "learning_rate": [0.1, 0.2],
    "iterations": 10,
    "hidden_layers": [1, 3],
    "units": 4,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": 16,
}


def test_a_grid_has_every_combination_once() -> None:
    config = parse_config(GRID, "GRID", "grid")
    found = [(h.learning_rate, h.units) for h in grid.combinations(config)]
    assert found == [(0.1, (4,)), (0.1, (4, 4, 4)), (0.2, (4,)), (0.2, (4, 4, 4))]


def test_a_range_has_no_points_to_try() -> None:
    config = parse_config({**GRID, "learning_rate": {"low": 0.1, "high": 1}}, "GRID", "grid")
    with pytest.raises(TypeError, match="fixed values and choices, but got from 0.1 to 1"):
        list(grid.combinations(config))

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from experiments import first_layer


def test_the_pictures_have_a_square_for_each_weight() -> None:
    weights = np.linspace(-1, 1, 16)
    assert first_layer.picture(weights, 4).count("h1v1h-1z") == 16
    assert "#0000ff" in first_layer.picture(weights, 4)


def test_noise_is_not_smooth_and_a_ramp_is() -> None:
    rng = np.random.default_rng(0)
    assert abs(first_layer.smoothness(rng.normal(size=(8, 64)))) < 0.2
    assert first_layer.smoothness(np.tile(np.arange(64.0), (8, 1))) > 0.9


def test_the_drawing_has_a_row_for_each_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "layer.svg"
    first_layer.main(["--moments", "0", "20", "--units", "3", "--out", str(out)])
    pictures = ElementTree.parse(out).findall(".//{*}g[@transform]")
    assert len(pictures) == 6
    assert "20 updates: " in capsys.readouterr().out


def test_the_drawing_has_a_row_for_each_layer_of_each_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "layers.svg"
    sizes = ["--units", "3", "--second", "2"]
    first_layer.main(["--moments", "0", "20", *sizes, "--out", str(out)])
    assert len(ElementTree.parse(out).findall(".//{*}g[@transform]")) == 2 * (3 + 2)
    assert "20 updates: " in (told := capsys.readouterr().out)
    assert told.count("layer 2; ") == 2


def test_a_picture_of_the_second_layer_is_the_derivative_by_the_pixels() -> None:
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(6, 4)), rng.normal(size=(3, 6))
    X = rng.normal(size=(4, 1)) @ np.ones((1, 5))  # five times the same example

    def forward(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        A1 = np.maximum(0, W1 @ X)
        return A1, W2 @ A1 + 100  # all units of layer 2 are active

    pictures = first_layer.second_layer(W1, W2, *forward(X))
    for pixel in range(4):
        step = 1e-6 * (np.arange(4) == pixel)[:, np.newaxis]
        difference = (forward(X + step)[1] - forward(X - step)[1])[:, 0] / 2e-6
        assert pictures[:, pixel] == pytest.approx(difference)


def test_selectivity_is_1_for_a_unit_that_knows_a_class_and_leaves_out_dead_units() -> None:
    y = np.array([0, 0, 1, 1, 2, 2])
    assert first_layer.selectivity(np.array([y == 1, 0 * y], float), y) == 1
    assert first_layer.selectivity(np.array([[1.0, 0, 1, 0, 1, 0]]), y) == 0.5
    assert np.isnan(first_layer.selectivity(np.zeros((2, 6)), y))

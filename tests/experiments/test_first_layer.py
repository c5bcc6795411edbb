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

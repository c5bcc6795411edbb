"""What is known of a config before it is checked."""

import subprocess
import sys
from pathlib import Path

import pytest

from dnnsearch.cli.early_config import EarlyConfig, read_early
from dnnsearch.urls import DEFAULT_TRACKING_URI


@pytest.mark.parametrize(
    ("text", "overrides", "numerics", "tracking"),
    [
        ("data: digits", [], "portable", DEFAULT_TRACKING_URI),
        ("numerics: native", [], "native", DEFAULT_TRACKING_URI),
        ("numerics: native", ["numerics=portable"], "portable", DEFAULT_TRACKING_URI),
        (
            "numerics: nonsense",
            [],
            "portable",
            DEFAULT_TRACKING_URI,
        ),  # the config's check will say so
        ("numerics: [native]\ntracking: [none]", [], "portable", DEFAULT_TRACKING_URI),
        ("tracking: none", [], "portable", "none"),
        ("tracking: none", ["tracking=sqlite:///other.db"], "portable", "sqlite:///other.db"),
    ],
)
def test_numerics_and_tracking_are_known_before_the_config_is_checked(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    overrides: list[str],
    numerics: str,
    tracking: str,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert read_early(path, overrides) == EarlyConfig(numerics, tracking)


def test_a_glance_does_not_load_numpy(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("data: digits")
    code = (
        "import sys, pathlib; from dnnsearch.cli.early_config import glance;"
        "glance(pathlib.Path(sys.argv[1]), []); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)

"""Covers what a command does before NumPy is imported: the early config and pinned numerics."""

import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from dnnsearch.cli.startup import READ_BY_NUMPY, EarlyConfig, pin, read_early
from dnnsearch.runtime import numerics
from dnnsearch.urls import DEFAULT_TRACKING_URI
from tests.support.paths import ROOT

Starts = list[tuple[str, list[str], dict[str, str]]]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Starts:
    """Return the programs that would have replaced this one, which has imported NumPy."""
    monkeypatch.setitem(sys.modules, "numpy", numpy)
    replacements: Starts = []
    monkeypatch.setattr(os, "execve", lambda *arguments: replacements.append(arguments))
    return replacements


def test_a_process_with_numpy_is_replaced_by_the_same_command_with_the_pins(
    starts: Starts,
) -> None:
    pin("portable")
    ((program, arguments, environment),) = starts
    assert (program, arguments) == (sys.executable, sys.orig_argv)
    assert numerics.is_pinned(numerics.supported_pins("portable"), environment)


PIN_AND_COMPUTE = """
import os
from dnnsearch.cli.startup import original_environment, pin
from dnnsearch.runtime import numerics
assert numerics.MARK not in os.environ, "it was replaced"
before = dict(os.environ)
pin("native")
pin("portable")
assert original_environment() == before
print(numerics.check(numerics.supported_pins("portable"))["blas_threads"])
"""


@pytest.mark.parametrize("python_path", ["", os.pathsep])
def test_numpy_gets_the_pins_without_a_new_process_unless_python_must_start_anew(
    tmp_path: Path, python_path: str
) -> None:
    (tmp_path / "compute.py").write_text(PIN_AND_COMPUTE)
    own = {name: value for name, value in os.environ.items() if name not in READ_BY_NUMPY}
    environment = {**own, "PYTHONPATH": f"{ROOT}{python_path}"}
    command = [sys.executable, "compute.py"]
    said = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    if python_path:  # an empty entry means the current folder: Python must start without it
        assert "it was replaced" in said.stderr
    else:
        assert (said.stdout, said.stderr) == ("1\n", "")


def test_a_pinned_process_is_not_replaced(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in numerics.pinned("native").items():
        monkeypatch.setenv(name, value)
    pin("native")
    assert starts == []


def test_portable_is_native_if_the_machine_does_not_support_it(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numerics, "_can_run", lambda pins: False)
    pin("portable")
    ((_, _, environment),) = starts
    assert environment[numerics.MARK] == "native"


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
        ),  # refused later
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


def test_reading_a_config_early_does_not_load_numpy(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("data: digits")
    code = (
        "import sys, pathlib; from dnnsearch.cli.startup import read_early;"
        "read_early(pathlib.Path(sys.argv[1]), []); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)

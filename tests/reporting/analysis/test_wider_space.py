"""A space that goes on beyond a bound is one that a config takes, and it has the old one in it."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.dimensions import dimension, plain
from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.findings import findings
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.analysis.wider_space import wider
from dnnsearch.reporting.html.sections import verdict
from tests.support import rigs


@pytest.mark.parametrize(
    ("name", "given", "is_upper", "found"),
    [
        ("batch_size", [32, 64, 128], False, [16, 32, 64, 128]),
        ("batch_size", [64, 128, "full"], False, [32, 64, 128, "full"]),
        ("hidden_layers", [1, 2, 3], True, [1, 2, 3, 4]),
        ("momentum", [0.5, 0.7, 0.9], False, [0.3, 0.5, 0.7, 0.9]),
        ("momentum", [0.5, 0.8, 0.95], True, None),  # it is below 1
        (
            "learning_rate",
            {"low": 0.01, "high": 1.0, "log": True},
            True,
            {"low": 0.01, "high": 4.6, "log": True},
        ),
        (
            "batch_size",
            {"low": 32, "high": 128, "log": True},
            False,
            {"low": 20, "high": 128, "log": True},
        ),
        ("units", {"low": 16, "high": 128}, False, {"low": 1, "high": 128, "log": False}),
        ("units", {"low": 16, "high": 128}, True, {"low": 16, "high": 165, "log": False}),
    ],
)
def test_a_space_goes_on_beyond_its_bound(
    name: str, given: Any, is_upper: bool, found: Any
) -> None:
    axis = Axis(name, dimension(name, given))  # type: ignore[arg-type]
    beyond = wider(axis, is_upper)
    assert (beyond and plain(beyond)) == found


def test_the_command_of_a_warning_of_a_bound_is_taken_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.beyond_the_edge(rng), rng, 60))
    every = list(findings(analyse(data, 0), "dnnsearch search digits --study digits-2"))
    (warning,) = [one for one in every if one.kind == "boundary"]
    _, _, config, *_, setting = shlex.split(warning.command)
    made = load_config(config, [setting])
    (name, _) = setting.split("=", 1)
    assert made.hyper[name] != data.config.hyper[name]
    page = str(verdict([], every, ""))
    assert f"<code>{warning.command.partition(' --set ')[0]} --set " in page
    assert "in a new study: <code>" in page

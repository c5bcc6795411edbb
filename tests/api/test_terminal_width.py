"""What Python prints fits the terminal, as what the command line prints does."""

import io
import sys
from pathlib import Path

import pytest

import dnnsearch
from tests.support.csv_tables import rows, written

SETTINGS = {"trials": 2, "replicates": 1, "iterations": 20, "tracking": "none", "workers": 1}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_new_and_search_fit_a_terminal_and_a_pipe_keeps_all(
    stream: type[io.StringIO], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    data = written(rows(80).assign(label=["no way", "of course"] * 40))
    shown = {call: stream() for call in ("new", "search")}
    monkeypatch.setattr(sys, "stdout", shown["new"])
    config = dnnsearch.new(data, "label", overrides=SETTINGS)
    monkeypatch.setattr(sys, "stdout", shown["search"])
    dnnsearch.search(config)
    assert "best: trial" in shown["search"].getvalue()
    for call, printed in shown.items():
        widest = max(map(len, printed.getvalue().splitlines()))
        assert (widest <= 80) == (stream is Terminal), (call, widest)

"""Covers what a shell does to the streams of a real program, from its very start."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnnsearch.cli.streams import SUBSTITUTE, Output, protect_streams, write_document
from dnnsearch.runtime import terminal_text
from dnnsearch.runtime.terminal_text import say
from dnnsearch.study.stored_study import open_study

PROGRAM = f"{sys.executable} -m dnnsearch"
SEARCH = "search tiny.yaml --workers 1 --trials 7 --set tracking=none"
POSIX = "LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"


def shell(line: str) -> "subprocess.CompletedProcess[str]":
    command = line.replace("dnnsearch", PROGRAM)
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)


def trials() -> int:
    return len(open_study("tiny", "sqlite:///optuna.db").trials())


def test_a_search_whose_streams_are_all_closed_records_its_trials(tiny: Path) -> None:
    """The first files that are opened would have the numbers of the streams."""
    assert shell(f"dnnsearch {SEARCH} <&- >&- 2>&-").returncode == 0
    assert trials() == 7


def test_a_search_whose_reader_goes_away_records_its_trials(tiny: Path) -> None:
    ended = shell(f"dnnsearch {SEARCH} | head -1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 1
    assert trials() == 7


def test_a_table_is_shown_in_a_posix_locale(tiny: Path) -> None:
    ended = shell(f"{POSIX} dnnsearch show tiny")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert " +- 0.0" in ended.stdout


def test_output_that_does_not_fit_on_the_disk_is_one_line_and_not_success(tiny: Path) -> None:
    ended = shell("dnnsearch best tiny > /dev/full")
    says = "error: standard output cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (2, says)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", b"0.5 +- 0.1 \\xe9 \\udcff"),
        ("latin-1", b"0.5 \xb1 0.1 \xe9 \\udcff"),
        ("utf-8", "0.5 ± 0.1 é \\udcff".encode()),
    ],
)
def test_what_a_stream_cannot_encode_has_a_plain_substitute(encoding: str, shown: bytes) -> None:
    protect_streams()
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding, SUBSTITUTE)
    print("0.5 ± 0.1 é \udcff", end="", file=stream, flush=True)
    assert written.getvalue() == shown


def test_a_document_for_programs_has_no_substitute(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", SUBSTITUTE))
    write_document("study: é\n")
    sys.stdout.flush()
    assert written.getvalue() == "study: é\n".encode()


def test_a_slow_reader_of_a_non_blocking_pipe_gets_everything() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen(["wc", "-c"], stdin=reading, stdout=subprocess.PIPE, text=True) as reader:
        os.close(reading)
        with io.BufferedWriter(Output(writing, "wb")) as output:
            output.write(b"x" * 1_000_000)
        assert reader.communicate()[0] == "1000000\n"


@pytest.mark.parametrize("width", [40, 60])
def test_on_a_terminal_a_sentence_is_broken_between_words_and_an_option_keeps_its_value(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # a terminal of this width; the width of a real one is read in `terminal_width` alone
    monkeypatch.setattr(terminal_text, "terminal_width", lambda stream: width)
    sentence = (
        "  from dev to test: 0.4813 in the search, 0.4907 confirmed; to search for another: "
        "--set objective=dev_roc_auc and another --study NAME"
    )
    say(["short", sentence])
    first, *parts = capsys.readouterr().out.splitlines()
    assert first == "short"
    assert " ".join(line.strip() for line in parts) == sentence.strip()
    assert all(len(line) <= width for line in parts) and len(parts) > 1
    assert parts[0].startswith("  from") and parts[1].startswith("    ")
    assert "--set objective=dev_roc_auc" in "\n".join(parts)

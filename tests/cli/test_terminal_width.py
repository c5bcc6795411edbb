"""A rule for all commands: on a terminal no line is wider than it, and no word is cut."""

import ast
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.runtime import terminal_text
from dnnsearch.runtime.terminal_text import CONTINUED, broken
from tests.support.paths import ROOT
from tests.support.preloaded import Preloaded

WIDTH = 80
# The output of a forked command goes to a file, which can be read to its end, as a terminal's
# cannot; that the width of a real terminal is found is seen in the gallery's screens.
TERMINAL = """
from dnnsearch.cli.streams import Output
Output.isatty = lambda self: True
"""
COMMANDS = (
    "list",
    "show tiny",
    "show tiny/0",
    "show tiny/3",
    "show tiny a-study-with-a-much-longer-name",
    "show tiny --where learning_rate<0.5 --sort -seconds",
    "search tiny.yaml --quiet",
    "search tiny.yaml --quiet --dry-run --trials 40",
    "new customers.csv --target left",
    "lock tiny",
    "predict customers/0 customers.csv --out answers.csv",
    "config",
    "show there-is-no-study-of-this-name-at-all --storage sqlite:///another-place.db",
    "new customers.csv --target lft",
    "search tiny.yaml --learning-rate 3",
    "--help",
    "search --help",
    "promote --help",
)
CONTROL = re.compile(r"\r?\x1b\[K|\r")  # a line of a terminal that is drawn anew
PROGRAMMING = {"cli/streams.py", "cli/progress.py"}  # they print what `say` cannot: parts of lines
CUSTOMERS = """
data: {file: customers.csv, target: left}
trials: 2
learning_rate: 0.1
iterations: 20
hidden_layers: 1
units: {low: 4, high: 16}
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""


@pytest.fixture(scope="module")
def two_folders(
    searched: Path, program: Preloaded, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two equal folders with three studies, in which the same commands are run."""
    first = tmp_path_factory.mktemp("first") / "folder"
    shutil.copytree(searched, first)
    rows = [f"{n},{n % 7},{'yes' if n % 3 else 'no'},basic\n" for n in range(90)]
    (first / "customers.csv").write_text(f"months,visits,left,plan\n{''.join(rows)}")
    (first / "customers.yaml").write_text(CUSTOMERS)
    cache = {"DNNSEARCH_CACHE": str(first / "cache")}
    more = ("--study=a-study-with-a-much-longer-name", "--set=tracking=none", "--trials=2")
    program.run(first, "search", "tiny.yaml", "--quiet", *more, **cache)
    program.run(first, "search", "customers.yaml", "--quiet", **cache)
    second = tmp_path_factory.mktemp("second") / "folder"
    shutil.copytree(first, second)
    return first, second


def test_no_command_prints_a_line_wider_than_the_terminal_or_cuts_a_word(
    two_folders: tuple[Path, Path], program: Preloaded
) -> None:
    problems = []
    for command in COMMANDS:
        narrow, wide = (
            _said(program, folder, command, columns)
            for folder, columns in zip(two_folders, (WIDTH, 2000), strict=True)
        )
        lines = [part for line in narrow.splitlines() for part in CONTROL.split(line)]
        problems += [
            f"{command}: too wide: {x}" for x in lines if len(x) > WIDTH and " " in x.strip()
        ]
        known = {CONTINUED.strip(), *CONTROL.sub("\n", wide).split()}
        shown = re.sub(r"left out at 80 columns: [^()]*\([^()]*\)\n", "", narrow)
        words = [word for line in shown.splitlines() for word in CONTROL.sub("\n", line).split()]
        cut = [
            word
            for word in words
            if word not in known and not re.search(r"\d\.\d|\.\.\.|[━─]", word)
        ]
        problems += [f"{command}: cut: {word}" for word in cut]
    assert not problems, "\n".join(problems)


def _said(program: Preloaded, folder: Path, command: str, columns: int) -> str:
    variables = {"DNNSEARCH_CACHE": str(folder / "cache"), "COLUMNS": str(columns)}
    started = program.start(folder, *command.split(), planted=TERMINAL, **variables)
    started.wait()
    return started.said.replace(str(folder), "")


def test_sentences_are_printed_by_the_function_that_breaks_them() -> None:
    """Else a command that is not run above could print one that a terminal cuts."""
    package = ROOT / "dnnsearch"
    calls = [
        (str(path.relative_to(package)), call)
        for path in sorted((package / "cli").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "print"
    ]
    sentences = [
        f"{place}:{call.lineno}"
        for place, call in calls
        if place not in PROGRAMMING
        and any(isinstance(one, ast.JoinedStr) or _is_text(one) for one in call.args)
    ]
    assert not sentences, sentences


def _is_text(node: ast.expr) -> bool:
    long = isinstance(node, ast.Constant) and len(str(node.value)) > WIDTH
    joins = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return long or (joins and node.func.attr == "join")


WORDS = st.lists(st.text("abc=;,`'\"./-", min_size=1, max_size=30), min_size=1, max_size=30)


@given(WORDS, st.integers(20, 120), st.integers(0, 4))
def test_a_broken_line_has_the_same_words_in_parts_that_fit(
    words: list[str], width: int, spaces: int
) -> None:
    parts = broken(" " * spaces + " ".join(words), width)
    assert " ".join(part.strip() for part in parts).split() == words
    assert all(len(part) <= width or len(part.split()) <= 2 for part in parts)


@pytest.mark.parametrize("width", [50, 60, 80])
def test_a_command_is_broken_as_a_shell_goes_on(width: int) -> None:
    command = "dnnsearch best churn --storage sqlite:////a/place/optuna.db --set 'a=[1, 2]'"
    first, *parts = broken(f"  its configuration, as YAML:  {command}", width)
    pasted = " ".join(part.strip().removesuffix(CONTINUED) for part in parts)
    assert (first, pasted) == ("  its configuration, as YAML:", command)
    assert all(part.endswith(CONTINUED) for part in parts[:-1])
    assert all(len(part) <= width for part in parts)


def test_a_command_goes_on_behind_a_semicolon_in_quotes() -> None:
    command = 'dnnsearch new data.csv --name again --set \'data.relabel={"a; b": "c"}\' --test more'
    pieces = broken(f"(1): {command}", 40)
    assert all(piece.endswith(CONTINUED) for piece in pieces[1:-1])
    assert " ".join(piece.removesuffix(CONTINUED).strip() for piece in pieces) == f"(1): {command}"


def test_a_terminal_that_is_not_there_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal_text.terminal_width() is None

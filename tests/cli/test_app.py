"""Covers the command line as a whole: its help, what it imports, and its errors."""

import re
import subprocess
import sys

import pytest

from dnnsearch.cli.app import app
from tests.cli.conftest import Command

COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]
HEAVY = "numpy optuna mlflow pandas pydantic rich scipy sklearn sqlalchemy yaml"


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
sys.argv = ["dnnsearch", "--help"]
from dnnsearch.__main__ import main
code = main()
print("loaded:", [name for name in {HEAVY!r}.split() if name in sys.modules], code)
"""
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "Usage: dnnsearch" in output.stdout
    assert output.stdout.splitlines()[-1] == "loaded: [] 0"


def test_no_command_prints_the_help(command: Command) -> None:
    assert command() == command("--help")


def test_the_help_lists_every_command_with_a_whole_sentence(command: Command) -> None:
    _, output, _ = command("--help")
    listed = output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == COMMANDS
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(command: Command, name: str) -> None:
    code, output, _ = command(name, "--help")
    assert code == 0
    examples = re.findall(rf"^ +dnnsearch {name}\b(.*)$", output, re.MULTILINE)
    assert examples
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", output.partition("Options:")[2]))
    used = {option for example in examples for option in re.findall(r" (--[a-z-]+)", example)}
    assert used <= known


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sho"], "No such command 'sho'. Did you mean 'show'? (see dnnsearch --help)"),
        (["show"], "Missing argument 'STUDY...'. (see dnnsearch show --help)"),
        (["show", "x", "--top", "no"], "(see dnnsearch show --help)"),
        (["best", "x", "y"], "(see dnnsearch best --help)"),
        (["search", "x.yaml", "--trails", "3"], "No such option: --trails"),
        (
            ["new", "x.csv", "--trials", "9"],
            "; trials is a key of the config: --set trials=VALUE (",
        ),
        (["show", "x", "--for", "9m"], "; search has it (see dnnsearch show --help)"),
    ],
)
def test_a_command_that_cannot_be_parsed_is_an_error_in_one_line(
    command: Command, arguments: list[str], message: str
) -> None:
    code, output, errors = command(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_the_version_is_printed(command: Command) -> None:
    assert re.fullmatch(r"dnnsearch \d+\.\d+.*\n", command("--version")[1])


def test_an_error_of_ours_keeps_its_traceback(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.deployment.cache_removal.empty_cache", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command("clean")


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_a_reader_that_closes_the_pipe_is_not_an_error(command: str) -> None:
    program = f"{sys.executable} -m dnnsearch {command} | head -0"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")

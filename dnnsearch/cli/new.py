"""`new`: a config for the user's own data, and a search with it if the user asks for one."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import chain, product
from pathlib import Path
from string import ascii_lowercase
from typing import Annotated

import typer

from dnnsearch.cli.startup import pinned_environment
from dnnsearch.runtime import numerics
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.runtime.process_control import replace_process
from dnnsearch.runtime.python_command import program_again
from dnnsearch.runtime.terminal_text import say, terminal_width
from dnnsearch.validators import counted

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file, openml:NUMBER, iris, diabetes, ..., or a folder of idx images.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column to predict: its name, or its number 0, 1, ... or -1."
    ),
]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="The config's name.  [default: the file's]")
]
Test = Annotated[str | None, typer.Option(metavar="FILE", help="An official test file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the config; repeatable."),
]
Search = Annotated[bool, typer.Option("--search", help="Start the search at once.")]


def new(
    data: Data,
    target: Target = None,
    name: Name = None,
    test: Test = None,
    set_: Settings = None,
    search: Search = False,
) -> None:
    """Write a config for your own data.

    It inspects your file, gives each column a role, and writes a ready-to-run configs/NAME.yaml
    with the reason for each choice. Formats: CSV and similar text, Parquet, Feather, Excel (xlsx),
    JSON, ARFF, npz, npy, idx, HDF5, also as gz, bz2, xz or zip. Separator, encoding, decimal mark
    and header are detected.

    \b
    Examples:
      dnnsearch new churn.csv --target left
      dnnsearch new adult.data --target -1 --test adult.test --name income --search
      dnnsearch new sales.csv --target amount --set split.by=date --set split.order=time
      dnnsearch new people.txt --target age --set data.encoding=cp949 --set data.task=regression
    """
    from dnnsearch.config.new_config import new as create_config

    created = create_config(data, target, name, test, set_ or [])
    lines = created.report.numbered.within(terminal_width())
    named = zip(created.report.advised, _other_names(created.path), strict=False)
    again = ((_again(data, target, test, set_ or [], name), one) for one, name in named)
    advised = (f"({place}): {new} {one}" for place, (new, one) in enumerate(again, start=1))
    say([*lines, *advised, *([created.advice] if created.advice else [])])
    command = ["search", str(created.path)]
    typed = f"{program_name()} {shlex.join(command)}"
    to_search = f"to search, the next command is: {typed}"
    say([f"written to {created.path}; {'searching it now' if search else to_search}"])
    if not search:
        say([_duration(created.trials, typed)])
    else:
        pins = numerics.supported_pins("portable")
        replace_process(program_again(command), pinned_environment(pins))


def _duration(trials: int, command: str) -> str:
    """Return how long a search is, in trials, how to see its time, and how to limit it."""
    estimate = f"how long they take on this machine: {command} --dry-run"
    return f"it has {counted(trials, 'trial')}; {estimate}; to end after 10 minutes: --for 10m"


def _other_names(path: Path) -> Iterator[str]:
    """Yield names that no config has: NAME-b, NAME-c, ... `retune` takes NAME-2 and so on."""
    letters = map("".join, chain(ascii_lowercase[1:], product(ascii_lowercase, repeat=2)))
    names = (f"{path.stem}-{letter}" for letter in letters)
    return (name for name in names if not path.with_stem(name).exists())


def _again(
    data: str, target: str | None, test: str | None, settings: Sequence[str], name: str
) -> str:
    """Return the same command for a config of another name."""
    options = {"--target": target, "--test": test}
    given = [part for option, value in options.items() if value for part in (option, value)]
    given += [f"--set={setting}" for setting in settings]
    return f"{program_name()} {shlex.join(['new', data, *given, '--name', name])}"

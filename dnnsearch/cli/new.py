"""`new`: from a person's file to a config, and if wished to a search."""

import os
import shlex
import sys
from typing import Annotated

import typer

from dnnsearch.runtime import numerics
from dnnsearch.runtime.cli_process import program_name

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="The file; or openml:NUMBER; or iris, diabetes, ...; or a folder of idx images.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="What is to be predicted: a name, or 0, 1, ... or -1."),
]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="The config's name.  [default: the file's]")
]
Test = Annotated[str | None, typer.Option(metavar="FILE", help="An official test file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Give a key of the config; repeatable."),
]
Search = Annotated[bool, typer.Option("--search", help="Search at once.")]


def new(
    data: Data,
    target: Target = None,
    name: Name = None,
    test: Test = None,
    set_: Settings = None,
    search: Search = False,
) -> None:
    """Write a config for your own data.

    The file is read and checked, each column gets a role, and configs/NAME.yaml has all of it with
    the reasons. CSV and its relatives, Parquet, JSON lines, ARFF, npz, npy, idx, HDF5, also as gz
    or zip; separator, encoding, decimal mark and header are found out.

    \b
    Examples:
      dnnsearch new churn.csv --target left
      dnnsearch new adult.data --target -1 --test adult.test --name income --search
      dnnsearch new sales.csv --target amount --set split.by=date --set split.order=time
      dnnsearch new people.txt --target age --set data.encoding=cp949 --set data.task=regression
    """
    from dnnsearch.config.new_config import new as begin

    begun = begin(data, target, name, test, set_ or [])
    print("\n".join(begun.lines))
    command = ["search", str(begun.path)]
    to_search = f"{program_name()} {shlex.join(command)}"
    print(f"written to {begun.path}; to search: {to_search}", flush=True)
    if search:
        called = sys.orig_argv[1 : 1 + len(sys.orig_argv) - len(sys.argv)]  # without arguments
        arguments = [sys.executable, *called, *command]
        os.execve(sys.executable, arguments, numerics.pinned(numerics.playable("portable")))

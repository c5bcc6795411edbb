"""`lock`: the small text file by which a clone can verify a study."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study, write_text
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.cli_process import program_name, send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE


def lock(
    study: Study,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The study's config.  [default: STUDY.yaml or configs/STUDY.yaml]"
        ),
    ] = None,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Write a study's lock file, by which anyone can verify it.

    It is a small text beside the config: what defines the study, the digests of its data and of the
    code that computed it, how each trial ended, and the figure of the champion if the study was
    promoted here. Its networks are scored again first: a figure that they do not have is refused.
    Keep it in git: `verify FILE` needs only the config, the data and this file.

    \b
    Examples:
      dnnsearch lock digits
      dnnsearch verify configs/digits.studylock
    """
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.promotion.locked_champion import locked_champion
    from dnnsearch.promotion.quoted_figures import figure_note
    from dnnsearch.reproduce.locking import config_of, lock_path, locked
    from dnnsearch.study.output_check import check_output, files_of
    from dnnsearch.validators import counted

    note = figure_note(opened)
    source = config_of(study, config)
    path = lock_path(opened, source)
    check_output(path, {**files_of(opened), source: "the config"})
    written = replace(locked(opened, source), champion=locked_champion(opened))
    write_text(path, written.encode())
    if note:
        say([f"note: the test figure is {note}"], sys.stderr)
    size = counted(len(written.trial), "trial")
    say([f"{path}: {size}; to verify it: {program_name()} verify {path}"])
    send_result({"file": str(path)})

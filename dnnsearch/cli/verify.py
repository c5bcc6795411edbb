"""`verify`: run a whole study again and compare it with its records, or with its lock file."""

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.options import Storage, option
from dnnsearch.cli.progress import counter
from dnnsearch.cli.startup import pin, read_early
from dnnsearch.runtime.cli_process import program_name, send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.reproduce.verify import Verification

COUNTED = "trials compared"


def verify(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="A study's name, NAME.studylock or NAME.dnnstudy."),
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The data of a .dnnstudy.  [default: as enclosed]"),
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|URL",
            help="Processes, or tcp://HOST:PORT of a Dask scheduler.  [default: processes here]",
        ),
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="GITHUB_STEP_SUMMARY",
            help="Append the verdict as Markdown to this file.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show the verdict only.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> int:
    """Run a whole study again and compare every bit.

    Every trial is re-sampled and re-trained from scratch and compared with its record; recorded
    machine failures are replayed as they were. Then every promotion is repeated: confirmation,
    refit and test; records, test outputs, test figures and the champion's file are compared. That
    is no further opening of the test set. The baselines, on dev and on the test set, are fitted
    again, and a difference of them is a note alone. The study and its records are only read. The
    verdict is `identical`; `equal within rounding`, if another processor or library computes now;
    or `different`. The last lines are the fingerprints of the champion and of the study. A lock
    file, which `lock STUDY` writes, is compared with what its config and data lead to now; no study
    or record is needed. A FILE.dnnstudy, which `export STUDY` writes, is checked as a whole and
    then verified like a study, in a temporary folder, on the data that are enclosed or given by
    --data.

    Exit code: 0 identical, 1 not identical (the first difference is named), 2 not possible.

    \b
    Examples:
      dnnsearch verify digits
      dnnsearch verify configs/digits.studylock
      dnnsearch verify digits.dnnstudy
    """
    from dnnsearch.validators import workers as workers_rule

    chosen = None if workers is None else option("--workers", workers_rule, workers)
    verdict = _verdict(study, data, storage, chosen, quiet)
    say(verdict.lines)
    if summary:
        from dnnsearch.reproduce.verification_summary import append

        append(summary, study, verdict)
    send_result({"identical": verdict.exit_code == 0, "text": "\n".join(verdict.lines)})
    return verdict.exit_code


def _verdict(
    study: str, data: Path | None, storage: str, workers: int | str | None, quiet: bool
) -> "Verification":
    from dnnsearch.deployment.bundle.archive import is_archive
    from dnnsearch.errors import UserError
    from dnnsearch.reproduce.lock_file import is_lock

    if data is not None and not is_archive(study):
        raise UserError("--data is for a .dnnstudy: a study and a lock file know their data")
    if is_archive(study):
        return _of_archive(Path(study), data, workers, quiet)
    if is_lock(study):
        return _of_lock(Path(study), workers, quiet)
    return _of_study(study, storage, workers, quiet)


def _of_archive(
    path: Path, data: Path | None, workers: int | str | None, quiet: bool
) -> "Verification":
    from dnnsearch.deployment.bundle.archive import read
    from dnnsearch.deployment.bundle.study_import import (
        numerics_of,
        opened,
        other_data,
        require_data,
    )
    from dnnsearch.reproduce.verify import Verification

    members = read(path)
    require_data(members, str(path), data)
    pin(numerics_of(members, str(path)))
    with opened(members, str(path), data) as study:
        given = f" --data {shlex.quote(str(data))}" if data else ""
        imported_by = f"{program_name()} import {shlex.quote(str(path))}{given}"
        verdict = _of_study(study.name, study.rows.storage.url, workers, quiet, imported_by)
    if verdict.verdict == "different" and data and (why := other_data(members, data)):
        return Verification("different", [f"{study.name} different: {why}"])
    return verdict


def _of_study(
    name: str, storage: str, workers: int | str | None, quiet: bool, imported_by: str = ""
) -> "Verification":
    from dnnsearch.study.stored_study import open_study

    opened = open_study(name, storage)
    pin(opened.config.numerics)
    from dnnsearch.promotion.baselines_on_test import verify_test_baselines
    from dnnsearch.promotion.nested.outer_verification import verify_outer
    from dnnsearch.promotion.repetition import verify_promotions
    from dnnsearch.reproduce.baseline_verification import verify_baselines
    from dnnsearch.reproduce.verify import verify as replay

    with counter(COUNTED, f"{opened.name}: ", silent=quiet) as report:
        verdict = replay(opened, workers or opened.config.processes, report, report.note)
    count = workers if isinstance(workers, int) else opened.config.processes
    verdict = verify_outer(opened, verify_promotions(opened, verdict, count), imported_by)
    return verify_test_baselines(opened, verify_baselines(opened, verdict))


def _of_lock(path: Path, workers: int | str | None, quiet: bool) -> "Verification":
    from dnnsearch.reproduce.lock_file import EditedLock, read_lock
    from dnnsearch.reproduce.verify import Verification

    try:
        lock = read_lock(path)
    except EditedLock as edited:
        return Verification("different", [f"{path} different: {edited}"])
    pin(read_early(path.with_name(lock.config), []).numerics)
    from dnnsearch.promotion.locked_champion import verify_champion
    from dnnsearch.reproduce.lock_verification import verify_lock

    with (
        counter(COUNTED, f"{lock.study}: ", silent=quiet) as report,
        tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder,
    ):
        verdict = verify_lock(lock, path, Path(folder), workers, report, report.note)
        return verify_champion(lock, path, Path(folder), verdict, workers, report.say)

"""Whether the output of a command would replace a file that the command, or a study, reads.

A file has several names: a link, or another spelling of its path, is the same file.
"""

from collections.abc import Mapping
from pathlib import Path

from dnnsearch.data.files.source import PATHS
from dnnsearch.errors import UserError
from dnnsearch.study.stored_study import OpenStudy


def check_output(path: Path, reads: Mapping[Path, str]) -> None:
    """Raise UserError if `path` is a file of `reads`, or lies in a folder of it.

    `reads` says what each of them is, for the message.
    """
    if not path.exists():
        return
    for read, what in reads.items():
        if _is_same(path, read):
            raise UserError(f"{path} is {what} and would be overwritten: choose another file")


def _is_same(path: Path, read: Path) -> bool:
    try:
        if read.is_dir():
            return path.resolve().is_relative_to(read.resolve())
        return path.samefile(read)
    except (OSError, ValueError):  # it is not there, or no path at all
        return False


def files_of(*studies: OpenStudy) -> dict[Path, str]:
    """Return what studies read: the files of their data, and the folders of their records."""
    files: dict[Path, str] = {}
    for study in studies:
        data, what = study.config.data, f"read by study {study.name}"
        files |= {Path(data[key]): f"{what} (data.{key})" for key in PATHS if key in data}
        files[study.records.folder] = f"among the records of study {study.name}"
    return files

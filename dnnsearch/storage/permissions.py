"""Who may read and write what this package creates: the user's umask decides, with two exceptions.

With the usual umask 022 others may read a project, with 002 a group may work in it together. But
what lies directly in a folder where everybody may create files, such as /tmp, is for its owner
alone, and so is the user's cache. On Windows a folder passes its own rights on, which nothing here
changes or checks. This module does not know what is created.
"""

import os
import shlex
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

from dnnsearch.errors import UserError

ANOTHER_CACHE = "choose another folder: DNNSEARCH_CACHE=FOLDER"


def users_cache() -> Path:
    """Return this package's folder in the user's cache."""
    return platformdirs.user_cache_path("dnnsearch")


def file_mode(path: Path) -> int:
    """Return the mode to create a file with; the system takes the umask away from it."""
    return 0o600 if _is_shared(path.parent) else 0o666


def folder_mode(path: Path) -> int:
    """Return the mode to create a folder with; the system takes the umask away from it."""
    is_cache = users_cache() in (path, path.parent)
    return 0o700 if is_cache or _is_shared(path.parent) else 0o777


def _is_shared(folder: Path) -> bool:
    """Return whether everybody may create files in the folder, and remove only their own."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def create_file(path: Path, mode: int) -> None:
    """Create an empty file; raise FileExistsError if there is one."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def create_folder(path: Path) -> None:
    """Create the folder and those above it, each with its `folder_mode`, unless they are there."""
    if not path.is_dir():
        create_folder(path.parent)
        path.mkdir(mode=folder_mode(path), exist_ok=True)


def check_cache(folder: Path) -> None:
    """Raise UserError if another user owns the folder or can write to it; it may be missing."""
    try:
        found = folder.stat()
    except OSError:
        return
    if not hasattr(os, "geteuid"):
        return
    if found.st_uid != os.geteuid():
        raise UserError(f"the cache {folder} belongs to another user: {ANOTHER_CACHE}")
    if found.st_mode & stat.S_IWOTH or (
        found.st_mode & stat.S_IWGRP and not _is_own_group(found.st_gid)
    ):
        command = f"chmod -R go-w {shlex.quote(str(users_cache()))}"
        raise UserError(
            f"the cache {folder} can be written by other users: run {command}, or {ANOTHER_CACHE}"
        )


@cache
def _is_own_group(gid: int) -> bool:
    """Return whether the group is this user's alone: of the user's name, without other members."""
    if sys.platform != "win32":
        import grp
        import pwd

        with suppress(KeyError):
            user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(gid)
            return group.gr_name == user and set(group.gr_mem) <= {user}
    return False

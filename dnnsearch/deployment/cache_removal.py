"""The cache of prepared data emptied, except for what another process uses at that moment."""

import json
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from dnnsearch.data.prepare import INDEX
from dnnsearch.storage import database_templates
from dnnsearch.storage.array_lock import removal_lock
from dnnsearch.storage.array_store import default_root
from dnnsearch.storage.atomic_write import PREFIX

# a digest, of arrays or of a model; the index; the empty databases; what is written or was left
UNFINISHED = rf"{re.escape(PREFIX)}.+"
OURS = re.compile(rf"[0-9a-f]{{64}}|{INDEX}|{database_templates.FOLDER}|{UNFINISHED}")
NEW_SECONDS = 60.0  # an unfinished folder that was touched later belongs to a running process


def empty_cache() -> str:
    """Remove the prepared data and empty databases that are kept for later searches.

    Only what has names as the array store gives them is removed: somebody may keep other things
    there. What another process uses stays, with its entries in the index. Returns what was removed.
    """
    root = default_root()
    folders = [path for path in root.glob("*") if OURS.fullmatch(path.name) and path.is_dir()]
    before = sum(map(_bytes, folders))
    used = {folder.name for folder in folders if not _remove_folder(folder)}
    _clear_index(root / INDEX, used)
    left = sum(map(_bytes, folders))
    removed = f"removed {(before - left) / 1e6:.2f} MB of prepared data and empty databases"
    stays = f"; left {left / 1e6:.2f} MB that another process uses" if used else ""
    return f"{removed} from {root}{stays}"


def _bytes(folder: Path) -> int:
    """Return the size of the folder's files, as far as they are there."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # another process has removed it
            size += path.stat().st_size if path.is_file() else 0
    return size


def _remove_folder(folder: Path) -> bool:
    """Remove the folder, but not the index; return False if another process uses it."""
    if folder.name == INDEX:
        return True
    with removal_lock(folder) as is_free:
        if not is_free or _is_being_written(folder):
            return False
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _is_being_written(folder: Path) -> bool:
    try:
        age = time.time() - folder.stat().st_mtime
    except OSError:
        return False
    return folder.name.startswith(PREFIX) and age < NEW_SECONDS


def _clear_index(index: Path, used: set[str]) -> None:
    """Remove the entries that lead to no group that another process uses."""
    for path in index.glob("*"):
        if not _leads_to(path, used):
            path.unlink(missing_ok=True)
    if not any(index.glob("*")):
        shutil.rmtree(index, ignore_errors=True)


def _leads_to(entry: Path, used: set[str]) -> bool:
    try:
        prepared = json.loads(entry.read_bytes())["prepared"]
        return bool(used & {prepared["key"], prepared["test_key"]})
    except (OSError, ValueError, KeyError, TypeError):
        return False

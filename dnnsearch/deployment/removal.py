"""Remove a study with everything that belongs to it, or the cache of prepared data."""

import re
import shutil

from dnnsearch.data.prepare import INDEX
from dnnsearch.deployment.champion import champion_path
from dnnsearch.storage import database_templates
from dnnsearch.storage.array_store import default_root
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy
from dnnsearch.tracking import has_store

# digests, the index, the empty databases, and what killed processes left
NAMES_IN_CACHE = re.compile(rf"[0-9a-f]{{64}}|{INDEX}|{database_templates.FOLDER}|\.new-.+")


def remove_study(study: OpenStudy) -> str:
    """Remove the study's runs in MLflow, its records and its rows; return what was removed.

    The rows are removed last, so that an interrupted removal can be repeated. Raise UserError,
    before anything is removed, if another process works on the study or MLflow does not answer.
    """
    with study_lock(study.rows.storage.url, study.name) as check_lock:
        rows = study.trials()
        runs = _remove_runs(study)
        champion_path(study).unlink(missing_ok=True)
        study.records.remove([row.user_attrs.get("spec", "") for row in rows])
        check_lock()
        study.rows.remove()
    files = ", where their files stay until `mlflow gc`" if runs else ""
    return (
        f"removed study {study.name}: {len(rows)} trials, their records, {runs} runs in MLflow"
        f"{files}"
    )


def _remove_runs(study: OpenStudy) -> int:
    uri = study.config.tracking
    if not has_store(uri):
        return 0
    from dnnsearch.tracking import study_removal

    experiment, identity = study.attributes[EXPERIMENT], study.attributes[IDENTITY]
    return study_removal.remove_study(uri, experiment, study.name, identity)


def empty_cache() -> str:
    """Remove the prepared data and empty databases of the cache; return what was removed.

    Folders whose names the cache does not use stay: they may belong to the user.
    """
    root = default_root()
    folders = [
        path for path in root.glob("*") if NAMES_IN_CACHE.fullmatch(path.name) and path.is_dir()
    ]
    size = sum(f.stat().st_size for folder in folders for f in folder.rglob("*") if f.is_file())
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return f"removed {size / 1e6:.2f} MB of prepared data and empty databases from {root}"

"""Taking away: a study with all that belongs to it, and the cache of prepared data."""

import re
import shutil

from dnnsearch.data.prepare import INDEX
from dnnsearch.deployment import champion
from dnnsearch.storage import database_templates
from dnnsearch.storage.array_store import default_root
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy
from dnnsearch.tracking import UNTRACKED, database

# a digest, the index, the empty databases, what a kill left
OURS = re.compile(rf"[0-9a-f]{{64}}|{INDEX}|{database_templates.FOLDER}|\.new-.+")


def remove_study(study: OpenStudy) -> str:
    """Remove the study's runs in MLflow, its records and its rows; returns what was removed.

    The rows go last, so that an interrupted removal can be repeated. Raises UserError, before
    anything is removed, while somebody works on the study or MLflow does not answer.
    """
    with study_lock(study.rows.storage.url, study.name) as held:
        rows = study.trials()
        runs = _remove_runs(study)
        champion.path(study).unlink(missing_ok=True)
        study.records.remove([row.user_attrs.get("spec", "") for row in rows])
        held()
        study.rows.remove()
    files = ", where their files stay until `mlflow gc`" if runs else ""
    return (
        f"removed study {study.name}: {len(rows)} trials, their records, {runs} runs in MLflow"
        f"{files}"
    )


def _remove_runs(study: OpenStudy) -> int:
    uri = study.config.tracking
    path = database.sqlite_path(uri)
    if uri == UNTRACKED or (path and not path.exists()):
        return 0
    from dnnsearch.tracking import study_removal

    experiment, identity = study.attributes[EXPERIMENT], study.attributes[IDENTITY]
    return study_removal.remove_study(uri, experiment, study.name, identity)


def empty_cache() -> str:
    """Remove the prepared data and empty databases that are kept for later searches.

    Returns what was removed.

    Only folders with names as the array store gives them: somebody may keep other things there.
    """
    root = default_root()
    folders = [path for path in root.glob("*") if OURS.fullmatch(path.name) and path.is_dir()]
    size = sum(f.stat().st_size for folder in folders for f in folder.rglob("*") if f.is_file())
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return f"removed {size / 1e6:.2f} MB of prepared data and empty databases from {root}"

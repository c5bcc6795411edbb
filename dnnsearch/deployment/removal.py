"""Remove a study with everything that belongs to it."""

import time

from dnnsearch.deployment.champion import champion_path
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study import identity_file, test_set_history
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy
from dnnsearch.tracking import check_uri, has_store
from dnnsearch.validators import counted

REMOVAL = "removal"  # the study's attribute: when a removal began that was not finished


def remove_study(study: OpenStudy) -> str:
    """Remove the study's runs in MLflow, its records and its rows; return what was removed.

    The rows are removed last, so that an interrupted removal can be repeated. The log of opened
    test sets is kept, because a removed study has seen its test rows, too. Raise UserError,
    before anything is removed, if another process works on the study, if MLflow does not answer, or
    if rows or records cannot be removed.
    """
    with study_lock(study.rows.storage.url, study.name, "rm") as check_lock:
        rows = study.trials()
        study.rows.set_attribute(REMOVAL, time.strftime("%Y-%m-%d %H:%M:%S"))  # fails if they stay
        study.records.check_removable()
        runs, versions = _remove_from_mlflow(study)
        has_champion = champion_path(study).is_file()
        champion_path(study).unlink(missing_ok=True)
        identity_file.remove(study)
        test_set_history.keep_log(study)
        study.records.remove([row.user_attrs.get("spec", "") for row in rows])
        check_lock()
        study.rows.remove()
    files = ", where their files stay until `mlflow gc`" if runs else ""
    models = f" and {counted(versions, 'version')} of its registered model" if versions else ""
    champion = "its champion, " if has_champion else ""
    return (
        f"removed study {study.name}: {counted(len(rows), 'trial')}, their records, {champion}"
        f"{counted(runs, 'run')}{models} in MLflow{files}"
    )


def _remove_from_mlflow(study: OpenStudy) -> tuple[int, int]:
    """Return the numbers of runs and of model versions that were removed."""
    uri = study.config.tracking
    if not has_store(uri):
        return 0, 0
    check_uri(uri)
    from dnnsearch.tracking import study_removal

    experiment, identity = study.attributes[EXPERIMENT], study.attributes[IDENTITY]
    return study_removal.remove_study(uri, experiment, study.name, identity)

"""The champion's figure in a study's lock file: what is written, and how it is promoted again.

The study and its promotion are repeated in a folder that is thrown away. That is no further opening
of the test set: nothing is chosen that the lock does not name.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnnsearch.config.config import Config, load_config
from dnnsearch.config.yaml_file import as_settings
from dnnsearch.deployment.champion import Report
from dnnsearch.promotion.champion_fingerprint import champion_digest, champion_entries
from dnnsearch.promotion.logged_figures import figures_of_before
from dnnsearch.promotion.promotion import promote
from dnnsearch.reproduce.lock_file import LockFile
from dnnsearch.reproduce.lock_verification import RECORDS
from dnnsearch.reproduce.verify import Verification
from dnnsearch.storage.array_store import canonical
from dnnsearch.study.definition import differences
from dnnsearch.study.identity_file import StudyIdentity, definition_digest, file_name
from dnnsearch.study.search import NoObserver, search
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.tracking import UNTRACKED
from dnnsearch.trials.record_store import Records

CHOICE = ("trial", "candidates", "ended", "top", "replicates")  # of a promotion, in the log
MAY_LACK = ("start", "fitted")  # promotions of before have no trial 0 to compare with, no pieces


def locked_champion(study: OpenStudy, before: Any = None) -> dict[str, Any]:
    """Return the figures of this machine's champion, with the choice and the networks behind them.

    Where the figures `before` have intervals of an older version, these have them, too.

    It is empty if there is no champion, or if the log of its promotion is of before.
    """
    for entry, record in champion_entries(study):
        if {*CHOICE, "outputs"} <= entry.keys():
            outputs, objective = entry["outputs"], study.config.objective
            figures = figures_of_before(objective, entry["figures"], before)
            digest = champion_digest(record.digest, outputs, figures)
            choice = {name: entry[name] for name in (*CHOICE, *MAY_LACK) if name in entry}
            return {**choice, "figures": figures, "model": record.digest, "fingerprint": digest}
    return {}


def verify_champion(
    lock: LockFile,
    path: Path,
    folder: Path,
    trials: Verification,
    workers: int | str | None,
    report: Report,
) -> Verification:
    """Return the verdict on the trials of a lock, which `folder` has, with that on its champion."""
    if not lock.champion or trials.verdict != "identical":
        return trials
    config = _config(lock, path, folder)
    _plan_retries(lock, config)
    search(config, seconds=None, observer=NoObserver())
    again = open_study(config.study, config.storage)
    top, replicates = lock.champion["top"], lock.champion["replicates"]
    count = workers if isinstance(workers, int) else None
    with_start, pieces = (name in lock.champion for name in MAY_LACK)
    promote(again, top, replicates, count, report, with_start=with_start, pieces=pieces)
    now = json.loads(canonical(locked_champion(again, lock.champion.get("figures"))))
    if changed := differences(dict(lock.champion), now):
        first = f"{lock.study} different: the champion: {changed[0]}"
        return Verification("different", [first, "  its trials: identical"])
    networks = f"{replicates} networks of trial {now['trial']} promoted again"
    lines = [f"  champion identical: {networks}", f"champion {now['fingerprint']}"]
    return replace(trials, lines=[*trials.lines[:-1], *lines, trials.lines[-1]])


def _config(lock: LockFile, path: Path, folder: Path) -> Config:
    """Return the config of the study as it was when it was promoted, with all its places here."""
    settings = {
        "study": lock.study,
        "trials": lock.champion["ended"],
        "storage": f"sqlite:///{folder / 'optuna.db'}",
        "records": str(folder / RECORDS),
        "tracking": UNTRACKED,
    }
    return load_config(path.with_name(lock.config), as_settings(settings))


def _plan_retries(lock: LockFile, config: Config) -> None:
    """Write the file by which the search finds which trials try a failed one again."""
    ended = lock.champion["ended"]
    retries = {str(n): one["of"] for n, one in lock.retry.items() if n < ended}
    params: Mapping[str, Any] = {str(n): one["params"] for n, one in lock.retry.items()}
    digest = definition_digest(lock.definition)
    given = {str(n): params for n, params in lock.given.items() if n < ended}
    about = (lock.study, digest, uuid.uuid4().hex)
    identity = StudyIdentity(*about, retries, params, given=given)
    records = Records(Path(config.records), lock.study)
    records.put_side_file(file_name(digest), identity.encode())

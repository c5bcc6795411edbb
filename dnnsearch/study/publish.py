"""Publish what MLflow lacks of a study from its records: after an outage, a kill, or a move.

No trial is trained, and neither Optuna's rows nor the records are written. Trials that were in
flight when a search was killed are shown as interrupted.
"""

from collections.abc import Iterator

from dnnsearch.errors import UserError
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.shown_files import shown_files
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import ended_view, study_info, unfinished_view
from dnnsearch.tracking import UNTRACKED, check_uri
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import without_password


def publish(study: OpenStudy, uri: str | None = None) -> str:
    """Publish the study to MLflow at `uri`, by default where it is tracked; return a summary.

    Raises UserError if another process works on the study, or if MLflow cannot be reached.
    """
    uri = uri or study.config.tracking
    if uri == UNTRACKED:
        raise UserError(f"study {study.name} is not tracked: --tracking URI is required")
    check_uri(uri)
    with study_lock(study.rows.storage.url, study.name, "publish") as check_lock:
        views = list(_views(study))
        ended = sum(view.state != "interrupted" for view in views)
        complete = ended == len(views) >= study.total_trials(study.config.trials)
        from dnnsearch.tracking.backfill import backfill  # imports MLflow, for seconds

        state = ("finished", study.fingerprint()) if complete else ("interrupted", "")
        sent = backfill(uri, study_info(study), views, *state, check_lock, shown_files(study))
    shown = without_password(uri)
    return f"study {study.name}: {shown} lacked {sent} of {len(views)} trials, and lacks none now"


def _views(study: OpenStudy) -> Iterator[TrialView]:
    for row in study.trials():
        if row.state.is_finished():
            yield ended_view(study.record(row.number), study.path(row.number))
        else:
            yield unfinished_view(study, row)

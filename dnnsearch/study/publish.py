"""Everything that MLflow lacks of a study, sent from its records: after an outage, a kill, a move.

Nothing is trained, and neither Optuna's rows nor the records are written. What was in flight when a
search was killed is shown as interrupted, as if the search had been able to say so.
"""

from collections.abc import Iterator

from dnnsearch.errors import UserError
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import ended_view, study_info, unfinished_view
from dnnsearch.tracking import UNTRACKED, check_uri
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import without_password


def publish(study: OpenStudy, uri: str | None = None) -> str:
    """Bring MLflow at `uri`, or where the study is tracked, to what it should show; says what was.

    Raises UserError while somebody works on the study, or when MLflow is away or refuses.
    """
    uri = uri or study.config.tracking
    if uri == UNTRACKED:
        raise UserError(f"study {study.name} is not tracked: say with --tracking URI where to")
    check_uri(uri)
    with study_lock(study.rows.storage.url, study.name) as held:
        views = list(_views(study))
        ended = sum(view.state != "interrupted" for view in views)
        whole = ended == len(views) >= study.wanted(study.config.trials)
        from dnnsearch.tracking.backfill import backfill  # MLflow takes its seconds

        state = ("finished", study.fingerprint()) if whole else ("interrupted", "")
        sent = backfill(uri, study_info(study), views, *state, held)
    shown = without_password(uri)
    return f"study {study.name}: {shown} lacked {sent} of {len(views)} trials, and lacks none now"


def _views(study: OpenStudy) -> Iterator[TrialView]:
    for row in study.trials():
        if row.state.is_finished():
            yield ended_view(study.record(row.number), study.path(row.number))
        else:
            yield unfinished_view(study, row)

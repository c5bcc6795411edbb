"""Publish whatever MLflow lacks of a study, while the user waits."""

from collections.abc import Callable, Sequence

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import mlflow_errors
from dnnsearch.tracking.publisher_messages import NO_FILES, Files
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress
from dnnsearch.tracking.tracker import Tracker
from dnnsearch.trials.run import TrialView


def backfill(
    uri: str,
    info: StudyInfo,
    views: Sequence[TrialView],
    state: str,
    fingerprint: str,
    check: Callable[[], None] = lambda: None,
    files: Files = NO_FILES,
) -> int:
    """Publish the views that MLflow lacks and the state of the study; return how many it lacked.

    `check` is called before each write; it raises if this process has lost its lock on the study.
    `files` has further artifacts of trials, by number and name.
    Raise UserError if MLflow is away or refuses, or if the user has to repair something.
    """
    with mlflow_errors(uri):
        tracker = Tracker(uri, info)
        missing = tracker.missing(views)
        check()
        while tracker.publish_batch(missing):  # until the rest needs calls of its own
            check()
        for view in tracker.missing(missing):
            check()
            tracker.publish(view)
        if missing or tracker.parent.data.tags.get(fields.STATE, "") != state:
            progress = StudyProgress(info)
            for view in views:
                progress.add(view)
            tracker.describe(progress, state, fingerprint)
        tracker.attach(files)
    return len(missing)


def send(uri: str, info: StudyInfo) -> None:
    """Bring the study's own run up to date, without its trials; raise UserError if MLflow is away.

    Its run and its experiment are created if they are missing.
    """
    with mlflow_errors(uri):
        Tracker(uri, info)

"""What MLflow lacks of a study, sent while a person waits for it, or an error in one line."""

from collections.abc import Callable, Sequence

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import mlflow_errors
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress
from dnnsearch.tracking.tracker import Tracker
from dnnsearch.trials.run import TrialView


def backfill(
    uri: str,
    card: StudyInfo,
    views: Sequence[TrialView],
    state: str,
    fingerprint: str,
    may: Callable[[], None] = lambda: None,
) -> int:
    """Publish the views that MLflow lacks, and how the study stands; returns how many they were.

    `may` is asked before each, and raises when somebody else is to do it. Raises UserError when
    MLflow is away or refuses, or when a person has to mend something.
    """
    with mlflow_errors(uri):
        tracker = Tracker(uri, card)
        missing = tracker.missing(views)
        for view in missing:
            may()
            tracker.publish(view)
        shown = tracker.parent.data.tags.get(fields.STATE, "")
        if missing or shown != state:
            tracker.describe(_standing(card, views), state, fingerprint)
    return len(missing)


def _standing(card: StudyInfo, views: Sequence[TrialView]) -> StudyProgress:
    standing = StudyProgress(card)
    for view in views:
        standing.add(view)
    return standing

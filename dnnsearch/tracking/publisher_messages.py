"""Messages between a search and the process that publishes it to MLflow. Does not import MLflow.

The search sends commands and receives events, as pickled dataclasses over a socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dnnsearch.tracking.study_info import StudyInfo, TrialSummary
from dnnsearch.trials.run import TrialView

Files = Mapping[int, Mapping[str, bytes]]
NO_FILES: Files = {}


@dataclass(frozen=True)
class StartPublishing:
    """The first command: publish this study to the MLflow at `uri`.

    `trials` are the trials that an earlier process was given, by number.
    """

    uri: str
    info: StudyInfo
    trials: Mapping[int, TrialSummary]


@dataclass(frozen=True)
class PublishTrial:
    """Publish this view of a trial; it replaces earlier views of the same trial."""

    view: TrialView


@dataclass(frozen=True)
class InformPublisher:
    """This is known of the study now, in place of what was known at its start."""

    info: StudyInfo


@dataclass(frozen=True)
class ConcludeStudy:
    """Publish the state of the study: running, interrupted or finished.

    `files` has further artifacts of trials, by number and name.
    """

    state: str
    fingerprint: str
    files: Files = field(default_factory=dict)


@dataclass(frozen=True)
class ClosePublisher:
    """Publish what is left, for at most `deadline` seconds."""

    deadline: float


Command = StartPublishing | PublishTrial | InformPublisher | ConcludeStudy | ClosePublisher


@dataclass(frozen=True)
class Notice:
    """One line for the user, when MLflow fails or works again."""

    text: str


@dataclass(frozen=True)
class TrialPublished:
    """MLflow now has the view of this trial with this state and digest."""

    number: int
    state: str
    digest: str


@dataclass(frozen=True)
class PublisherClosed:
    """The last event: the deadline is over or nothing is left to publish."""


Event = Notice | TrialPublished | PublisherClosed

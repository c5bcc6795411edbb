"""What a running search publishes to MLflow: that it starts, is interrupted, or has ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dnnsearch.config.config import Config
from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.postgresql_lock import LostLock
from dnnsearch.study.ledger import Ledger
from dnnsearch.study.shown_files import shown_files
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import UNTRACKED, AnyPublisher, check_uri, open_publisher
from dnnsearch.trials.record_store import IN_MLFLOW

MAX_INTERRUPTED_SECONDS = 1.5  # for publishing, while the user waits for the search to stop
MAX_PUBLISH_SECONDS = 600.0  # for publishing what is left, while MLflow answers


def checked_publisher(config: Config, publisher: AnyPublisher | None) -> AnyPublisher:
    """Return `publisher`, or a new one, for the MLflow that the config names.

    Raises UserError if MLflow cannot be used as the config requires.
    """
    if config.tracking != UNTRACKED:
        check_uri(config.tracking)
    elif config.records == IN_MLFLOW:
        raise UserError(f"{config.place}: records: mlflow needs MLflow, but tracking is none")
    return publisher or open_publisher(config.tracking)


@contextmanager
def publishing(
    study: OpenStudy, ledger: Ledger, publisher: AnyPublisher, on_message: Callable[[str], None]
) -> Iterator[None]:
    """Publish the study from now on; if the block raises, publish that it was interrupted."""
    publisher.start(study.config.tracking, study_info(study), on_message)
    try:
        yield
    except LostLock:
        raise  # another process may work on the study and publish it
    except BaseException:
        ledger.interrupt()
        publisher.conclude("interrupted")
        publisher.close(MAX_INTERRUPTED_SECONDS)
        raise


def publish_end(
    study: OpenStudy,
    prepared: Prepared,
    fingerprint: str,
    publisher: AnyPublisher,
    on_message: Callable[[str], None],
) -> int:
    """Publish the study's fingerprint, or, if it is empty, that the study is not complete.

    The best trials get files that a person can look at; `prepared` are the study's data.
    Return how many trials MLflow lacks; if it lacks any, `on_message` gets that too.
    """
    files = {} if study.config.tracking == UNTRACKED else shown_files(study, prepared)
    publisher.conclude("finished" if fingerprint else "interrupted", fingerprint, files)
    lacking = publisher.close(MAX_PUBLISH_SECONDS)
    if lacking:
        on_message(
            f"{lacking} trials are not in MLflow yet; the same command, or "
            f"{program_name()} publish {study.name}, sends them, or says why it cannot"
        )
    return lacking

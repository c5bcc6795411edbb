"""The record in MLflow; the only package that imports it, and only where it is about to be used.

- `environment`: MLflow's switches in our processes.
- `database`: the SQLite file, checked before use and created whole or not at all.
- `layout`, `card`: what MLflow is told of a trial and of a study, as plain data and text.
- `tracker`: one study in MLflow, brought to what the views say.
- `onesession`: several of MLflow's calls in one session of its database.
- `publisher`: the thread that does so through outages.
- `apart`, `child`: the process beside the search in which it runs, from without and from within.
- `mending`: the same at once, for a person who waits.
- `reading`: MLflow's copy of a trial; `study_removal`: a study's runs and models deleted.
- `ui`: the command that opens MLflow's UI.

MLflow's copy is never the only one: everything here can be published again from the records.
"""

from dnnsearch.tracking.database import check_uri, has_store, prepare_database
from dnnsearch.tracking.publisher_process import (
    AnyPublisher,
    NullPublisher,
    ProcessPublisher,
    open_publisher,
)
from dnnsearch.tracking.publisher_thread import ThreadPublisher
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.ui import ui_command
from dnnsearch.urls import UNTRACKED, tracking_uri

__all__ = [
    "UNTRACKED",
    "AnyPublisher",
    "NullPublisher",
    "ProcessPublisher",
    "StudyInfo",
    "ThreadPublisher",
    "check_uri",
    "has_store",
    "open_publisher",
    "prepare_database",
    "tracking_uri",
    "ui_command",
]

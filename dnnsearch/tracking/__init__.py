"""Studies, trials, models and reports in MLflow; no other package imports MLflow.

MLflow's copy is never the only one: everything can be published again from the records. How a
study searches, and what its storage holds, is not known here.

- `artifacts`: write and read the files of a run.
- `backfill`: publish at once whatever MLflow lacks of a study.
- `baseline_runs`: the baselines of a study as runs.
- `batched_runs`: publish trials that start or end, many at once.
- `client`: import MLflow, and connect to it.
- `conflict`: the error for a trial of which MLflow has another result.
- `connections`: the connections of MLflow's clients to a SQLite file.
- `database`: check the database of a tracking URI, and create a SQLite file.
- `environment`: the environment variables of MLflow in our processes.
- `error_text`: describe an error of MLflow in one short line.
- `experiment_page`: the note of an experiment, with links to the views of its studies.
- `fields`: a trial as MLflow's tags, params and metrics.
- `model_folder`: write a model file as a folder that MLflow loads and serves.
- `page_update`: bring the page of an experiment up to date beside other studies.
- `parent_run`: find a study's parent run by its identity, in whatever experiment.
- `pictures`: curves and a confusion matrix as SVG.
- `posted_tables`: read the rows that are posted to the server, and answer them.
- `publisher_main`: the main program of the publishing process.
- `publisher_messages`: the messages between the search and the publishing process.
- `publisher_process`: publish in a separate process, and replace it if it dies.
- `publisher_thread`: publish in a thread, and wait while MLflow is away.
- `read_runs`: read a trial back from MLflow.
- `registry`: log, register, find and delete models.
- `remote_records`: fetch a study's records from MLflow.
- `report_artifact`: attach a report to a study's run.
- `run_rows`: write the rows of runs into MLflow's SQLite file.
- `runs`: find runs by their tags, and delete duplicates.
- `saved_view`: saved views of MLflow's runs page, one for each study.
- `schema`: create MLflow's tables in a new file.
- `scoring`: load and serve a model; MLflow calls it by name.
- `scoring_server`: the server of a model, with checks of what is posted to it.
- `study_info`: a study as MLflow's params and description.
- `study_removal`: delete a study's runs and models.
- `test_figure`: the test figure of a promoted model in descriptions.
- `test_figure_run`: the same in the run of its study.
- `test_set_tags`: the openings of test sets as tags of the studies' runs.
- `tracker`: bring MLflow up to date with the trials' views.
- `trial_run`: what MLflow has of a trial, and what a view would change.
- `ui`: the commands that start MLflow's UI and its scoring server.
- `ui_main`: the main program of MLflow's UI, which prints links once it answers.
- `version`: a registered version of a study's model.
- `version_rows`: read the champion's version from MLflow's SQLite file.
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
from dnnsearch.tracking.ui import announced_ui_command, ui_command
from dnnsearch.urls import UNTRACKED, tracking_uri

__all__ = [
    "UNTRACKED",
    "AnyPublisher",
    "NullPublisher",
    "ProcessPublisher",
    "StudyInfo",
    "ThreadPublisher",
    "announced_ui_command",
    "check_uri",
    "has_store",
    "open_publisher",
    "prepare_database",
    "tracking_uri",
    "ui_command",
]

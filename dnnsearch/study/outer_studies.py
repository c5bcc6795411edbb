"""The studies of the outer folds: ordinary studies, in a folder next to the records of the study.

Each has the config of the study, with another split: its test set is one of K parts of all rows. So
a nested validation that was killed resumes like any search and any promotion.
"""

from pathlib import Path

from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.files.source import has_test_file
from dnnsearch.errors import UserError
from dnnsearch.study.outer_figure import outer_figure
from dnnsearch.study.stored_study import IDENTITY, OpenStudy, open_study
from dnnsearch.tracking import UNTRACKED
from dnnsearch.trials.record_file import DIGEST_PREFIX


def folder(study: OpenStudy) -> Path:
    """Return the folder of the outer studies; the study's identity is in its name."""
    return Path(study.records.folder) / f"outer-{study.attributes[IDENTITY][:DIGEST_PREFIX]}"


def outer_storage(study: OpenStudy) -> str:
    """Return the storage of the outer studies."""
    return f"sqlite:///{folder(study) / 'optuna.db'}"


def outer_config(study: OpenStudy, fold: int, folds: int, trials: int) -> Config:
    """Return the config of the study of outer fold `fold`, from 1 on; it is not tracked in MLflow.

    Raise UserError if the study has no test rows of its own, or if they follow from time.
    """
    config, place = study.config, folder(study)
    if has_test_file(config.data):
        raise UserError(f"--outer needs a test set drawn from the rows; {study.name} has a file")
    if config.split.order or config.split.outer_fold:
        what = "order: time" if config.split.order else "outer_fold"
        raise UserError(f"--outer draws the test rows, and study {study.name} has split.{what}")
    name = f"{study.name}-outer-{fold}-of-{folds}"
    document = {
        **config.document(),
        "study": name,
        "split": {
            **config.split.model_dump(exclude_none=True),
            "outer_fold": f"{fold}/{folds}",
        },
        "trials": trials,
        "storage": outer_storage(study),
        "records": str(place / "records"),
        "tracking": UNTRACKED,
    }
    return parse_config(document, f"outer fold {fold} of study {study.name}", name)


def outer_studies(study: OpenStudy) -> list[OpenStudy]:
    """Return the studies of the folds of the study's figure; empty if one is missing or goes on."""
    figure = outer_figure(study)
    if figure is None or not folder(study).is_dir():
        return []
    count, found = len(figure.folds), []
    try:
        for k in range(1, count + 1):
            config = outer_config(study, k, count, figure.trials)
            found.append(open_study(config.study, config.storage))
            found[-1].ended_trials()
    except UserError:
        return []
    return found

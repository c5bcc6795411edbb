"""What MLflow shows of the best trials beside their records, for people and not for programs.

The configuration as YAML, the curves and the confusion matrix as pictures, and a README that says
what the record holds. A search makes them once, at its end, of a few trials only.
"""

from collections.abc import Collection
from contextlib import suppress

import numpy as np

from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root
from dnnsearch.study import preparation
from dnnsearch.study.leaderboard.formats import fragment
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.tracking import pictures
from dnnsearch.trials.record import Record

MAX_BEST = 3  # trials
MAX_CLASSES = 30  # of a confusion matrix that one can read
README = """# Trial {number} of study {study}

- `config.yaml`: the configuration, to paste into a config.
- `curves.svg`: cost and scores on train and dev over the iterations.
- `confusion_matrix.svg`: of a classification: rows of the dev set by class and prediction.
- `record.zip`: the record of the trial, from which every number here was taken. It is a NumPy file
  of the kind .npz: the spec that determines the training, the curves, the dev predictions and the
  digests. `dnnsearch rerun {study}/{number}` trains the trial again and compares every bit.
"""


def shown_files(
    study: OpenStudy, prepared: Prepared | None = None, also: Collection[int] = ()
) -> dict[int, dict[str, bytes]]:
    """Return the files of the best trials, and of those in `also`, by number and name.

    `prepared` are the study's data, if the caller has them. Raise UserError if a record is missing
    or damaged.
    """
    board = leaderboard(study)
    chosen = [row for at, row in enumerate(board.ranked) if at < MAX_BEST or row.number in also]
    dev = _dev(study, prepared) if chosen else None
    return {row.number: _files(board, row, study.record(row.number), dev) for row in chosen}


def _files(
    board: Leaderboard, row: Row, record: Record, dev: "tuple[np.ndarray, list[str]] | None"
) -> dict[str, bytes]:
    title = f"trial {row.number} of study {board.study}"
    texts = {
        "README.md": README.format(number=row.number, study=board.study),
        "config.yaml": fragment(board, row),
        "curves.svg": _curves(title, record),
    }
    if dev is not None:
        texts["confusion_matrix.svg"] = _confusion_matrix(title, record, *dev)
    return {name: text.encode() for name, text in texts.items()}


def _curves(title: str, record: Record) -> str:
    """Plot the costs, and the scores, each of which is a mean over the replicates."""
    means = {name: curve.mean(axis=0) for name, curve in record.curves.items()}
    costs = {name: curve for name, curve in means.items() if name.endswith("cost")}
    scores = {n: curve for n, curve in means.items() if n not in costs and np.isfinite(curve).any()}
    plots = [plot for plot in (costs, scores) if plot]
    return pictures.curves(title, record.arrays["steps"], plots)


def _confusion_matrix(title: str, record: Record, labels: np.ndarray, classes: list[str]) -> str:
    predictions = record.arrays["dev_predictions"]
    counts = np.zeros((len(classes),) * 2, int)
    everywhere = np.broadcast_to(labels, predictions.shape)
    np.add.at(counts, (everywhere.ravel(), predictions.ravel().astype(int)), 1)
    rows, networks = predictions.shape[1], predictions.shape[0]
    folds = labels.ndim > 1
    counted = f"{labels.size} rows of {len(labels)} folds" if folds else f"{rows} dev rows"
    added = networks // (len(labels) if folds else 1)
    times = f", {added} networks added up" if added > 1 else ""
    return pictures.confusion_matrix(f"{title}: {counted}{times}", counts, classes)


def _dev(study: OpenStudy, prepared: Prepared | None) -> tuple[np.ndarray, list[str]] | None:
    """Return the labels of the dev set, and the names of the classes.

    None for a regression, for many classes, or if classes or arrays are not on this machine.
    """
    with suppress(UserError, KeyError, OSError, DamagedArrays):
        if prepared is None:
            kept = preparation.read(study)
            prepared = kept[0] if kept else None
        if prepared is not None and 1 < len(prepared.classes) <= MAX_CLASSES:
            labels = ArrayStore(default_root()).open(prepared.key)["y_dev"]
            return np.array(labels), list(prepared.classes)
    return None

"""The champion on the dev set: its confusion matrix and its most confident errors.

The champion itself was trained on train + dev, and a report does not evaluate the test set. So a
report shows the networks of the champion's confirmation: the same configuration with fresh seeds,
trained on train only, or each on all folds but its own. If there are none, it shows the best trial.
All values come from the records; nothing is trained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.data.files.source import is_file
from dnnsearch.deployment.champion import find_champion
from dnnsearch.errors import UserError
from dnnsearch.nn import OUTPUTS
from dnnsearch.promotion.candidates import confirmations
from dnnsearch.promotion.evaluation_scores import logits
from dnnsearch.reporting.analysis.report_data import Dev, ReportData
from dnnsearch.reporting.analysis.row_numbers import dev_row_numbers, source_name
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record

MAX_CONFUSION_CLASSES = 30
MAX_WRONG_EXAMPLES = 8


@dataclass(frozen=True)
class ShownNetworks:
    """The networks that a report shows on the dev set."""

    title: str  # such as "The champion, of trial 7"
    reason: str  # why these networks, in a sentence
    records: Sequence[Record]  # of one configuration; only the seeds differ
    champion: int | None = None  # the trial of the champion, if there is one


def networks_to_show(
    data: ReportData, study: OpenStudy, on_message: Callable[[str], object]
) -> ShownNetworks:
    """Return the networks that confirmed the champion; without any, those of the best trial.

    At least one trial must have finished.
    """
    best = data.board.best.number
    instead = f"The best trial, number {best}"
    trial = _champion_trial(study, on_message)
    if trial is None:
        return ShownNetworks(instead, "This study has no champion yet.", [study.record(best)])
    found = confirmations(study, trial)
    if not found:
        reason = (
            f"The champion, of trial {trial}, was trained on this dev set, and the networks that "
            "confirmed it are not on this machine."
        )
        return ShownNetworks(instead, reason, [study.record(best)], trial)
    count = sum(record.spec.replicates for record in found)
    where = "each on the other folds" if study.config.folds else "on train alone"
    reason = (
        f"These are the {count} networks that confirmed it, trained {where} with fresh seeds; the "
        "champion's own networks were trained on this dev set."
    )
    return ShownNetworks(f"The champion, of trial {trial}", reason, found, trial)


def _champion_trial(study: OpenStudy, on_message: Callable[[str], object]) -> int | None:
    """Return the trial whose configuration the champion has; None if it is unknown."""
    try:
        found = find_champion(study, on_message)
        return None if found is None else int(found.model.provenance["trial"])
    except UserError as error:
        on_message(f"the report leaves out the champion: {error}")
        return None


def confusion(data: ReportData, records: Sequence[Record]) -> np.ndarray | None:
    """Return how often each class (row) was predicted as each class (column): (classes, classes).

    Counts are sums over all networks. None if there are no labels, or too many classes.
    """
    if data.dev is None or len(data.dev.classes) > MAX_CONFUSION_CLASSES:
        return None
    counts = np.zeros((len(data.dev.classes),) * 2, int)
    for record in records:
        predictions = record.arrays["dev_predictions"]
        labels = np.broadcast_to(data.dev.labels, predictions.shape)
        np.add.at(counts, (labels.ravel(), predictions.ravel().astype(int)), 1)
    return counts


@dataclass(frozen=True)
class WrongExample:
    """An example of the dev set that the networks, averaged, classify wrongly."""

    place: str  # such as `row 7 of churn.csv`
    label: str
    prediction: str
    probability: float  # predicted for the label
    features: np.ndarray  # (n_x,) as they were loaded; (0,) if the data are the user's file


def most_confidently_wrong(
    data: ReportData, study: OpenStudy, records: Sequence[Record]
) -> list[WrongExample]:
    """Return the errors with the smallest probability of the right class, the smallest first.

    With folds, each example is classified by the networks that were not trained on it. The list is
    empty if nothing is wrong, or if the records hold no parameters.
    """
    dev = data.dev
    if dev is None or any("parameters" not in record.arrays for record in records):
        return []
    outputs = _outputs(records, dev)
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    probabilities = outputs.swapaxes(1, 2).reshape(dev.labels.size, -1)
    # the page is also stored in MLflow, which gets no rows of the user's own file
    may_show = not is_file(study.config.data)
    return _select(dev, probabilities, may_show, study)


def _outputs(records: Sequence[Record], dev: Dev) -> np.ndarray:
    """A[L], the mean of the networks: (1, n[L], m), or with folds (K, n[L], m)."""
    activation = OUTPUTS[records[0].spec.output].activation
    found = [logits(one, dev.arrays, "dev") for one in records]
    each = [np.asarray(activation.function(Z, None)) for Z in found]
    if dev.labels.ndim == 2:
        return np.asarray(np.mean(each, axis=0))
    return np.asarray(np.concatenate(each).mean(axis=0, keepdims=True))


def _select(
    dev: Dev, probabilities: np.ndarray, with_features: bool, study: OpenStudy
) -> list[WrongExample]:
    """Return the most confident errors; probabilities are (m, classes), fold after fold."""
    labels = dev.labels.ravel()
    given = probabilities[np.arange(len(labels)), labels]
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    order = wrong[np.argsort(given[wrong], kind="stable")][:MAX_WRONG_EXAMPLES]
    numbers = dev_row_numbers(study) if len(order) else None
    return [
        WrongExample(
            _place(dev, i) if numbers is None else f"row {numbers.flat[i]} of {source_name(study)}",
            dev.classes[labels[i]],
            dev.classes[answers[i]],
            float(given[i]),
            _features(dev, i) if with_features else np.empty(0),
        )
        for i in order.tolist()
    ]


def _place(dev: Dev, i: int) -> str:
    """Return the place of a row whose number in the file is not known."""
    if dev.labels.ndim == 1:
        return f"row {i + 1} of dev"
    fold, row = divmod(i, dev.labels.shape[1])
    return f"row {row + 1} of fold {fold}"


def _features(dev: Dev, i: int) -> np.ndarray:
    """(n_x,): the features before they were standardised."""
    at = np.unravel_index(i, dev.labels.shape)
    own = at[:-1]  # each fold has its own mean and scale
    mean, scale = (x[own] if x.ndim > 1 else x for x in map(np.asarray, (dev.mean, dev.scale)))
    return np.asarray(dev.arrays["X_dev"][at] * scale + mean)

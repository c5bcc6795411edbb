"""The champion, example by example on the dev set: which classes it mixes up, what it gets wrong.

The champion itself has learnt dev, and the test set is not looked at for a page. So what is shown
are the networks that confirmed it: its configuration with fresh seeds, trained on train alone, or
each on all folds but its own. Where there are none, it is the best trial. Read from the records;
nothing is trained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.data.files.source import is_file
from dnnsearch.deployment import champion as champions
from dnnsearch.errors import UserError
from dnnsearch.nn import OUTPUTS
from dnnsearch.promotion.candidates import confirmations
from dnnsearch.promotion.evaluation_scores import logits
from dnnsearch.reporting.analysis.report_data import Dev, ReportData
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record

MOST_CLASSES = 30  # that a confusion matrix can show
WORST = 8  # examples


@dataclass(frozen=True)
class Shown:
    """Whose networks are shown."""

    who: str
    why: str
    records: Sequence[Record]  # alike but for their seeds


def shown(material: ReportData, study: OpenStudy, say: Callable[[str], object]) -> Shown:
    """The champion's where they are here, else the best trial's; some trial must have finished."""
    best = material.board.best.number
    instead = f"The best trial, number {best}"
    trial = _crowned(study, say)
    if trial is None:
        return Shown(instead, "This study has no champion yet.", [study.record(best)])
    found = confirmations(study, trial)
    if not found:
        why = f"The champion, of trial {trial}, has learnt this dev set, and the networks that "
        return Shown(instead, f"{why}confirmed it are not on this machine.", [study.record(best)])
    count = sum(record.spec.replicates for record in found)
    where = "on the other folds each" if study.config.folds else "on train alone"
    why = (
        f"These are the {count} networks that confirmed it, trained {where} with fresh seeds: its "
    )
    return Shown(f"The champion, of trial {trial}", f"{why}own have learnt this dev set.", found)


def _crowned(study: OpenStudy, say: Callable[[str], object]) -> int | None:
    """The trial whose configuration the champion has; a page survives that it cannot be asked."""
    try:
        found = champions.champion(study, say)
        return None if found is None else int(found.model.provenance["trial"])
    except UserError as error:
        say(f"the champion is not shown: {error}")
        return None


def confusion(material: ReportData, records: Sequence[Record]) -> np.ndarray | None:
    """(classes, classes): how often what stands in the row was called what stands in the column.

    Counts over all networks; None without labels, and for too many classes.
    """
    if material.dev is None or len(material.dev.classes) > MOST_CLASSES:
        return None
    counts = np.zeros((len(material.dev.classes),) * 2, int)
    for record in records:
        predictions = record.arrays["dev_predictions"]
        labels = np.broadcast_to(material.dev.labels, predictions.shape)
        np.add.at(counts, (labels.ravel(), predictions.ravel().astype(int)), 1)
    return counts


@dataclass(frozen=True)
class Worst:
    """An example of the dev set that the networks, together, are surest to get wrong."""

    place: str  # such as `row 7 of dev`
    label: str
    answer: str
    probability: float  # that they give to the label
    features: np.ndarray  # (n_x,) as they were loaded; none (0,) of a person's file


def worst(material: ReportData, study: OpenStudy, records: Sequence[Record]) -> list[Worst]:
    """The wrong ones with the smallest probability of what is right, the worst first.

    With folds each example is judged by the networks that have not learnt it. Empty where nothing
    is wrong, and where the networks are in no record.
    """
    dev = material.dev
    if dev is None or any("parameters" not in record.arrays for record in records):
        return []
    outputs = _outputs(records, dev)
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    probabilities = outputs.swapaxes(1, 2).reshape(dev.labels.size, -1)
    # MLflow gets the page, but no rows of a person's file
    may_show = not is_file(study.config.data)
    return _surest(dev, probabilities, may_show)


def _outputs(records: Sequence[Record], dev: Dev) -> np.ndarray:
    """A[L] (1, n[L], m), or with folds (K, n[L], m), as the mean of those who have a say."""
    activation = OUTPUTS[records[0].spec.output].activation
    each = [np.asarray(activation.function(logits(one, dev.X), None)) for one in records]
    if dev.labels.ndim == 2:
        return np.asarray(np.mean(each, axis=0))
    return np.asarray(np.concatenate(each).mean(axis=0, keepdims=True))


def _surest(dev: Dev, probabilities: np.ndarray, shown: bool) -> list[Worst]:
    """probabilities: (m, classes), of fold after fold; features only where they are to be shown."""
    labels = dev.labels.ravel()
    given = probabilities[np.arange(len(labels)), labels]
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    order = wrong[np.argsort(given[wrong], kind="stable")][:WORST]
    return [
        Worst(
            _place(dev, i),
            dev.classes[labels[i]],
            dev.classes[answers[i]],
            float(given[i]),
            _features(dev, i) if shown else np.empty(0),
        )
        for i in order.tolist()
    ]


def _place(dev: Dev, i: int) -> str:
    if dev.labels.ndim == 1:
        return f"row {i} of dev"
    fold, row = divmod(i, dev.labels.shape[1])
    return f"row {row} of fold {fold}"


def _features(dev: Dev, i: int) -> np.ndarray:
    """(n_x,) as they were loaded."""
    at = np.unravel_index(i, dev.labels.shape)
    own = at[:-1]  # each fold has a mean and a scale of its own
    mean, scale = (x[own] if x.ndim > 1 else x for x in map(np.asarray, (dev.mean, dev.scale)))
    return np.asarray(dev.X[at] * scale + mean)

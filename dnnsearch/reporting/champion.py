"""The champion, example by example on the dev set: which classes it mixes up, what it gets wrong.

The champion itself has learnt dev, and the test set is not looked at for a page. So what is shown
are the networks that confirmed it: its configuration with fresh seeds, trained on train alone.
Where there are none, it is the best trial. Read from the records; nothing is trained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch import champion as champions
from dnnsearch.errors import UserError
from dnnsearch.files.source import is_file
from dnnsearch.nn import OUTPUTS
from dnnsearch.promotion.candidates import confirmations
from dnnsearch.promotion.figures import logits
from dnnsearch.record import Record
from dnnsearch.reporting.material import Dev, Material
from dnnsearch.study.reading import OpenStudy

MOST_CLASSES = 30  # that a confusion matrix can show
WORST = 8  # examples


@dataclass(frozen=True)
class Shown:
    """Whose networks are shown."""

    who: str
    why: str
    records: Sequence[Record]  # alike but for their seeds


def shown(material: Material, study: OpenStudy, say: Callable[[str], object]) -> Shown:
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
    why = f"These are the {count} networks that confirmed it, trained on train alone with fresh "
    return Shown(
        f"The champion, of trial {trial}", f"{why}seeds: its own have learnt this dev set.", found
    )


def _crowned(study: OpenStudy, say: Callable[[str], object]) -> int | None:
    """The trial whose configuration the champion has; a page survives that it cannot be asked."""
    try:
        found = champions.champion(study, say)
        return None if found is None else int(found.model.provenance["trial"])
    except UserError as error:
        say(f"the champion is not shown: {error}")
        return None


def confusion(material: Material, records: Sequence[Record]) -> np.ndarray | None:
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
    """An example of the dev set that the networks, all together, are surest to get wrong."""

    place: str  # such as `row 7 of dev`
    label: str
    answer: str
    probability: float  # that they give to the label
    features: np.ndarray  # (n_x,) as they were loaded; none (0,) of a person's file


def worst(material: Material, study: OpenStudy, records: Sequence[Record]) -> list[Worst]:
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
    may_show = not is_file(
        study.config.data
    )  # MLflow gets the page, but no rows of a person's file
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
    fold, row = divmod(i, dev.labels.shape[-1])
    return f"row {row} of dev" if dev.labels.ndim == 1 else f"row {row} of fold {fold}"


def _features(dev: Dev, i: int) -> np.ndarray:
    """(n_x,) as they were loaded."""
    fold, row = divmod(i, dev.labels.shape[-1])
    if dev.labels.ndim == 1:
        return np.asarray(dev.X[row] * dev.scale + dev.mean)
    scale, mean = np.atleast_2d(dev.scale), np.atleast_2d(dev.mean)
    return np.asarray(dev.X[fold, row] * scale[fold % len(scale)] + mean[fold % len(mean)])

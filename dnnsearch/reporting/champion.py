"""The best trial, example by example on the dev set: which classes it mixes up, what it gets wrong.

Read from the predictions in its record; of several networks the first is shown.
"""

from dataclasses import dataclass

import numpy as np

from dnnsearch.files.source import is_file
from dnnsearch.nn import Network, Parameters
from dnnsearch.reporting.material import Dev, Material
from dnnsearch.study.reading import OpenStudy

MOST_CLASSES = 30  # that a confusion matrix can show
WORST = 8  # examples


def confusion(material: Material) -> np.ndarray | None:
    """(classes, classes): how often what stands in the row was called what stands in the column.

    Counts over all networks of the best trial; None without labels, and for too many classes.
    """
    if material.dev is None or not material.finished:
        return None
    classes = len(material.dev.classes)
    predictions = material.courses[material.board.best.number].predictions
    if classes > MOST_CLASSES:
        return None
    labels = np.broadcast_to(material.dev.labels, predictions.shape)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels.ravel(), predictions.ravel().astype(int)), 1)
    return counts


@dataclass(frozen=True)
class Worst:
    """An example of the dev set that the best trial is surest to get wrong."""

    place: int  # in the dev set
    label: str
    answer: str
    probability: float  # that it gives to the label
    features: np.ndarray  # (n_x,) as they were loaded; none (0,) of a person's file


def worst(material: Material, study: OpenStudy) -> list[Worst]:
    """The wrong ones with the smallest probability of what is right, the worst first.

    Empty where nothing is wrong, where there are folds, or where the network is in no record.
    """
    if material.dev is None or material.dev.labels.ndim != 1 or not material.finished:
        return []
    record = study.record(material.board.best.number)
    if "parameters" not in record.arrays:
        return []
    spec, dev = record.spec, material.dev
    parameters = Parameters.from_flat(spec.layer_sizes, record.arrays["parameters"])
    network = Network(parameters, spec.hyperparameters.activation, spec.output)
    outputs = network.output.activation.function(network.logits(dev.X.mT).mean(axis=0), None)
    probabilities = (np.concatenate([1 - outputs, outputs]) if len(outputs) == 1 else outputs).T
    shown = not is_file(study.config.data)  # MLflow gets the page, but no rows of a person's file
    return _surest(dev, probabilities, shown)


def _surest(dev: Dev, probabilities: np.ndarray, shown: bool) -> list[Worst]:
    """probabilities: (m, classes); features only where they are to be shown."""
    given = probabilities[np.arange(len(dev.labels)), dev.labels]
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != dev.labels)
    order = wrong[np.argsort(given[wrong], kind="stable")][:WORST]
    features = dev.X[order] * dev.scale + dev.mean if shown else dev.X[order, :0]
    return [
        Worst(int(i), dev.classes[dev.labels[i]], dev.classes[answers[i]], float(given[i]), x)
        for i, x in zip(order, features, strict=True)
    ]

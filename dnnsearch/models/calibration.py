"""What follows the networks of a model: calibrated probabilities, and where labels change.

Both are fitted after the training, on rows that no network was trained on; how, this module does
not know. They are independent: a temperature and a bias change no label, and a shift changes no
probability. So a network that was trained with class weights keeps the labels that the weights ask
for, and its probabilities are honest again.
"""

from dataclasses import dataclass

import numpy as np

from dnnsearch.nn import OUTPUTS

MIN_PROBABILITY = 1e-12  # logits stay finite


def logits_of(A: np.ndarray) -> np.ndarray:
    """Return the logits (n[L], m) of probabilities A (n[L], m); one output is that of class 1."""
    p = np.clip(A, MIN_PROBABILITY, 1.0)
    if len(p) > 1:
        return np.asarray(np.log(p))
    return np.asarray(np.log(p) - np.log(np.clip(1 - p, MIN_PROBABILITY, 1.0)))


@dataclass(frozen=True)
class Calibration:
    """The logits Z of the mean output become Z / temperature + bias (Guo et al. 2017).

    A label is that of the largest Z + shift; with one output it is class 1 if that is above 0.
    `bias` and `shift` have one number for each output; empty is 0 for all.
    """

    temperature: float = 1.0
    bias: tuple[float, ...] = ()
    shift: tuple[float, ...] = ()

    @property
    def changes_probabilities(self) -> bool:
        """Whether probabilities are others than the mean of the networks'."""
        return self.temperature != 1 or any(self.bias)

    def logits(self, A: np.ndarray) -> np.ndarray:
        """Return the calibrated logits (n[L], m) of mean outputs A (n[L], m)."""
        return np.asarray(logits_of(A) / self.temperature + _column(self.bias))

    def label_logits(self, A: np.ndarray) -> np.ndarray:
        """Return logits (n[L], m), by which labels are given, of mean outputs A (n[L], m)."""
        return np.asarray(logits_of(A) + _column(self.shift))

    def probabilities(self, A: np.ndarray, output: str) -> np.ndarray:
        """Return calibrated outputs (n[L], m); `output` is a name in dnnsearch.nn.OUTPUTS."""
        if not self.changes_probabilities:
            return A
        Z = self.logits(A)
        return np.asarray(OUTPUTS[output].activation.function(Z, Z))

    def labels(self, A: np.ndarray, output: str) -> np.ndarray:
        """Return the places of the labels among the classes, (m,)."""
        return np.asarray(OUTPUTS[output].predictions(self.label_logits(A)))


def _column(numbers: tuple[float, ...]) -> np.ndarray:
    return np.array(numbers or (0.0,))[:, np.newaxis]

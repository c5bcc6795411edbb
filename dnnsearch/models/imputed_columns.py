"""What a model takes for a column that a table lacks, in words for the user."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.model_inputs import ModelInputs
from dnnsearch.data.preprocessing import Preparation
from dnnsearch.validators import shortened

MAX_NAMES = 5


def imputed_note(inputs: ModelInputs, missing: Collection[str]) -> str:
    """Return which of the model's columns are imputed in each row, and with what; empty if none."""
    texts = [f"{name!r} with {_value(inputs, name)}" for name in inputs.kinds if name in missing]
    return f"imputed in each row: {shortened(texts, MAX_NAMES)}" if texts else ""


def _value(inputs: ModelInputs, name: str) -> str:
    if not isinstance(inputs, ColumnInputs):
        means = inputs.filled(pd.DataFrame(index=[0]))
        return f"{means[name].item():.6g}, the mean of train"
    one = inputs.fitted[0]
    if name in one.levels:
        return "a missing value" if "" in one.levels[name] else "a value that train does not have"
    if name in one.dates:
        return "the medians of train"
    if _has_no_median(one, name):
        return "0"
    medians = [each.arrays["median"][each.numeric.index(name)] for each in inputs.fitted]
    return f"{_range(np.array(medians))}, the median of train"


def _has_no_median(one: Preparation, name: str) -> bool:
    """Return whether 0 may stand for the median of whole numbers: so it was before reading 3."""
    return name not in one.gaps and one.arrays["median"][one.numeric.index(name)] == 0


def _range(values: np.ndarray) -> str:
    """Return the number, or from which to which they are: folds have one each."""
    low, high = f"{values.min():.6g}", f"{values.max():.6g}"
    return low if low == high else f"{low} to {high}"

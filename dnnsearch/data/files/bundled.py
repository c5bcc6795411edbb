"""scikit-learn's bundled sets as tables with named columns and labels; nothing is fetched.

linnerud is not among them: it has three targets at once, and a network here predicts one.
"""

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import Sheet

TARGET = "target"
# as it was measured: its scaled form has seen all rows, those of the test set, too
MEASURED = {"diabetes": {"scaled": False}}


def load(name: str) -> Sheet:
    """One of `source.BUNDLED`, with its target as the last column: labels as text, or numbers."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True, **MEASURED.get(name, {}))
    labels, y = getattr(bunch, "target_names", None), bunch.target.to_numpy()
    y = y if labels is None else np.array([str(label) for label in labels], object)[y]
    frame: pd.DataFrame = bunch.data.assign(**{TARGET: pd.Series(y)})
    declared = {"*": "pixel"} if frame.columns[0].startswith("pixel") else {}
    return Sheet(frame, declared=declared)
